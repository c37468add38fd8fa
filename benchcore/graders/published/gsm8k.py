"""The rules of lm-eval 0.4.13 for GSM8K: strings are compared, so 29.00 is not 29.

`strict` takes the first "The answer is n" (task `gsm8k_cot`) or, where there is none, the first "#### n" (task
`gsm8k`); `flexible` the last run of digits, dollar signs, commas and points, whatever it belongs to.
"""

import re

from benchcore.graders.answers import Finding
from benchcore.graders.extract import Span
from benchcore.records import Sample, Verdict

LONGEST = 100_000  # characters of a completion that are looked at, the last ones
STATED = re.compile(r"The answer is (-?[0-9.,]+).")
HASHES = re.compile(r"#### (-?[0-9.,]+)")
RUN = re.compile(r"-?[$0-9.,]{2,}+|-?[0-9]++")
HASH_MARK = "#### "


def strict(sample: Sample, text: str) -> Finding:
    """The finding on the first answer in one of the two forms that the prompts show."""
    text = text[-LONGEST:]
    for rule, pattern in (("phrase", STATED), ("hashes", HASHES)):
        if found := pattern.search(text):
            return _compare(sample.target, Span(text=found[1].strip(), rule=rule))
    return Finding(verdict=Verdict.UNPARSED, reason="no answer in the form that was shown")


def flexible(sample: Sample, text: str) -> Finding:
    """The finding on the last run of digits and signs."""
    runs = RUN.findall(text[-LONGEST:])
    if not runs:
        return Finding(verdict=Verdict.UNPARSED, reason="there is no number in the completion")
    return _compare(sample.target, Span(text=runs[-1], rule="last number"))


def reference(sample: Sample) -> str:
    """The target, stated in the form that both read."""
    return f"The answer is {_without_signs(sample.target)}."


def _compare(target: str, span: Span) -> Finding:
    if _without_signs(span.text) == _without_signs(target):
        return Finding(verdict=Verdict.RIGHT, reason="the same string", span=span)
    return Finding(verdict=Verdict.WRONG, reason="another string", span=span)


def _without_signs(text: str) -> str:
    """`text` in lower case, without commas, dollar signs, all up to the last "#### ", and one final point."""
    text = text.replace(",", "").replace("$", "")
    return text.rpartition(HASH_MARK)[2].removesuffix(".").lower()
