"""The 5,000 MATH golds against one another: those of the same value are equal, those of another never are.

What two golds mean is computed here by sympy, apart from the core.
"""

import gzip
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchcore.graders.algebra import Relation, compare

pytestmark = pytest.mark.data

NEIGHBOURS = 5  # golds behind each one, in each order, that it is compared with
COUNTED = {"ways", "integers"}  # say that something is counted, so that no other such word contradicts them
ORDERS: Sequence[Callable[[str], Any]] = (
    lambda gold: gold,
    lambda gold: gold[::-1],
    lambda gold: (re.sub(r"[0-9]+", "0", gold), gold),
    lambda gold: (re.sub(r"[^0-9]+", "", gold), gold),
    lambda gold: (sorted(gold), gold),
)


@pytest.fixture
def golds(data_dir: Path) -> list[str]:
    """The distinct golds."""
    rows = gzip.decompress((data_dir / "math/test.jsonl.gz").read_bytes()).splitlines()
    return list(dict.fromkeys(json.loads(row)["answer"] for row in rows))


def test_golds_of_other_value_are_never_equal(golds: list[str]) -> None:
    """Each gold against its neighbours in several orders, the near misses of one another."""
    found = {pair for order in ORDERS for pair in neighbours(sorted(golds, key=order))}
    assert len(found) > 20_000
    equal = [pair for pair in sorted(found) if compare(*pair).relation is Relation.EQUAL]
    assert [pair for pair in equal if not same_meaning(*pair)] == []
    assert len(equal) > 100


def test_a_gold_with_one_digit_or_sign_changed_is_never_equal(golds: list[str]) -> None:
    changed = [(gold, new) for gold in golds for new in one_character_changed(gold)]
    assert len(changed) > 7000
    assert [pair for pair in changed if compare(*pair).relation is Relation.EQUAL] == []


def one_character_changed(gold: str) -> Iterator[str]:
    for found in re.finditer(r"[0-9]|-", gold):
        new = "+" if found[0] == "-" else str((int(found[0]) + 1) % 10)
        yield gold[: found.start()] + new + gold[found.end() :]


def test_golds_of_the_same_value_are_equal(golds: list[str]) -> None:
    """Numbers that are written in several ways among the golds, none with a unit or a sign of its own."""
    groups: dict[Any, list[str]] = {}
    for gold in golds:
        found = meaning(gold)
        if found == Meaning(form="one", value=found.value) and found.value.is_number:
            groups.setdefault(found.value, []).append(gold)
    pairs = [pair for group in groups.values() for pair in pairwise(group)]
    assert len(pairs) > 100
    assert [pair for pair in pairs if compare(*pair).relation is not Relation.EQUAL] == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (r"\frac{1}{2}", "0.5", True),
        (r"3 \frac{3}{8}", r"\frac{27}{8}", True),
        (r"2\sqrt{3}", r"\sqrt{12}", True),
        (r"25\%", r"\frac14", True),
        (r"25\%", "25", True),
        (r"25\%", r"\$25", False),
        (r"12\text{ degrees}", r"12^\circ", True),
        (r"12\text{ cm}", r"12 \text{ gm}", False),
        ("x=5", "5", True),
        ("x=5", "y=5", False),
        ("(1,2)", "(2,1)", False),
        ("1,2", "2,1", True),
        ("(0,1]", "[0,1]", False),
        ("42_7", "42_{7}", True),
        ("42_7", "42_8", False),
        ("y = 2x", "y=-2x", False),
        (r"\text{A}", r"\text{(A)}", True),
        (r"\text{A}", r"\text{B}", False),
        (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\begin{pmatrix} 1 & 2 \end{pmatrix}", False),
    ],
)
def test_the_meanings_of_golds(one: str, other: str, same: bool) -> None:
    assert same_meaning(one, other) == same


