"""How long `benchcore compare` takes, from the start of the process to its exit, and how much memory at most.

    python benchmarks/compare_speed.py [--runs 20] [--tasks 10] [--problems 1319] [--profile]

Makes run folders with random outcomes of runs that differ by up to ten points, then runs the command in a process of
its own, three times with a baseline and three times without. Prints the seconds and the peak memory of each; exits 1
when the slowest took longer than 5 seconds.
"""

import argparse
import cProfile
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchcore.cli import main as benchcore
from benchcore.records import Figure, Outcomes, RunRecord, TaskRecord, digest
from benchcore.stats.intervals import wilson
from benchcore.store import Store

ENOUGH = 5.0  # seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--tasks", type=int, default=10)
    parser.add_argument("--problems", type=int, default=1319)
    parser.add_argument("--profile", action="store_true", help="profile the command in this process instead")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        out = Path(where)
        for number in range(given.runs):
            make(out / f"run-{number:02}", number, given.tasks, given.problems)
        words = ["compare", str(out)]
        against = [*words, "--baseline", str(out / "run-00")]
        if given.profile:
            with cProfile.Profile() as profile:
                benchcore(against)
            profile.print_stats("cumulative")
            return 0
        slowest = max(timed(command) for command in (against, words) for _ in range(3))
    print(f"{given.runs} runs x {given.tasks} tasks x {given.problems:,} problems: at most {slowest:.2f} s")
    return int(slowest > ENOUGH)


def timed(words: list[str]) -> float:
    """Seconds of one command; prints them with its peak memory."""
    started = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", "benchcore", *words], stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"benchcore {' '.join(words)} ended with {process.returncode}")
    print(
        f"{'with' if '--baseline' in words else 'without'} a baseline: {seconds:.2f} s, {used.ru_maxrss / 1024:.0f} MiB"
    )
    return seconds


def make(folder: Path, number: int, tasks: int, problems: int) -> None:
    """A complete run folder with random outcomes; what the problems are is the same in each."""
    records = []
    with Store(folder) as store:
        settings = {"limit": None, "temperature": 0.0, "data": "random", "max_tokens": 512}
        names = [f"task-{task:02}" for task in range(tasks)]
        stored = {key: value for key, value in settings.items() if value is not None}
        store.adopt({"weights": str(number)}, dict.fromkeys(names, stored), place={"path": f"/models/{folder.name}"})
        for name in names:
            # each problem has its own difficulty, so that runs agree on most
            easy, luck = random.Random(name), random.Random(f"{name} {number}")
            better = 0.1 * number / 20
            right = [
                float(luck.random() < better or (luck.random() < hard if luck.random() < 0.3 else hard > 0.5))
                for hard in (easy.random() for _ in range(problems))
            ]
            low, high = wilson(int(sum(right)), problems)
            figure = Figure(
                name="accuracy", value=sum(right) / problems, n=problems, low=low, high=high, method="Wilson 95 %"
            )
            record = TaskRecord(
                task=name, version=1, data="random", grader="numbers@1", settings=settings, isolation={},
                requests=problems, completions=problems, faults=0, graded=problems,
                verdicts={"right": int(sum(right)), "wrong": problems - int(sum(right))}, truncated=0, empty=0,
                near_ties=None, tokens_in=problems, tokens_out=problems, figures=(figure,),
            )  # fmt: skip
            items = tuple(digest(name, at)[:16] for at in range(problems))
            store.close_task(record, Outcomes(items=items, figures={"accuracy": tuple((one, 1.0) for one in right)}))
            records.append(record)
        store.write_record(
            RunRecord(
                run=folder.name,
                checkpoint=f"/models/{folder.name}",
                series=None,
                step=None,
                tokens=None,
                model_digest=str(number),
                engine={"family": "embedded", "dtype": "float32"},
                versions={},
                tasks=tuple(records),
                complete=True,
            )
        )


if __name__ == "__main__":
    sys.exit(main())
