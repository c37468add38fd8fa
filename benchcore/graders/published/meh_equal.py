r"""Equality as math-evaluation-harness (Gou, db77bc6) has it, on its normal forms; see `meh`.

Numbers may differ by a relative 1e-4 and by a factor of 100. Braces and round brackets are deleted before strings are
compared, open and closed brackets are one, tuples and matrices are compared by element, an equation by the difference
of its sides; expressions as sympy's LaTeX parser reads them (`latex`), by value, or by number within 1e-4.
"""

import math
import re

from benchcore.graders.published.readings import Reading, equal_values, read, same

TOLERANCE = 1e-4  # relative
_BRACKETS = str.maketrans("", "", "{}()")
_BRACKETED = re.compile(r"[(\[].+[)\]]")
_MATRIX = re.compile(r"\\begin\{[pb]matrix\}(.*)\\end\{[pb]matrix\}")
_PLAIN_SET = re.compile(r"\{([^{}\\]*)\}")


def equal(answer: str, gold: str) -> str | None:
    """Why the answer is taken for the gold, in a few words; None where it is not."""
    if answer == gold:
        return "the same string"
    one, other = _number(answer), _number(gold)
    if one is not None and other is not None:
        factors = (f for f in (other, other / 100, other * 100) if math.isclose(f, one, rel_tol=TOLERANCE))
        found = next(factors, None)
        return None if found is None else "the numbers are close" if found == other else "close but for a factor of 100"
    if not answer:
        return None
    if "pmatrix" in answer and "pmatrix" not in gold:
        gold = _as_column(gold)
    if _without_brackets(answer, gold):
        return "the same string but for brackets"
    if _elements_equal(answer, gold):
        return "the elements are equal"
    if reason := _sides_equal(answer, gold):
        return reason
    return "the expressions are equal" if _expressions_equal(answer, gold) else None


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def _as_column(gold: str) -> str:
    """What stands in the outer braces of `gold` as a matrix, if a comma does; else nothing."""
    inside = gold[gold.find("{") : gold.rfind("}") + 1]
    return f"\\begin{{pmatrix}}{inside.strip('{}').replace(',', chr(92))}\\end{{pmatrix}}" if "," in inside else ""


def _without_brackets(answer: str, gold: str) -> bool:
    square = answer.startswith("[") and answer.endswith("]") and not gold.startswith("(")
    if square or (answer.startswith("(") and answer.endswith(")") and not gold.startswith("[")):
        answer, gold = answer.strip("[]()"), gold.strip("[]()")
    return answer.translate(_BRACKETS).lower() == gold.translate(_BRACKETS).lower()


def _elements_equal(answer: str, gold: str) -> bool:
    if _BRACKETED.match(answer) and _BRACKETED.match(gold) and _all_equal(answer[1:-1], gold[1:-1], ","):
        return True
    one, other = _MATRIX.fullmatch(answer), _MATRIX.fullmatch(gold)
    if one is None or other is None:
        return False
    rows, gold_rows = ([row for row in found[1].split("\\\\") if row.strip()] for found in (one, other))
    return len(rows) == len(gold_rows) and all(
        _all_equal(row.strip(), gold_row.strip(), "&") for row, gold_row in zip(rows, gold_rows, strict=True)
    )


def _all_equal(answer: str, gold: str, separator: str) -> bool:
    parts, gold_parts = answer.split(separator), gold.split(separator)
    return len(parts) == len(gold_parts) and all(map(equal, parts, gold_parts))


def _sides_equal(answer: str, gold: str) -> str | None:
    """Why two equations, or a labelled value and one without a label, are taken for equal."""
    (left, sign, right), (gold_left, gold_sign, gold_right) = answer.partition("="), gold.partition("=")
    if "=" in right or "=" in gold_right:
        return None
    if sign and gold_sign:
        difference = f"{left.strip()} - ({right.strip()})"
        gold_difference = f"{gold_left.strip()} - ({gold_right.strip()})"
        either = (difference, f"-({difference})")
        return "the equations are equal" if any(_expressions_equal(one, gold_difference) for one in either) else None
    if sign and len(left.strip()) <= 2:
        return equal(right, gold)
    if gold_sign and len(gold_left.strip()) <= 2:
        return equal(answer, gold_right)
    return None


def _expressions_equal(answer: str, gold: str) -> bool:
    one, other = _read(answer), _read(gold)
    if one is None or other is None:
        return _sets_equal(answer, gold)
    if same(one, other):
        return True
    if len(one.relations) == len(other.relations) == 1:
        # whatever the signs are: x < 3 is x > 3
        return equal_values(one.gap(), other.gap())
    number, gold_number = one.number(), other.number()
    return number is not None and gold_number is not None and math.isclose(gold_number, number, rel_tol=TOLERANCE)


def _read(text: str) -> Reading | None:
    return read(text.replace("\\\\", "\\")) or read(text)


def _sets_equal(answer: str, gold: str) -> bool:
    """Whether two sets without TeX in them have equal elements in whatever order."""
    one, other = _PLAIN_SET.fullmatch(answer), _PLAIN_SET.fullmatch(gold)
    if one is None or other is None:
        return False
    elements, gold_elements = ([read(part) for part in found[1].split(",")] for found in (one, other))

    def covered(some: list[Reading | None], by: list[Reading | None]) -> bool:
        return all(a is not None and any(b is not None and same(a, b) for b in by) for a in some)

    return covered(elements, gold_elements) and covered(gold_elements, elements)
