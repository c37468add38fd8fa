"""How often is a gate of training series wrong? Wrong PASS and wrong FAIL at the margin, over documents and over seeds.

    python benchmarks/series_gate_errors.py [--cases 2000]

Curves are L = 0.9 + (2e6/t)^0.32 over 1e8..1e10 tokens, the candidate's worse by just the margin, or just as fast as
the bound: a PASS and a FAIL are both wrong there, and each may be in 5 of 100 cases. Documents are of unequal lengths
and differ in level, in what a recipe does to them, and from checkpoint to checkpoint; problems are right where a
normal score that the recipes, and checkpoints, share in part is under the quantile of the accuracy. Seeds differ by a
shift of the whole curve and from checkpoint to checkpoint. The documents with seeds apart show what a verdict on one
pair of runs is worth as one on the recipes. It takes ten minutes.

Exits 1 where any other is wrong in over 6 % of cases; 7 % with under 50 documents or problems, and with seeds.
"""

import argparse

import numpy as np
from scipy.special import ndtri

from benchcore.comparison.curves import Line, means, paces

LOW, HIGH, MARGIN, ALPHA = 1e8, 1e10, 0.01, 0.05
LEVEL = 1 - 2 * ALPHA
BY_CHANCE = "400 documents, seeds apart by 0.01"


def loss(tokens):
    return 0.9 + (2e6 / tokens) ** 0.32


def accuracy(tokens):
    return 0.25 + 0.1 * np.log(tokens / LOW)


def line(at, rows, sizes):
    """A training run whose documents have the values `rows`, one row a point."""
    amounts = (rows * sizes).tolist()
    return Line(series="", at=at, parts=[list(zip(row, sizes.tolist(), strict=True)) for row in amounts])


def curves(of, worse, speed_up, points):
    """Tokens of the points, and the values there of the baseline and of the candidate."""
    at = np.geomspace(LOW, HIGH, points).round().astype(int)
    return at.tolist(), of(at), of(at * speed_up) + worse


def documents(rng, n, points, worse=0.0, speed_up=1.0, apart=0.0):
    """A run of each recipe on `n` documents; runs of one recipe are `apart` by that standard deviation."""
    at, *sides = curves(loss, worse, speed_up, points)
    sizes = np.exp(rng.normal(6, 1, n)).round() + 1
    level = rng.normal(0, 0.3, n)
    lines = []
    for values in sides:
        rows = (
            values[:, None] + rng.normal(0, apart) + level + rng.normal(0, 0.05, n) + rng.normal(0, 0.02, (points, n))
        )
        lines.append([line(at, rows, sizes)])
    return lines


def problems(rng, n, points, worse=0.0, speed_up=1.0, shared=0.9):
    """A run of each recipe on `n` problems; `shared` is the correlation of the scores."""
    at, *sides = curves(accuracy, -worse, speed_up, points)
    common = rng.normal(0, np.sqrt(shared), n)
    lines = []
    for values in sides:
        own = rng.normal(0, np.sqrt((1 - shared) / 2), n) + rng.normal(0, np.sqrt((1 - shared) / 2), (points, n))
        lines.append([line(at, (common + own < ndtri(values)[:, None]).astype(float), np.ones(n))])
    return lines


def seeds(rng, counts, points, worse=0.0, speed_up=1.0, spreads=(0.01, 0.01)):
    """Runs of several seeds of each recipe, whose curves are shifted by `spreads`, all on one document."""
    at, *sides = curves(loss, worse, speed_up, points)
    return [
        [
            line(at, (values + rng.normal(0, spread) + rng.normal(0, 0.003, points))[:, None], np.ones(1))
            for _ in range(count)
        ]
        for values, count, spread in zip(sides[::-1], counts, spreads, strict=True)
    ][::-1]


CASES = {
    "30 documents": (documents, {"n": 30, "points": 8}),
    "100 documents": (documents, {"n": 100, "points": 8}),
    "100 documents, 4 points": (documents, {"n": 100, "points": 4}),
    "400 documents": (documents, {"n": 400, "points": 8}),
    BY_CHANCE: (documents, {"n": 400, "points": 8, "apart": 0.01}),
    "40 problems": (problems, {"n": 40, "points": 8}),
    "164 problems": (problems, {"n": 164, "points": 8}),
    "164 problems, of which 6 % ever differ": (problems, {"n": 164, "points": 6, "shared": 0.9999}),
    "400 problems, 4 points": (problems, {"n": 400, "points": 4}),
    "3 and 3 seeds": (seeds, {"counts": (3, 3), "points": 8}),
    "3 and 3 seeds, one spread 4 times the other": (seeds, {"counts": (3, 3), "points": 8, "spreads": (0.02, 0.005)}),
    "3 and 6 seeds, few with the larger spread": (seeds, {"counts": (3, 6), "points": 8, "spreads": (0.02, 0.005)}),
    "5 and 5 seeds, 4 points": (seeds, {"counts": (5, 5), "points": 4}),
}


def judge(lines, figure, speed_up, over_seeds):
    """The p-values of a pass and of a fail, of one case."""
    baseline, candidate = lines
    if speed_up is None:
        found = means(candidate, baseline, figure, "tokens", over_seeds=over_seeds).compare(MARGIN, LEVEL)
    else:
        found = paces(candidate, baseline, figure, "tokens", speed_up, over_seeds=over_seeds).compare(0.0, LEVEL)
    return found.p_pass, found.p_fail


def errors(name, speed_up, cases, seed=0):
    """The shares of wrong PASS and wrong FAIL in `cases` drawn from `seed`; of the AUC where `speed_up` is None."""
    draw, settings = CASES[name]
    rng = np.random.default_rng(seed)
    figure = "accuracy" if draw is problems else "bits per byte"
    truth = {"worse": MARGIN} if speed_up is None else {"speed_up": speed_up}
    p = np.array([judge(draw(rng, **settings, **truth), figure, speed_up, draw is seeds) for _ in range(cases)])
    return (p <= ALPHA).mean(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2000)
    cases = parser.parse_args().cases
    chance = 100 * (ALPHA * (1 - ALPHA) / cases) ** 0.5
    print(f"wrong PASS / wrong FAIL in % of {cases:,} cases; chance alone moves a 5 by {chance:.1f}")
    print(f"{'case':<45} {'AUC':>12} {'speed-up 0.95':>14} {'speed-up 1.2':>13}")
    bad = False
    for name, (_, settings) in CASES.items():
        found = [100 * errors(name, speed_up, cases) for speed_up in (None, 0.95, 1.2)]
        most = 7 if settings.get("n", 0) < 50 else 6
        bad |= name != BY_CHANCE and max(share for pair in found for share in pair) > most
        shown = [f"{passed:.1f} / {failed:.1f}" for passed, failed in found]
        print(f"{name:<45} {shown[0]:>12} {shown[1]:>14} {shown[2]:>13}", flush=True)
    raise SystemExit(bad)


if __name__ == "__main__":
    main()
