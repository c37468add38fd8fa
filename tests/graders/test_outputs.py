"""Whole outputs in the styles of real models are graded as a careful reader would; `-s` prints where they are not."""

from collections.abc import Iterator, Sequence

import pytest

from benchcore.graders.answers import Answers
from benchcore.records import Grade, Sample, Verdict

from .outputs import dev_choice, dev_maths, dev_numbers, held_out_choice, held_out_maths, held_out_numbers
from .outputs.case import Output

KINDS = ("numbers", "maths", "choice")
DEV = dev_numbers.CASES + dev_maths.CASES + dev_choice.CASES
HELD_OUT = held_out_numbers.CASES + held_out_maths.CASES + held_out_choice.CASES
ALL = DEV + HELD_OUT

Graded = Sequence[tuple[Output, Grade]]


@pytest.fixture(scope="module")
def graded() -> Graded:
    return list(grade_all())


def grade_all() -> Iterator[tuple[Output, Grade]]:
    for kind in KINDS:
        outputs = [output for output in ALL if output.kind == kind]
        samples = [sample(output, number) for number, output in enumerate(outputs)]
        with Answers(kind=kind, rules="value").session(samples) as grade:
            for one, output in zip(samples, outputs, strict=True):
                yield output, grade(one, output.text)


def sample(output: Output, number: int) -> Sample:
    facts = {"choices": list(output.choices)} if output.choices else {}
    return Sample(id=str(number), prompt="", target=output.gold, facts=facts)


def accepted(grade: Grade) -> bool:
    return grade.verdict is Verdict.RIGHT


def accuracy(graded: Graded, among: Sequence[Output]) -> float:
    chosen = [(output, grade) for output, grade in graded if output in among]
    return sum(accepted(grade) is output.right for output, grade in chosen) / len(chosen)


def test_the_suite_is_mixed() -> None:
    assert len(ALL) >= 200
    assert len({(output.kind, output.gold, output.text) for output in ALL}) == len(ALL)
    for half in (DEV, HELD_OUT):
        assert 0.55 <= sum(output.right for output in half) / len(half) <= 0.7
        assert {output.kind for output in half} == set(KINDS)


def test_a_span_is_what_stands_in_the_text() -> None:
    def bare(text: str) -> str:
        return "".join(text.split())

    assert [o.style for o in ALL if bare(o.span) not in bare(o.text)] == []


@pytest.mark.parametrize("half", [DEV, HELD_OUT, ALL], ids=["dev", "held out", "all"])
def test_nearly_all_are_graded_as_a_careful_reader_would(half: Sequence[Output], graded: Graded) -> None:
    for kind in KINDS:
        print(f"{kind}: {accuracy(graded, [output for output in half if output.kind == kind]):.3f}")
    for output, grade in graded:
        if output in half and accepted(grade) is not output.right:
            print(f"\n{output.kind}, {output.style}: gold {output.gold!r} is right: {output.right}; read as")
            print(f"  {grade.verdict} {grade.extracted!r} by {grade.rule!r}: {grade.reason}; end of the text:")
            print("  | " + output.text[-200:].replace("\n", "\n  | "))
    assert accuracy(graded, half) >= 0.96


def test_next_to_nothing_is_accepted_falsely(graded: Graded) -> None:
    falsely = [(output.kind, output.style) for output, grade in graded if accepted(grade) and not output.right]
    assert len(falsely) <= 0.01 * len(ALL), falsely


def test_no_output_is_an_error_of_the_grader(graded: Graded) -> None:
    assert [output.style for output, grade in graded if grade.verdict in (Verdict.ERROR, Verdict.TIMEOUT)] == []
