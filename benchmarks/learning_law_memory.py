"""What does it save to keep few parameters of a run and walk again between them, and what does it cost?

    python benchmarks/learning_law_memory.py [--steps 2000] [--repeats 1]

The gradient of the area under the curve, of a wide perceptron and of a small transformer. Memory is the peak that the
run forward and the pass back add to what the problem, its policy and its gradient take, each in a process of its own,
against keeping the parameters of every step; beside it, what all parameters of a run take. Time is CPU time on one
thread, medians of turns that alternate, in those processes. It needs Linux.
Exits 1 when memory is above .1 or time above 1.4 times.
"""

import argparse
import ctypes
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch

from benchcore.trainers.learning_law.adjoint import policy_gradient
from benchcore.trainers.learning_law.perceptron import teacher_and_student
from benchcore.trainers.learning_law.problem import Problem
from benchcore.trainers.learning_law.trajectory import Trajectory
from benchcore.trainers.learning_law.transformer import spoilt_stories
from benchcore.trainers.ledger import Spent

MEMORY, TIME = 0.1, 1.4
PROBLEMS = ("perceptron", "transformer")


def problem(name: str, steps: int) -> Problem:
    if name == "perceptron":
        return teacher_and_student(seed=0, train=32, desired=64, test=1, width=50_000, steps=steps)
    return spoilt_stories(seed=0, train=4, desired=8, test=1, length=4, width=96, layers=1, steps=steps)


def once(given: Problem, policy: torch.Tensor, *, full: bool) -> float:
    """CPU seconds of the gradient of J."""
    started = time.process_time()
    policy_gradient(Trajectory(given, policy, Spent(), full=full))
    return time.process_time() - started


def one(name: str, arm: str, steps: int) -> dict[str, float]:
    """MiB that a gradient adds to what was there, and its CPU seconds; called in a fresh process."""
    torch.set_num_threads(1)
    given = problem(name, steps)
    small = problem(name, 4)
    once(small, small.uniform(), full=False)  # what libraries take at the first call
    policy = given.uniform()
    gradient_mib = policy.nbytes / 2**20  # either arm makes it
    ctypes.CDLL(None).malloc_trim(0)  # else what was freed before would hold what comes
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten: making inputs had its own
    before = resident("VmRSS")
    seconds = once(given, policy, full=arm == "full")
    mib = resident("VmHWM") - before - gradient_mib
    return {"mib": mib, "seconds": seconds, "all": given.steps * len(given.start) * 4 / 2**20}


def resident(what: str) -> float:
    """MiB of this process in memory: now (VmRSS), or the most since the peak was forgotten (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(*given.one, given.steps)))
        return 0
    failed = False
    for name in PROBLEMS:
        found: dict[str, list[dict[str, float]]] = {"full": [], "few": []}
        for _ in range(given.repeats):
            for arm, results in found.items():
                command = [sys.executable, *sys.argv, "--one", name, arm]
                results.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
        mib, seconds = (
            {arm: statistics.median(each[what] for each in results) for arm, results in found.items()}
            for what in ("mib", "seconds")
        )
        memory, longer = mib["few"] / mib["full"], seconds["few"] / seconds["full"]
        print(
            f"{name}, T {given.steps}: all parameters {found['full'][0]['all']:.0f} MiB; kept whole"
            f" {mib['full']:.0f} MiB and {seconds['full']:.1f} s, few {mib['few']:.0f} MiB and {seconds['few']:.1f} s:"
            f" memory {memory:.3f}, time {longer:.2f}",
            flush=True,
        )
        failed |= memory > MEMORY or longer > TIME
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
