"""Grades all hostile answers in one process, in the main thread or in several, and tells what came of it.

    python -m hostile.lab THREADS REPORT

Writes to REPORT one JSON line for each grading and one at the end on the process as a whole.
"""

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from benchcore.graders.answers import RULES, Answers
from benchcore.records import Sample
from benchcore.task import GradeFn

from . import code, huge, letters, long
from .case import Case, distinct

CASES = distinct((*huge.CASES, *long.CASES, *code.CASES, *letters.CASES))
CLOCKED = "value+math-verify"  # decides by a clock in a child of its own; its tests are elsewhere
OPTIONS = ["8", "7", "x", "9^{9^{9^{9}}}", "none"]
UNSEEN = "4711"  # a number that stands in no text, where the gold of formulas is no number
PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")

Graders = dict[tuple[str, str], GradeFn]


def main(threads: int, report: Path) -> None:
    with ExitStack() as stack:
        rule_sets = [pair for pair in RULES if pair[1] != CLOCKED]
        graders = {
            (kind, rules): stack.enter_context(Answers(kind=kind, rules=rules).session([])) for kind, rules in rule_sets
        }
        warm_up(graders)
        before = memory("VmRSS")
        if threads == 1:
            lines = [line for case in CASES for line in gradings(case, graders)]
        else:
            with ThreadPoolExecutor(threads) as pool:
                lines = [
                    line for found in pool.map(lambda case: list(gradings(case, graders)), CASES) for line in found
                ]
        whole = {
            "executed": Path(code.FILE).exists() or code.FILE in os.environ,
            "peak_mb": (memory("VmHWM") - before) / 1000,
        }
    report.write_text("\n".join(json.dumps(line) for line in [*lines, whole]), encoding="utf-8")


def gradings(case: Case, graders: Graders) -> Iterator[dict[str, object]]:
    """What each rule set says of the case, with the CPU seconds of this thread."""
    text = case.build()
    for (kind, rules), grade in graders.items():
        one = sample(case, kind)
        start = time.thread_time()
        try:
            said = {"verdict": str(grade(one, text).verdict)}
        except Exception as error:
            said = {"verdict": "raised", "error": f"{type(error).__name__}: {error}"[:200]}
        seconds = time.thread_time() - start
        yield {"case": case.name, "kind": kind, "rules": rules, "seconds": round(seconds, 4), **said}


def sample(case: Case, kind: str) -> Sample:
    if kind == "choice":
        return Sample(id=case.name, prompt="", target="B", facts={"choices": OPTIONS})
    gold = case.gold if kind == "maths" or PLAIN_NUMBER.fullmatch(case.gold) else UNSEEN
    return Sample(id=case.name, prompt="", target=gold)


def warm_up(graders: Graders) -> None:
    """Have everything imported before memory is looked at."""
    for (kind, _), grade in graders.items():
        grade(sample(CASES[0], kind), "The answer is $\\boxed{(B) \\frac{1}{2}}$.\n#### 7")


def memory(field: str) -> int:
    """A figure of this process in kilobytes; unlike `getrusage`, it knows nothing of the time before `exec`."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
    assert found
    return int(found[1])


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
