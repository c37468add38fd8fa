r"""The rules of lm-eval 0.4.13 `hendrycks_math`, after Hendrycks et al. 2021 (arXiv 2103.03874): strings alone.

The answer is all between the first and the last dollar sign, or the whole completion; `\boxed` is not looked for.
A string that the rules trip over is compared as it stands.
"""

import re

from benchcore.graders.answers import Finding
from benchcore.graders.extract import Span
from benchcore.records import Sample, Verdict

LONGEST = 1000  # characters of an answer; the rules are not made for more
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_READS_AS_INTEGER = re.compile(r"\s*[-+]?[0-9]+(?:_[0-9]+)*\s*")


class Tripped(Exception):
    """The rules cannot be applied to a string."""


def judge(sample: Sample, text: str) -> Finding:
    """The finding on what stands between the dollar signs."""
    first, last = text.find("$"), text.rfind("$")
    between = first < last
    answer = text[first + 1 : last] if between else text
    span = Span(text=answer, rule="between dollar signs" if between else "whole text")
    if not text.strip():
        return Finding(verdict=Verdict.UNPARSED, reason="an empty completion")
    if len(answer) > LONGEST:
        return Finding(verdict=Verdict.WRONG, reason=f"over {LONGEST} characters, unlike any target", span=span)
    if equal(answer, sample.target):
        return Finding(verdict=Verdict.RIGHT, reason="the same string", span=span)
    return Finding(verdict=Verdict.WRONG, reason="another string", span=span)


def reference(sample: Sample) -> str:
    """The target between dollar signs."""
    return f"${sample.target}$"


def equal(answer: str, gold: str) -> bool:
    """Whether two answers are one string after normalising, or as they stand where either cannot be normalised."""
    try:
        return normal(answer) == normal(gold)
    except Tripped:
        return answer == gold


def normal(text: str) -> str:
    """An answer in the form in which strings are compared. Raises `Tripped`."""
    for gone in ("\n", "\\!"):
        text = text.replace(gone, "")
    text = text.replace("\\\\", "\\").replace("tfrac", "frac").replace("dfrac", "frac")
    for gone in ("\\left", "\\right", "^{\\circ}", "^\\circ", "\\$"):
        text = text.replace(gone, "")
    text = _without_unit(text).replace("\\%", "")
    text = text.replace(" .", " 0.").replace("{.", "{0.")
    if not text:
        return text
    if text[0] == ".":
        text = f"0{text}"
    text = without_label(text)
    text = _with_braced_roots(text).replace(" ", "")
    text = with_braced_fractions(text)
    if text == "0.5":
        text = "\\frac{1}{2}"
    return _with_fraction(text)


def without_label(text: str) -> str:
    """`text` behind its only "=", where at most two characters stand before that."""
    label, sign, rest = text.partition("=")
    return rest if sign and "=" not in rest and len(label) <= 2 else text


def with_braced_fractions(text: str) -> str:
    r"""``\frac12`` as ``\frac{1}{2}``; `text` where a fraction has one character. Raises `Tripped` for none."""
    head, *rest = text.split("\\frac")
    done = head
    for part in rest:
        if not part:
            raise Tripped
        if part[0] == "{":
            done += f"\\frac{part}"
        elif len(part) < 2:
            return text
        else:
            under = part[1] if part[1] == "{" else f"{{{part[1]}}}"
            done += f"\\frac{{{part[0]}}}{under}{part[2:]}"
    return done


def _without_unit(text: str) -> str:
    r"""`text` before its only ``\text{ ``. Raises `Tripped` where there are several."""
    head, *rest = text.split("\\text{ ")
    if len(rest) > 1:
        raise Tripped
    return head


def _with_braced_roots(text: str) -> str:
    head, *rest = text.split("\\sqrt")
    if not all(rest):
        raise Tripped
    return head + "".join(f"\\sqrt{part}" if part[0] == "{" else f"\\sqrt{{{part[0]}}}{part[1:]}" for part in rest)


def _with_fraction(text: str) -> str:
    r"""``a/b`` of two whole numbers as ``\frac{a}{b}``. Raises `Tripped` for two other things around one "/"."""
    parts = text.split("/")
    if len(parts) != 2:
        return text
    if not all(_READS_AS_INTEGER.fullmatch(part) for part in parts):
        raise Tripped
    return f"\\frac{{{parts[0]}}}{{{parts[1]}}}" if all(_INTEGER.fullmatch(part) for part in parts) else text
