"""Plain data as JSON: what crosses between the runner and the candidate, and nothing else does.

A list, text, number, truth value or None is itself; anything else is an object with one key, its tag. Neither
`pickle` nor `marshal`: what a candidate sends must not be able to do anything when it is read.

DANGER: in the candidate this module shares a process with a program that may replace any builtin or module
attribute. So it binds all it uses, and its own builtins, before the program runs (see `candidate`). What a
program does to it all the same only changes what that program answers.
"""

import builtins
import importlib
import itertools
import json
import sys
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

_BUILTINS: dict[str, Any] = dict(vars(builtins))
globals()["__builtins__"] = _BUILTINS  # functions that are made below look their builtins up here

DEPTH = 150  # nested containers
VALUES = 2_000_000  # in one message
BYTES = 32 << 20  # of one message; the largest of an honest solution, in HumanEval+, has 12 MB
ITEMS = 100_000  # of an iterator: one without end is cut there
_WORD = 1 << 63  # larger integers cross in hexadecimal: linear in their length, and never refused as too long

Export = Callable[[Any], Any]
_ATOMS, _INTEGERS, _CONTAINERS = {str, bool, float, type(None)}, {int}, {list, dict}
_mro = type.__dict__["__mro__"].__get__
_islice = itertools.islice
_modules = sys.modules


def _make_encoder() -> Callable[[Any, int], Iterable[str]]:
    """The C half of `json`'s encoder: its Python half looks up builtins that a program may have replaced."""
    kind = vars(json.encoder)["c_make_encoder"]
    write: Callable[[Any, int], Iterable[str]] = kind(
        None, None, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, True
    )
    return write


# What `decode` calls, less its regular expressions for blanks, which we never send; not in the stubs.
_scan: Callable[[str, int], tuple[Any, int]] = vars(json.JSONDecoder())["scan_once"]
_write = _make_encoder()


class NotPlain(Exception):
    """A value that cannot cross, or a message that no value was encoded to."""


def dumps(message: Any) -> str:
    """An encoded message as text, in ASCII."""
    return "".join(_write(message, 0))


def check_size(text: str) -> None:
    """Raise `NotPlain` for a message that is too large to build: each of these separates at most two values."""
    if text.count(",") + text.count("[") + text.count("{") > VALUES:
        raise NotPlain(f"more than {VALUES:,} values")
    if len(text) > BYTES:
        raise NotPlain(f"more than {BYTES >> 20} MiB")


def loads(data: bytes) -> Any:
    """A message from bytes. Raises `NotPlain` for anything but JSON of a size that is safe to build."""
    try:
        text = data.decode("ascii")
        check_size(text)
        message, end = _scan(text, 0)
    except (ValueError, RecursionError, StopIteration) as error:
        raise NotPlain(f"no JSON: {error}") from None
    if end != len(text):
        raise NotPlain("no JSON: more than one value")
    return message


def encode(value: Any, export: Export, depth: int = 0) -> Any:
    """`value` as JSON-able data. `export(thing)` gives the data for things that are not plain.

    A subclass of a builtin is reduced to its base: of a value that lies about itself only the value crosses.
    """
    kind = type(value)
    if kind is str or kind is bool or value is None or kind is float:
        if kind is str and len(value) > BYTES:
            _refuse(f"more than {BYTES >> 20} MiB")
        return value
    if kind is int:
        return value if -_WORD < value < _WORD else {"i": hex(value)}
    if depth > DEPTH:
        raise NotPlain(f"more than {DEPTH} containers in each other")
    found = _ENCODERS.get(kind)
    if found is None:
        for base in _mro(kind):
            if base in _ENCODERS:
                found = _ENCODERS[base]
                break
        else:
            return _encode_other(value, kind, export, depth)
    return found(value, export, depth + 1)


def _all(values: Iterable[Any], export: Export, depth: int) -> list[Any]:
    values = [*values]
    kinds = set(map(type, values))
    # By far the most lists, and the longest, hold atoms alone: these are copied without a look at each.
    if kinds <= _ATOMS or (kinds == _INTEGERS and min(values) > -_WORD and max(values) < _WORD):
        return values
    return [encode(value, export, depth) for value in values]


def _latin(value: bytes) -> str:
    return value.decode("latin-1") if len(value) <= BYTES else _refuse(f"more than {BYTES >> 20} MiB")


def _encode_int(value: int, export: Export, depth: int) -> Any:
    return encode(int.__pos__(value), export)


def _encode_set(value: Any, export: Export, depth: int) -> Any:
    return {"s": _all(set.__iter__(value), export, depth)}


def _encode_dict(value: Any, export: Export, depth: int) -> Any:
    return {"d": [_all(pair, export, depth) for pair in dict.items(value)]}


def _encode_type(value: type, export: Export, depth: int) -> Any:
    name = type.__dict__["__name__"].__get__(value)
    return {"T": name} if _BUILTINS.get(name) is value else export(value)