def neighbours(ordered: Sequence[str]) -> Iterator[tuple[str, str]]:
    for at, gold in enumerate(ordered):
        for other in ordered[at + 1 : at + 1 + NEIGHBOURS]:
            yield gold, other


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a gold says: the `form` of brackets and rows with a value in each place, and what stands around it."""

    form: str
    value: Any  # a number or an expression; a tuple of them in brackets, a list or a matrix
    label: str = ""
    unit: str = ""
    percent: bool = False


def same_meaning(one: str, other: str) -> bool:
    a, b = meaning(one), meaning(other)
    if a.form != b.form or (a.label and b.label and a.label != b.label):
        return False
    if ((a.unit or a.percent) and (b.unit or b.percent)) and (a.unit, a.percent) != (b.unit, b.percent):
        return False
    hundredths = {1} if a.percent == b.percent else {1, 100}
    return any(same_value(a.value, b.value, a.percent, by) for by in hundredths)


def same_value(one: Any, other: Any, first: bool, by: int) -> bool:
    if isinstance(one, tuple):
        return len(one) == len(other) and all(same_value(a, b, first, by) for a, b in zip(one, other, strict=True))
    if one == other or isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    return bool((one / by - other if first else one - other / by).equals(0))


@cache
def meaning(gold: str) -> Meaning:
    text = re.sub(r"\\(?:text|mbox)\s*\{ *and *\}", r"\\text{and}", gold)
    text = re.sub(r"(?<!\\)\\(?:left|right|!|,|;|:|\s)|\s+(?![a-z ]*\})|^x *\\in ", "", text)
    text = re.sub(r"\\[dtc]frac", r"\\frac", text).replace("\\mbox", "\\text").replace("{,}", ",").rstrip(".")
    text = re.sub(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))", "", text) if text[:1] not in "([" else text
    label = ""
    if found := re.fullmatch(r"([a-z])=((?!.*\1)[^=]+)", text):
        label, text = found.groups()
    if words := re.fullmatch(r"\(?\\text\{\(?([^{}]+?)\)?\}\)?", text):
        inside = words[1].casefold().replace(" ", "")
        return meaning(inside) if inside.isdigit() else Meaning(form="words", value=tuple(sorted(inside.split(","))))
    unit, percent = "", text.endswith("\\%")
    if "\\text{and}" not in text and (said := re.search(r"\\text\{([^}]*)\}(?:\^([23]))?$", text)):
        unit, text = said[1].strip(" .") + (said[2] or ""), text[: said.start()]
        unit = "" if unit in COUNTED else unit
    if "sin" not in text and "cos" not in text and re.search(r"\^\{?\\circ\}?", text):
        unit, text = "degrees", re.sub(r"\^\{?\\circ\}?", "", text)
    if "\\$" in text:
        unit, text = "dollars", text.replace("\\$", "")
    form, value = structure(text.replace("\\%", ""))
    return Meaning(form=form, value=value, label=label, unit=unit, percent=percent)


def structure(text: str) -> tuple[str, Any]:
    if found := re.fullmatch(r"([0-9.A-Z-]+)_\{?([0-9]+)\}?", text):
        return "base", found.groups()
    if "matrix" in text:
        body = re.sub(r"\\(?:begin|end)\{pmatrix\}", "", text)
        rows = [row.split("&") for row in body.split("\\\\")]
        return f"matrix of {len(rows)} rows", tuple(expression(cell) for row in rows for cell in row)
    if re.fullmatch(r"[A-Z](?:,[A-Z])*", text):
        return "words", tuple(sorted(text.casefold().split(",")))
    if ratio := re.fullmatch(r"([0-9]+):([0-9]+)", text):
        return "one", expression("{}/{}".format(*ratio.groups()))
    if re.search(r"[=<:]|\\(?:cup|pm|overline)|f\(", text):
        return "text", text
    if (found := re.fullmatch(r"([(\[])(.*)([)\]])", text)) and "," in text:
        return found[1] + found[3], tuple(expression(part) for part in found[2].split(","))
    if "," in text or "\\text{and}" in text:
        listed = re.sub(r",?\\text\{and\}", ",", text).split(",")
        return "list", tuple(sorted((expression(part) for part in listed), key=str))
    return "one", expression(text)


def expression(text: str) -> Any:
    """A gold of one formula for sympy."""
    sympy = pytest.importorskip("sympy")
    from sympy.parsing import sympy_parser

    text = re.sub(r"\\frac(?:\{([0-9]+)\}|([0-9]))(?:\{([0-9]+)\}|([0-9]))", r"\\frac{\1\2}{\3\4}", text)
    text = re.sub(r"^(-?)([0-9]+)\\frac\{([0-9]+)\}\{([0-9]+)\}$", r"\1(\2+\3/\4)", text)
    text = re.sub(r"\\frac([0-9])", r"\\frac{\1}", text)
    text = re.sub(r"(\\frac\{[^{}]*\})([0-9])", r"\1{\2}", text)
    text = re.sub(r"\\sqrt([0-9])", r"\\sqrt{\1}", text)
    text = re.sub(r"\\frac(\\pi)([0-9])", r"\\frac{\1}{\2}", text)
    text = text.replace("\\pi", "(pi)").replace("\\infty", "(oo)")
    for _ in range(4):
        text = re.sub(r"\\sqrt\{([^{}]*)\}", r"(sqrt(\1))", text)
        text = re.sub(r"\^\{([^{}]*)\}", r"**(\1)", text)
        text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)
    text = re.sub(r"\\(sin|cos|tan|sec|cot)(.+)", r"\1(\2)", text).replace("\\circ", "d").replace("^", "**")
    names = {letter: sympy.Symbol(letter) for letter in "abcdefghjklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    steps = (*sympy_parser.standard_transformations, sympy_parser.implicit_multiplication_application)
    return sympy.nsimplify(sympy_parser.parse_expr(text, {**names, "i": sympy.I}, steps), rational=True)
