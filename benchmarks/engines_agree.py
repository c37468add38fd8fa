"""Do the engines give the same greedy text? Embedded against vLLM, fp32 both, on SmolLM2-135M-Instruct.

    python benchmarks/engines_agree.py [--humaneval 64] [--arithmetic 300] [--json]

Where the texts differ, the logits of the first differing token are computed by transformers: a difference is a
near-tie when the two engines' tokens are the two best ones and less than `TIE` apart. Prints one line a
comparison; exits 1 when fewer than 95 % agree, when a difference is no near-tie, or when a verdict differs.
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass, replace

from benchcore import Completion, EvalConfig, Request, Task, load_task
from benchcore.catalog import load_engine
from benchcore.checkpoint import Checkpoint, find
from benchcore.interop.smollm import convert
from benchcore.plan import plan

TIE = 0.01  # logits; single precision sums of a few hundred terms of size ten differ by about a thousandth
ENOUGH = 0.95


@dataclass
class Agreement:
    """How far the engines agree on one task; `largest_gap` is in logits."""

    task: str
    requests: int
    identical: int
    near_ties: int
    unexplained: list[str]
    verdicts_differ: int
    largest_gap: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--humaneval", type=int, default=64)
    parser.add_argument("--arithmetic", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    [checkpoint], _ = find(str(convert()))
    humaneval = load_task("humaneval")
    tasks = [
        (replace(humaneval, decode=replace(humaneval.decode, max_tokens=64)), given.humaneval),
        (load_task("skill_arithmetic"), given.arithmetic),
    ]
    requests = [request for task, limit in tasks for request in plan(task, task.samples(None, limit)[0])]
    answers = [answer(name, checkpoint, requests) for name in ("embedded", "vllm")]
    found = [compare(checkpoint, task, limit, *answers) for task, limit in tasks]
    for one in found:
        if not given.json:
            print(
                f"{one.task}: {one.identical} of {one.requests} identical, {one.near_ties} near-ties"
                f" (largest gap {one.largest_gap:.1g} logits), {len(one.unexplained)} unexplained,"
                f" {one.verdicts_differ} verdicts differ"
            )
    if given.json:
        print(json.dumps([asdict(one) for one in found]))
    failed = any(one.unexplained or one.verdicts_differ or one.identical < ENOUGH * one.requests for one in found)
    return int(failed)


def answer(name: str, checkpoint: Checkpoint, requests: list[Request]) -> dict[str, Completion]:
    engine = load_engine(name)(checkpoint, EvalConfig(dtype="float32"))
    engine.check(requests)
    with engine:
        return {one.request: one for one in engine.answer(requests, lambda tokens: None)}


def compare(
    checkpoint: Checkpoint, task: Task, limit: int, one: dict[str, Completion], two: dict[str, Completion]
) -> Agreement:
    samples, _ = task.samples(None, limit)
    result = Agreement(task.name, len(samples), 0, 0, [], 0, 0.0)
    with task.grader.session(samples) as grade:
        for sample, request in zip(samples, plan(task, samples), strict=True):
            texts = one[request.key].text, two[request.key].text
            result.verdicts_differ += grade(sample, texts[0]).verdict != grade(sample, texts[1]).verdict
            if texts[0] == texts[1] and one[request.key].tokens_out == two[request.key].tokens_out:
                result.identical += 1
                continue
            gap = first_gap(checkpoint, sample.prompt, *texts)
            if gap is None or gap >= TIE:
                result.unexplained.append(sample.id)
            else:
                result.near_ties += 1
                result.largest_gap = max(result.largest_gap, gap)
    return result


def first_gap(checkpoint: Checkpoint, prompt: str, one: str, two: str) -> float | None:
    """How far apart, in logits, the two best tokens are where the texts part; None if it is not those two."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint.path)
    model = AutoModelForCausalLM.from_pretrained(checkpoint.path, dtype=torch.float32)
    start = tokenizer(prompt)["input_ids"]
    ends = [tokenizer(text, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id] for text in (one, two)]
    at = next(at for at, (a, b) in enumerate(zip(*ends, strict=False)) if a != b)
    with torch.inference_mode():
        logits = model(torch.tensor([start + ends[0][:at]]), logits_to_keep=1).logits[0, -1]
    best = logits.topk(2)
    if {ends[0][at], ends[1][at]} != set(best.indices.tolist()):
        return None
    return float(best.values[0] - best.values[1])


if __name__ == "__main__":
    sys.exit(main())
