"""Records: nonsense is refused, digests are stable, and text is cut at the first stop string."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.records import Decode, Fault, Sample, cut_at_stop, digest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
CROWDED = st.text(alphabet="ab\n", max_size=12)  # so that stop strings occur, overlap and repeat


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_tokens": 0}, "max_tokens must be a whole number of at least 1, got 0"),
        ({"max_tokens": -5}, "max_tokens must be a whole number of at least 1, got -5"),
        ({"temperature": -0.1}, "temperature must be 0 .greedy. or more, got -0.1"),
        ({"temperature": float("nan")}, "temperature must be 0"),
        ({"max_tokens": True}, "whole number"),
        ({"stop": (1,)}, "stop must be a tuple of non-empty strings"),
        ({"top_p": 0.0}, "top_p must be in .0, 1., got 0.0"),
        ({"top_p": 1.01}, "top_p must be in .0, 1., got 1.01"),
        ({"top_p": float("nan")}, "top_p must be in .0, 1., got nan"),
        ({"stop": "\n"}, "stop must be a tuple of non-empty strings"),
        ({"stop": ["\n"]}, "stop must be a tuple of non-empty strings"),
        ({"stop": ("\n", "")}, "stop must be a tuple of non-empty strings"),
    ],
)
def test_decoding_that_cannot_be_meant_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Decode(**{"max_tokens": 8, **changes})


@pytest.mark.parametrize("changes", [{"max_tokens": 1}, {"temperature": 0.0}, {"top_p": 1.0}, {"stop": ()}])
def test_decoding_at_the_edge_is_accepted(changes: dict[str, Any]) -> None:
    decode = Decode(**{"max_tokens": 8, **changes})
    assert {name: getattr(decode, name) for name in changes} == changes


def test_decoding_is_greedy_without_stop_strings_unless_said_otherwise() -> None:
    assert Decode(max_tokens=8) == Decode(max_tokens=8, temperature=0.0, top_p=1.0, stop=())


def test_records_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Fault(kind="oom", message="no memory").kind = "other"  # type: ignore[misc]


def test_records_take_no_positional_arguments() -> None:
    with pytest.raises(TypeError):
        Sample("a", "What is 1 + 1?", "2")  # type: ignore[misc]


def first_stop(text: str, stop: tuple[str, ...]) -> int | None:
    """The first position at which any stop string starts, position by position."""
    for at in range(len(text)):
        if any(text[at : at + len(each)] == each for each in stop):
            return at
    return None


@given(CROWDED, st.lists(st.text(alphabet="ab\n", min_size=1, max_size=3), max_size=3).map(tuple))
def test_text_is_cut_at_the_first_stop_string(text: str, stop: tuple[str, ...]) -> None:
    at = first_stop(text, stop)
    assert cut_at_stop(text, stop) == (text[:at], at is not None)


@given(CROWDED, st.lists(st.text(alphabet="ab\n", min_size=1, max_size=3), max_size=3).map(tuple))
def test_a_cut_text_is_not_cut_again(text: str, stop: tuple[str, ...]) -> None:
    cut, _ = cut_at_stop(text, stop)
    assert cut_at_stop(cut, stop) == (cut, False)


def test_a_text_that_begins_with_a_stop_string_is_cut_to_nothing() -> None:
    assert cut_at_stop("\ndef f():", ("\nclass", "\ndef")) == ("", True)


def test_a_digest_is_the_same_on_every_machine_and_in_every_release() -> None:
    assert digest("text", 1, [1.5, None], {"b": "é", "a": True}) == "162310dfba6531bb99a1c7445727c580"


def test_a_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_a_digest_depends_on_the_order_of_parts() -> None:
    assert digest("a", "b") != digest("b", "a")


@given(JSON, JSON)
def test_two_values_have_one_digest_only_where_they_are_equal(first: Any, second: Any) -> None:
    assert (digest(first) == digest(second)) == (repr_of(first) == repr_of(second))


def repr_of(value: Any) -> str:
    """A text that differs wherever two values do, True and 1 included, but not in the order of keys."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{repr_of(value[key])}" for key in sorted(value)) + "}"
    return "[" + ",".join(map(repr_of, value)) + "]" if isinstance(value, list) else repr(value)


@given(st.lists(st.text(max_size=4), max_size=3), st.lists(st.text(max_size=4), max_size=3))
def test_parts_do_not_run_together(first: list[str], second: list[str]) -> None:
    assert (digest(*first) == digest(*second)) == (first == second)
