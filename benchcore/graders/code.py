"""Grades a completion by running it with its tests in a process of its own: HumanEval, MBPP and their kin.

    grader=code()                                     # continues a prompt: HumanEval
    grader=code(assemble=mbpp_program, fenced=True)   # an instruct model answers a problem in words

DANGER: the programs are written by a model. What contains them, and what does not, is in `Code.isolation`.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from benchcore.errors import ConfigError, MachineError
from benchcore.graders import sandbox
from benchcore.graders.fences import code_block, find_code
from benchcore.graders.sandbox import Kind, Limits
from benchcore.records import Grade, Sample, Verdict
from benchcore.task import GradeFn

__all__ = ["Assemble", "Code", "code", "code_block", "humaneval_program", "mbpp_program"]

Assemble = Callable[[Sample, str], str]

_SCORES = {
    Kind.PASSED: (1.0, Verdict.RIGHT),
    Kind.FAILED: (0.0, Verdict.WRONG),
    Kind.TIMEOUT: (0.0, Verdict.TIMEOUT),
    Kind.CRASHED: (0.0, Verdict.CRASHED),
    Kind.ERROR: (None, Verdict.ERROR),
}


def humaneval_program(sample: Sample, text: str) -> str:
    """Prompt and completion, the tests, the call of them: Chen et al. 2021, byte for byte (facts prompt, test,
    entry_point)."""
    facts = sample.facts
    return f"{facts['prompt']}{text}\n{facts['test']}\ncheck({facts['entry_point']})"


def mbpp_program(sample: Sample, text: str) -> str:
    """Completion, set-up code, assertions (facts tests and, if any, setup).

    The set-up comes second: in both problems that have one it builds trees of a class the solution defines.
    """
    return "\n".join((text, sample.facts.get("setup") or "", *sample.facts["tests"]))


def code(*, assemble: Assemble = humaneval_program, cpu_seconds: float = 3.0, fenced: bool = False) -> "Code":
    """The grader for a task file.

    `assemble(sample, text)` builds the program that must run to its end. `cpu_seconds` is what it may use;
    the limit by the clock is three times that. `fenced` takes the code out of Markdown first (`code_block`).
    Raises `ConfigError` for a limit that cannot be meant.
    """
    return Code(assemble=assemble, limits=Limits(cpu_seconds=cpu_seconds), fenced=fenced)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The grader of programs; see `code`. `without_prompt` is what `whole` sets."""

    assemble: Assemble = humaneval_program
    limits: Limits = field(default_factory=Limits)
    fenced: bool = False
    without_prompt: bool = False

    @property
    def name(self) -> str:
        """Name, version and every setting that can change a verdict."""
        marks = [self.assemble.__name__, f"{self.limits.cpu_seconds:g}s"]
        marks += [mark for mark, on in (("fenced", self.fenced), ("whole", self.without_prompt)) if on]
        return f"code({','.join(marks)})@1"

    def whole(self) -> "Code":
        """A copy that takes each text for a whole program: the sample's prompt is not put before it."""
        return replace(self, without_prompt=True)

    @contextmanager
    def session(self) -> Iterator[GradeFn]:
        """Yield `grade`. Raises `MachineError` when this machine cannot run even an empty program."""
        trial = sandbox.run("", self.limits)
        if trial.kind is not Kind.PASSED:
            raise MachineError(f"the sandbox fails on an empty program: {trial.detail}", "see: benchcore doctor")
        yield self._grade

    def isolation(self) -> Mapping[str, str]:
        """Layer -> its state in words, in a fixed order. Raises `MachineError` where no program can be run."""
        return sandbox.isolation(self.limits)

    def reference(self, sample: Sample) -> str:
        """The data set's own solution (fact reference), in the form this grader expects."""
        reference = str(sample.facts["reference"])
        return f"{sample.facts.get('prompt', '')}{reference}" if self.without_prompt else reference

    def _grade(self, sample: Sample, text: str) -> Grade:
        began = time.monotonic()
        used, rule = find_code(text, _entry_points(sample)) if self.fenced else (text, None)
        facts = {**sample.facts, "prompt": ""} if self.without_prompt else sample.facts
        try:
            program = self.assemble(replace(sample, facts=facts), used)
        except KeyError as error:
            raise ConfigError(f"sample {sample.id!r} has no fact {error} to build its program with") from error
        outcome = sandbox.run(program, self.limits)
        value, verdict = _SCORES[outcome.kind]
        return Grade(
            request="",
            value=value,
            verdict=verdict,
            grader=self.name,
            extracted=used if self.fenced else None,
            rule=rule,
            reason=outcome.detail,
            seconds=time.monotonic() - began,
            fault=outcome.fault,
        )


def _entry_points(sample: Sample) -> tuple[str, ...]:
    """The names a solution should define: the fact entry_point, else whatever the tests call."""
    if name := sample.facts.get("entry_point"):
        return (str(name),)
    tests = "\n".join(sample.facts.get("tests", ()))
    return tuple(dict.fromkeys(re.findall(r"\b([A-Za-z_]\w*)\(", tests)))
