"""What does the loss of training take, in memory and time, against all logits at once and torch's own chunks?

    python benchmarks/train_memory.py [--vocabulary 50257] [--tokens 4096] [--width 256] [--repeats 7]

Memory is the peak that forward and backward add to what inputs take, each in a process of its own. Time is CPU time
on one thread, medians of turns that alternate. Exits 1 when the peak is above .35 of that with all logits.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ENOUGH = 0.35
SIZES = ((1024, 64, 66), (1024, 256, 4096), (2048, 256, 16384))  # tokens, width, vocabulary


def arms(tokens: int, width: int, vocabulary: int) -> dict[str, Callable[[], Any]]:
    """Name -> one forward and backward pass."""
    import torch
    from torch.nn.functional import cross_entropy, linear

    from benchcore.trainers.loss import selected_loss

    torch.set_num_threads(1)
    torch.manual_seed(0)
    hidden = torch.randn(tokens, width, requires_grad=True)
    head = (torch.randn(vocabulary, width) / width**0.5).requires_grad_()
    targets = torch.randint(vocabulary, (tokens,))

    def fresh() -> None:
        hidden.grad = head.grad = None

    def naive() -> None:
        fresh()
        cross_entropy(linear(hidden, head), targets, reduction="sum").backward()

    def ours() -> None:
        fresh()
        selected_loss(hidden, head, targets).backward()

    found = {"all logits": naive, "benchcore": ours}
    if hasattr(torch.nn.functional, "linear_cross_entropy"):

        def chunks() -> None:
            fresh()
            options = torch.nn.LinearCrossEntropyOptions()
            torch.nn.functional.linear_cross_entropy(hidden, head, targets, reduction="sum", options=options).backward()

        found["torch's chunks"] = chunks
    return found


def grown(name: str, *sizes: int) -> float:
    """The most memory that a pass held beside its inputs, in MiB; called in a fresh process."""
    arms(64, 8, 16)[name]()  # what libraries take at the first call
    once = arms(*sizes)[name]
    pages = int(Path("/proc/self/statm").read_text().split()[1])  # of now, for making inputs had a peak of its own
    once()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - pages * resource.getpagesize() / 2**20


def times(repeats: int, *sizes: int) -> dict[str, float]:
    """Name -> CPU seconds of a pass."""
    found: dict[str, list[float]] = {}
    for turn in range(repeats + 1):
        for name, once in arms(*sizes).items():
            started = time.process_time()
            once()
            if turn:
                found.setdefault(name, []).append(time.process_time() - started)
    return {name: statistics.median(values) for name, values in found.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vocabulary", type=int, default=50257)
    parser.add_argument("--tokens", type=int, default=4096)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    sizes = (given.tokens, given.width, given.vocabulary)
    if given.one:
        print(grown(given.one, *sizes))
        return 0
    print(f"{given.tokens} tokens, width {given.width}, vocabulary {given.vocabulary}")
    peaks = {}
    for name in arms(*SIZES[0]):
        command = [sys.executable, *sys.argv, "--one", name]
        peaks[name] = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        print(f"{name:>16}: {peaks[name]:6.0f} MiB, {peaks[name] / peaks['all logits']:.3f} of all logits")
    print(f"\nCPU time, of all logits ({given.repeats} turns)")
    for size in SIZES:
        found = times(given.repeats, *size)
        shares = ", ".join(f"{name} {seconds / found['all logits']:.2f}" for name, seconds in found.items())
        print(f"{size[0]} x {size[1]} x {size[2]}: {shares}")
    return int(peaks["benchcore"] / peaks["all logits"] > ENOUGH)


if __name__ == "__main__":
    sys.exit(main())
