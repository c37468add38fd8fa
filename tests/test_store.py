"""The run folder: what it keeps, what it refuses, and what it says when the machine refuses."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.errors import ConfigError, RunMismatch
from benchcore.journal import stored_answers, stored_outcomes
from benchcore.records import (
    Completion,
    Decode,
    Fault,
    Figure,
    Finish,
    Generation,
    Grade,
    Outcomes,
    Request,
    RunRecord,
    Sample,
    TaskRecord,
    Verdict,
)
from benchcore.store import Store, read_config, read_record, run_folders

RUN = {"weights": "w1", "engine": "embedded", "dtype": "auto"}
SETTINGS = {"version": 1, "data": "d1", "limit": 2, "trials": 1, "max_tokens": 8, "temperature": 0.0, "top_p": 1.0}
PLACE = {"path": "/models/m"}
DECODE = Decode(max_tokens=8)
SAMPLES = [Sample(id=f"s{i}", prompt=f"p{i}", target=str(i)) for i in range(2)]


def request(sample: int, trial: int = 0, task: str = "t", key: str = "") -> Request:
    return Generation(
        key=key or f"{task}-{sample}-{trial}",
        task=task,
        sample=f"s{sample}",
        trial=trial,
        prompt=f"p{sample}",
        decode=DECODE,
        seed=1,
    )


def answer(key: str, text: str = "yes", fault: Fault | None = None) -> Completion:
    finish = Finish.FAULT if fault else Finish.STOP
    return Completion(request=key, text=text, finish=finish, tokens_in=3, tokens_out=2, seconds=0.5, fault=fault)


def right(key: str) -> Grade:
    return Grade(request=key, value=1.0, verdict=Verdict.RIGHT, grader="g@1")


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    with Store(folder) as store:
        store.adopt(RUN, {"t": SETTINGS}, PLACE)
        store.register(SAMPLES, [request(0), request(1)])
        yield store


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(text=TEXT, reason=TEXT, extracted=st.none() | TEXT, value=st.none() | st.floats(0, 1), message=TEXT)
def test_completions_and_grades_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory,
    text: str,
    reason: str,
    extracted: str | None,
    value: float | None,
    message: str,
) -> None:
    folder = tmp_path_factory.mktemp("store") / "run"
    good, bad = answer("t-0-0", text), answer("t-1-0", "", Fault(kind="engine", message=message))
    grade = Grade(
        request="t-0-0",
        value=value,
        verdict=Verdict.UNDECIDED,
        grader="g@1",
        extracted=extracted,
        rule="r",
        reason=reason,
        seconds=0.25,
        fault=Fault(kind="k", message=message),
    )
    with opened(folder) as store:
        store.add_completion(bad)
        store.add_completion(good)
        store.add_grade(grade)
    with Store(folder) as again:
        assert list(again.completions("t")) == [("s0", good), ("s1", bad)]
        assert list(again.grades("t")) == [("s0", grade)]
        assert again.answered("t") == {"t-0-0"} == stored_answers(folder, "t")


def test_a_text_with_a_lone_surrogate_is_kept(tmp_path: Path) -> None:
    with opened(tmp_path / "run") as store:
        store.add_completion(answer("t-0-0", "half \ud83d of it"))
        (found,) = [completion.text for _, completion in store.completions("t")]
    assert found.startswith("half ") and found.endswith(" of it")


def test_an_answer_is_never_replaced_and_a_fault_is(tmp_path: Path) -> None:
    with opened(tmp_path / "run") as store:
        store.add_completion(answer("t-0-0", fault=Fault(kind="oom", message="no memory")))
        assert store.answered("t") == set()
        store.add_completion(answer("t-0-0", fault=Fault(kind="oom", message="again")))
        store.add_completion(answer("t-0-0", "at last"))
        with pytest.raises(ValueError, match="answered twice"):
            store.add_completion(answer("t-0-0", "another"))
        with pytest.raises(ValueError, match="answered twice"):
            store.add_completion(answer("t-0-0", fault=Fault(kind="oom", message="late")))
        assert [completion.text for _, completion in store.completions("t")] == ["at last"]


def test_counts_tell_faults_errors_empty_and_truncated_apart(tmp_path: Path) -> None:
    with opened(tmp_path / "run") as store:
        store.add_completion(replace(answer("t-0-0", "  "), finish=Finish.LENGTH))
        store.add_completion(answer("t-1-0", "", Fault(kind="f", message="m")))
        store.add_grade(Grade(request="t-0-0", value=None, verdict=Verdict.ERROR, grader="g@1"))
        totals = store.totals("t")
    assert (totals.requests, totals.completions, totals.faults, totals.graded) == (2, 2, 1, 0)
    assert (totals.truncated, totals.empty, totals.tokens_in, totals.tokens_out) == (1, 1, 6, 4)
    assert totals.verdicts == {"error": 1}


def test_ungraded_are_those_without_a_grade_of_this_very_grader(tmp_path: Path) -> None:
    with opened(tmp_path / "run") as store:
        store.add_completion(answer("t-0-0"))
        store.add_completion(answer("t-1-0"))
        store.add_grade(right("t-0-0"))
        assert store.ungraded("t", "g@1") == {"t-1-0"}
        assert store.ungraded("t", "g@2") == {"t-0-0", "t-1-0"}
        store.add_grade(Grade(request="t-0-0", value=None, verdict=Verdict.ERROR, grader="g@1"))
        assert store.ungraded("t", "g@1") == {"t-0-0", "t-1-0"}


@pytest.mark.parametrize(
    ("run", "task", "key"),
    [
        ({"weights": "w2"}, {}, "weights"),
        ({"engine": "vllm"}, {}, "engine"),
        ({"dtype": "float16"}, {}, "dtype"),
        ({}, {"version": 2}, "t version"),
        ({}, {"data": "d2"}, "t data"),
        ({}, {"limit": 1}, "t limit"),
        ({}, {"trials": 4}, "t trials"),
        ({}, {"temperature": 0.5}, "t temperature"),
        ({}, {"top_p": 0.9}, "t top_p"),
    ],
)
def test_another_configuration_is_refused_by_the_name_of_its_key(
    tmp_path: Path, run: dict[str, Any], task: dict[str, Any], key: str
) -> None:
    folder = tmp_path / "run"
    with opened(folder):
        pass
    before = (folder / "config.toml").read_bytes()
    with Store(folder) as store, pytest.raises(RunMismatch, match=f": {key} is .* there and .* now") as refusal:
        store.adopt({**RUN, **run}, {"t": {**SETTINGS, **task}, "new": SETTINGS}, {"path": "/elsewhere"})
    assert refusal.value.exit_code == 2
    assert (folder / "config.toml").read_bytes() == before


def test_a_setting_that_is_gone_is_refused_too(tmp_path: Path) -> None:
    with opened(tmp_path / "run"):
        pass
    without = {key: value for key, value in SETTINGS.items() if key != "limit"}
    with Store(tmp_path / "run") as store, pytest.raises(RunMismatch, match="limit is 2 there and not set now"):
        store.adopt(RUN, {"t": without}, PLACE)


def test_new_tasks_are_added_and_the_checkpoint_may_move(tmp_path: Path) -> None:
    with opened(tmp_path / "run"):
        pass
    with Store(tmp_path / "run") as store:
        store.adopt(RUN, {"u": SETTINGS}, {"path": "/moved", "step": 7})
    config = read_config(tmp_path / "run")
    assert config["tasks"] == {"t": SETTINGS, "u": SETTINGS}
    assert config["checkpoint"] == {"path": "/moved", "step": 7}


def test_prompts_that_changed_under_the_same_version_are_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "run") as store:
        store.add_completion(answer("t-0-0"))
    with Store(tmp_path / "run") as store:
        with pytest.raises(RunMismatch, match=r"prompt.*s1"):
            store.register(SAMPLES, [request(0), request(1, key="other")])
        assert [sample for sample, _ in store.completions("t")] == ["s0"]


def test_an_engine_of_another_family_or_format_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "run") as store:
        store.use_engine({"family": "a", "dtype": "float32", "torch": "1"})
        store.use_engine({"family": "a", "dtype": "float32", "torch": "2"})
        assert store.engine()["torch"] == "2"
        with pytest.raises(RunMismatch, match="engine family is 'a' there and 'b' now"):
            store.use_engine({"family": "b", "dtype": "float32"})
        with pytest.raises(RunMismatch, match="engine dtype"):
            store.use_engine({"family": "a", "dtype": "float16"})


def test_run_json_is_there_only_while_the_run_is_complete(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    figure = Figure(name="accuracy", value=1.0, n=2, low=0.3, high=1.0, method="m")
    task = TaskRecord(
        task="t",
        version=1,
        data="d1",
        grader="g@1",
        settings=SETTINGS,
        isolation={},
        requests=2,
        completions=2,
        faults=0,
        graded=2,
        verdicts={"right": 2},
        truncated=0,
        empty=0,
        near_ties=None,
        tokens_in=6,
        tokens_out=4,
        figures=(figure,),
    )
    record = RunRecord(
        run="run",
        checkpoint="/models/m",
        series=None,
        step=None,
        tokens=None,
        model_digest="w1",
        engine={},
        versions={},
        tasks=(task,),
        complete=True,
    )
    with opened(folder) as store:
        assert read_record(folder) is None
        outcomes = Outcomes(items=("a", "b"), figures={"accuracy": ((1.0, 1), None)})
        store.close_task(task, outcomes)
        store.write_record(record)
        assert read_record(folder) == record
        assert stored_outcomes(folder) == {"t": outcomes}
        store.reopen("t")
        assert read_record(folder) is None
        assert store.closed_tasks() == []
        assert stored_outcomes(folder) == {}
    (folder / "run.json").write_text('{"run": 1}')
    with pytest.raises(ConfigError, match=r"run\.json is not a run record"):
        read_record(folder)


def test_another_journal_version_is_refused_and_the_folder_is_free_again(tmp_path: Path) -> None:
    with opened(tmp_path / "run"):
        pass
    with closing(sqlite3.connect(tmp_path / "run" / "run.db")) as db:
        db.execute("PRAGMA user_version = 99")
    for _ in range(2):  # the first refusal must not keep the lock
        with pytest.raises(ConfigError, match="journal 99"):
            Store(tmp_path / "run")


@pytest.mark.parametrize("config", ["nonsense = [", "a = 1", '[run]\nweights = "w"'])
def test_a_config_that_is_not_ours_is_a_sentence(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.toml").write_text(config)
    with pytest.raises(ConfigError, match=r"config\.toml"):
        read_config(tmp_path)


def test_a_folder_without_a_config_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a run folder"):
        read_config(tmp_path)
    assert list(run_folders(tmp_path)) == []
    assert stored_answers(tmp_path / "nowhere", "t") == set()
