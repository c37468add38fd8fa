"""How fast is the embedded engine? Against lm-eval's `hf` model class, and tokens a second of one engine.

    python benchmarks/embedded_speed.py --task gsm8k --limit 16 --batch 16          # ratio against lm-eval
    python benchmarks/embedded_speed.py --task humaneval --limit 16 --batch 8 --batch 16
    python benchmarks/embedded_speed.py --samples 20 --limit 3                      # trials against requests apart
    python benchmarks/embedded_speed.py --decode embedded                           # tokens/s at 64 rows
    python benchmarks/embedded_speed.py --decode vllm                               # where vLLM is installed

SmolLM2-135M-Instruct in single precision, greedy. Both sides get the same prompts, stop strings, token limits and
threads, and take turns; the best of the batch sizes given to lm-eval counts. Seconds and CPU seconds are the least of
all rounds. Texts that differ are looked at as in engines_agree.py; exits 1 when one differs by more than a near-tie.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchcore import Completion, EvalConfig, load_task
from benchcore.catalog import load_engine
from benchcore.checkpoint import Checkpoint, find
from benchcore.interop.smollm import convert
from benchcore.plan import plan
from benchcore.records import Generation, cut_at_stop

ROWS = 64


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="gsm8k")
    parser.add_argument("--data", type=Path, default=os.environ.get("BENCHCORE_DATA"), help="folder with the data sets")
    parser.add_argument("--limit", type=int, default=16, help="samples")
    parser.add_argument("--tokens", type=int, default=64, help="most tokens of a text")
    parser.add_argument("--batch", type=int, action="append", help="batch size of lm-eval; several may be given")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--samples", type=int, help="trials of each problem, against as many separate requests")
    parser.add_argument("--decode", choices=("embedded", "vllm"))
    given = parser.parse_args()
    import torch

    torch.set_num_threads(given.threads)
    [checkpoint], _ = find(str(convert()))
    if given.decode:
        return decode(given, checkpoint)
    return samples(given, checkpoint) if given.samples else against_lm_eval(given, checkpoint)


def asked(given: argparse.Namespace, trials: int = 1) -> list[Generation]:
    task = load_task(given.task)
    decode = replace(task.decode, max_tokens=min(given.tokens, task.decode.max_tokens))
    if trials > 1:
        decode = replace(decode, temperature=0.8)
    task = replace(task, decode=decode, trials=trials)
    return [one for one in plan(task, task.samples(given.data, given.limit)[0]) if isinstance(one, Generation)]


def engine(name: str, given: argparse.Namespace, checkpoint: Checkpoint, requests: Sequence[Generation]) -> Any:
    made = load_engine(name)(checkpoint, EvalConfig(dtype=given.dtype, batch_size=ROWS))
    made.check(requests)
    return made


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds, CPU seconds, and what came of it."""
    clock, cpu = time.perf_counter(), time.process_time()
    found = work()
    return time.perf_counter() - clock, time.process_time() - cpu, found


def against_lm_eval(given: argparse.Namespace, checkpoint: Checkpoint) -> int:
    requests = asked(given)
    sizes = given.batch or [16]
    best: dict[str, tuple[float, float]] = {}
    texts: dict[str, list[str]] = {}
    theirs = {f"lm-eval, batch {size}": LmEval(checkpoint.path, given.dtype, size) for size in sizes}
    with engine("embedded", given, checkpoint, requests) as ours:
        sides: dict[str, Callable[[], list[str]]] = {"embedded": lambda: in_order(ours, requests)}
        sides |= {name: (lambda one=one: one.generate(requests)) for name, one in theirs.items()}
        for _ in range(given.rounds):
            for name, work in sides.items():
                seconds, cpu, texts[name] = timed(work)
                known = best.get(name, (seconds, cpu))
                best[name] = (min(seconds, known[0]), min(cpu, known[1]))
                print(f"{name}: {seconds:.1f} s, {cpu:.1f} CPU s", flush=True)
    fastest = min(theirs, key=lambda name: best[name])
    print(f"{given.task}, {len(requests)} prompts, {given.tokens} tokens: embedded is", end=" ")
    print("{:.1f} times as fast as {} ({:.1f} by CPU time)".format(
        best[fastest][0] / best["embedded"][0], fastest, best[fastest][1] / best["embedded"][1]
    ))  # fmt: skip
    return differences(checkpoint, requests, texts["embedded"], texts[fastest])


