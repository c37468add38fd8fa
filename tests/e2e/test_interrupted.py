"""A run that is killed or interrupted, again and again, ends as if nothing had happened."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
ITEMS = 160
TASK = '''"""Numbers in words of uneven length, to be carried on."""

from contextlib import contextmanager

from benchcore import Decode, Grade, Sample, Task, Verdict, accuracy, generated


class Even:
    """Right when the text has an even number of characters: about half of all texts are."""

    name = "even@1"

    @contextmanager
    def session(self, samples):
        yield self.grade

    def grade(self, sample, text):
        value = float(len(text) % 2 == 0)
        return Grade(request="", value=value, verdict=Verdict.RIGHT if value else Verdict.WRONG, grader=self.name)

    def isolation(self):
        return {}

    def reference(self, sample):
        return "even"


def sample(row):
    number = row["number"]
    return Sample(id=str(number), prompt=f"Q: {number} " + "x " * (number % 7) + "=", target="", group=f"g{number % 4}")


TASK = Task(
    version=1,
    rows=generated(lambda seed: [{"number": number} for number in range(ITEMS)]),
    sample=sample,
    decode=Decode(max_tokens=24),
    grader=Even(),
    metrics=(accuracy(),),
)
'''.replace("ITEMS", str(ITEMS))
Stored = dict[str, tuple[int, str, str, int]]


class Job:
    """One evaluation that can be started, watched, stopped and started again."""

    def __init__(self, folder: Path, checkpoint: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.checkpoint = checkpoint
        self.environment = {**environment, "BENCHCORE_CACHE": str(folder / "cache")}
        self.arguments = ["eval", str(checkpoint), "--tasks", str(folder / "numbers_task.py"), "--engine", "embedded"]
        self.arguments += ["--batch-size", "4", "--out", str(folder / "runs"), "--json"]
        self.run = folder / "runs" / checkpoint.name
        (folder / "numbers_task.py").write_text(TASK)

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "benchcore", *self.arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.folder,
            start_new_session=True,
            # a shell's background jobs ignore Ctrl-C, and their children inherit that
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def finish(self) -> tuple[str, str]:
        """Run to the end: standard output and standard error."""
        child = self.start()
        try:
            out, err = child.communicate(timeout=120)
        finally:
            child.kill()
        assert child.returncode == 0, err
        return out, err

    def stop_at(self, answers: int, with_signal: signal.Signals) -> tuple[int, str]:
        """Start, signal the whole process group once so many answers are stored: exit code, standard error."""
        child = self.start()
        try:
            deadline = time.monotonic() + 100
            while len(self.stored()) < answers or not (self.run / "run.db").exists():
                assert child.poll() is None, f"ended before it had {answers} answers: {child.communicate()[1]}"
                assert time.monotonic() < deadline
                time.sleep(0.002)
            os.killpg(child.pid, with_signal)
            _, err = child.communicate(timeout=60)
        finally:
            child.kill()
        return child.returncode, err

    def stored(self) -> Stored:
        """key -> rowid, text, finish, tokens out of every completion."""
        if not (self.run / "run.db").exists():
            return {}
        with closing(sqlite3.connect(f"file:{self.run / 'run.db'}?mode=ro", uri=True)) as db:
            try:
                rows = db.execute("SELECT request, rowid, text, finish, tokens_out FROM completions").fetchall()
            except sqlite3.OperationalError:  # its tables are being made
                return {}
        return {key: tuple(rest) for key, *rest in rows}

    def figures(self) -> object:
        return json.loads((self.run / "run.json").read_text())["tasks"]


MakeJob = Callable[[str], Job]


@pytest.fixture(scope="module")
def make_job(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> MakeJob:
    import benchcore

    package = str(Path(benchcore.__file__).parent.parent)

    def make(name: str) -> Job:
        return Job(tmp_path_factory.mktemp(name), tiny_checkpoint, {**os.environ, "PYTHONPATH": package})

    return make


@pytest.fixture(scope="module")
def whole(make_job: MakeJob) -> Job:
    """An evaluation that ran to its end at once."""
    job = make_job("whole")
    _, err = job.finish()
    assert "loading" in err and "generating" in err
    return job


def contents(stored: Stored) -> dict[str, tuple[str, str, int]]:
    return {key: rest for key, (_, *rest) in stored.items()}


def test_an_uninterrupted_run_has_all_answers_and_a_figure_that_could_be_otherwise(whole: Job) -> None:
    stored = whole.stored()
    assert len(stored) == ITEMS
    record = json.loads((whole.run / "run.json").read_text())
    assert record["complete"] and record["engine"]["family"] == "embedded"
    assert 0.1 < record["tasks"][0]["figures"][0]["value"] < 0.9


def test_a_finished_run_again_loads_nothing(whole: Job) -> None:
    code = "import sys; from benchcore.cli import main; code = main(sys.argv[1:]); print('torch' in sys.modules, code)"
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, *whole.arguments],
        capture_output=True,
        text=True,
        env=whole.environment,
        cwd=whole.folder,
        timeout=60,
    )
    assert time.monotonic() - started < 20
    assert done.stderr == ""
    document, _, last = done.stdout.strip().rpartition("\n")
    assert last == "False 0"
    assert json.loads(document)["records"] == [json.loads((whole.run / "run.json").read_text())]


def test_killed_again_and_again_it_ends_as_if_nothing_had_happened(whole: Job, make_job: MakeJob) -> None:
    job = make_job("killed")
    moments = [0, *sorted(random.Random(7).sample(range(1, ITEMS - 40), 4))]
    kept: Stored = {}
    for answers in moments:
        code, _ = job.stop_at(max(answers, len(kept) + (answers > 0)), signal.SIGKILL)
        assert code == -signal.SIGKILL
        now = job.stored()
        assert {key: now[key] for key in kept} == kept, "an answer that was stored has changed"
        assert len(now) >= answers
        kept = now
        assert not (job.run / "run.json").exists()
    assert 0 < len(kept) < ITEMS
    job.finish()
    stored = job.stored()
    assert {key: stored[key] for key in kept} == kept
    assert contents(stored) == contents(whole.stored())
    assert job.figures() == whole.figures()


def test_ctrl_c_leaves_with_130_and_one_sentence_and_can_be_resumed(whole: Job, make_job: MakeJob) -> None:
    job = make_job("interrupted")
    code, err = job.stop_at(10, signal.SIGINT)
    assert code == 130, err
    assert err.splitlines()[-1] == "benchcore: interrupted; run the same command again to go on"
    assert "Traceback" not in err
    kept = job.stored()
    assert 10 <= len(kept) < ITEMS
    job.finish()
    assert {key: job.stored()[key] for key in kept} == kept
    assert contents(job.stored()) == contents(whole.stored())
    assert job.figures() == whole.figures()


def test_other_weights_under_the_same_name_are_refused(
    whole: Job, tmp_path: Path, tiny_checkpoint: Path, command: Run
) -> None:
    folder = tmp_path / tiny_checkpoint.name
    shutil.copytree(tiny_checkpoint, folder)
    arguments = [argument.replace(str(tiny_checkpoint), str(folder)) for argument in whole.arguments]
    assert command(*arguments).returncode == 0, "a copy of the same weights is the same checkpoint"
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and ": weights is " in done.stderr
