"""The run folder when the machine refuses: a lock held, a killed writer, a full disk, a folder that is none."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchcore.errors import MachineError
from benchcore.records import Completion, Decode, Finish, Generation, Sample
from benchcore.store import Store

RUN = {"weights": "w", "engine": "embedded", "dtype": "auto"}
PLACE = {"path": "/models/m"}
WRITER = """
import sys
from pathlib import Path
from benchcore.records import *
from benchcore.store import Store

with Store(Path(sys.argv[1])) as store:
    store.adopt({"weights": "w", "engine": "embedded", "dtype": "auto"}, {"t": {"version": 1}}, {"path": "/m"})
    requests = [
        Generation(key=f"k{i}", task="t", sample=f"s{i}", trial=0, prompt="", decode=Decode(max_tokens=1), seed=0)
        for i in range(100_000)
    ]
    store.register([Sample(id=f"s{i}", prompt="", target="") for i in range(100_000)], requests)
    for request in requests:
        store.add_completion(
            Completion(request=request.key, text="x", finish=Finish.STOP, tokens_in=1, tokens_out=1, seconds=0.0)
        )
        print(request.key, flush=True)
"""


def completion(number: int, text: str = "text") -> Completion:
    return Completion(request=f"k{number}", text=text, finish=Finish.STOP, tokens_in=1, tokens_out=1, seconds=0.0)


def register(store: Store, count: int) -> None:
    decode = Decode(max_tokens=1)
    store.adopt(RUN, {"t": {"version": 1}}, PLACE)
    store.register(
        [Sample(id=f"s{i}", prompt="", target="") for i in range(count)],
        [
            Generation(key=f"k{i}", task="t", sample=f"s{i}", trial=0, prompt="", decode=decode, seed=0)
            for i in range(count)
        ],
    )


@pytest.fixture
def writer(tmp_path: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the run folder and says each key once its completion is stored."""
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def test_a_second_process_is_turned_away_at_once(tmp_path: Path, writer: subprocess.Popen[str]) -> None:
    assert writer.stdout is not None
    assert writer.stdout.readline() == "k0\n"
    started = time.monotonic()
    with pytest.raises(MachineError, match="another process is writing") as refusal:
        Store(tmp_path / "run")
    assert time.monotonic() - started < 1
    assert refusal.value.exit_code == 3
    assert writer.poll() is None


def test_a_killed_writer_leaves_all_it_had_stored_and_no_lock(tmp_path: Path, writer: subprocess.Popen[str]) -> None:
    assert writer.stdout is not None
    for _ in range(300):
        writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    said = writer.stdout.read().split()
    writer.wait()
    with Store(tmp_path / "run") as store:
        kept = store.answered("t")
        assert len(kept) >= 300 + len(said)
        assert {f"k{i}" for i in range(300)} | set(said) <= kept
        assert len(kept) < 100_000, "the writer had finished before it was killed"
        store.add_completion(completion(99_999))


def fill(store: Store) -> int:
    """Add completions until one is refused; how many were taken."""
    taken = 0

    def add_all() -> None:
        nonlocal taken
        for taken in range(400):
            store.add_completion(completion(taken, "long text " * 500))

    with pytest.raises(MachineError, match="cannot write to the run folder") as refusal:
        add_all()
    assert "full" in str(refusal.value) and "everything stored before is kept" in str(refusal.value)
    assert refusal.value.exit_code == 3
    return taken


def test_a_full_disk_is_a_sentence_and_loses_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "none", disk], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    try:
        with Store(disk / "run") as store:
            register(store, 400)
            taken = fill(store)
        assert 0 < taken < 400
        subprocess.run(["mount", "-o", "remount,size=16m", disk], check=True)  # someone makes room
        with Store(disk / "run") as again:
            assert again.answered("t") == {f"k{i}" for i in range(taken)}
            assert fill_from(again, taken) == 400
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def limited(pages: int) -> Callable[..., sqlite3.Connection]:
    """`sqlite3.connect` for a data base that may not grow beyond so many pages."""
    connect = sqlite3.connect

    def small(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        db = connect(*args, **kwargs)
        db.execute(f"PRAGMA max_page_count = {pages}")
        return db

    return small


def test_a_full_data_base_is_a_sentence_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", limited(60))
        with Store(tmp_path / "run") as store:
            register(store, 400)
            taken = fill(store)
            assert 0 < taken < 400
            assert len(store.answered("t")) == taken
    with Store(tmp_path / "run") as again:
        assert fill_from(again, taken) == 400


def fill_from(store: Store, start: int) -> int:
    for number in range(start, 400):
        store.add_completion(completion(number))
    return len(store.answered("t"))


def test_registering_onto_a_full_disk_says_that_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "connect", limited(20))
    with Store(tmp_path / "run") as store:
        with pytest.raises(MachineError, match="full"):
            register(store, 20_000)
        assert store.totals("t").requests == 0


def test_an_output_folder_below_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError, match="cannot write to the run folder"):
        Store(tmp_path / "file" / "run")


@pytest.mark.skipif(not Path("/proc/sys").is_dir(), reason="needs /proc")
def test_an_output_folder_where_nobody_may_write_is_a_sentence() -> None:
    with pytest.raises(MachineError, match="cannot write to the run folder") as refusal:
        Store(Path("/proc/sys/run"))
    assert "\n" not in str(refusal.value)


def test_a_configuration_that_cannot_be_written_leaves_nothing_half_done(tmp_path: Path) -> None:
    with Store(tmp_path / "run") as store:
        (tmp_path / "run" / "config.toml").mkdir()
        with pytest.raises(MachineError, match="cannot write"):
            store.adopt(RUN, {"t": {"version": 1}}, PLACE)
        left = {path.name for path in (tmp_path / "run").iterdir()}
    assert left <= {"config.toml", "run.db", "run.db-wal", "run.db-shm", "run.lock"}


def test_a_run_db_that_is_no_data_base_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.db").write_bytes(b"not a data base at all, but long enough to be read as one" * 100)
    with pytest.raises(MachineError, match="not a database"):
        Store(tmp_path / "run")


def test_a_journal_damaged_in_the_middle_is_a_sentence_when_it_is_read(tmp_path: Path) -> None:
    with Store(tmp_path / "run") as store:
        register(store, 400)
        for number in range(400):
            store.add_completion(completion(number, "text " * 200))
    path = tmp_path / "run" / "run.db"
    content = bytearray(path.read_bytes())
    for page in range(8, len(content) // 4096):
        content[page * 4096 : page * 4096 + 100] = b"\xff" * 100
    path.write_bytes(content)
    with Store(tmp_path / "run") as store, pytest.raises(MachineError, match="malformed"):
        for _ in store.completions("t"):
            pass


def test_the_journal_survives_a_reader_while_it_is_written(tmp_path: Path) -> None:
    with Store(tmp_path / "run") as store:
        register(store, 3)
        store.add_completion(completion(0))
        with closing(sqlite3.connect(f"file:{tmp_path / 'run' / 'run.db'}?mode=ro", uri=True)) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT request FROM completions").fetchall() == [("k0",)]
            store.add_completion(completion(1))  # a reader in the middle of its own transaction does not stop it
        assert store.answered("t") == {"k0", "k1"}
