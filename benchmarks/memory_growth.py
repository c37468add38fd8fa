"""Does memory grow with the work? Peak memory of `benchcore eval` on 10,000 requests against 1,000.

    python benchmarks/memory_growth.py [--few 1000] [--many 10000]

Both run as commands of their own on a small random model; the requests are those of a generated task of short
questions behind one long few-shot prompt. Prints both peaks and their ratio; exits 1 above 1.2.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from series_speed import make

ENOUGH = 1.2
TASK = '''"""Short questions behind one long prompt."""

from benchcore import Decode, Sample, Task, accuracy, generated, numbers

SHOTS = "".join(f"Question: What is {n} plus {n + 1}?\\nAnswer: {2 * n + 1}\\n\\n" for n in range(60))


def sample(row):
    n = row["n"]
    return Sample(id=str(n), prompt=f"{SHOTS}Question: What is {n} plus {3 * n}?\\nAnswer:", target=str(4 * n))


TASK = Task(
    version=1,
    rows=generated(lambda seed: [{"n": n} for n in range(COUNT)]),
    sample=sample,
    decode=Decode(max_tokens=4, stop=("\\n",)),
    grader=numbers(),
    metrics=(accuracy(),),
)
'''


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--many", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        make(Path(where) / "series", "small")
        few, many = (peak(Path(where), count) for count in (given.few, given.many))
    print(f"peak memory: {given.few:,} requests {few:.0f} MiB, {given.many:,} requests {many:.0f} MiB")
    print(f"ratio {many / few:.3f} (at most {ENOUGH})")
    return int(many / few > ENOUGH)


def peak(where: Path, count: int) -> float:
    """The most memory that one evaluation of `count` requests held, in MiB."""
    task = where / f"short_{count}.py"
    task.write_text(TASK.replace("COUNT", str(count)), encoding="utf-8")
    command = [sys.executable, "-m", "benchcore", "eval", str(where / "series" / "checkpoint-100")]
    command += ["--tasks", str(task), "--out", str(where / str(count)), "--engine", "embedded", "--batch-size", "32"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    errors = process.stderr.read() if process.stderr else ""
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(errors)
    return used.ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
