"""The 5,000 MATH golds: all are understood, and what is the same in other notation is equal.

A rewriting changes the notation of a gold as a model would and keeps its value; where it says nothing about a gold
it returns it as it is.
"""

import gzip
import json
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchcore.graders.algebra import Relation, compare, understood

pytestmark = pytest.mark.data

Rewriting = Callable[[str], str]

INTEGER = re.compile(r"-?[0-9]+")
GROUPED = re.compile(r"-?[0-9]{1,3}(?:(?:,|\{,\}|,\s*\\!\s*)[0-9]{3})+")
TWO_ANGLES = "70,110"  # its problem asks for all solutions; the gold alone does not say so
NUMBER = re.compile(r"-?[0-9]*\.?[0-9]+")
FRACTION = re.compile(r"(-?)\s*\\[dt]?frac\s*(?:\{(-?[0-9]+)\}|([0-9]))\s*(?:\{([0-9]+)\}|([0-9]))\s*")
BARE_FRACTION = re.compile(r"\\frac\s*([0-9])\s*([0-9])")
WORDS = re.compile(r"\\(?:text|mbox)\{([A-Za-z ]+)\}")
SET_PART = re.compile(r"(?:\\left)?\s*([(\[])([^,()\[\]]*),([^,()\[\]]*?)(?:\\right)?\s*([)\]])")
NO_LIST = re.compile(r"[()\[\]{}=<]|[0-9],(?:\s*\\!\s*)?[0-9]{3}(?![0-9])|\\text|\\mbox")
UNIT = r"(?<=[0-9}i])\s*(?:\\[;,])?\s*\\(?:text|mbox)\s*\{[^}0-9]*\}(?:\^[23])?$"
TEXT = r"\\(?:text|mbox)\s*\{[^}]*\}"
TOKEN = re.compile(
    rf"{TEXT}|\\(?:begin|end)\{{[a-z]+\}}|\\[A-Za-z]+|\\[^A-Za-z]|[A-Za-z]{{3,}}"
    r"|[0-9]*\.?[0-9][0-9A]*(?:(?:,\s*\\!\s*|\{,\}|,(?=[0-9]{3}(?![0-9])))[0-9]{3})*(?:\.[0-9]+)?|\S",
    re.DOTALL,
)


@cache
def read(folder: Path) -> list[str]:
    rows = gzip.decompress((folder / "math/test.jsonl.gz").read_bytes()).splitlines()
    return [json.loads(row)["answer"] for row in rows]


@pytest.fixture
def golds(data_dir: Path) -> list[str]:
    """The distinct golds."""
    return list(dict.fromkeys(read(data_dir)))


def test_every_gold_is_understood(data_dir: Path) -> None:
    assert len(read(data_dir)) == 5000
    assert [gold for gold in read(data_dir) if not understood(gold)] == []


def test_every_gold_equals_itself(golds: list[str]) -> None:
    assert [gold for gold in golds if compare(gold, gold).relation is not Relation.EQUAL] == []


def other_fraction(command: str) -> Callable[[str], str]:
    return lambda gold: re.sub(r"\\[dt]?frac", lambda _: command, gold)


def sized_brackets(gold: str) -> str:
    gold = gold.replace("\\left", "").replace("\\right", "")
    if "\\text" in gold or "\\{" in gold:
        return gold
    return re.sub(r"[(\[]", r"\\left\g<0>", re.sub(r"[)\]]", r"\\right\g<0>", gold))


def spaced(gold: str) -> str:
    return " ".join(TOKEN.findall(gold))


def unspaced(gold: str) -> str:
    """Without the spaces that nothing depends on: those between words and behind a command stay."""
    return (
        gold if "\\text" in gold or "\\mbox" in gold else re.sub(r"(?<![A-Za-z,\\]) +| +(?![A-Za-z])(?<!\\ )", "", gold)
    )


def braced_scripts(gold: str) -> str:
    return re.sub(r"([\^_])([0-9A-Za-z])", r"\1{\2}", gold)


