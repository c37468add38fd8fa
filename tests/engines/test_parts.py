"""Scorings in parts: whatever the stretches, the parts come to the same sums as reading each stretch at once."""

import hashlib
import math

from hypothesis import given
from hypothesis import strategies as st

from benchcore.engines.vllm.parts import MOST_ENDS, PIECE, Part, Reading, Tally, parts
from benchcore.engines.window import Stretch
from benchcore.records import Fault, Finish, Scoring

tokens = st.lists(st.integers(0, 3), min_size=1, max_size=12)


@st.composite
def stretches(draw: st.DrawFn) -> Stretch:
    text = tuple(draw(tokens))
    return Stretch(text, draw(st.integers(0, len(text) - 1)))


def logprob(before: tuple[int, ...], token: int) -> tuple[float, bool]:
    """A language model: any function of the tokens so far and the next."""
    value = hashlib.sha256(repr((before, token)).encode()).digest()[0]
    return -float(value), value < 128


def read(part: Part) -> Reading:
    start = len(part.tokens) - part.rows
    return Reading(
        ends={token: logprob(part.tokens, token) for _, token in part.ends},
        rows=[logprob(part.tokens[:at], part.tokens[at]) for at in range(start, len(part.tokens))],
    )


def request(count: int) -> Scoring:
    return Scoring(key="k", task="t", sample="s", trial=0, prompt="p", continuations=("x",) * count)


@given(st.lists(st.lists(stretches(), max_size=3), min_size=1, max_size=4))
def test_the_parts_come_to_the_sums_of_the_stretches(found: list[list[Stretch]]) -> None:
    tally = Tally(request(len(found)), found)
    assert tally.left == len(tally.parts)
    for part in tally.parts:
        tally.add(part, read(part))
    completion = tally.completion(0.0)
    assert (tally.left, completion.finish) == (0, Finish.STOP)
    for score, whole in zip(completion.scores, found, strict=True):
        said = [
            logprob(one.tokens[:at], one.tokens[at])
            for one in whole
            for at in range(len(one.tokens) - one.scored, len(one.tokens))
        ]
        assert math.isclose(score.logprob, sum(value for value, _ in said))
        assert (score.tokens, score.greedy) == (len(said), all(greedy for _, greedy in said))


@given(st.lists(st.lists(stretches(), max_size=3), min_size=1, max_size=4), st.integers(1, 5))
def test_no_part_scores_more_than_it_may_and_each_context_is_read_by_one(found: list[list[Stretch]], most: int) -> None:
    asked = parts(found, most)
    assert all(part.rows < most for part in asked)
    assert all(0 <= part.reusable < len(part.tokens) and part.tokens for part in asked)
    heads = [part.tokens for part in asked if not part.rows and len(part.ends) > 1]
    assert len(heads) == len(set(heads))
    scored = sum(one.scored for whole in found for one in whole)
    assert sum(len(part.ends) + part.rows for part in asked) == scored


def test_letters_are_one_part_and_many_are_split() -> None:
    context = (7, 8, 9)
    [one] = parts([[Stretch((*context, letter), 1)] for letter in range(4)], PIECE)
    assert (one.tokens, one.rows, [token for _, token in one.ends]) == (context, 0, [0, 1, 2, 3])
    many = parts([[Stretch((*context, letter), 1)] for letter in range(MOST_ENDS + 1)], PIECE)
    assert [len(part.ends) for part in many] == [MOST_ENDS, 1]


def test_a_cache_may_hold_the_context_but_nothing_that_is_scored() -> None:
    context, text = (1, 2, 3, 4), (5, 6, 7)
    head, tail = parts([[Stretch((*context, *text), 3)]], PIECE)
    assert head.tokens == context
    assert tail.tokens == (*context, 5, 6)
    assert (tail.rows, tail.ends, tail.reusable) == (1, ((0, 7),), 4)


def test_tokens_that_continuations_share_count_once() -> None:
    context = (1, 2, 3)
    found = [[Stretch((*context, 4, 5), 2)], [Stretch((*context, 4, 6), 2)], [Stretch((*context, 9), 1)]]
    tally = Tally(request(3), found)
    for part in tally.parts:
        tally.add(part, read(part))
    assert tally.completion(0.0).tokens_in == len((*context, 4))


def test_one_part_that_fails_is_the_requests_fault() -> None:
    tally = Tally(request(1), [[Stretch((1, 2, 3, 4), 3)]])
    first, *others = tally.parts
    tally.add(first, Fault(kind="engine", message="no"))
    for part in others:
        tally.add(part, read(part))
    completion = tally.completion(0.0)
    assert (completion.finish, completion.scores, completion.fault and completion.fault.message) == (
        Finish.FAULT, (), "no",
    )  # fmt: skip
