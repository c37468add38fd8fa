"""Grades an answer that is one number (GSM8K, SVAMP, ASDiv, MAWPS, TabMWP), exactly: 18.00 is 18, 17.999 is not.

What a target may be: a number, with a unit in brackets or without ("18", "$18.04", "4/7", "9 (apples)"); or a
time, a ratio or words ("2:45 P.M.", "3:4", "surplus"), which are graded as `maths` does. Where a sample has the
fact "choices" and its target is one of them (TabMWP), the answer is the option that is stated, by text or letter.
A target printed from a float ("0.6666666667": nine decimals or more) stands for all that round to its digits.
"""

import re
from fractions import Fraction

from benchcore.graders import maths
from benchcore.graders.algebra import Relation, compare
from benchcore.graders.answers import Answers, Finding, settle
from benchcore.graders.extract import (
    Span,
    Statement,
    balanced,
    concluding_number,
    conclusions,
    first_line,
    last_bold,
    last_output,
    sentence,
    statements,
    unstated,
    window,
    withdrawn,
)
from benchcore.graders.quantities import NUMBER, in_digits, last, opening, partial, plain, stated
from benchcore.records import Sample, Verdict

FLOAT_ERROR = Fraction(1, 10**15)  # relative: the digits of a double from the sixteenth on are noise

_SIGN = re.compile(r"[-+]?\s?\$?-?")
_UNIT_IN_BRACKETS = re.compile(r"\s*\([^()]*\)$")
_FLOAT = re.compile(r"-?[0-9]+\.[0-9]{9,30}")
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:/[0-9]{1,40})?")
_LABELLED = re.compile(r"(?:[A-Za-z][A-Za-z ]{0,40}[:=])?(.*)")
_METHOD = re.compile(
    r"\b(?:found|obtained|calculated|computed|derived|determined) (?:by|in|from|using|with)\b"
    r"(?!.{0,200}\b(?:get|gives?|giving)\b)"
    r"|\b(?:unknown|a guess)\b",
    re.IGNORECASE,
)
_CONCLUDED = re.compile(r"\b(?:(?:should|must|would|will) be|should have been|it is|it's)\b")
_EXPRESSION = re.compile(r"[-+$*_({\[ \"'`]{0,6}(?:[0-9]|[A-Za-z] ?[-+*/^(])")


def numbers(rules: str = "value") -> Answers:
    """The grader of answers that are one number, for a task file.

    `rules`: "value", "published:meh", "published:gsm8k-strict" or "published:gsm8k-flexible".
    """
    return Answers(kind="numbers", rules=rules)


def judge(sample: Sample, text: str) -> Finding:
    """Whether the number that the completion states is the target, by value."""
    gold = _UNIT_IN_BRACKETS.sub("", sample.target.strip())
    if not NUMBER.fullmatch(_SIGN.sub("", gold, count=1)):
        choices = sample.facts.get("choices") or ()
        if sample.target in choices:
            from benchcore.graders import choice  # few number tasks have options

            return choice.judge_option(choices, choices.index(sample.target), text)
        return maths.judge(sample, text)
    span = extract(text)
    if span is None:
        return Finding(verdict=Verdict.UNPARSED, reason="there is no number in the completion")
    answer = in_digits(span.text)
    if partial(plain(span.text)):
        return Finding(verdict=Verdict.UNDECIDED, reason="its number is a part of what is stated", span=span)
    if _FLOAT.fullmatch(gold) and _agrees(gold, answer.replace(",", "")):
        return Finding(verdict=Verdict.RIGHT, reason="the same number but for a float's rounding", span=span)
    return settle(gold, answer, span)


def reference(sample: Sample) -> str:
    """The target, stated."""
    return f"The answer is {sample.target}."


def _agrees(gold: str, answer: str) -> bool:
    over, _, under = answer.partition("/")
    if not _PLAIN_NUMBER.fullmatch(answer) or (under and not int(under)):
        return False
    places, value = len(gold.partition(".")[2]), Fraction(gold)
    last_place = Fraction(1, 2 * 10**places)
    return abs(Fraction(over) / int(under or "1") - value) <= max(last_place, FLOAT_ERROR * abs(value))


def extract(text: str) -> Span | None:
    """The answer's span: the last statement of a number, else the number that the text comes down to, or None."""
    text = plain(window(text))
    for statement in statements(text):
        if found := _stated(statement):
            return _corrected(withdrawn(text, statement.at)) or Span(text=found, rule=statement.rule)
    return unstated(text, RULES)


def _stated(statement: Statement) -> str | None:
    """The number of a statement; else all of a box, or the formula behind a phrase, which may come to a number."""
    if statement.rule == "boxed":
        return stated(statement.text) or statement.text
    clause = balanced(sentence(statement.text))
    formula = _EXPRESSION.match(clause)  # what a number is a part of is stated whole
    number = stated(clause)
    if number is not None or not formula:
        return clause if partial(clause) else number or maths.stated(statement.text, only_formulas=True)
    return maths.stated(statement.text)


def alone(text: str) -> str | None:
    """The number that is all of `text` but for a label, a currency sign and up to three words."""
    found = _LABELLED.fullmatch(text)
    number = opening(found[1]) if found else None
    if found is None or number is None or len(found[1].split()) > len(number.split()) + 3:
        return None
    return number


def printed(text: str) -> str | None:
    """The number that a program printed, where what follows it repeats the number or has none."""
    output = last_output(text)
    number = alone(output) if output else None
    rest = text.rpartition("```")[2]
    said = [in_digits(found.group()) for found in NUMBER.finditer(rest)]
    same = number is not None and any(compare(number, each).relation is Relation.EQUAL for each in said)
    return number if same or not said else None


def first(text: str) -> str | None:
    """The number that is the first line, where an explanation follows."""
    line = first_line(text).strip("*_ $").rstrip(".")
    return line if NUMBER.fullmatch(line) else None


def bold(text: str) -> str | None:
    """The bold number in the last paragraph, unless a calculation follows it."""
    words = last_bold(text)
    return alone(words) if words and "=" not in text[text.rfind(words) :] else None


def last_result(text: str) -> str | None:
    """What follows the last "=" of the last sentence with a number in it."""
    head, _, tail = _last_sentence(text).rpartition("=")
    return opening(tail.removeprefix(">")) if head and head[-1] not in "<>!" else None


def last_number(text: str) -> str | None:
    """The last number of the last sentence that has one."""
    line = sentence(_last_sentence(text))
    return None if _METHOD.search(line) else last(line)


def _last_sentence(text: str) -> str:
    return concluding_number(text) or next(conclusions(text), "")


def _corrected(rest: str) -> Span | None:
    """What a text comes to that takes its statement back, if it says so by a calculation or a conclusion."""
    if not rest:
        return None
    concluded = [found.end() for found in _CONCLUDED.finditer(rest)]
    found = last_result(rest) or (stated(sentence(rest[concluded[-1] :])) if concluded else None)
    return Span(text=found, rule="correction") if found else None


RULES = (
    ("output", printed),
    ("first line", first),
    ("bold", bold),
    ("result", last_result),
    ("last number", last_number),
)
