"""Grades a completion by running it against its tests: HumanEval, MBPP and their kin.

    grader=code()                                    # continues a prompt: HumanEval
    grader=code(program=mbpp_program, fenced=True)   # an instruct model answers a problem in words

The program runs in a sandbox, its tests outside of it. docs/code_grading.md says what that protects from.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from benchcore.errors import ConfigError, MachineError
from benchcore.graders.fences import code_block, find_code
from benchcore.graders.programs import calls_can_be_told_ahead, humaneval_program, mbpp_program
from benchcore.graders.sandbox import SAFE, Kind, Level, Limits, Outcome, Program, Sandbox, isolation
from benchcore.records import Grade, Sample, Verdict
from benchcore.task import GradeFn

__all__ = ["Code", "MakeProgram", "code", "code_block", "humaneval_program", "mbpp_program"]

MakeProgram = Callable[[Sample, str, bool], Program]

_SCORES = {
    Kind.PASSED: (1.0, Verdict.RIGHT),
    Kind.FAILED: (0.0, Verdict.WRONG),
    Kind.TIMEOUT: (0.0, Verdict.TIMEOUT),
    Kind.CRASHED: (0.0, Verdict.CRASHED),
    Kind.CHEATED: (0.0, Verdict.CHEATED),
    Kind.ERROR: (None, Verdict.ERROR),
}
# References that have passed in this process: many checkpoints are graded with the same ones.
_calibrated: dict[tuple["Code", Level, Program], Outcome] = {}
_NAMED = 4  # ids in a message before it says "and more"


def code(*, program: MakeProgram = humaneval_program, cpu_seconds: float = 3.0, fenced: bool = False) -> "Code":
    """The grader for a task file.

    `program(sample, text, whole)` says what to run and which tests decide; with `whole` the text is not the
    continuation of a prompt. `cpu_seconds` is what the program may use; the limit by the clock is three times
    that. `fenced` takes the code out of Markdown first (`code_block`). Raises `ConfigError` for a limit that cannot
    be meant, and for a `program` without a name: the grader's has to tell it from others.
    """
    if not hasattr(program, "__name__"):
        raise ConfigError(f"program must be a function with a name, got {program!r}")
    return Code(program=program, limits=Limits(cpu_seconds=cpu_seconds), fenced=fenced)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The grader of programs; see `code`. `without_prompt` is what `whole` sets, `levels` what `unsafe` widens."""

    program: MakeProgram = humaneval_program
    limits: Limits = field(default_factory=Limits)
    fenced: bool = False
    without_prompt: bool = False
    levels: tuple[Level, ...] = SAFE

    @property
    def name(self) -> str:
        """Name, version and every setting that can change a verdict."""
        marks = [self.program.__name__, f"{self.limits.cpu_seconds:g}s"]
        marks += [mark for mark, on in (("fenced", self.fenced), ("whole", self.without_prompt)) if on]
        return f"code({','.join(marks)})@2"

    def whole(self) -> "Code":
        """A copy that takes each text for a whole program: the sample's prompt is not put before it."""
        return replace(self, without_prompt=True)

    def unsafe(self) -> "Code":
        """A copy that runs programs even where nothing can confine them (level `process`)."""
        return replace(self, levels=tuple(Level))

    @contextmanager
    def session(self, samples: Sequence[Sample]) -> Iterator[GradeFn]:
        """Yield `grade`, once every reference among `samples` has passed in the very sandbox that will be used.

        Raises `MachineError` where no level of isolation works, or when a reference does not pass.
        """
        with Sandbox(self.limits, levels=self.levels) as sandbox:
            calibrated = self._calibrate(sandbox, samples)

            def grade(sample: Sample, text: str) -> Grade:
                return self._grade(sandbox, sample, text, calibrated.get(sample.id))

            yield grade

    def isolation(self) -> Mapping[str, str]:
        """Layer -> its state in words, in a fixed order. Raises `MachineError` where no program can be run."""
        return isolation(self.limits, self.levels)

    def reference(self, sample: Sample) -> str:
        """The data set's own solution (fact reference), in the form this grader expects."""
        reference = str(sample.facts["reference"])
        return f"{sample.facts.get('prompt', '')}{reference}" if self.without_prompt else reference

    def _calibrate(self, sandbox: Sandbox, samples: Sequence[Sample]) -> Mapping[str, Outcome]:
        """Run the references: sample id -> how its own went. Raises `MachineError` unless all of them pass."""
        known = [sample for sample in samples if sample.facts.get("reference") is not None]

        def run(sample: Sample) -> Outcome:
            program = self._program(sample, self.reference(sample))
            key = self, sandbox.level, program
            if (found := _calibrated.get(key)) is None:
                found = sandbox.run(program, copy_back=True)
                if found.kind is Kind.PASSED:
                    if not calls_can_be_told_ahead(program.tests, program.exports):
                        found = replace(found, script=())
                    _calibrated[key] = found
            return found

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(zip(known, pool.map(run, known), strict=True))
        failed = [
            f"{sample.id} ({end.kind}: {end.detail[:200]})" for sample, end in found if end.kind is not Kind.PASSED
        ]
        if failed:
            more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
            raise MachineError(
                f"{len(failed)} of {len(known)} reference solutions are not graded right here: "
                + "; ".join(failed[:_NAMED])
                + more,
                "nothing was graded: the task, its limit or this machine is at fault",
            )
        return {sample.id: end for sample, end in found}

    def _program(self, sample: Sample, text: str) -> Program:
        try:
            return self.program(sample, text, self.without_prompt)
        except KeyError as error:
            raise ConfigError(f"sample {sample.id!r} has no fact {error} to build its program with") from error

    def _grade(self, sandbox: Sandbox, sample: Sample, text: str, reference: Outcome | None) -> Grade:
        began = time.monotonic()
        used, rule = text, None
        if self.fenced:
            used, rule = find_code(text, self._program(sample, "").exports)
        # Changes to arguments come back only where the reference makes some: else a program could alter what the
        # tests read next.
        copy_back, script = (reference.changed, reference.script) if reference else (False, ())
        outcome = sandbox.run(self._program(sample, used), copy_back=copy_back, script=script)
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