def braced_fraction(gold: str) -> str:
    return BARE_FRACTION.sub(r"\\frac{\1}{\2}", gold)


def slashed(gold: str) -> str:
    """A fraction of integers with a slash."""
    found = FRACTION.fullmatch(gold)
    return "{}{}/{}".format(*parts(found)) if found else gold


def decimal(gold: str) -> str:
    """A terminating fraction as a decimal."""
    if not (found := FRACTION.fullmatch(gold)):
        return gold
    sign, over, under = parts(found)
    value = Fraction(int(over), int(under))
    places = next((n for n in range(12) if 10**n % value.denominator == 0), None)
    return gold if places is None else f"{sign}{float(value):.{places}f}"


def parts(found: "re.Match[str]") -> tuple[str, str, str]:
    return found[1], found[2] or found[3], found[4] or found[5]


def expanded(gold: str) -> str:
    """An unreduced fraction of the same value."""
    if not (found := FRACTION.fullmatch(gold)):
        return gold
    sign, over, under = parts(found)
    return f"{sign}\\frac{{{3 * int(over)}}}{{{3 * int(under)}}}"


def thousands(separator: str) -> Callable[[str], str]:
    def write(gold: str) -> str:
        return f"{int(gold):,}".replace(",", separator) if INTEGER.fullmatch(gold) else gold

    return write


def without_thousands(gold: str) -> str:
    return re.sub(r"[^0-9-]", "", gold) if GROUPED.fullmatch(gold) and gold != TWO_ANGLES else gold


def labelled(label: str) -> Callable[[str], str]:
    return lambda gold: f"{label} = {gold}" if is_number(gold) else gold


def is_number(gold: str) -> bool:
    return bool(NUMBER.fullmatch(gold) or FRACTION.fullmatch(gold) or GROUPED.fullmatch(gold))


def with_unit(unit: str) -> Callable[[str], str]:
    return lambda gold: gold + unit if NUMBER.fullmatch(gold) else gold


def as_text(gold: str) -> str:
    return f"\\text{{{gold}}}" if NUMBER.fullmatch(gold) else gold


def plain_words(gold: str) -> str:
    found = WORDS.fullmatch(gold)
    return found[1] if found else gold


def reordered(gold: str) -> str:
    """A list with its elements the other way round."""
    listed = split_list(gold)
    return gold if NO_LIST.search(gold) or len(listed) < 2 else ", ".join(reversed(listed))


def split_list(gold: str) -> list[str]:
    return [part.replace("\\ ", " ").strip() for part in gold.split(",")]


def in_set(gold: str) -> str:
    return f"\\{{{', '.join(listed)}\\}}" if reordered(gold) != gold and (listed := split_list(gold)) else gold


def joined_by_and(gold: str) -> str:
    listed = split_list(gold)
    return f"{listed[0]} \\text{{ and }} {listed[1]}" if reordered(gold) != gold and len(listed) == 2 else gold


def parts_reversed(gold: str) -> str:
    return " \\cup ".join(reversed(gold.split("\\cup"))) if "\\cup" in gold else gold


def inequality(gold: str) -> str:
    """An interval that cannot be a point as an inequality."""
    found = SET_PART.fullmatch(gold)
    if not found or not ("\\infty" in gold or "[" in gold or "]" in gold):
        return gold
    low, high = found[2].strip(), found[3].strip()
    below, above = ("<" if found[group] in "()" else "\\le" for group in (1, 4))
    left = "" if "infty" in low else f"{low} {below} "
    right = "" if "infty" in high else f" {above} {high}"
    return f"{left}x{right}"


