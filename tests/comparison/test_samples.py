"""Samples side by side: matched by content, streamed in the order of the data, and read without writing."""

import hashlib
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from benchcore import EvalConfig, Request, Sample, Score, evaluate
from benchcore.comparison.samples import SharedSample, StoredJournal, journals, places, shared_samples
from benchcore.errors import MachineError
from benchcore.journal import FILE
from benchcore.records import Completion, Fault, Finish, Grade, Scoring, Verdict
from benchcore.store import Store
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]
MakeRun = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("at_home")


def number(request: Request) -> int:
    return int(request.sample.removeprefix("s"))


def knowing(right: Collection[int]) -> CannedEngine:
    return CannedEngine(lambda request: str(number(request) + 1) if number(request) in right else "no idea")


@pytest.fixture
def make_run(at_home: Path, stub_checkpoint: Stub, write_task: Write) -> MakeRun:
    """Have a stub answer a task, and return its run folder."""

    def make(name: str, engine: CannedEngine, *, task: str | None = None, limit: int | None = None) -> Path:
        config = EvalConfig(tasks=(task or write_task(),), limit=limit)
        evaluate([str(stub_checkpoint(name, weights=name.ljust(4)[:4].encode()))], config, engine=engine)
        return Path("runs") / name

    return make


def test_what_each_run_made_of_a_sample(make_run: MakeRun) -> None:
    runs = [make_run("base", knowing([0])), make_run("new", knowing([0, 1]))]
    first, second, *rest = shared_samples(runs, "sums")
    assert [one.id for one in (first, second, *rest)] == [f"s{at}" for at in range(8)]
    assert (second.task, second.prompt, second.target, second.group) == ("sums", "What is 1 + 1 =", "2", None)
    [[base], [new]] = second.attempts
    assert (base.text, base.extracted, base.verdict, base.value) == ("no idea", "no idea", "wrong", 0.0)
    assert (new.text, new.extracted, new.verdict, new.value) == ("2", "2", "right", 1.0)
    assert (new.finish, new.fault, new.tokens_out, new.reason) == ("stop", None, 1, "")


def test_a_run_that_lacks_a_sample_has_no_attempts_at_it(make_run: MakeRun) -> None:
    few, all_of_them = make_run("few", knowing([]), limit=3), make_run("all", knowing([]))
    found = list(shared_samples([few, all_of_them], "sums"))
    assert [len(one.attempts[0]) for one in found] == [1, 1, 1, 0, 0, 0, 0, 0]
    assert all(len(one.attempts[1]) == 1 for one in found)
    with journals([few, all_of_them]) as opened:
        assert [place.runs for place in places(opened, "sums")][2:4] == [(True, True), (False, True)]


def test_samples_of_one_id_that_ask_for_something_else_are_two(make_run: MakeRun, write_task: Write) -> None:
    old = make_run("old", knowing([]), task=write_task(samples=2))
    new = make_run("new", knowing([]), task=write_task(samples=2, prompt="Tell me ", version=2))
    found = list(shared_samples([old, new], "sums"))
    assert [(one.id, one.prompt[:4], len(one.attempts[0]), len(one.attempts[1])) for one in found] == [
        ("s0", "What", 1, 0), ("s1", "What", 1, 0), ("s0", "Tell", 0, 1), ("s1", "Tell", 0, 1),
    ]  # fmt: skip


def test_a_chat_is_a_paragraph_a_turn(make_run: MakeRun, write_task: Write) -> None:
    run = make_run("chat", knowing([]), task=f"{write_task()}@instruct")
    assert next(shared_samples([run], "sums@instruct")).prompt == "user: What is 0 + 1 ="


def test_every_trial_of_a_sample(make_run: MakeRun, write_task: Write) -> None:
    seen: list[Request] = []

    def reply(request: Request) -> str:
        seen.append(request)
        return str(number(request) + 1 + request.trial)

    task = write_task(trials=3, temperature=1.0)
    run = make_run("trials", CannedEngine(reply), task=task)
    first = next(shared_samples([run], "sums"))
    assert [(one.text, one.verdict) for one in first.attempts[0]] == [("1", "right"), ("2", "wrong"), ("3", "wrong")]
    with StoredJournal(run) as journal:
        assert set(journal.right("sums").values()) == {False}, "a third is less than half"


