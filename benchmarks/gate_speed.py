"""How long `benchcore gate` takes for two complete runs, from start to exit of the process, and how much memory.

    python benchmarks/gate_speed.py [--tasks 50] [--problems 2000]

Makes two run folders with random outcomes and gates the one against the other three times, then against a baseline
that was accepted from it. Prints seconds and peak memory of each; exits 1 when the slowest took over 3 seconds or one
400 MB or more.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from compare_speed import make

SECONDS, MEGABYTES = 3.0, 400


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=50)
    parser.add_argument("--problems", type=int, default=2000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        out = Path(where)
        for number in range(2):
            make(out / f"run-{number:02}", number, given.tasks, given.problems)
        run(["runs", "accept", str(out / "run-00"), "--as", "base", "--folder", str(out)], {0})
        print(f"the baseline's file has {(out / 'base.json').stat().st_size / 1e6:.1f} MB")
        found = [
            run(["gate", str(out / "run-01"), "--baseline", str(baseline), "--margin", "2pt"], {0, 1, 4})
            for baseline in (*[out / "run-00"] * 3, out / "base.json")
        ]
    slowest, largest = (max(one) for one in zip(*found, strict=True))
    print(f"{given.tasks} tasks x {given.problems:,} problems: at most {slowest:.2f} s and {largest:.0f} MB")
    return int(slowest > SECONDS or largest >= MEGABYTES)


def run(words: list[str], fine: set[int]) -> tuple[float, float]:
    """Seconds and peak megabytes of one command; printed for a gate."""
    started = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", "benchcore", *words], stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds, megabytes = time.perf_counter() - started, used.ru_maxrss * 1024 / 1e6
    if process.returncode not in fine:
        raise SystemExit(f"benchcore {' '.join(words)} ended with {process.returncode}")
    print(f"{words[0]}: {seconds:.2f} s, {megabytes:.0f} MB")
    return seconds, megabytes


if __name__ == "__main__":
    sys.exit(main())