def in_order(made: Any, requests: Sequence[Generation]) -> list[str]:
    found: dict[str, Completion] = {one.request: one for one in made.answer(requests, lambda tokens: None)}
    return [found[one.key].text for one in requests]


class LmEval:
    """lm-eval's own model class for Hugging Face checkpoints."""

    def __init__(self, path: Path, dtype: str, size: int) -> None:
        from lm_eval.models.huggingface import HFLM

        self._model = HFLM(pretrained=str(path), dtype=dtype, batch_size=size, device="cpu")

    def generate(self, requests: Sequence[Generation]) -> list[str]:
        """A text a request, cut at its stop strings."""
        from lm_eval.api.instance import Instance

        instances = []
        for at, one in enumerate(requests):
            settings = {"until": list(one.decode.stop), "max_gen_toks": one.decode.max_tokens, "do_sample": False}
            instances.append(Instance("generate_until", {}, (one.prompt, settings), at))
        return self._model.generate_until(instances, disable_tqdm=True)


def differences(checkpoint: Checkpoint, requests: Sequence[Generation], ours: list[str], theirs: list[str]) -> int:
    from engines_agree import TIE, first_gap

    equal, ties, others = 0, [], []
    for request, mine, other in zip(requests, ours, theirs, strict=True):
        if mine == cut_at_stop(other, request.decode.stop)[0]:
            equal += 1
            continue
        gap = first_gap(checkpoint, request.prompt, mine, other)
        (others if gap is None or gap >= TIE else ties).append(f"{request.sample} ({gap})")
    print(f"texts: {equal} equal, {len(ties)} near-ties {ties}, {len(others)} others {others}")
    return int(bool(others))


def samples(given: argparse.Namespace, checkpoint: Checkpoint) -> int:
    """Trials that share their prompt against as many requests that share nothing, decoded in the same batches."""
    shared = asked(given, given.samples)
    apart = [replace(one, prompt=f"# {at}\n{one.prompt}") for at, one in enumerate(shared)]
    with engine("embedded", given, checkpoint, shared) as made:
        for _ in range(given.rounds):
            best, cpu, _ = timed(lambda: in_order(made, shared))
            slow, slow_cpu, _ = timed(lambda: in_order(made, apart))
            print(
                f"{given.task}: {given.samples} trials of {given.limit} problems, {given.tokens} tokens: {best:.1f} s;"
                f" as separate requests {slow:.1f} s, {slow / best:.1f} times ({slow_cpu / cpu:.1f} by CPU time)",
                flush=True,
            )
    return 0


def decode(given: argparse.Namespace, checkpoint: Checkpoint) -> int:
    """Tokens a second with 64 rows of one length."""
    given.limit = ROWS
    requests = [
        replace(one, prompt=f"{number} " + one.prompt[-200:], decode=replace(one.decode, stop=()))
        for number, one in enumerate(asked(given))
    ]
    with engine(given.decode, given, checkpoint, requests) as made:
        first = [replace(one, key=f"w{one.key}", decode=replace(one.decode, max_tokens=4)) for one in requests]
        list(made.answer(first, lambda tokens: None))
        for _ in range(given.rounds):
            seconds, cpu, found = timed(lambda: list(made.answer(requests, lambda tokens: None)))
            tokens = sum(one.tokens_out for one in found)
            print(f"{given.decode}: {tokens} tokens of {ROWS} rows in {seconds:.1f} s ({cpu:.1f} CPU s):"
                  f" {tokens / seconds:.0f} tokens/s", flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