NOTATION: Mapping[str, Rewriting] = {
    "dfrac": other_fraction("\\dfrac"),
    "tfrac": other_fraction("\\tfrac"),
    "frac": other_fraction("\\frac"),
    "sized brackets": sized_brackets,
    "plain brackets": lambda gold: gold.replace("\\left", "").replace("\\right", ""),
    "spaced": spaced,
    "unspaced": unspaced,
    "braced scripts": braced_scripts,
    "braced fraction": braced_fraction,
    "slashed": slashed,
    "decimal": decimal,
    "unreduced": expanded,
    "thousands ,": thousands(","),
    "thousands {,}": thousands("{,}"),
    "thousands ,\\!": thousands(",\\!"),
    "without thousands": without_thousands,
    "as text": as_text,
    "words": plain_words,
    "words in capitals": lambda gold: plain_words(gold).upper() if WORDS.fullmatch(gold) else gold,
    "reordered": reordered,
    "set": in_set,
    "and": joined_by_and,
    "parts reversed": parts_reversed,
    "inequality": inequality,
    "degree sign": lambda gold: re.sub(r"\^\{?\\circ\}?", "\u00b0", gold),
    "no degrees": lambda gold: gold if re.search("sin|cos", gold) else re.sub(r"\^\{?\\circ\}?", "", gold),
    "degrees": lambda gold: re.sub(r"^([0-9]+)\^\{?\\circ\}?$", r"\1 degrees", gold),
    "square matrix brackets": lambda gold: gold.replace("pmatrix", "bmatrix"),
    "mbox": lambda gold: gold.replace("\\text", "\\mbox"),
    "unicode pi": lambda gold: gold.replace("\\pi", "\u03c0"),
    "unicode minus": lambda gold: gold if "\\text" in gold else gold.replace("-", "\u2212"),
    "no dollar": lambda gold: gold.replace("\\$", ""),
    "no percent": lambda gold: gold.replace("\\%", ""),
    "plain percent": lambda gold: gold.replace("\\%", "%"),
    "no unit": lambda gold: re.sub(UNIT, "", gold) if re.match(r"[0-9\\]", gold) else gold,
    "no label": lambda gold: re.sub(r"^[a-z] ?= ?(?=[^a-z]*$)", "", gold),
    "x =": labelled("x"),
    "n =": labelled("n"),
    "unit": with_unit(" \\text{ cm}"),
    "plain unit": with_unit(" apples"),
}
WRAPPING: Mapping[str, Rewriting] = {
    "dollars": lambda gold: f"${gold}$",
    "parentheses": lambda gold: f"\\({gold}\\)",
    "display": lambda gold: f"\\[{gold}\\]",
    "boxed": lambda gold: f"\\boxed{{{gold}}}",
    "boxed in dollars": lambda gold: f"$\\boxed{{{gold}}}$",
    "dot": lambda gold: f"{gold}.",
    "dollars and dot": lambda gold: f"${gold}$.",
    "braces": lambda gold: f"{{{gold.rstrip('.')}}}",
    "blanks": lambda gold: f"  {gold}\n",
}
REWRITINGS = {**NOTATION, **WRAPPING}


@pytest.mark.parametrize("name", REWRITINGS)
def test_a_rewritten_gold_is_equal(name: str, golds: list[str]) -> None:
    rewritten = [(gold, new) for gold in golds if (new := REWRITINGS[name](gold)) != gold]
    assert len(rewritten) >= 5
    wrong = [(*pair, found) for pair in rewritten if (found := compare(*pair)).relation is not Relation.EQUAL]
    assert wrong == []


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_rewritings_of_rewritings_are_equal(golds: list[str], data: st.DataObject) -> None:
    gold = data.draw(st.sampled_from(golds))
    names = data.draw(st.lists(st.sampled_from(sorted(NOTATION)), min_size=1, max_size=3, unique=True))
    names.append(data.draw(st.sampled_from(sorted(WRAPPING))))
    if not NUMBER.fullmatch(gold):
        names = [name for name in names if "unit" not in name]  # it may be another than the gold's own
    answer = gold
    for name in names:
        answer = REWRITINGS[name](answer)
    assert compare(gold, answer).relation is Relation.EQUAL, (gold, answer, names)
