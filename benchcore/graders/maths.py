"""Grades an answer that is a formula (MATH and its kin), by value.

`judge` is pure: the last statement of an answer, compared by `algebra`. `with_math_verify` asks math-verify,
in a child with a deadline, about what that leaves undecided; its "equal" counts where it has read all of both.
"""

import importlib.util
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from benchcore.errors import MissingExtra
from benchcore.graders.algebra import understood
from benchcore.graders.answers import Answers, Finding, Judge, settle
from benchcore.graders.extract import (
    NEAR,
    Span,
    balanced,
    bare,
    concluding_number,
    conclusions,
    first_line,
    formulas,
    joined,
    last_bold,
    last_boxed,
    last_formula,
    last_output,
    refuted,
    sentence,
    statements,
    unstated,
    window,
    withdrawn,
)
from benchcore.graders.quantities import NUMBER, last, opening, partial, plain
from benchcore.records import Sample, Verdict

DEADLINE = 5.0  # seconds that one comparison by math-verify may take in the rule set; its start is not counted
MOST_WORDS = 5  # of an answer in plain words

_CLOSING = re.compile(r"[.,\s]{0,8}I hope it is correct.*", re.IGNORECASE | re.DOTALL)
_REASON = re.compile(
    r",?\s(?:because|since|so that|as (?:the|we|it|there)|which|where|when|given|i\.e\.|that is|not|rather than)\b"
    r"|, (?:so|as|and) (?=[A-Za-z]{2})|\s\((?!mod\b)(?=[^()]*[A-Za-z]{3}[^()]*\)$)"
)
_PROSE = re.compile(r"(?<![\\A-Za-z{])(?!(?:and|or) )[A-Za-z]{2,}+ [A-Za-z]|(?<![a-z])[a-z]{2,}+, ")
_CONNECTIVE = re.compile(
    r"^(?:(?:so|thus|hence|therefore|then|and|now|finally|simply|just|exactly|about|approximately|roughly"
    r"|equal to|option|we (?:get|have|find))\b[,: ]*)+",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^[\"'*_\[(]{0,4}[A-Za-z][A-Za-z ]{0,40}[0-9]{0,2}[\"'*_\])]{0,4}:[*_]{0,4}(?=[ \t])")
_PLAIN_WORD = re.compile(
    r"(?!(?:sqrt|sin|cos|tan|log|ln|exp|pi|inf|infty|or|and|mod)\b)[\"'*_`(\[{]*[A-Za-z]{2,}(?:[-'\u2019/][A-Za-z]+)*[\"'*_`)\]};:,.!?]*"
    r"|[AaI](?=\s)"
)
_EDGES = re.compile(r"^(?:[ *_`\"',;:!?]|\.(?![0-9])|=>|->|(?:and|or)\b)+|(?:[ *_`\"'.,;:?]|\b(?:and|or))++$")
_IS = re.compile(r"\b(?:is|are|equals?|be|get|gives?)\b")
_NOT_WORDS = re.compile(r"[0-9$\\=]")
# "m + n = 25" states 25, as the question asked for the total; "x + y = 25" is the equation of a line
_TOTAL = re.compile(r"\s*[A-Ta-t](?:\s?\+\s?[A-Ta-t])++\s?=(.+)")
_ON = re.compile(r"\b(?:so|hence|thus|therefore|then|have|get|gives?|leaves?|find|but|unless)\b", re.IGNORECASE)
_SAYS = re.compile(r"(?!.*\b(?:true|case|that|think|believe)\b).*\b(?:is|are|equals?)\s*", re.IGNORECASE)
_DENIES = re.compile(
    r"(?:\b(?:not|never|cannot|no such|reject\w{0,3}|discard\w{0,3}|exclud\w{1,3}|except|besides|other than"
    r"|ignor\w{1,3}|rul\w{1,3} out|impossible|false)|n['\u2019]t)\b"
    r"(?P<rest>[^,;:.$\\]{0,30})[$\\(\[]{0,3}(?:[A-Za-z](?:_[0-9])? ?= ?)?$",
    re.IGNORECASE,
)
_IS_DENIED = re.compile(
    r"(?P<rest>[^,;:.\n\\]{0,40}?)"
    r"(?:\b(?:not|never|cannot|impossible|extraneous|invalid|incorrect|wrong|rejected|discarded|excluded|fails?|false"
    r"|contradict\w{0,6})|n['\u2019]t)\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"[0-9]")
_WORDS_AFTER = re.compile(r"(?:\s+[A-Za-z][A-Za-z'-]+){2,}")


def maths(rules: str = "value") -> Answers:
    """The grader of answers that are a formula, for a task file.

    `rules`: "value", "value+math-verify" (needs the extra `maths`), "published:meh", "published:minerva" or
    "published:hendrycks".
    """
    return Answers(kind="maths", rules=rules)


def judge(sample: Sample, text: str) -> Finding:
    """Whether the formula that the completion states is the target, by value."""
    span = extract(text)
    if span is None:
        return Finding(verdict=Verdict.UNPARSED, reason="there is no answer in the completion")
    if partial(_words(span.text)) and not partial(_words(sample.target)):
        return Finding(verdict=Verdict.UNDECIDED, reason="its number is a part of what is stated", span=span)
    total = _TOTAL.fullmatch(span.text)
    return settle(sample.target, total[1] if total and "=" not in sample.target else span.text, span)


def _words(text: str) -> str:
    return " ".join(plain(text).split())


def denied(text: str, start: int, end: int) -> bool:
    """Whether the clause around a formula denies it ("we reject $x=5$", "$x=5$ is extraneous")."""
    before = _DENIES.search(text, max(0, start - 2 * NEAR), start)
    if before and _SAYS.fullmatch(before["rest"]):
        before = None  # "the one that does not fit is 7"
    after = _IS_DENIED.match(text, end)
    return any(found is not None and not _ON.search(found["rest"]) for found in (before, after)) or refuted(text, end)


def reference(sample: Sample) -> str:
    """The target, stated in a box."""
    return f"The final answer is $\\boxed{{{sample.target}}}$."


@contextmanager
def with_math_verify(deadline: float = DEADLINE) -> Iterator[Judge]:
    """Yield a judge that asks math-verify what `judge` leaves undecided; no child outlives the context.

    It works from several threads. `deadline` is in seconds a comparison.
    Raises `MissingExtra` without math-verify.
    """
    if importlib.util.find_spec("math_verify") is None:
        raise MissingExtra("math-verify", "the rule set value+math-verify", 'python -m pip install "benchcore[maths]"')
    from benchcore.graders.maths_child import Children, Died, Late, Unavailable

    def ask(sample: Sample, text: str) -> Finding:
        found = judge(sample, text)
        if found.verdict is not Verdict.UNDECIDED or found.span is None:
            return found
        try:
            told = children.ask(bare(sample.target), bare(found.span.text))
        except Late:
            return replace(found, verdict=Verdict.TIMEOUT, reason=f"no comparison by math-verify within {deadline:g} s")
        except Died as error:
            # two children in a row: it is the answer, and a model must not gain by what kills its grader
            return replace(found, verdict=Verdict.CRASHED, reason=str(error))
        except Unavailable as error:
            return replace(found, verdict=Verdict.ERROR, reason=str(error))
        if told.get("equal"):
            return replace(found, verdict=Verdict.RIGHT, reason="equal by math-verify")
        failed = f"math-verify: {told['failed']}" if "failed" in told else "not equal by math-verify"
        return replace(found, reason=f"{found.reason}; {failed}")

    children = Children(deadline)
    try:
        yield ask
    finally:
        children.close()


def extract(text: str) -> Span | None:
    """The answer's span: the last statement of an answer, else what the text comes down to, or None."""
    text = window(text)
    found_all = list(statements(text))
    boxed = any(statement.rule == "boxed" for statement in found_all)
    for statement in found_all:
        found = statement.text if statement.rule == "boxed" else stated(statement.text)
        if found and statement.rule != "boxed" and boxed and not _NOT_WORDS.search(statement.text, 0, len(found) + 4):
            continue  # "the answer is positive" or "is correct" says less than a box
        if found:
            corrected = last_formula(withdrawn(text, statement.at))
            return Span(text=corrected or found, rule="correction" if corrected else statement.rule)
    return unstated(text, RULES)


def stated(stretch: str, *, only_formulas: bool = False) -> str | None:
    """The formulas in the first sentence of `stretch`, joined by commas; else the sentence, if it is short.

    A long sentence without a digit ("the answer is found by adding") states nothing.
    """
    clause = balanced(_CLOSING.sub("", sentence(stretch)).strip(" *_"))
    spans = formulas(stretch)
    if spans and spans[0][0] <= len(clause) and not _DIGIT.search(stretch, 0, spans[0][0]):
        if refuted(stretch, spans[0][1]):
            return None
        boxed = last_boxed(stretch[: spans[0][1]])
        return boxed.text if boxed else joined(stretch, spans)
    if only_formulas:
        return None
    return short(clause)


def short(clause: str) -> str | None:
    """What a clause without marked formulas states: the clause without its reason, or the number that words follow."""
    clause = _REASON.split(_CONNECTIVE.sub("", clause), maxsplit=1)[0].strip(" *_$\"'`").rstrip(".,;: ")
    if len(clause.split()) > MOST_WORDS and not _DIGIT.search(clause):
        return None
    number = opening(plain(clause))
    if number and not partial(_words(clause)) and _WORDS_AFTER.fullmatch(clause[len(number) :]):
        return number
    return clause or None


def formula(text: str) -> str | None:
    """The last formula, unless its sentence goes on to a number ("$3$ for each of $4$, so 12 in total")."""
    spans = formulas(text)
    if not spans or denied(text, *spans[-1]) or _DIGIT.search(sentence(text[spans[-1][1] :])):
        return None
    return last_formula(text)


def conclusion(text: str) -> str | None:
    """The formula without marks that the last sentence is, or that its last "is" or "=" is followed by."""
    line = _trimmed(_LABEL.sub("", _CONNECTIVE.sub("", next(conclusions(text), ""))))
    if _is_formula(line):
        return line
    for tail in (_IS.split(line)[-1], line.rpartition("=")[2]):
        start = len(line) - len(tail)
        if tail != line and _is_formula(tail := _trimmed(tail)) and not denied(line, start, len(line)):
            return tail
    return None


def _trimmed(text: str) -> str:
    return text.lstrip(" *_$`").rstrip(" *_$`.,;")


def _is_formula(text: str) -> bool:
    return _NOT_WORDS.search(text) is not None and not _PROSE.search(text) and understood(text)


def bold(text: str) -> str | None:
    """The last bold words of the last paragraph, where they are short."""
    words = last_bold(text)
    return short(_LABEL.sub("", words)) if words else None


def whole_first_line(text: str) -> str | None:
    """The first line, where it is a formula or a number as a whole and an explanation follows."""
    line = first_line(text).strip("*_ $").rstrip(".")
    return line if _is_formula(line) else None


def last_run(text: str) -> str | None:
    """All of the last stretch without plain words that has a digit; the last number where that is what it is."""
    line = concluding_number(text)
    runs: list[list[str]] = [[]]
    for token in _LABEL.sub("", line).split():
        if _PLAIN_WORD.fullmatch(token):
            runs.append([])
        else:
            runs[-1].append(token)
    found = next((run for each in reversed(runs) if _DIGIT.search(run := " ".join(each))), "")
    found = balanced(_EDGES.sub("", found))
    if NUMBER.fullmatch(plain(found).strip("()[]{}")):
        return last(plain(line))
    start = line.rfind(found)
    return None if start >= 0 and denied(line, start, start + len(found)) else found


RULES = (
    ("output", last_output),
    ("bold", bold),
    ("formula", formula),
    ("conclusion", conclusion),
    ("first line", whole_first_line),
    ("last number", last_run),
)
