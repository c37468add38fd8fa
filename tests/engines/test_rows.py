"""How requests are put into rows: what shares a beginning stays together, and nothing else is decided by it."""

from collections.abc import Sequence
from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import given

from benchcore import Decode
from benchcore.engines.embedded.rows import Row, arrange, longest_own
from benchcore.records import Generation, Message, Prompt

SHOTS = "Question: 1 + 1? Answer: 2. " * 10


def encode(prompt: Prompt) -> list[int]:
    text = prompt if isinstance(prompt, str) else "".join(message.content for message in prompt)
    return list(text.encode())


def asked(prompts: Sequence[Prompt]) -> list[Generation]:
    return [
        Generation(key=f"{at}", task="t", sample="s", trial=at, prompt=prompt, decode=Decode(max_tokens=9), seed=at)
        for at, prompt in enumerate(prompts)
    ]


def stems(rows: Sequence[Row]) -> set[str]:
    return {bytes(list(stem.tokens)).decode() for row in rows if row.stem for stem in row.stem.chain()}


def test_shots_that_many_share_are_a_stem() -> None:
    rows = arrange(asked([f"{SHOTS}{n}?" for n in range(20)]), encode)
    assert stems(rows) == {SHOTS}
    assert {row.stem.wanted for row in rows if row.stem} == {20}


def test_two_families_have_a_stem_each_and_stay_together() -> None:
    other = "Translate the following words into French, one a line. " * 4
    prompts = [text for n in range(10) for text in (f"{SHOTS}{n}?", f"{other}{n}")]
    rows = arrange(asked(prompts), encode)
    assert stems(rows) == {SHOTS, other}
    changes = sum(one.stem is not two.stem for one, two in pairwise(rows))
    assert changes == 1


def test_trials_of_one_prompt_share_all_of_it_but_the_last_token() -> None:
    rows = arrange(asked([f"{SHOTS}{n}?" for n in range(4) for _ in range(10)]), encode)
    assert stems(rows) == {SHOTS, *(f"{SHOTS}{n}" for n in range(4))}
    assert all(row.stem and row.stem.parent for row in rows)


def test_a_beginning_is_shared_where_that_saves_enough_reading() -> None:
    some = SHOTS[:60]
    assert stems(arrange(asked([f"{some}{n}" for n in range(5)]), encode)) == set()
    assert stems(arrange(asked([f"{some}{n}" for n in range(6)]), encode)) == {some}
    assert stems(arrange(asked([f"{SHOTS}{n}" for n in range(2)]), encode)) == {SHOTS}


def test_a_chat_has_a_beginning_too() -> None:
    turns = [(Message(role="system", content=SHOTS), Message(role="user", content=f"{n} + {n}?")) for n in range(10)]
    assert stems(arrange(asked(turns), encode)) == {SHOTS}


texts = st.text(alphabet="ab", max_size=6)
prompts = st.lists(
    st.tuples(st.sampled_from(["", SHOTS, SHOTS[:50], "x" * 80]), texts).map("".join).filter(bool), max_size=60
)


@given(prompts)
def test_every_request_gets_one_row_whose_stems_it_begins_with(prompts: list[str]) -> None:
    requests = asked(prompts)
    rows = arrange(requests, encode)
    assert sorted(row.request.key for row in rows) == sorted(one.key for one in requests)
    wanted = {}
    for row in rows:
        before = [row.stem.wanted] if row.stem else []
        row.begin(encode(row.request.prompt), 9)
        assert before == ([row.stem.wanted] if row.stem else [])
        for stem in row.stem.chain() if row.stem else ():
            assert stem.starts(row.prompt)
            wanted[stem] = wanted.get(stem, 0) + 1
    assert all(stem.wanted == count for stem, count in wanted.items())
    own = longest_own(rows, encode, lambda request, length: 9)
    assert own == max((len(row.prompt) - (len(row.stem.tokens) if row.stem else 0) + 9 for row in rows), default=0)
    for row in rows:
        row.done()
    assert all(stem.wanted == 0 for stem in wanted)


def test_a_random_number_is_drawn_once_a_token() -> None:
    [row] = arrange(asked(["a"]), encode)
    first = row.drawn()
    assert row.drawn() == first
    row.add(3, close=False)
    assert row.drawn() != first
