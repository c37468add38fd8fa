"""The grader of choices by likelihood: the likeliest continuation, and what it is divided by."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore import Sample, Score, Verdict, likeliest
from benchcore.errors import ConfigError

LETTERS = (" A", " B", " C", " D")


def sample(target, continuations=LETTERS):
    return Sample(id="s", prompt="Q:", target=target, continuations=continuations)


def scores(*logprobs, tokens=None):
    return tuple(
        Score(logprob=logprob, tokens=count, greedy=False)
        for logprob, count in zip(logprobs, tokens or [1] * len(logprobs), strict=True)
    )


def grade(one, answer, per=None):
    with likeliest(per).session([one]) as found:
        return found(one, answer)


def test_the_likeliest_continuation_is_the_choice():
    found = grade(sample(" C"), scores(-3.0, -2.0, -1.5, -9.0))
    assert (found.value, found.verdict, found.extracted) == (1.0, Verdict.RIGHT, " C")
    assert found.reason == "0.5 nats likelier than ' B'"
    found = grade(sample(" A"), scores(-3.0, -2.0, -1.5, -9.0))
    assert (found.value, found.verdict, found.extracted) == (0.0, Verdict.WRONG, " C")


def test_a_length_is_taken_out_where_it_is_asked_for():
    one = sample(" a long one", (" short", " a long one"))
    answer = scores(-3.0, -4.0, tokens=[1, 4])
    assert [grade(one, answer, per).verdict for per in (None, "byte", "token")] == [
        Verdict.WRONG, Verdict.RIGHT, Verdict.RIGHT,
    ]  # fmt: skip
    assert grade(one, answer, "byte").reason == "0.136 nats per byte likelier than ' short'"
    assert grade(one, answer, "token").reason == "2 nats per token likelier than ' short'"


def test_bytes_are_those_of_utf_8():
    # six bytes against two: -6/6 against -3/2; by characters it would be -6/3 against -3/2
    assert grade(sample("üüü", ("üüü", "ab")), scores(-6.0, -3.0), "byte").verdict is Verdict.RIGHT


def test_a_tie_with_the_target_is_undecided_and_scores_nothing():
    for order in (LETTERS, LETTERS[::-1]):
        found = grade(sample(" B", order), scores(-2.0, -1.0, -1.0, -2.0))
        assert (found.value, found.verdict, found.extracted) == (0.0, Verdict.UNDECIDED, None)
    assert found.reason == "equally likely: ' C', ' B'"


def test_a_tie_of_others_is_wrong():
    found = grade(sample(" A"), scores(-2.0, -1.0, -1.0, -2.0))
    assert (found.value, found.verdict) == (0.0, Verdict.WRONG)


@given(values=st.permutations([-1.0, -2.0, -3.5, -8.0]), at=st.integers(0, 3))
def test_right_is_exactly_the_best(values, at):
    found = grade(sample(LETTERS[at]), scores(*values))
    assert (found.verdict is Verdict.RIGHT) == (values[at] == -1.0)


def test_a_continuation_without_a_token_of_its_own_is_no_choice():
    with pytest.raises(ValueError, match="no token of its own of the continuation ' B'"):
        grade(sample(" A"), scores(-1.0, 0.0, -2.0, -3.0, tokens=[1, 0, 1, 1]))


def test_a_model_that_diverged_chooses_nothing():
    with pytest.raises(ValueError, match="log-likelihood nan"):
        grade(sample(" A"), scores(-1.0, math.nan, -2.0, -3.0))


def test_a_target_that_is_none_of_the_continuations_is_refused():
    with pytest.raises(ConfigError, match=r"target 'A' of sample 's' is none of its continuations, ' A', ' B'"):
        grade(sample("A"), scores(-1.0, -2.0, -3.0, -4.0))


@pytest.mark.parametrize("continuations", [(), (" A",)])
def test_a_choice_of_less_than_two_is_refused(continuations):
    with pytest.raises(ConfigError, match=f"but sample 's' has {len(continuations)}"):
        grade(sample(" A", continuations), scores(*[-1.0] * len(continuations)))


def test_another_unit_is_refused():
    with pytest.raises(ConfigError, match="not per 'word'"):
        likeliest("word")


@pytest.mark.parametrize("per", [None, "byte", "token"])
@given(continuations=st.lists(st.text("aü ", min_size=1, max_size=9), min_size=2, max_size=6, unique=True))
def test_its_reference_is_right_whatever_the_lengths(per, continuations):
    for target in continuations:
        one = sample(target, tuple(continuations))
        assert grade(one, likeliest(per).reference(one), per).verdict is Verdict.RIGHT


def test_the_unit_is_part_of_the_name():
    names = [likeliest(per).name for per in (None, "byte", "token")]
    assert names == ["likeliest@1", "likeliest(per byte)@1", "likeliest(per token)@1"]
    assert likeliest().isolation() == {}