_ENCODERS: dict[type, Callable[[Any, Export, int], Any]] = {
    int: _encode_int,
    float: lambda value, export, depth: float.__pos__(value),
    str: lambda value, export, depth: str.__str__(value),
    list: lambda value, export, depth: _all(list.__iter__(value), export, depth),
    tuple: lambda value, export, depth: {"t": _all(tuple.__iter__(value), export, depth)},
    set: _encode_set,
    frozenset: lambda value, export, depth: {"f": _all(frozenset.__iter__(value), export, depth)},
    dict: _encode_dict,
    complex: lambda value, export, depth: {"c": [value.real, value.imag]},
    bytes: lambda value, export, depth: {"b": _latin(bytes(memoryview(value)))},
    bytearray: lambda value, export, depth: {"B": _latin(bytes(memoryview(value)))},
    range: lambda value, export, depth: {"r": _all((value.start, value.stop, value.step), export, depth)},
    deque: lambda value, export, depth: {"q": _all(deque.__iter__(value), export, depth)},
    type({}.keys()): lambda value, export, depth: {"k": _all(value, export, depth)},
    type({}.values()): lambda value, export, depth: {"v": _all(value, export, depth)},
    type({}.items()): lambda value, export, depth: {"e": _all(value, export, depth)},
    type: _encode_type,
}
# The same for types of modules that are loaded only where a program or its tests use them: by methods of the type
# itself, as a subclass may have bent its own.
_LATE: dict[tuple[str, str], Callable[[Any, Any], Any]] = {
    ("decimal", "Decimal"): lambda base, value: {"D": base.__str__(value)},
    ("fractions", "Fraction"): lambda base, value: {
        "F": [hex(base.numerator.fget(value)), hex(base.denominator.fget(value))]
    },
    ("datetime", "datetime"): lambda base, value: {"dt": base.isoformat(value)},
    ("datetime", "date"): lambda base, value: {"da": base.isoformat(value)},
    ("datetime", "time"): lambda base, value: {"ti": base.isoformat(value)},
    ("datetime", "timedelta"): lambda base, value: {
        "td": [part.__get__(value) for part in (base.days, base.seconds, base.microseconds)]
    },
}


def _encode_other(value: Any, kind: type, export: Export, depth: int) -> Any:
    """Values of NumPy and of other modules, iterators, and whatever `export` makes of the rest."""
    if (numpy := _modules.get("numpy")) is not None and hasattr(numpy, "ndarray"):
        bases = _mro(kind)
        if numpy.generic in bases:
            plain: Any = numpy.generic.item(value)
            if type(plain) is kind:  # a long double has no Python number of its own
                plain = float(value)
            return encode(plain, export, depth + 1)
        if numpy.ndarray in bases and value.dtype.kind in "biufcSU":
            flat = numpy.ndarray.ravel(value)
            return {"a": [value.dtype.str, list(value.shape), _all(numpy.ndarray.tolist(flat), export, depth + 1)]}
    for base in _mro(kind):
        for (module, name), late in _LATE.items():
            if (loaded := _modules.get(module)) is not None and getattr(loaded, name, None) is base:
                return late(base, value)
    if hasattr(kind, "__next__") and hasattr(kind, "__iter__"):
        return {"it": _all(_islice(value, ITEMS), export, depth + 1)}
    return export(value)


def decode(data: Any, import_: Export) -> Any:
    """The value that `data` encodes, of exactly builtin types. `import_(data)` gives that of things not plain.

    Raises `NotPlain` for data that `encode` does not make.
    """
    try:
        return _decode(data, import_, 0)
    except NotPlain:
        raise
    # whatever bad data can raise while a value is built from it: an unhashable key, a wrong number of parts ...
    except Exception as error:  # noqa: BLE001
        raise NotPlain(f"{type(error).__name__}: {error}") from None


def _decode(data: Any, import_: Export, depth: int) -> Any:
    kind = type(data)
    if kind is list:
        if depth > DEPTH:
            _refuse("too deep")
        if _CONTAINERS.isdisjoint(map(type, data)):
            return list(data)
        return [_decode(part, import_, depth + 1) for part in data]
    if kind is not dict:
        return data
    if len(data) != 1:
        _refuse("not one tag")
    ((tag, content),) = data.items()
    if (build := _BUILDERS.get(tag)) is not None:
        # content that is a list is a list of values; every builder takes what decoding it gives
        return build(_decode(content, import_, depth + 1))
    return import_(data)


def _refuse(why: str) -> NoReturn:
    raise NotPlain(why)


def _type(name: str) -> type:
    found = _BUILTINS.get(name)
    return found if isinstance(found, type) else _refuse("no builtin type")


def _late(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _array(parts: list[Any]) -> Any:
    import numpy as np  # type: ignore[import-not-found,unused-ignore]  # only where a program used it

    dtype, shape, values = parts
    if np.dtype(dtype).kind not in "biufcSU":
        _refuse("no array of plain values")
    return np.array(values, dtype=dtype).reshape(shape)


_BUILDERS: dict[str, Callable[[Any], Any]] = {
    "i": lambda text: int(text, 16),
    "t": tuple,
    "s": set,
    "f": frozenset,
    "d": dict,
    "c": lambda parts: complex(*parts),
    "b": lambda text: text.encode("latin-1"),
    "B": lambda text: bytearray(text.encode("latin-1")),
    "r": lambda parts: range(*parts),
    "q": deque,
    "k": lambda keys: dict.fromkeys(keys).keys(),
    "v": lambda values: dict(enumerate(values)).values(),
    "e": lambda items: dict(items).items(),
    "D": lambda text: _late("decimal", "Decimal")(text),
    "F": lambda parts: _late("fractions", "Fraction")(int(parts[0], 16), int(parts[1], 16)),
    "dt": lambda text: _late("datetime", "datetime").fromisoformat(text),
    "da": lambda text: _late("datetime", "date").fromisoformat(text),
    "ti": lambda text: _late("datetime", "time").fromisoformat(text),
    "td": lambda parts: _late("datetime", "timedelta")(*parts),
    "it": iter,
    "T": _type,
    "a": _array,
}
