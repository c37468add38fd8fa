"""The outlook on an evaluation: counts, the probe's speeds, the budget; nothing is written and nothing asked twice."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchcore import Completion, EvalConfig, Generation, Request, evaluate
from benchcore.api.outlook import Speed, dry_run, refuse_over_budget
from benchcore.config import duration
from benchcore.engines import Pulse
from benchcore.engines.window import Window
from benchcore.errors import ConfigError
from benchcore.records import Finish
from benchcore.testing import CannedEngine

Write = Callable[..., str]

pytestmark = pytest.mark.usefixtures("at_home")

READ, WRITTEN = 2e-4, 1e-3  # seconds a prompt token and a generated token


class Clockwork(CannedEngine):
    """Takes so long for each token, and never ends a text before its limit."""

    def __init__(self) -> None:
        super().__init__(lambda request: "word")

    def answer(self, requests: Sequence[Request], pulse: Pulse) -> Iterator[Completion]:
        for request in requests:
            assert isinstance(request, Generation)
            self.asked.append(request.key)
            most = request.decode.max_tokens
            time.sleep(READ * len(str(request.prompt)) + WRITTEN * most)
            yield Completion(
                request=request.key, text="word", finish=Finish.LENGTH,
                tokens_in=len(str(request.prompt)), tokens_out=most, seconds=0.0,
            )  # fmt: skip


def config(task: str, **settings: object) -> EvalConfig:
    return EvalConfig(tasks=(task,), **settings)  # type: ignore[arg-type]


def test_counts_and_times_are_of_what_is_missing(tiny_checkpoint: Path, write_task: Write) -> None:
    task = write_task(samples=40, max_tokens=100)
    engine = Clockwork()
    outlook = dry_run([str(tiny_checkpoint)], config(task), engine=engine)
    (one,) = outlook.tasks
    assert (one.requests, one.answered) == (40, 0)
    assert one.most_tokens_out == one.tokens_out == 40 * 100, "no text ended in the probe: all may go to the limit"
    assert one.seconds == pytest.approx(40 * 100 * WRITTEN + 40 * 15 * READ, rel=0.35)
    assert one.seconds == one.most_seconds
    assert outlook.seconds is not None and outlook.seconds >= one.seconds
    assert outlook.memory is not None and outlook.memory > 2**20
    assert not Path("runs").exists()


def test_what_is_answered_is_neither_counted_nor_probed(tiny_checkpoint: Path, write_task: Write) -> None:
    task = write_task()
    where = [str(tiny_checkpoint)]
    evaluate(where, config(task), engine=CannedEngine(lambda request: "1"))
    engine = CannedEngine(lambda request: "1")
    outlook = dry_run(where, config(task), engine=engine)
    (one,) = outlook.tasks
    assert (one.requests, one.answered, one.tokens_in, one.seconds) == (8, 8, 0, None)
    assert outlook.seconds is outlook.memory is None and not engine.entered


def test_prompts_are_encoded_once_for_checkpoints_that_differ_in_weights_alone(
    tiny_checkpoint: Path, write_task: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("step-1", "step-2", "step-3"):
        shutil.copytree(tiny_checkpoint, tmp_path / "series" / name)
    (tmp_path / "series/step-3/chat_template.jinja").write_text("another")
    made: list[Window] = []

    def make(*given: Any, **settings: Any) -> Window:
        made.append(Window(*given, **settings))
        return made[-1]

    monkeypatch.setattr("benchcore.api.outlook.Window", make)
    found = dry_run([str(tmp_path / "series")], config(write_task()), engine=CannedEngine(lambda request: "1"))
    assert len(found.tasks) == 3 and len({task.tokens_in for task in found.tasks}) == 1
    assert len(made) == 2


def test_over_budget_nothing_is_asked_but_the_probe(tiny_checkpoint: Path, write_task: Write) -> None:
    task = write_task(samples=40, max_tokens=100)
    engine = Clockwork()
    with pytest.raises(ConfigError, match=r"would take about . s, over the budget of 1s"):
        evaluate([str(tiny_checkpoint)], config(task, budget="1s"), engine=engine)
    assert not Path("runs").exists()
    within = evaluate([str(tiny_checkpoint)], config(task, budget="1h"), engine=Clockwork())
    assert within.records[0].complete


def test_a_dry_run_over_budget_is_refused_after_it_is_shown(tiny_checkpoint: Path, write_task: Write) -> None:
    outlook = dry_run([str(tiny_checkpoint)], config(write_task(samples=40, max_tokens=100)), engine=Clockwork())
    refuse_over_budget(outlook, "1h")
    with pytest.raises(ConfigError, match="over the budget of 2s"):
        refuse_over_budget(outlook, "2s")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("1.5h", 5400), ("1d", 86400)]
)
def test_a_budget_is_a_time(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "2 h", "h", "-1h", "1h30", "one hour", "1hh"])
def test_a_budget_that_is_no_time_is_refused_when_it_is_given(text: str) -> None:
    with pytest.raises(ConfigError, match="budget must be a time such as 90s"):
        EvalConfig(budget=text)


def test_the_expected_length_is_that_of_a_geometric_draw_cut_at_the_limit() -> None:
    # by hand: with a chance of 1/2 a text has 1 + 1/2 + 1/4 tokens of at most three
    assert Speed(read=0, written=0, ends=0.5).length(3) == pytest.approx(1.75)
    assert Speed(read=0, written=0, ends=0.0).length(7) == 7
    assert Speed(read=0, written=0, ends=1.0).length(7) == 1
