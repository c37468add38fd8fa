"""Rows: the data folder before the package before the hub; what is missing or malformed is named."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchcore import hub
from benchcore.data.source import Packaged, Row, generated, numbered_rows, read_rows, source
from benchcore.errors import DataError

ROWS: list[Row] = [{"id": "a", "n": 1}, {"id": "b", "n": 2}, {"id": "ü", "n": 3}]
Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write rows or bytes below the data folder, gzipped where the name says so."""

    def write(rows: list[Row] | bytes, name: str = "set/test.jsonl", *, within: str = "data") -> Path:
        path = tmp_path / within / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = rows if isinstance(rows, bytes) else b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
        return path

    return write


@pytest.fixture
def packaged(put: Put, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Packaged:
    """An installed package that carries one row, and must not be imported for it."""
    put(b"raise AssertionError('imported')\n", "carrier_of_tests/__init__.py", within="site")
    put([{"id": "packaged"}], "carrier_of_tests/data/test.jsonl", within="site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return Packaged(package="carrier_of_tests", file="data/test.jsonl", install="carrier-of-tests")


class FakeHub:
    """Stands for the module `datasets`: answers with one row, or raises."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble
        self.asked: list[tuple[Any, ...]] = []

    class exceptions:
        class DatasetsError(Exception): ...

    def load_dataset(self, dataset: str, config: str | None, *, split: str) -> list[Row]:
        self.asked.append((dataset, config, split))
        if self.trouble:
            raise self.trouble
        return [{"id": "hub"}]


@pytest.fixture
def install_hub(monkeypatch: pytest.MonkeyPatch) -> Callable[[FakeHub], FakeHub]:
    def install(fake: FakeHub) -> FakeHub:
        pytest.importorskip("datasets")
        monkeypatch.setitem(sys.modules, "datasets", fake)  # type: ignore[arg-type]  # a module of its shape
        monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        return fake

    return install


def ids(rows: list[Row]) -> list[str]:
    return [row["id"] for row in rows]


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(DataError) as caught:
        act()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_data_folder_wins_over_the_package(put: Put, packaged: Packaged, tmp_path: Path) -> None:
    path = put(ROWS)
    rows = source("set/test.jsonl", dataset="x/y", packaged=packaged)
    assert ids(rows.load(tmp_path / "data")[0]) == ["a", "b", "ü"]
    assert rows.where(tmp_path / "data") == str(path)


def test_the_package_wins_over_the_hub(packaged: Packaged, tmp_path: Path) -> None:
    rows = source("set/test.jsonl", dataset="x/y", packaged=packaged)
    assert ids(rows.load(tmp_path)[0]) == ["packaged"]
    assert rows.where(None).endswith("carrier_of_tests/data/test.jsonl")


def test_the_hub_is_asked_where_no_file_is(install_hub: Callable[[FakeHub], FakeHub], tmp_path: Path) -> None:
    fake = install_hub(FakeHub())
    rows = source("set/test.jsonl", dataset="x/y", config="main", split="train")
    assert rows.load(tmp_path)[0] == [{"row_number": 0, "id": "hub"}]
    assert fake.asked == [("x/y", "main", "train")]
    assert rows.where(tmp_path) == "hub: x/y"


def test_rows_only_a_file_could_hold_are_missing_by_name(tmp_path: Path) -> None:
    rows = source("set/test.jsonl")
    assert refusal(lambda: rows.load(tmp_path)) == (
        f"no data: looked for {tmp_path / 'set/test.jsonl'} (not there); pass --data DIR with set/test.jsonl in it"
    )
    assert rows.where(tmp_path) == "missing: set/test.jsonl"


def test_without_a_data_folder_the_setting_is_named() -> None:
    assert "looked for set/test.jsonl (BENCHCORE_DATA is not set)" in refusal(
        lambda: source("set/test.jsonl").load(None)
    )


@pytest.mark.parametrize("name", ["OSError", "ValueError", "RuntimeError", "DatasetsError"])
@pytest.mark.parametrize(("said", "reason"), [("no route\nto host", "no route"), ("", None)])
def test_trouble_of_the_hub_is_one_sentence_naming_every_place(
    install_hub: Callable[[FakeHub], FakeHub], tmp_path: Path, name: str, said: str, reason: str | None
) -> None:
    kinds: dict[str, type[Exception]] = {
        "OSError": OSError,
        "ValueError": ValueError,
        "RuntimeError": RuntimeError,
        "DatasetsError": FakeHub.exceptions.DatasetsError,
    }
    install_hub(FakeHub(kinds[name](said)))
    message = refusal(lambda: source("set/test.jsonl", dataset="x/y").load(tmp_path))
    assert message == (
        f"no data: looked for {tmp_path / 'set/test.jsonl'} (not there), the hub data set x/y ({reason or name}); "
        "pass --data DIR with set/test.jsonl in it"
    )


def test_a_missing_hub_client_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    gone = Packaged(package="gone", file="x", install="gone-pkg")
    message = refusal(lambda: source("a.jsonl", dataset="x/y", packaged=gone).load(tmp_path))
    assert "the package gone-pkg (not installed)" in message
    assert "the hub data set x/y (the package datasets is not installed)" in message
    assert message.endswith("or run: python -m pip install gone-pkg")


OFFLINE = """
import time
import datasets  # two seconds that are not ours
from benchcore.data.source import source
from benchcore.errors import DataError
started = time.perf_counter()
try:
    source("set/test.jsonl", dataset="nobody/none-such").load(None)
except DataError as error:
    print(time.perf_counter() - started, error, sep="\\t")
"""


def test_offline_the_real_hub_client_gives_up_at_once(environment: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE],
        env={**environment, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    seconds, _, message = done.stdout.strip().partition("\t")
    assert float(seconds) < 2
    assert "set/test.jsonl (BENCHCORE_DATA is not set), the hub data set nobody/none-such (" in message


@pytest.mark.parametrize(("resolves", "offline"), [(True, None), (False, "1")])
def test_a_hub_that_cannot_be_resolved_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, resolves: bool, offline: str | None
) -> None:
    def resolve(host: str, port: int) -> list[Any]:
        assert (host, port) == ("hub.test", 443)
        if not resolves:
            raise OSError("no such name")
        return []

    monkeypatch.setenv("HF_HUB_OFFLINE", "remembered, so that it is put back")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.test/api")
    monkeypatch.setattr("urllib.request.getproxies", dict)
    monkeypatch.setattr("socket.getaddrinfo", resolve)
    hub.go_offline_if_unreachable()
    assert os.environ.get("HF_HUB_OFFLINE") == offline


@pytest.mark.parametrize("said", ["0", "1"])
def test_what_the_user_says_about_the_hub_stands(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", said)
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: pytest.fail("asked all the same"))
    hub.go_offline_if_unreachable()
    assert os.environ["HF_HUB_OFFLINE"] == said


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_plain_and_gzipped_files_hold_the_same_rows(put: Put, name: str) -> None:
    assert read_rows(put(ROWS, name)) == ROWS


def test_blank_lines_and_windows_line_ends_are_no_rows(put: Put) -> None:
    path = put(b'{"id": 1}\r\n\r\n  \n{"id": "line\xe2\x80\xa8separator"}')
    assert list(numbered_rows(path)) == [(1, {"id": 1}), (4, {"id": "line\u2028separator"})]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": 1', "not valid JSON"),
        (b"id,n", "not valid JSON"),
        (b"[1, 2]", "expected a JSON object, found list"),
        (b"null", "expected a JSON object, found NoneType"),
        (b'{"id": "\xff"}', "not UTF-8"),
        (b'{"id": "\xe4\xf6"}', "not UTF-8"),
    ],
)
@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_malformed_line_is_named_with_its_file(put: Put, name: str, line: bytes, reason: str) -> None:
    path = put(b'{"id": 0}\n' * 40 + line + b"\n" + b'{"id": 1}\n' * 40, name)
    assert refusal(lambda: read_rows(path)).startswith(f"{path}, line 41: {reason}")


@pytest.mark.parametrize(
    "spoil", [lambda raw: raw[: len(raw) // 2], lambda raw: raw[:20] + b"\xff" * 9 + raw[29:], lambda raw: b"{}"]
)
def test_a_damaged_gzip_file_is_named(put: Put, spoil: Callable[[bytes], bytes]) -> None:
    path = put([{"id": str(number**3)} for number in range(2000)], "a.jsonl.gz")
    path.write_bytes(spoil(path.read_bytes()))
    assert str(path) in refusal(lambda: read_rows(path))


def test_a_large_file_is_read_one_line_at_a_time(put: Put) -> None:
    path = put(b'{"id": 0}\n' * 3 + b"broken")
    rows = numbered_rows(path)
    assert [next(rows)[0] for _ in range(3)] == [1, 2, 3]
    assert "line 4" in refusal(lambda: next(rows))


def test_the_digest_is_that_of_the_content(put: Put, tmp_path: Path) -> None:
    rows = source("set/test.jsonl")
    pins = []
    for content in (ROWS, [*ROWS, {"id": "c"}], ROWS):
        put(content)
        pins.append(rows.load(tmp_path / "data")[1])
    assert pins[0] == pins[2] != pins[1]


def test_rows_are_numbered_in_the_file_before_any_is_left_out(put: Put, tmp_path: Path) -> None:
    put(ROWS)
    rows = source("set/test.jsonl", keep=lambda row: row["n"] >= 2).load(tmp_path / "data")[0]
    assert [(row["row_number"], row["id"]) for row in rows] == [(1, "b"), (2, "ü")]


def test_a_number_the_data_set_gives_itself_is_kept(put: Put, tmp_path: Path) -> None:
    put([{"row_number": 17}])
    assert source("set/test.jsonl").load(tmp_path / "data")[0] == [{"row_number": 17}]


def test_generated_rows_and_their_digest_follow_from_the_seed() -> None:
    first, again, other = (generated(lambda seed: [{"n": seed}], seed=seed) for seed in (1, 1, 2))
    assert first.load(None) == again.load(Path("/nowhere")) != other.load(None)
    assert first.where(None) == "generated, seed 1"
