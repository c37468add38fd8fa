"""Grades an answer that is one number (GSM8K and its kin), exactly: 18.00 is 18, 17.999 is not.

Three pure stages: `extract` finds the answer's span, `read` makes a `Quantity` of it, `same` compares.
Numbers are `fractions.Fraction`, so nothing rounds, and guarded in size before they are built.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

from benchcore.graders.extract import (
    NUMBER,
    Span,
    answer_phrases,
    cut_recited,
    is_negative,
    last_boxed,
    last_number,
    sentence,
)
from benchcore.records import Fault, Grade, Sample, Verdict
from benchcore.task import GradeFn

MAX_DIGITS = 300
MAX_EXPONENT = 300
SHOWN = 200  # characters of a span kept in the grade

_DASHES = str.maketrans({"\u2212": "-", "\u2013": "-", "\ufe63": "-", "\uff0d": "-"})
_THIN = re.compile(r"\\[!,;: ]")
_AFTER_HASHES = re.compile(
    r"[ \t*_#$\\({\[€£:+-]{0,12}(?:(?:the )?(?:final )?answer(?: is)?[ *_]{0,4}:?)?"
    r"[ \t*_$\\({\[€£+-]{0,12}(?=\.?[0-9]|frac|boxed)",
    re.IGNORECASE,
)
# What may stand between "the answer is" and the number that it states.
_LEAD = re.compile(
    r"(?:about|approximately|around|exactly|therefore|thus|simply|just|only|equal to|a total of|now|then|so"
    r"|[-+$€£~≈:*_`({\[\\\s])*+",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"[⁰-⁹¹²³]|[\u00a0\u202f ][0-9]{3}(?![0-9])|[ \t]{1,3}(?:thousand|million|billion|trillion)\b"
    r"|[ \t]{0,3}(?:\*\*|\\cdot|\\times|\^|[-+*/\u00d7\u00f7:,]|or\b)[ \t]{0,3}[-({$\\]{0,3}[0-9]"
    r"|[ \t]{0,3}(?:!|\^)(?![ \t]|$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number read exactly; `percent` says that a percent sign follows it (`value` is as written)."""

    value: Fraction
    percent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The grader of answers that are one number; `Sample.target` holds the number."""

    @property
    def name(self) -> str:
        """Name and version."""
        return "numbers@1"

    @contextmanager
    def session(self, samples: Sequence[Sample]) -> Iterator[GradeFn]:
        """Yield `grade(sample, text)`; nothing is held."""
        yield self._grade

    def isolation(self) -> Mapping[str, str]:
        """Empty: nothing a model wrote is run."""
        return {}

    def reference(self, sample: Sample) -> str:
        """The target, stated."""
        return f"The answer is {sample.target}."

    def _grade(self, sample: Sample, text: str) -> Grade:
        start = time.perf_counter()
        span = extract(text)
        verdict, reason = judge(sample.target, span)
        fault = Fault(kind="target", message=reason) if verdict is Verdict.ERROR else None
        return Grade(
            request="",
            value=None if fault else float(verdict is Verdict.RIGHT),
            verdict=verdict,
            grader=self.name,
            extracted=span.text[:SHOWN] if span else "",
            rule=span.rule if span else "none",
            reason=reason,
            seconds=time.perf_counter() - start,
            fault=fault,
        )


def numbers() -> Numbers:
    """The grader of answers that are one number, for a task file."""
    return Numbers()


def judge(target: str, span: Span | None) -> tuple[Verdict, str]:
    """The verdict on what was extracted, and why; `ERROR` when the target itself is not a number."""
    gold = read(target)
    if gold is None:
        return Verdict.ERROR, f"the target {target[:SHOWN]!r} is not a number"
    if span is None:
        return Verdict.UNPARSED, "there is no number in the completion"
    answer = read(span.text)
    if answer is None:
        return Verdict.UNPARSED, f"not one plain number of at most {MAX_DIGITS} digits"
    if same(gold, answer):
        return Verdict.RIGHT, "the numbers are equal"
    return Verdict.WRONG, "the numbers differ"


def extract(text: str) -> Span | None:
    """The answer's span by the first rule that finds one, or None."""
    text = plain(cut_recited(text))
    return next((Span(text=found, rule=rule) for rule, scan in RULES if (found := scan(text))), None)


