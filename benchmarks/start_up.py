"""How long until the first line? `benchcore --help`, a finished run again, and lm-eval's `--help`, in turn.

    python benchmarks/start_up.py [--rounds 9]

Whole processes, medians of interleaved rounds, the bare interpreter's time taken off. The floor of `--help` is
importing the command line's parser; of a finished run, reading the journal and computing the figures.
"""

import argparse
import importlib.util
import statistics
import subprocess
import sys
import tempfile
import time

from benchcore.interop.smollm import convert

HELP_SECONDS, AGAIN_SECONDS = 0.30, 2.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as out:
        again = ["-m", "benchcore", "eval", str(convert()), "--tasks", "skill_arithmetic,humaneval", "--limit", "32"]
        again += ["--engine", "embedded", "--out", out]
        commands = {"bare": ["-c", ""], "benchcore --help": ["-m", "benchcore", "--help"], "a finished run": again}
        if importlib.util.find_spec("lm_eval"):
            commands["lm-eval --help"] = ["-m", "lm_eval", "--help"]
        for command in commands.values():
            timed(command)  # the first run evaluates, and fills the file cache
        times = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(timed(command))
    median = {name: statistics.median(values) for name, values in times.items()}
    print(f"bare interpreter: {median['bare']:.3f} s")
    for name, seconds in list(median.items())[1:]:
        print(
            f"{name}: {seconds - median['bare']:.3f} s above it (from {min(times[name]):.3f} to {max(times[name]):.3f})"
        )
    if "lm-eval --help" in median:
        ratio = (median["lm-eval --help"] - median["bare"]) / (median["benchcore --help"] - median["bare"])
        print(f"lm-eval's --help takes {ratio:.1f} times as long as benchcore's")
    slow = median["benchcore --help"] - median["bare"] > HELP_SECONDS or median["a finished run"] > AGAIN_SECONDS
    return int(slow)


def timed(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
