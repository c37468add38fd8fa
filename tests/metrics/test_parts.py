"""Parts: what each problem adds to a figure comes to the figure."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.metrics.loss import bits_per_byte, nats_per_token
from benchcore.metrics.pass_at import pass_at
from benchcore.metrics.rates import accuracy
from benchcore.records import Grade, Verdict

VALUES = st.lists(st.sampled_from([0.0, 1.0, None]), max_size=4)


def graded(values):
    return [Grade(request="", value=value, verdict=Verdict.RIGHT, grader="g@1") for value in values]


@given(problems=st.lists(VALUES, max_size=8))
@pytest.mark.parametrize("metric", [accuracy(), pass_at(1)])
def test_the_parts_of_a_rate_come_to_its_value_and_stay_with_their_problems(metric, problems):
    grades = [graded(values) for values in problems]
    [figure] = metric.figures(grades, None)
    [(name, parts)] = metric.parts(grades).items()
    assert name == figure.name
    assert [part is None for part in parts] == [all(value is None for value in values) for values in problems]
    known = [part for part in parts if part is not None]
    assert len(known) == figure.n
    assert all(size == 1 for _, size in known)
    if known:
        assert math.fsum(amount for amount, _ in known) / len(known) == pytest.approx(figure.value)


def test_pass_at_has_parts_for_each_k():
    grades = [graded((1.0, 0.0)), graded((None, None)), graded((0.0, 0.0))]
    assert pass_at(1, 2).parts(grades) == {"pass@1": [(0.5, 1), None, (0, 1)], "pass@2": [(1.0, 1), None, (0, 1)]}


def test_parts_of_nothing_scored_are_absent_not_zero():
    assert pass_at(1).parts([graded((None,))]) == {"pass@1": [None]}
    assert accuracy().parts([graded(())]) == {"accuracy": [None]}


@given(
    documents=st.lists(st.tuples(st.floats(0, 1e4), st.integers(0, 50), st.integers(1, 500)), min_size=1, max_size=6)
)
@pytest.mark.parametrize("metric", [bits_per_byte(), nats_per_token()])
def test_the_parts_of_a_loss_come_to_its_value(metric, documents):
    grades = [
        [Grade(request="", value=nats, verdict=Verdict.MEASURED, grader="loss@1", tokens=tokens, bytes=size)]
        for nats, tokens, size in documents
    ]
    [figure] = metric.figures(grades, None)
    known = [part for part in metric.parts(grades)[figure.name] if part is not None]
    assert len(known) == figure.n
    if known:
        amounts, sizes = zip(*known, strict=True)
        assert math.fsum(amounts) / math.fsum(sizes) == pytest.approx(figure.value)
