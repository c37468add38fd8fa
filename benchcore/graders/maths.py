"""Grades an answer that is a formula (MATH and its kin).

Three stages: `extract` finds the answer's span, `tidy` rewrites its notation, `compare` decides what needs no
algebra (both in `formula`). Only what is left goes to math-verify, in a child with a deadline (`maths_child`).
"""

import importlib.util
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchcore.errors import ConfigError, MissingExtra
from benchcore.graders.extract import Span, answer_phrases, cut_recited, last_boxed, last_number, sentence
from benchcore.graders.formula import Finding, bare, compare, tidy, without_label
from benchcore.graders.maths_child import Children, Died, Late, Unavailable
from benchcore.records import Fault, Grade, Sample, Verdict
from benchcore.task import GradeFn

LONGEST = 4000  # characters looked at behind the closing phrase
MOST_WORDS = 5  # of an answer in plain words
SHOWN = 400  # characters of an answer kept in the grade

_FINAL = re.compile(r"Final Answer:\s{0,8}The final answer is[ \t:]{0,4}", re.IGNORECASE)
_CLOSING = re.compile(r"[.,\s]*I hope it is correct.*", re.IGNORECASE | re.DOTALL)
_MATHS_TOKEN = re.compile(r"\\[\[\]()]|\$\$?|\\.|\n[ \t]*\n", re.DOTALL)
_CLOSES = {"$": "$", "$$": "$$", r"\[": r"\]", r"\(": r"\)"}
_DIGIT = re.compile(r"[0-9]")
_JOINT = re.compile(r"[\s,;]*(?:and|or)?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Maths:
    """The grader of answers that are a formula; `Sample.target` is LaTeX without dollar signs.

    `deadline`: seconds of wall clock that one comparison by math-verify may take; start-up is not counted.
    Raises `ConfigError` when it is not positive.
    """

    deadline: float = 5.0

    def __post_init__(self) -> None:
        if not self.deadline > 0:
            raise ConfigError(f"the deadline of the maths grader must be above 0 seconds, got {self.deadline}")

    @property
    def name(self) -> str:
        """Name and version, with the deadline that decides what a timeout is."""
        return f"maths({self.deadline:g}s)@1"

    @contextmanager
    def session(self, samples: Sequence[Sample]) -> Iterator[GradeFn]:
        """Yield `grade(sample, text)`, usable from several threads; no child outlives the session.

        Raises `MissingExtra` without math-verify.
        """
        if importlib.util.find_spec("math_verify") is None:
            raise MissingExtra("math-verify", "the maths grader", 'python -m pip install "benchcore[maths]"')
        children = Children(self.deadline)
        try:
            yield lambda sample, text: self._grade(children, sample, text)
        finally:
            children.close()

    def isolation(self) -> Mapping[str, str]:
        """Empty: nothing a model wrote is run."""
        return {}

    def reference(self, sample: Sample) -> str:
        """The data set's own solution where the task gives it as the fact "reference", else the target, stated."""
        return str(sample.facts.get("reference") or f"The final answer is $\\boxed{{{sample.target}}}$.")

    def _grade(self, children: Children, sample: Sample, text: str) -> Grade:
        start = time.perf_counter()
        span = extract(text)
        fault = None
        if span is None:
            verdict, reason = Verdict.UNPARSED, "there is no answer in the completion"
        else:
            gold, answer = tidy(sample.target), tidy(span.text)
            verdict, reason = compare(gold, answer) or self._ask(children, gold, answer)
            if verdict is Verdict.ERROR:
                fault = Fault(kind="worker", message=reason)
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

    def _ask(self, children: Children, gold: str, answer: str) -> Finding:
        """math-verify's finding on two sides of an equality that needs algebra."""
        try:
            found = children.ask(*without_label(gold, answer))
        except Late:
            return Verdict.TIMEOUT, f"no comparison within {self.deadline:g} s"
        except Died as error:
            # two children in a row: it is the answer, and a model must not gain by what kills its grader
            return Verdict.CRASHED, str(error)
        except Unavailable as error:
            return Verdict.ERROR, str(error)
        if failed := found.get("failed"):
            return Verdict.UNDECIDED, f"math-verify failed on it ({failed})"
        for side in ("gold", "answer"):
            if not found[f"{side}_parsed"]:
                return Verdict.UNDECIDED, f"math-verify cannot read the {side}"
        if not found["equal"]:
            return Verdict.WRONG, "math-verify finds them different"
        return Verdict.RIGHT, "math-verify finds them equal"


def maths(deadline: float = 5.0) -> Maths:
    """The grader of answers that are a formula, for a task file; `deadline` in seconds a comparison."""
    return Maths(deadline=deadline)


# Extraction


def extract(text: str) -> Span | None:
    """The answer's span by the first rule that finds one, or None."""
    text = cut_recited(text)
    return next((Span(text=found, rule=rule) for rule, scan in RULES if (found := scan(text))), None)


def after_final_answer(text: str) -> str | None:
    """What the last "Final Answer: The final answer is" states."""
    last = [found.end() for found in _FINAL.finditer(text)][-1:]
    return stated(text[last[0] : last[0] + LONGEST].lstrip()) if last else None


def after_phrase(text: str) -> str | None:
    """What the last "answer is" states."""
    return next((found for stretch in answer_phrases(text) if (found := stated(stretch))), None)


def stated(stretch: str) -> str | None:
    """The formulas in the first sentence of `stretch`, joined by commas; else the sentence, if it is short.

    A long sentence without a digit ("the answer is found by adding") states nothing.
    """
    clause = _CLOSING.sub("", sentence(stretch)).strip(" *_")
    spans = formulas(stretch)
    if spans and spans[0][0] <= len(clause) and not _DIGIT.search(stretch, 0, spans[0][0]):
        return last_boxed(stretch[: spans[0][1]]) or joined(stretch, spans)
    if len(clause.split()) > MOST_WORDS and not _DIGIT.search(clause):
        return None
    return last_boxed(clause) or clause.rstrip(".,;: ") or None


def last_formula(text: str) -> str | None:
    """The last formula, with those that only commas, "and" or "or" part from it."""
    spans = formulas(text)
    first = len(spans) - 1
    while first > 0 and _JOINT.fullmatch(text, spans[first - 1][1], spans[first][0]):
        first -= 1
    return joined(text, spans[first:]) if spans else None


def joined(text: str, spans: list[tuple[int, int]]) -> str | None:
    """The first of `spans` and those that directly go on from it, without their dollar signs."""
    parts: list[str] = []
    for index, (start, end) in enumerate(spans):
        if index and not _JOINT.fullmatch(text, spans[index - 1][1], start):
            break
        parts.append(bare(text[start:end]))
    return ",".join(parts) or None


def formulas(text: str) -> list[tuple[int, int]]:
    r"""Start and end of each ``$…$``, ``$$…$$``, ``\(…\)`` and ``\[…\]`` that is not empty; none spans a blank line."""
    spans: list[tuple[int, int]] = []
    opened: tuple[int, str] | None = None
    for token in _MATHS_TOKEN.finditer(text):
        mark = token.group()
        if opened is None:
            opened = (token.start(), mark) if mark in _CLOSES else None
        elif mark == _CLOSES[opened[1]]:
            if text[opened[0] + len(mark) : token.start()].strip():
                spans.append((opened[0], token.end()))
            opened = None
        elif mark[0] == "\n":
            opened = None
    return spans


RULES: tuple[tuple[str, Callable[[str], str | None]], ...] = (
    ("final answer", after_final_answer),
    ("boxed", last_boxed),
    ("phrase", after_phrase),
    ("formula", last_formula),
    ("last number", last_number),
)
