"""The gate on a real checkpoint: SmolLM2-135M against itself with other seeds, and against copies that are damaged.

    python benchmarks/gate_smollm.py [--repeats 20] [--margin 5pt] [--temperature 0.6]

The task is the arithmetic probe, 450 problems, sampled; the baseline has four draws of each. An unchanged checkpoint
with another seed may pass or be inconclusive, but must never fail; a copy with normal noise added to its weights
(a share of each tensor's standard deviation) must fail, and the gate may stop as soon as that is shown. Prints each
verdict with the requests asked, and of a damaged copy the share of time that was saved against asking it everything.
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
        baseline = str(out / "base" / model.name)

        def judged(checkpoint: Path, name: str, seed: int, early_stop: str = "group") -> tuple[str, float]:
            where = out / f"{name}, {early_stop}"
            config = GateConfig(
                **asked, baseline=(baseline,), out=where, trials=1, seed=seed, margin=given.margin,
                early_stop=early_stop,
            )  # fmt: skip
            started = time.perf_counter()
            report = gate(str(checkpoint), config)
            seconds = time.perf_counter() - started
            [finding] = report.findings
            gain = finding.comparison
            print(
                f"{name}: {report.decision}, gain {100 * gain.value:+.1f} points [{100 * gain.low:.1f},"
                f" {100 * gain.high:.1f}], {report.asked} of {report.planned} asked, {seconds:.1f} s",
                flush=True,
            )
            return report.decision, seconds

        unchanged = collections.Counter(
            judged(model, f"unchanged, seed {seed}", seed)[0] for seed in range(1, given.repeats + 1)
        )
        damaged = []
        for noise in NOISES:
            worse, name = damage(model, out / f"noise-{noise}", noise), f"noise of {100 * noise:.0f} %"
            (decision, stopped), (_, whole) = (judged(worse, name, 1, how) for how in ("group", "none"))
            print(f"{name}: {100 * (1 - stopped / whole):.0f} % of the time saved, loading included")
            damaged.append(decision)
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
