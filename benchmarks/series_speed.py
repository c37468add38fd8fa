"""Five checkpoints of one model: one `benchcore eval` over their directory against five, one a checkpoint.

    python benchmarks/series_speed.py [--model small|smollm] [--limit 50] [--rounds 3] [--tasks skill_arithmetic]

The checkpoints are one model with more and more noise on its weights: a two-layer Llama with SmolLM2's tokenizer
(`small`), or SmolLM2-135M-Instruct itself. Both sides run as commands of their own, by turns. Prints each round's
times and the median ratio, and whether all figures are identical; exits 1 when they are not, or below twice as fast.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchcore.interop.smollm import convert

STEPS = (100, 200, 300, 400, 500)
ENOUGH = 2.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=("small", "smollm"), default="small")
    parser.add_argument("--limit", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", default="skill_arithmetic")
    given = parser.parse_args()
    ratios, same = [], True
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where) / "series"
        make(folder, given.model)
        for number in range(1, given.rounds + 1):
            together, one_job = timed(given, [folder], Path(where) / f"one-{number}")
            apart, five_jobs = 0.0, []
            for step in STEPS:
                seconds, found = timed(given, [folder / f"checkpoint-{step}"], Path(where) / f"five-{number}")
                apart += seconds
                five_jobs += found
            same = same and one_job == five_jobs
            ratios.append(apart / together)
            print(f"round {number}: one job {together:.1f} s, five jobs {apart:.1f} s, {ratios[-1]:.2f} times faster")
    ratio = statistics.median(ratios)
    words = "identical" if same else "NOT IDENTICAL"
    print(f"median {ratio:.2f} times faster (at least {ENOUGH:.0f}), figures {words}")
    return int(not same or ratio < ENOUGH)


def timed(given: argparse.Namespace, folders: list[Path], out: Path) -> tuple[float, list[object]]:
    """Seconds of one command, and the figures that it printed, one list a checkpoint."""
    command = [sys.executable, "-m", "benchcore", "eval", *map(str, folders), "--tasks", given.tasks, "--json"]
    command += ["--limit", str(given.limit), "--engine", "embedded", "--out", str(out)]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - started
    records = json.loads(done.stdout)["records"]
    return seconds, [[record["run"], [task["figures"] for task in record["tasks"]]] for record in records]


def make(folder: Path, model: str) -> None:
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(convert())
    torch.manual_seed(0)
    if model == "small":
        config = transformers.LlamaConfig(
            vocab_size=len(tokenizer), hidden_size=64, intermediate_size=192, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True,
            eos_token_id=tokenizer.eos_token_id,
        )  # fmt: skip
        net = transformers.LlamaForCausalLM(config)
    else:
        net = transformers.AutoModelForCausalLM.from_pretrained(convert(), dtype=torch.float32)
    for step in STEPS:
        with torch.no_grad():
            for weights in net.parameters():
                weights.mul_(1 + 0.01 * torch.randn_like(weights))
        net.save_pretrained(folder / f"checkpoint-{step}")
        tokenizer.save_pretrained(folder / f"checkpoint-{step}")


if __name__ == "__main__":
    sys.exit(main())
