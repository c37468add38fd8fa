"""What does the harness cost? `evaluate` against its engine alone on the same requests, in one process, in turn.

    python benchmarks/eval_overhead.py [--rounds 3]

The floor is the engine: loading the weights and answering. Everything else (planning, journal, grading beside
generation, figures) is overhead. Prints each round's times and the median overhead as a share of `evaluate`.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchcore import EvalConfig, evaluate, load_task
from benchcore.catalog import load_engine
from benchcore.checkpoint import find
from benchcore.interop.smollm import convert
from benchcore.plan import plan

TASKS, LIMIT, ENOUGH = ("skill_arithmetic", "humaneval"), 32, 0.05


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    folder = str(convert())
    alone(folder)  # imports and the file cache, paid once by neither
    shares = []
    for number in range(1, rounds + 1):
        engine = timed(lambda: alone(folder))
        with tempfile.TemporaryDirectory() as out:
            config = EvalConfig(tasks=TASKS, limit=LIMIT, engine="embedded", out=Path(out))
            whole = timed(lambda config=config: evaluate([folder], config))
        shares.append((whole - engine) / whole)
        print(f"round {number}: engine {engine:.2f} s, evaluate {whole:.2f} s, overhead {shares[-1]:+.1%}")
    share = statistics.median(shares)
    print(f"median overhead {share:+.1%} of evaluate (at most {ENOUGH:.0%})")
    return int(share > ENOUGH)


def alone(folder: str) -> None:
    [checkpoint], _ = find(folder)
    tasks = [load_task(name) for name in TASKS]
    requests = [request for task in tasks for request in plan(task, task.samples(None, LIMIT)[0])]
    with load_engine("embedded")(checkpoint, EvalConfig()) as engine:
        for _ in engine.answer(requests, lambda tokens: None):
            pass


def timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
