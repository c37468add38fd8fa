"""Bits per byte, nats per token and nats per answer: ratios of sums, their intervals, and what is left out."""

import math
import time

import pytest

from benchcore import bits_per_byte, nats_per_answer, nats_per_token
from benchcore.errors import ConfigError
from benchcore.records import Grade, Verdict, is_loss
from benchcore.stats.jackknife import ratio_interval

METRICS = (bits_per_byte(), nats_per_token(), nats_per_answer())


def grade(nats, tokens=2, size=4, **changes):
    given = dict(request="", value=nats, verdict=Verdict.MEASURED, grader="loss@1", tokens=tokens, bytes=size)
    return Grade(**(given | changes))


def only(metric, grades, group=None):
    [figure] = metric.figures([[one] for one in grades], group)
    return figure


def test_all_nats_over_all_bytes_or_tokens_and_not_a_mean_of_documents():
    grades = [grade(8.0, 4, 16), grade(1.0, 1, 1)]
    assert only(bits_per_byte(), grades).value == pytest.approx(9 / 17 / math.log(2))
    assert only(nats_per_token(), grades).value == pytest.approx(9 / 5)


def test_nats_per_answer_are_the_mean_over_answers_however_long():
    grades = [grade(8.0, 4, 16), grade(1.0, 1, 1), grade(0.0, 2, 2)]
    figure = only(nats_per_answer(), grades, "addition")
    assert (figure.name, figure.value, figure.n, figure.group) == ("nats per answer", 3.0, 3, "addition")
    # the standard error of a mean: that of 8, 1 and 0 is sqrt(19 / 3), and Student's t of 2 degrees is 4.3027
    half = 4.302652729911275 * math.sqrt(19 / 3)
    assert (figure.low, figure.high) == (0.0, pytest.approx(3 + half)), "no loss is below 0"


def test_of_answers_that_are_equally_likely_each_takes_the_logarithm_of_how_many():
    figure = only(nats_per_answer(), [grade(math.log(8), 1, 1)] * 5)
    assert figure.value == pytest.approx(math.log(8))
    assert (figure.low, figure.high) == pytest.approx((math.log(8), math.log(8)))


def test_an_answer_that_was_not_measured_is_no_answer():
    figure = only(nats_per_answer(), [grade(3.0), grade(None, None, None, verdict=Verdict.ERROR), grade(1.0)])
    assert (figure.value, figure.n) == (2.0, 2)


def test_two_tokenizers_of_one_likelihood_agree_in_bits_per_byte():
    coarse, fine = [grade(8.0, 2, 16), grade(3.0, 1, 4)], [grade(8.0, 9, 16), grade(3.0, 4, 4)]
    assert only(bits_per_byte(), coarse) == only(bits_per_byte(), fine)
    assert only(nats_per_token(), coarse).value > only(nats_per_token(), fine).value


def test_the_interval_is_over_documents_and_says_so():
    grades = [grade(8.0, 4, 16), grade(1.0, 1, 1), grade(5.0, 3, 9)]
    figure = only(bits_per_byte(), grades, "web")
    nats, low, high = ratio_interval([8.0, 1.0, 5.0], [16, 1, 9])
    assert (figure.name, figure.n, figure.group) == ("bits per byte", 3, "web")
    assert figure.method == "jackknife 95 %"
    bits = [value / math.log(2) for value in (nats, low, high)]
    assert [figure.value, figure.low, figure.high] == pytest.approx(bits)


@pytest.mark.parametrize("metric", METRICS)
def test_one_document_has_no_interval(metric):
    figure = only(metric, [grade(8.0)])
    assert (figure.n, figure.low, figure.high, figure.method) == (1, None, None, "one document, no interval")


@pytest.mark.parametrize("metric", METRICS)
def test_nothing_measured_is_absent_not_zero(metric):
    figure = only(metric, [grade(None, None, None, verdict=Verdict.ERROR)])
    assert (figure.value, figure.n, figure.method) == (None, 0, "no document measured")
    assert metric.figures([], None)[0] == figure


def test_documents_without_a_value_or_a_token_are_left_out():
    grades = [grade(8.0, 4, 16), grade(None), grade(0.0, 0, 3), grade(2.0, 1, 4)]
    assert only(nats_per_token(), grades).n == 2
    assert only(bits_per_byte(), grades).n == 3


@pytest.mark.parametrize(
    "wrong", [grade(1.0, None, None, grader="numbers@1"), grade(-1.0), grade(math.nan), grade(math.inf)]
)
@pytest.mark.parametrize("metric", METRICS)
def test_grades_that_are_no_losses_name_their_grader(metric, wrong):
    with pytest.raises(ConfigError, match=rf"{metric} is for losses of texts.*{wrong.grader}"):
        only(metric, [wrong])


def test_many_documents_take_no_time_worth_naming():
    grades = [[grade(1.0 + at % 11, 1 + at % 5, 1 + at % 17)] for at in range(100_000)]
    bits_per_byte().figures(grades[:10], None)  # imports
    started = time.perf_counter()
    [figure] = bits_per_byte().figures(grades, None)
    assert figure.n == 100_000
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("metric", METRICS)
def test_metric_contract(metric):
    assert metric.trials == 1
    assert metric in (bits_per_byte(), nats_per_token(), nats_per_answer())
    assert is_loss(metric.name)
