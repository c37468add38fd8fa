"""The grader of short answers: one shape for numbers, choices and formulas, under a named rule set.

A rule set is a `Judge`: it finds the answer in the completion and says whether it is the target. Which one is
in force is part of the grader's name, so that every `Grade` says how it was made.
"""

import importlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from benchcore.errors import ConfigError, nearest
from benchcore.graders.algebra import Relation, compare
from benchcore.graders.extract import Span
from benchcore.records import Fault, Grade, Sample, Verdict

if TYPE_CHECKING:
    from benchcore.task import GradeFn

SHOWN = 400  # characters of a span kept in the grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A verdict on a completion, why, and the span that it is about (None where nothing was found)."""

    verdict: Verdict
    reason: str
    span: Span | None = None


Judge = Callable[[Sample, str], Finding]

VERDICTS: Mapping[Relation, Verdict] = {
    Relation.EQUAL: Verdict.RIGHT,
    Relation.DIFFERENT: Verdict.WRONG,
    Relation.UNDECIDED: Verdict.UNDECIDED,
}


def settle(gold: str, answer: str, span: Span) -> Finding:
    """The finding on `answer`, which was read from `span`, by value."""
    found = compare(gold, answer)
    return Finding(verdict=VERDICTS[found.relation], reason=found.reason, span=span)


# (kind, rules) -> the judge. Beside it in the same module stands `reference(sample)`: a text it grades right.
RULES: Mapping[tuple[str, str], str] = {
    ("numbers", "value"): "benchcore.graders.numbers:judge",
    ("choice", "value"): "benchcore.graders.choice:judge",
    ("maths", "value"): "benchcore.graders.maths:judge",
    ("maths", "value+math-verify"): "benchcore.graders.maths:with_math_verify",
    ("numbers", "published:meh"): "benchcore.graders.published.meh:numbers",
    ("choice", "published:meh"): "benchcore.graders.published.meh:choice",
    ("maths", "published:meh"): "benchcore.graders.published.meh:maths",
    ("maths", "published:minerva"): "benchcore.graders.published.minerva:judge",
    ("maths", "published:hendrycks"): "benchcore.graders.published.hendrycks:judge",
    ("numbers", "published:gsm8k-strict"): "benchcore.graders.published.gsm8k:strict",
    ("numbers", "published:gsm8k-flexible"): "benchcore.graders.published.gsm8k:flexible",
}
# Those that hold processes: not a judge but a context manager that yields one.
HELD = frozenset({("maths", "value+math-verify")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The grader of short answers of a `kind` ("numbers", "choice" or "maths") under a rule set.

    Raises `ConfigError` for a kind or a rule set that does not exist.
    """

    kind: str
    rules: str = "value"

    def __post_init__(self) -> None:
        kinds = sorted({kind for kind, _ in RULES})
        if self.kind not in kinds:
            raise ConfigError(f"there are no answers of the kind {self.kind!r}", nearest(self.kind, kinds))
        if (self.kind, self.rules) not in RULES:
            known = [rules for kind, rules in RULES if kind == self.kind]
            raise ConfigError(f"the {self.kind} grader has no rule set {self.rules!r}", nearest(self.rules, known))

    @property
    def name(self) -> str:
        """Kind, rule set and version."""
        return f"{self.kind}({self.rules})@2"

    def under(self, rules: str) -> "Answers":
        """This grader under another rule set. Raises `ConfigError` naming those of its kind."""
        return replace(self, rules=rules)

    @contextmanager
    def session(self, samples: Sequence[Sample]) -> Iterator["GradeFn"]:
        """Yield `grade(sample, text)`, usable from several threads.

        Raises `MissingExtra` where the rule set needs a package that is not installed.
        """
        found = self._load(RULES[self.kind, self.rules])
        held: AbstractContextManager[Judge] = found() if (self.kind, self.rules) in HELD else nullcontext(found)
        with held as judge:
            yield lambda sample, text: self._grade(judge, sample, text)

    def isolation(self) -> Mapping[str, str]:
        """Empty: nothing a model wrote is run."""
        return {}

    def reference(self, sample: Sample) -> str:
        """A completion that states the target in the format that the rule set reads."""
        module, _, _ = RULES[self.kind, self.rules].partition(":")
        text: str = self._load(f"{module}:reference")(sample)
        return text

    @staticmethod
    def _load(where: str) -> Any:
        module, _, name = where.partition(":")
        return getattr(importlib.import_module(module), name)

    def _grade(self, judge: Judge, sample: Sample, text: str) -> Grade:
        start = time.perf_counter()
        found = judge(sample, text)
        fault = Fault(kind="grader", message=found.reason) if found.verdict is Verdict.ERROR else None
        return Grade(
            request="",
            value=None if fault else float(found.verdict is Verdict.RIGHT),
            verdict=found.verdict,
            grader=self.name,
            extracted=found.span.text[:SHOWN] if found.span else "",
            rule=found.span.rule if found.span else "none",
            reason=found.reason,
            seconds=time.perf_counter() - start,
            fault=fault,
        )
