"""Plain data: what crosses comes back as it was, lies do not cross, and bad data builds nothing."""

import contextlib
import datetime as dt
import enum
import json
import math
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.graders.sandbox.inside import plain
from benchcore.graders.sandbox.inside.plain import NotPlain, decode, dumps, encode, loads


def refuse(thing: object) -> Any:
    raise NotPlain(f"{thing!r} is not plain")


def across(value: object) -> Any:
    return decode(loads(dumps(encode(value, refuse)).encode()), refuse)


hashable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters())
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.datetimes()
    | st.dates()
    | st.timedeltas(),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)
values = st.recursive(
    hashable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(hashable, inner, max_size=4) | st.sets(hashable),
    max_leaves=10,
)


@given(values)
def test_plain_data_comes_back_as_it_was(value: object) -> None:
    found = across(value)
    assert found == value and type(found) is type(value)


Pair = namedtuple("Pair", "a b")


class Colour(enum.IntEnum):
    RED = 1


class Always(int):
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "7"

    def __add__(self, other: int) -> int:
        return 7


class Text(str):
    def __str__(self) -> str:
        return "lie"

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return int


class Numbers(list):  # type: ignore[type-arg]
    def __iter__(self) -> Any:
        return iter([7])

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Always(3), 3),
        (Text("a"), "a"),
        (Numbers([1, 2]), [1, 2]),
        (Pair(1, 2), (1, 2)),
        (Colour.RED, 1),
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(list, {1: [2]}), {1: [2]}),
        ([-(2**70), 1], [-(2**70), 1]),
        (-0.0, -0.0),
        ("\ud800", "\ud800"),
        (1 + 2j, 1 + 2j),
        (bytearray(b"\xff"), bytearray(b"\xff")),
        (range(5, 0, -2), range(5, 0, -2)),
        (deque([1, 2]), deque([1, 2])),
        (dt.time(1, 2), dt.time(1, 2)),
        ({1: 2}.keys(), {1}),
        ({1: 2}.items(), {(1, 2)}),
        (int, int),
        ([int, ValueError], [int, ValueError]),
    ],
)
def test_a_subclass_is_reduced_to_the_value_of_its_base(value: object, expected: object) -> None:
    found = across(value)
    assert found == expected
    assert type(found) is type(expected) or isinstance(expected, set)


def test_integers_of_any_length() -> None:
    assert across([-(10**5000), 2**70_000]) == [-(10**5000), 2**70_000]


def test_nan_values_views_and_iterators() -> None:
    assert math.isnan(across(float("nan")))
    assert list(across({1: 2}.values())) == [2]
    found = across(iter([1, 2]))
    assert next(found) == 1 and list(found) == [2]
    assert len(list(across(iter(int, 1)))) == plain.ITEMS


def test_numpy_values() -> None:
    np = pytest.importorskip("numpy")
    assert across(np.float64(1.5)) == 1.5 and type(across(np.int64(3))) is int and across(np.bool_(True)) is True
    array = np.array([[1, 2], [3, 4]], dtype="int32")
    found = across(array)
    assert found.dtype == array.dtype and (found == array).all()
    assert across([np.str_("a")]) == ["a"]


def test_what_is_not_plain_is_exported() -> None:
    things: list[object] = []

    def export(thing: object) -> dict[str, int]:
        things.append(thing)
        return {"o": len(things) - 1}

    def local() -> None: ...

    data = loads(dumps(encode([local, {"x": Pair}], export)).encode())
    assert decode(data, lambda found: things[found["o"]]) == [local, {"x": Pair}]


def test_depth_and_size_are_bounded() -> None:
    nested: list[Any] = []
    for _ in range(plain.DEPTH + 5):
        nested = [nested]
    with pytest.raises(NotPlain, match="in each other"):
        encode(nested, refuse)
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(NotPlain, match="in each other"):
        encode(endless, refuse)
    with pytest.raises(NotPlain, match="values"):
        loads(b"[" + b"0," * plain.VALUES + b"0]")


@pytest.mark.parametrize(
    "data",
    [
        {"z": 1},
        {},
        {"t": [1], "s": [2]},
        {"i": "zz"},
        {"i": 5},
        {"t": 3},
        {"s": [[1]]},
        {"d": [[1]]},
        {"d": [[[], 1]]},
        {"c": [1, 2, 3]},
        {"b": "\u1234"},
        {"r": ["a"]},
        {"F": ["0x1", "0x0"]},
        {"D": "x"},
        {"dt": "x"},
        {"T": "print"},
        {"T": "__import__"},
        {"a": ["O", [1], [1]]},
        {"a": [1]},
        {"t": {"t": {"z": []}}},
    ],
)
def test_what_no_value_encodes_to_is_refused(data: object) -> None:
    with pytest.raises(NotPlain):
        decode(data, refuse)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"nope", b"[1,", b"[" * 5000 + b"]" * 5000, b"9" * 5000])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(NotPlain):
        loads(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*plain._BUILDERS, "o", "x"]), inner, max_size=2)
    ),
    max_leaves=8,
)


@given(json_values)
def test_any_message_is_a_value_or_refused(data: object) -> None:
    with contextlib.suppress(NotPlain):
        decode(json.loads(json.dumps(data)), refuse)
