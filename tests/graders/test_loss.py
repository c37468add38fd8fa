"""The grader of losses: nats, tokens and bytes of a text."""

import math

import pytest

from benchcore import Sample, Score, Verdict, loss
from benchcore.errors import ConfigError


def sample(*continuations, prompt=""):
    return Sample(id="s", prompt=prompt, target="", continuations=continuations)


def grade(one, *scores):
    with loss().session([one]) as found:
        return found(one, tuple(scores))


def score(logprob, tokens=3):
    return Score(logprob=logprob, tokens=tokens, greedy=False)


def test_a_loss_is_the_nats_of_the_text_with_its_length():
    found = grade(sample("aü\n"), score(-2.5))
    assert (found.value, found.tokens, found.bytes, found.verdict) == (2.5, 3, 4, Verdict.MEASURED)
    assert (found.grader, found.request, found.extracted) == ("loss@1", "", None)


@pytest.mark.parametrize("logprob", [0.0, -0.0, 1e-6])
def test_a_certain_text_has_no_loss_and_never_less(logprob):
    assert math.copysign(1, grade(sample("a"), score(logprob)).value) == 1
    assert grade(sample("a"), score(logprob)).value == 0


def test_white_space_that_the_prompt_ends_with_is_measured_too():
    assert grade(sample("4", prompt="2 + 2 = \n"), score(-1.0)).bytes == 3
    assert grade(sample(" 4", prompt="2 + 2 ="), score(-1.0)).bytes == 2


@pytest.mark.parametrize("logprob", [math.nan, -math.inf])
def test_a_model_that_diverged_is_no_loss(logprob):
    with pytest.raises(ValueError, match=f"log-likelihood {logprob}"):
        grade(sample("a"), score(logprob))


def test_a_text_is_no_score():
    with loss().session([sample("a")]) as found, pytest.raises(ValueError, match="a text was generated"):
        found(sample("a"), "text")


@pytest.mark.parametrize("continuations", [(), ("a", "b")])
def test_samples_with_another_number_of_continuations_are_refused(continuations):
    with pytest.raises(ConfigError, match=rf"one continuation a sample, but sample 's' has {len(continuations)}"):
        grade(sample(*continuations))


def test_its_reference_is_measured_at_one_bit_a_byte():
    one = sample("aü")
    found = grade(one, *loss().reference(one))
    assert found.verdict is Verdict.MEASURED
    assert found.value / found.bytes / math.log(2) == pytest.approx(1)


def test_it_runs_nothing():
    assert loss().isolation() == {}
