"""How often is a whole gate over several tasks wrong? Wrong PASS and wrong FAIL at the margin, with looks and without.

    python benchmarks/gate_tasks.py [--runs 2000]

Every task is lower by just its margin of 2 points, and so is their mean, where a PASS and a FAIL are both wrong; each
may be so in 5 of 100 runs, however many tasks there are. Then all tasks are unchanged but one, which drops by 10
points: how often the gate fails, and how much of the problems it asks. Problems come in a random order, 15 % of them
differ. Exits 1 where a gate at the margin is wrong in over 6 % of runs.
"""

import argparse
import functools
import sys

import numpy as np

from benchcore.comparison import gate as room
from benchcore.comparison.gate import Gate, claims
from benchcore.comparison.pairs import Pairs
from benchcore.comparison.report import Decision
from benchcore.stats.sequential import Boundary, looks

ALPHA, MARGIN, DISCORDANCE, DROP = 0.05, 0.02, 0.15, 0.10
CASES = ((1, 164), (1, 1319), (3, 500), (10, 164), (10, 500))
STEPS = {"none": 1, "group": 5, "anytime": 20}


class Remembered:
    """A boundary whose levels are computed once for all runs."""

    def __init__(self, alpha):
        self.alpha, self.seen = alpha, ()

    def look(self, fraction, *, last=False):
        """As the boundary's."""
        self.seen += ((fraction, last),)
        return levels(self.alpha, self.seen)[-1]


@functools.cache
def levels(alpha, seen):
    boundary = Boundary(alpha)
    return [boundary.look(fraction, last=last) for fraction, last in seen]


def judged(tasks, stops, early_stop):
    """The decision, and the share of the problems that it took."""
    names = [f"task {at}" for at in range(len(tasks))]
    declared = claims(dict.fromkeys(names, "accuracy"), dict.fromkeys(names, MARGIN), MARGIN)
    gate = Gate(declared, dict(zip(names, map(len, tasks), strict=True)), ALPHA, early_stop)
    for stop in stops:
        pairs = {
            name: Pairs(
                figure="accuracy",
                candidate=[(float(one >= 0), 1) for one in found[: round(stop * len(found))]],
                baseline=[(float(one <= 0), 1) for one in found[: round(stop * len(found))]],
            )
            for name, found in zip(names, tasks, strict=True)
        }
        decision, _ = gate.look(pairs, stop, last=stop == 1)
        if decision is not None:
            return decision, stop
    raise AssertionError("no decision at the last look")


def drawn(rng, n, difference):
    chances = [(DISCORDANCE + difference) / 2, (DISCORDANCE - difference) / 2, 1 - DISCORDANCE]
    return rng.choice([1, -1, 0], n, p=chances).tolist()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    runs = parser.parse_args().runs
    room.Boundary = Remembered
    worst = 0.0
    print("| tasks x problems | early stop | wrong PASS / FAIL, % | one task drops by 10 points: FAIL, % | asked, % |")
    print("|---|---|---|---|---|")
    for count, n in CASES:
        for early_stop, steps in STEPS.items():
            stops = [stop / n for stop in looks(n, steps)]
            rng = np.random.default_rng(5)
            wrong = [judged([drawn(rng, n, -MARGIN) for _ in range(count)], stops, early_stop)[0] for _ in range(runs)]
            bad = [
                judged([drawn(rng, n, -DROP if at == 0 else 0.0) for at in range(count)], stops, early_stop)
                for _ in range(runs // 4)
            ]
            passed, failed = (100 * wrong.count(one) / runs for one in (Decision.PASS, Decision.FAIL))
            caught = 100 * np.mean([decision is Decision.FAIL for decision, _ in bad])
            asked = 100 * np.mean([stop for _, stop in bad])
            print(
                f"| {count} x {n:,} | {early_stop} | {passed:.1f} / {failed:.1f} | {caught:.0f} | {asked:.0f} |",
                flush=True,
            )
            worst = max(worst, passed, failed)
    return int(worst > 100 * ALPHA + 1)


if __name__ == "__main__":
    sys.exit(main())
