"""Stop strings are found as soon as they are complete, whatever tokens they are made of."""

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import transformers
from hypothesis import HealthCheck, given, settings

from benchcore import Decode
from benchcore.engines.embedded.rows import Row
from benchcore.engines.embedded.stops import Stops
from benchcore.records import Finish, Generation, cut_at_stop


@pytest.fixture(scope="module")
def tokenizer(tiny_checkpoint: Path) -> Any:
    return transformers.AutoTokenizer.from_pretrained(tiny_checkpoint)


def row(stop: tuple[str, ...], room: int = 10**6) -> Row:
    decode = Decode(max_tokens=room, stop=stop)
    found = Row(Generation(key="k", task="t", sample="s", trial=0, prompt="p", decode=decode, seed=0), None)
    found.begin([5], room)
    return found


stops = st.lists(
    st.sampled_from(["\n", "\n\n", "ab", " a", "é", "日本", "Q:", ": ", "\ndef", "e"]), min_size=1, max_size=3
)
pieces = st.lists(st.sampled_from(["a", "b", " ", "\n", "é", "日", "本", "Q", ":", "d", "ef", "the", "�"]), max_size=14)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(stops, pieces, st.lists(st.integers(4, 319), max_size=8))
def test_they_are_found_at_the_token_that_completes_them(
    tokenizer: Any, stop: list[str], text: list[str], odd: list[int]
) -> None:
    """As when all of the text were decoded at every token; with tokens that are parts of characters among them."""
    tokens = tokenizer("".join(text), add_special_tokens=False)["input_ids"]
    tokens = [*tokens[: len(tokens) // 2], *odd, *tokens[len(tokens) // 2 :]]
    looked = Stops(tokenizer, frozenset())
    mine = row(tuple(stop))
    for token in tokens:
        mine.add(token, close=False)
        _, expected = cut_at_stop(looked.text(mine.generated), tuple(stop))
        found = looked.finish(mine)
        assert (found is Finish.STOP) == expected
        if found:
            return


def test_most_tokens_are_not_decoded_again_and_again(tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = Stops(tokenizer, frozenset())
    decoded = 0
    usual = looked.text

    def text(tokens: list[int]) -> str:
        nonlocal decoded
        decoded += 1
        return usual(tokens)

    monkeypatch.setattr(looked, "text", text)
    mine = row(("Question:",))
    for token in tokenizer("the same thing every time it is asked, " * 30)["input_ids"]:
        mine.add(token, close=False)
        assert looked.finish(mine) is None
    assert decoded < 40


def test_an_end_token_and_the_limit_end_a_text(tokenizer: Any) -> None:
    mine = row((), room=2)
    looked = Stops(tokenizer, frozenset({7}))
    mine.add(9, close=False)
    assert looked.finish(mine) is None
    mine.add(9, close=False)
    assert looked.finish(mine) is Finish.LENGTH
    mine.add(7, close=False)
    assert looked.finish(mine) is Finish.STOP
