"""Does the interval of a loss hold the true loss 95 times in 100? Ours, and two bootstraps over documents.

    python benchmarks/loss_interval.py [--rounds 2000]

Documents are drawn with log-normal lengths, a bits-per-byte of their own, and a harder beginning, so that short ones
lose more. The truth is the loss of the population. The bootstraps draw documents with replacement, 1000 times, and
take the percentiles, plain or corrected for bias and skewness (BCa). Ours must hold the truth in 93 of 100 rounds or
more everywhere, and more often than either bootstrap for thirty documents or fewer.
"""

import argparse

import numpy as np
from scipy.special import ndtr, ndtri

from benchcore.stats.jackknife import ratio_interval

RESAMPLES = 1000
MEDIAN_BYTES, BEGINNING = 1000, 200
# sd of the log length, sd of the log loss of a document, and what each byte of the beginning adds
WORLDS = {"alike": (0.5, 0.25, 0.3), "skewed": (1.0, 0.25, 0.3), "very skewed": (1.5, 0.5, 0.5)}
LEAST = 0.93


def draw(rng, n, world):
    """Bits and bytes of n documents."""
    length, loss, start = world
    size = np.exp(rng.normal(0, length, n)) * MEDIAN_BYTES
    rate = 0.7 * np.exp(rng.normal(-loss * loss / 2, loss, n))
    return rate * size + start * np.minimum(size, BEGINNING), size


def truth(world):
    length, _, start = world
    _, size = draw(np.random.default_rng(0), 4_000_000, world)
    return 0.7 + start * np.minimum(size, BEGINNING).mean() / (MEDIAN_BYTES * np.exp(length**2 / 2))


def bootstraps(rng, bits, size):
    """The percentile interval and the BCa interval."""
    n = len(bits)
    weights = rng.multinomial(n, np.full(n, 1 / n), RESAMPLES)
    ratio, drawn = bits.sum() / size.sum(), (weights @ bits) / (weights @ size)
    left_out = (bits.sum() - bits) / (size.sum() - size)
    skew = left_out.mean() - left_out
    spread = (skew**2).sum()
    bend = (skew**3).sum() / (6 * spread**1.5)
    bias = ndtri(((drawn < ratio).sum() + (drawn == ratio).sum() / 2) / RESAMPLES)
    z = bias + ndtri([0.025, 0.975])
    return np.quantile(drawn, [0.025, 0.975]), np.quantile(drawn, ndtr(bias + z / (1 - bend * z)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2000)
    most = parser.parse_args().rounds
    rng = np.random.default_rng(7)
    failed = []
    print("documents      n   rounds   ours  percentile    BCa   width of ours / percentile")
    for name, world in WORLDS.items():
        true = truth(world)
        for n in (3, 10, 30, 100, 1000):
            rounds = most if n <= 30 else most * 30 // n + 100
            held, widths = np.zeros(3), np.zeros((rounds, 2))
            for at in range(rounds):
                bits, size = draw(rng, n, world)
                found = [ratio_interval(bits, size)[1:], *bootstraps(rng, bits, size)]
                held += [low <= true <= high for low, high in found]
                widths[at] = [found[0][1] - found[0][0], found[1][1] - found[1][0]]
            ours, percentile, bca = held / rounds
            wider = np.median(widths[:, 0]) / np.median(widths[:, 1])
            print(f"{name:12} {n:4} {rounds:7}  {ours:6.1%} {percentile:9.1%} {bca:9.1%} {wider:12.2f}", flush=True)
            # what a coverage of just LEAST could show by chance is no failure
            if ours < LEAST - 2 * (LEAST * (1 - LEAST) / rounds) ** 0.5 or (n <= 30 and ours < max(percentile, bca)):
                failed.append(f"{name}, n = {n}")
    print(f"not as it should be: {'; '.join(failed)}" if failed else "as it should be")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
