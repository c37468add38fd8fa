"""The gate on a real checkpoint: SmolLM2-135M against itself with other seeds, and against copies that are damaged.

    python benchmarks/gate_smollm.py [--repeats 20] [--margin 5pt] [--temperature 0.6]

The task is the arithmetic probe, 450 problems, sampled; the baseline has four draws of each. An unchanged checkpoint
with another seed may pass or be inconclusive, but must never fail; a copy with normal noise added to its weights
(a share of each tensor's standard deviation) must fail, and the gate may stop as soon as that is shown. Prints each
verdict with the share of requests asked, and the seconds that the engine took against those of a whole evaluation.
Exits 1 when an unchanged checkpoint failed, or the most damaged one did not.
"""

import argparse
import collections
import shutil
import sys
import tempfile
import time
from pathlib import Path

import safetensors.torch
import torch

from benchcore import EvalConfig, GateConfig, evaluate, gate
from benchcore.interop.smollm import convert

TASK, DRAWS, NOISES = "skill_arithmetic", 4, (0.05, 0.1, 0.2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--margin", default="5pt")
    parser.add_argument("--temperature", type=float, default=0.6)
    given = parser.parse_args()
    torch.set_num_threads(1)
    model = convert()
    with tempfile.TemporaryDirectory() as where:
        out = Path(where)
        asked = {"tasks": (TASK,), "engine": "embedded", "temperature": given.temperature}
        evaluate([str(model)], EvalConfig(**asked, out=out / "base", trials=DRAWS))
        started = time.perf_counter()
        evaluate([str(model)], EvalConfig(**asked, out=out / "whole", trials=1, seed=999))
        whole = time.perf_counter() - started
        baseline = str(out / "base" / model.name)

        def judged(checkpoint: Path, name: str, seed: int) -> str:
            config = GateConfig(**asked, baseline=(baseline,), out=out / name, trials=1, seed=seed, margin=given.margin)
            started = time.perf_counter()
            report = gate(str(checkpoint), config)
            seconds = time.perf_counter() - started
            [finding] = report.findings
            gain = finding.comparison
            print(
                f"{name}: {report.decision}, gain {100 * gain.value:+.1f} points [{100 * gain.low:.1f},"
                f" {100 * gain.high:.1f}], {report.asked} of {report.planned} asked,"
                f" {seconds:.1f} s against {whole:.1f} s for all",
                flush=True,
            )
            return report.decision

        unchanged = collections.Counter(
            judged(model, f"unchanged, seed {seed}", seed) for seed in range(1, given.repeats + 1)
        )
        damaged = [judged(damage(model, out / f"noise-{noise}", noise), f"noise of {noise:.0%}", 1) for noise in NOISES]
    print(f"unchanged: {', '.join(f'{count} {decision}' for decision, count in sorted(unchanged.items()))}")
    return int("fail" in unchanged or damaged[-1] != "fail")


def damage(model: Path, folder: Path, noise: float) -> Path:
    """A copy of `model` whose matrices have normal noise of `noise` times their standard deviation."""
    shutil.copytree(model, folder)
    generator = torch.Generator().manual_seed(0)
    for file in folder.glob("*.safetensors"):
        weights = safetensors.torch.load_file(file)
        for name, tensor in weights.items():
            if tensor.dim() > 1:
                weights[name] = tensor + noise * tensor.std() * torch.randn(tensor.shape, generator=generator)
        safetensors.torch.save_file(weights, file, metadata={"format": "pt"})
    return folder


if __name__ == "__main__":
    sys.exit(main())