def test_faults_are_told_and_what_is_missing_is_not_made_up(make_run: MakeRun) -> None:
    def reply(request: Request) -> str | Fault:
        return "boom" if number(request) == 0 else Fault(kind="lost", message="the engine is gone")

    run = make_run("broken", CannedEngine(reply))
    first, second, *_ = shared_samples([run], "sums")
    [boom], [lost] = first.attempts[0], second.attempts[0]
    assert boom.verdict == "error" and boom.fault is not None and "the grader tripped over boom" in boom.fault
    assert boom.value is None
    assert (lost.verdict, lost.finish, lost.fault) == ("", "fault", "lost: the engine is gone")
    with StoredJournal(run) as journal:
        assert journal.right("sums") == {}
    with Store(run) as store:
        store.register(
            [Sample(id="s99", prompt="?", target="!")],
            [Scoring(key="k", task="sums", sample="s99", trial=0, prompt="?", continuations=("!",))],
        )
    assert [one.attempts for one in shared_samples([run], "sums") if one.id == "s99"] == [((),)]


def test_a_scored_sample_is_its_continuations_with_their_likelihoods(tmp_path: Path) -> None:
    sample = Sample(id="q", prompt="2 + 2 =", target=" 4", group="sums", continuations=(" 4", " 22"))
    asked = Scoring(key="k", task="t", sample="q", trial=0, prompt="2 + 2 =", continuations=(" 4", " 22"))
    scores = (Score(logprob=-0.25, tokens=1, greedy=True), Score(logprob=-12.5, tokens=2, greedy=False))
    with Store(tmp_path / "run") as store:
        store.register([sample], [asked])
        store.add_completion(
            Completion(request="k", text="", finish=Finish.STOP, tokens_in=4, tokens_out=0, seconds=0.0, scores=scores)
        )
        store.add_grade(Grade(request="k", value=0.5, verdict=Verdict.MEASURED, grader="g@1"))
    [found] = shared_samples([tmp_path / "run"], "t")
    assert found.group == "sums"
    assert found.attempts[0][0].text == "-0.250 nats over 1 token:  4\n-12.500 nats over 2 tokens:  22"
    with StoredJournal(tmp_path / "run") as journal:
        assert journal.right("t") == {}, "a loss is neither right nor wrong"


def test_an_accepted_baseline_has_no_texts(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("new", knowing([]))
    kept = tmp_path / "kept.json"
    kept.write_text("{}")
    assert all(one.attempts[0] == () for one in shared_samples([kept, run], "sums"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IDEA", {"s1", "s3"}),  # in what one run said
        ("s2", {"s2"}),
        ("3 + 1", {"s3"}),  # in the prompt
        ("s_", set()),  # no wildcard
        ("%", set()),
        ("\\", set()),
        ("ü\n", {"s0", "s1", "s2", "s3"}),  # in a prompt, which is stored as JSON
    ],
)
def test_looking_for_a_text(make_run: MakeRun, write_task: Write, text: str, expected: set[str]) -> None:
    run = make_run("new", knowing([0, 2]), task=write_task(samples=4, prompt="ü\\nWhat is "))
    with StoredJournal(run) as journal:
        assert journal.found("sums", text) == expected


def test_nothing_is_written_and_what_is_being_written_is_seen(make_run: MakeRun) -> None:
    run = make_run("new", knowing([0]))
    before = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in run.iterdir()}
    assert len(list(shared_samples([run], "sums"))) == 8
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in run.iterdir()} == before
    with Store(run) as store:
        store.register(
            [Sample(id="s99", prompt="?", target="!")],
            [Scoring(key="k", task="sums", sample="s99", trial=0, prompt="?", continuations=("!",))],
        )
        assert len(list(shared_samples([run], "sums"))) == 9, "what is in the write-ahead log counts"


def test_samples_come_one_at_a_time_and_anew(make_run: MakeRun) -> None:
    run = make_run("new", knowing([0]))
    samples = shared_samples([run], "sums")
    assert isinstance(next(samples), SharedSample)
    samples.close()
    assert len(list(shared_samples([run], "sums"))) == 8


def test_a_damaged_journal_is_told(make_run: MakeRun) -> None:
    run = make_run("new", knowing([0]))
    (run / FILE).write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)
    with pytest.raises(MachineError, match=r"cannot read the journal runs/new/run\.db"):
        list(shared_samples([run], "sums"))
