"""Whether two mathematical answers are the same: bounded, exact, without sympy, `eval` or a clock.

`notation` rewrites, `tokens` and `parser` read, `comparing` decides by the kind of the two sides: `scalars`,
`equations`, `reals`, `colons` and what is made of them, over `nodes` and `numeric`; `exact` confirms what only digits
show. Every stage is pure; limits and the budget of work are in `bounds`, so the same pair has one verdict on every
machine.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import product

from benchcore.graders.algebra import comparing, signs, words
from benchcore.graders.algebra.bounds import LONGEST, Fuel, Undecided, Unreadable
from benchcore.graders.algebra.notation import tidy
from benchcore.graders.algebra.parser import parse
from benchcore.graders.algebra.values import Listing, Quantity, Value, Word

__all__ = ["Comparison", "Relation", "compare", "understood"]

_PLAIN = re.compile(r"[\s$]*(-?)\$?([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]*))?[\s$]*")
_GROUPED = re.compile(r"[0-9],[0-9]{3}(?![0-9])")
_PADDED = re.compile(r"[0-9],0[0-9]{2}(?![0-9])")  # no item of a list
_ENCLOSED = re.compile(r"[(\[][-+ ]*[0-9.]+ ?[)\]]")
_LETTER_UNIT = re.compile(r"[0-9})](?P<blank> ?)[A-Za-z](?:\^\{?[23]\}?)?(?: ?/ ?[A-Za-z](?:\^\{?2\}?)?)?$")
_KEPT = 300  # characters of a text whose reading is kept


class Relation(StrEnum):
    """How an answer stands to the gold."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The outcome of `compare`: the relation, and why in a few words for people."""

    relation: Relation
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text was read as.

    `values`: two where a comma in brackets can be read in two ways, none for the `reason` given. `listed`: the value
    if commas outside of brackets separate items rather than thousands. `measured`: the value if the letters behind the
    number are units; `apart`: whether a blank stands before them. `enclosed`: whether it is a number in brackets.
    """

    text: str
    values: tuple[Value, ...]
    reason: str = ""
    measured: Quantity | None = None
    apart: bool = False
    listed: Value | None = None
    enclosed: bool = False


def compare(gold: str, answer: str) -> Comparison:
    """How `answer` stands to `gold`; both as written: LaTeX with or without dollar signs and box, or plain text.

    Pure, thread-safe and bounded in time and memory for any text; raises nothing. Asymmetric in policy only: the
    answer may carry a unit or a label that the gold lacks.
    """
    if gold == answer:
        return _SAME_TEXT if gold.strip() else _EMPTY
    ours, theirs = _PLAIN.fullmatch(gold), _PLAIN.fullmatch(answer)
    if ours and theirs:
        return _SAME_NUMBER if _digits(ours) == _digits(theirs) else _OTHER_NUMBER
    if len(gold) > LONGEST or len(answer) > LONGEST:
        same = _squeezed(gold) == _squeezed(answer)
        return _SAME_TEXT if same else _undecided("limit: length")
    first, second = _reading(gold), _reading(answer)
    if first.text == second.text and first.text:
        return _SAME_TEXT
    return _decide(first, second)


def understood(text: str) -> bool:
    """Whether `text` is read as a whole."""
    return len(text) <= LONGEST and bool(_reading(text).values)


def _decide(gold: Reading, answer: Reading) -> Comparison:
    if any(isinstance(value, Word) for value in (*gold.values, *answer.values)):
        plain = words.phrase(_bare(gold.text)), words.phrase(_bare(answer.text))
        if plain[0] and plain[0] == plain[1]:
            return Comparison(relation=Relation.EQUAL, reason="the same words")
    for side, reading in (("gold", gold), ("answer", answer)):
        if not reading.values:
            reason = (
                reading.reason if reading.reason.startswith("limit") else f"{side} not understood: {reading.reason}"
            )
            return _undecided(reason)
    outcome: Comparison | None = None
    for ours, theirs in _pairs(gold, answer):
        found = _relation(ours, theirs)
        if found.relation is Relation.EQUAL:
            return found
        outcome = outcome or found
    assert outcome is not None
    return outcome


def _pairs(gold: Reading, answer: Reading) -> Iterator[tuple[Value, Value]]:
    """The readings to compare. One that stands for less than what is written needs the other side's support."""
    if not (gold.listed and answer.enclosed) and not (answer.listed and gold.enclosed):
        yield from product(gold.values, answer.values)
    if gold.listed and not answer.listed:
        yield from ((gold.listed, theirs) for theirs in answer.values)
    if answer.listed and not gold.listed:
        yield from ((ours, answer.listed) for ours in gold.values)
    if answer.measured:
        yield from ((ours, answer.measured) for ours in gold.values if answer.apart or isinstance(ours, Quantity))
    if gold.measured:
        yield from ((gold.measured, theirs) for theirs in answer.values if isinstance(theirs, Quantity))


def _relation(gold: Value, answer: Value) -> Comparison:
    ours, theirs = comparing.kind(gold), comparing.kind(answer)
    try:
        same = comparing.same(gold, answer, Fuel())
    except (Undecided, Unreadable) as error:
        return _undecided(str(error))
    if same:
        return Comparison(
            relation=Relation.EQUAL, reason=f"the same {ours}" if ours == theirs else f"{theirs} as {ours}"
        )
    reason = f"another {ours}" if ours == theirs else f"{theirs} against {ours}"
    return Comparison(relation=Relation.DIFFERENT, reason=reason)


def _reading(text: str) -> Reading:
    return _kept(text) if len(text) <= _KEPT else _read(text)


def _read(text: str) -> Reading:
    plain = tidy(text)
    if len(plain) > LONGEST:  # some characters stand for many
        return Reading(plain, (), "limit: length")
    values: list[Value] = []
    listed: Value | None = None
    reason = ""
    for grouping in (False, True) if _GROUPED.search(plain) else (True,):
        try:
            value = parse(plain, Fuel(), grouping)
        except Unreadable as error:
            reason = reason or str(error)
        else:
            if value not in values:
                values.append(value)
    if len(values) == 2 and isinstance(values[0], Listing) and values[0].joint != "set":
        items = values.pop(0)
        listed = None if _PADDED.search(plain) else items
    letters = _LETTER_UNIT.search(plain) if values else None
    measured = signs.measured(values[0], Fuel()) if letters else None
    apart = bool(letters and letters["blank"])
    return Reading(plain, tuple(values), reason, measured, apart, listed, bool(_ENCLOSED.fullmatch(plain)))


_kept = lru_cache(maxsize=4096)(_read)


def _bare(text: str) -> str:
    return text.replace("\\text", " ").replace("{", " ").replace("}", " ")


def _digits(found: re.Match[str]) -> tuple[str, str, str]:
    sign, whole, part = found.groups()
    whole, part = whole.replace(",", "").lstrip("0"), (part or "").rstrip("0")
    return sign if whole or part else "", whole, part


def _squeezed(text: str) -> str:
    return "".join(text.replace("$", "").split())


def _undecided(reason: str) -> Comparison:
    return Comparison(relation=Relation.UNDECIDED, reason=reason)


_SAME_TEXT = Comparison(relation=Relation.EQUAL, reason="the same notation")
_SAME_NUMBER = Comparison(relation=Relation.EQUAL, reason="the same number")
_OTHER_NUMBER = Comparison(relation=Relation.DIFFERENT, reason="another number")
_EMPTY = _undecided("nothing there")
