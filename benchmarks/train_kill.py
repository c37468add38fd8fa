"""A training run killed ten times at random moments against one left alone: are the last weights the same to the bit?

    python benchmarks/train_kill.py [--kills 10] [--steps 1500] [--seed 0]

Each time `benchcore train` is started again with the same command; the method is SLM with a stored reference. Prints
after how many steps each kill came, and exits 1 where weights, held-out losses or the bill (its seconds apart) differ.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CORPUS = "generated:noisy_markov?tokens=200000&seed=1"
CLEAN = "generated:noisy_markov?tokens=4000&noise=0&seed=2"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    draw = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        train(folder, "reference", "clm", 50).wait()
        whole, killed = folder / "a/slm", folder / "b/slm"
        train(folder, "a/slm", "slm", given.steps).wait()
        moments, starts = [], 0
        while not last(killed, given.steps).is_dir():
            process = train(folder, "b/slm", "slm", given.steps)
            starts += 1
            if len(moments) < given.kills:
                # some kills come while it starts, most while it trains
                wanted = reached(killed) + draw.randint(0, given.steps // given.kills)
                while process.poll() is None and reached(killed) < min(wanted, given.steps - 1):
                    time.sleep(0.01)
                time.sleep(draw.uniform(0, 1))
                if process.poll() is None:
                    os.kill(process.pid, signal.SIGKILL)
                    moments.append(reached(killed))
            if process.wait() not in (0, -signal.SIGKILL):
                print(f"the run failed with exit code {process.returncode}")
                return 1
        other = [
            what
            for what in ("weights", "held-out losses", "bill")
            if contents(whole, given.steps, what) != contents(killed, given.steps, what)
        ]
    print(f"{len(moments)} kills, {starts} starts; checkpoints at the kills: {', '.join(map(str, moments))}")
    print(
        f"weights, held-out losses and bill: {'NOT THE SAME: ' if other else 'the same to the bit'}{', '.join(other)}"
    )
    return int(bool(other) or len(moments) < given.kills)


def train(folder: Path, run: str, method: str, steps: int) -> "subprocess.Popen[bytes]":
    reference = ["--slm.reference", str(folder / "reference")] if method == "slm" else []
    environment = {
        **os.environ,
        "BENCHCORE_CACHE": str(folder / run.partition("/")[0] / "cache"),
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        [
            sys.executable, "-m", "benchcore", "train", method, "--data", CORPUS, "--tokenizer", "characters",
            "--model", "0.1m", "--context", "64", "--batch", "8", "--steps", str(steps), "--checkpoints", "60",
            "--heldout.clean", CLEAN, "--looks", "30", "--out", str(folder / run), *reference,
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
    )  # fmt: skip


def last(run: Path, steps: int) -> Path:
    return run / f"checkpoint-{steps:08d}"


def reached(run: Path) -> int:
    return max((int(path.name.rpartition("-")[2]) for path in run.glob("checkpoint-*")), default=0)


def contents(run: Path, steps: int, what: str) -> object:
    if what == "weights":
        return (last(run, steps) / "model.safetensors").read_bytes()
    if what == "bill":
        bill = json.loads((last(run, steps) / "benchcore.json").read_bytes())["bill"]
        return {name: amount for name, amount in bill.items() if "seconds" not in name}
    found = {path.parent.name: json.loads(path.read_bytes()) for path in run.glob("heldout/step-*/run.json")}
    return {name: (record["model_digest"], record["tasks"][0]["figures"]) for name, record in found.items()}


if __name__ == "__main__":
    sys.exit(main())