def plain(text: str) -> str:
    """`text` with every kind of minus as "-" and without TeX's thin spaces and escapes of signs."""
    text = _THIN.sub("", text.translate(_DASHES)).replace("{,}", ",")
    return text.replace("\\%", "%").replace("\\$", "$")


def after_hashes(text: str) -> str | None:
    """What stands on the line of the last "####" that a number follows (a heading is passed over)."""
    at = text.rfind("####")
    while at >= 0:
        rest = text[at + 4 : at + 4 + SHOWN].lstrip()
        if _AFTER_HASHES.match(rest):
            return sentence(rest)
        at = text.rfind("####", 0, at)
    return None


def after_phrase(text: str) -> str | None:
    """The sentence behind the last "answer is" that states a number.

    One that only mentions a number on its way ("Answer: Janet's 16 ducks lay ...") is a working, not an answer.
    """
    sentences = (sentence(stretch[:SHOWN]) for stretch in answer_phrases(text))
    return next((found for found in sentences if _states(found)), None)


def _states(text: str) -> bool:
    """Whether a number opens the sentence, but for signs, markup and words like "about", or follows its last "="."""
    found = NUMBER.search(text)
    if found is None:
        return False
    if _LEAD.fullmatch(text, 0, found.start()):
        return True
    head, _, tail = text.rpartition("=")
    return bool(head) and NUMBER.search(tail) is not None


RULES: tuple[tuple[str, Callable[[str], str | None]], ...] = (
    ("hashes", after_hashes),
    ("boxed", last_boxed),
    ("phrase", after_phrase),
    ("last number", last_number),
)


def read(text: str) -> Quantity | None:
    """The number a span states: its first, or the first behind its last "=".

    None when there is none, when it goes on as an expression, a list or a choice ("2^9", "5, 6", "5 or 6"),
    or when it has more than `MAX_DIGITS` digits or an exponent beyond `MAX_EXPONENT`.
    """
    text = plain(text)
    head, _, tail = text.rpartition("=")
    if head and NUMBER.search(tail):
        text = tail
    found = NUMBER.search(text)
    if found is None or _MORE.match(text, found.end()):
        return None
    return quantity(text, found)


def read_whole(text: str) -> Quantity | None:
    """The number that `text` is, but for a sign, a currency sign and a percent sign; else None."""
    text = plain(text).strip()
    found = NUMBER.search(text)
    if found is None or text[: found.start()].strip(" $") not in ("", "-", "+"):
        return None
    return quantity(text, found) if text[found.end() :].strip(" $") in ("", "%") else None


def quantity(text: str, found: "re.Match[str]") -> Quantity | None:
    """The quantity that a match of `NUMBER` in `text` stands for; None when it is too large or over zero."""
    if found.end() - found.start() > MAX_DIGITS:
        return None
    exponent = int(found["e"] or found["braced"] or found["bare"] or "0")
    over = found["digits"] or _first(found, "tex_over", "digit_over", "mixed_over", "part_over", "short_over")
    under = _first(found, "under", "tex_under", "digit_under", "mixed_under", "part_under", "short_under") or "1"
    denominator = _decimal(under)
    if abs(exponent) > MAX_EXPONENT or not denominator:
        return None
    value = _decimal(over) * Fraction(10) ** exponent / denominator
    if found["whole"]:
        value += _decimal(found["whole"])
    percent = text[found.end() :].lstrip(" $*").startswith("%")
    return Quantity(value=-value if is_negative(text, found.start()) else value, percent=percent)


def _first(found: "re.Match[str]", *groups: str) -> str:
    return next((text for group in groups if (text := found[group])), "")


def _decimal(digits: str) -> Fraction:
    return Fraction(digits.replace(",", ""))


def same(gold: Quantity, answer: Quantity) -> bool:
    """Whether two quantities are equal; where only one has a percent sign it may mean a hundredth or a unit."""
    if gold.value == answer.value:
        return True
    if gold.percent == answer.percent:
        return False
    percent, other = (gold, answer) if gold.percent else (answer, gold)
    return percent.value / 100 == other.value
