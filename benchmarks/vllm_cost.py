"""What does benchcore add to vLLM, and what does it save? Rounds in turn, on one running engine.

    python benchmarks/vllm_cost.py [harness] [generation] [scoring] [--rounds 3]

harness     `evaluate` against bare `LLM.generate` of the same token ids and parameters, without and with the time
            that the engine takes to start; at most 1.05 times as long without
generation  the engine against lm-eval's `vllm` model on 64 requests, at its batch size "auto" (no slower) and at its
            default, 1 (twice as fast)
scoring     the engine against lm-eval's `vllm` model: eight contexts of 300 tokens, four continuations of 20 each

lm-eval's model is made around the engine that is already running, so both have the same weights, settings and
machine; its own start is in no figure. The prefix cache is emptied before every measurement. Prints each round
and the median of the ratios; exits 1 when one misses its mark. SmolLM2-135M-Instruct, single precision; gsm8k's
rows are looked for in BENCHCORE_DATA.
"""

import argparse
import importlib.metadata
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchcore import Completion, EvalConfig, Request, evaluate, load_task
from benchcore.checkpoint import find
from benchcore.engines.vllm.asked import Asked
from benchcore.engines.vllm.engine import VLLM
from benchcore.interop.smollm import convert
from benchcore.plan import plan
from benchcore.records import Generation, Scoring

TASKS, LIMIT = ("skill_arithmetic", "gsm8k"), 32
CONTEXT, CONTINUATION = 300, 20  # tokens
MARKS = {"harness": 1.05, "generation, auto": 1.0, "generation, 1": 0.5, "scoring": 1.0}


class Running:
    """An engine that has been started: `evaluate` enters and leaves it without effect."""

    family = "vllm"

    def __init__(self, engine: VLLM) -> None:
        self._engine = engine

    def __call__(self, checkpoint: Any, config: EvalConfig) -> "Running":
        """Serve as the `engine` of `evaluate`."""
        return self

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def check(self, requests: Sequence[Request]) -> None:
        """Accept everything."""

    def describe(self) -> Mapping[str, Any]:
        """What the engine says of itself."""
        return self._engine.describe()

    def swap(self, checkpoint: Any) -> bool:
        """Never asked of one checkpoint."""
        return False

    def answer(self, requests: Sequence[Request], pulse: Callable[[int], None]) -> Iterator[Completion]:
        """As the engine answers."""
        return self._engine.answer(requests, pulse)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["harness", "generation", "scoring"])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    folder = str(convert())
    [checkpoint], _ = find(folder)
    whole = [request for name in TASKS for request in requests_of(name, None)]
    short = [request for name in TASKS for request in requests_of(name, 32)]
    started = time.perf_counter()
    engine = VLLM(checkpoint, EvalConfig(dtype="float32"))
    engine.check(whole)
    with engine:
        start = time.perf_counter() - started
        print(f"start of the engine: {start:.1f} s")
        scored = scorings(engine)
        list(engine.answer([*short[:2], *scored[:1]], lambda tokens: None))  # what is compiled at first use
        theirs = {batch: lm_eval(engine, folder, batch) for batch in ("auto", "1")}
        sides: dict[str, dict[str, Callable[[], object]]] = {
            "harness": {"evaluate": lambda: run(folder, engine), "bare": bare(engine, whole)},
            "generation": {
                "engine": lambda: list(engine.answer(short, lambda tokens: None)),
                "auto": lambda: theirs["auto"].generate_until(texts(short), disable_tqdm=True),
                "1": lambda: theirs["1"].generate_until(texts(short), disable_tqdm=True),
            },
            "scoring": {
                "engine": lambda: list(engine.answer(scored, lambda tokens: None)),
                "lm-eval": lambda: theirs["auto"].loglikelihood(pairs(scored), disable_tqdm=True),
            },
        }
        kept = [compare(name, sides[name], engine, given.rounds, start) for name in given.what]
        return int(not all(kept))


def compare(name: str, sides: dict[str, Callable[[], object]], engine: VLLM, rounds: int, start: float) -> bool:
    """Time the first of `sides` against each other; whether each median ratio keeps its mark."""
    took: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(rounds):
        order = list(sides) if number % 2 == 0 else list(reversed(sides))
        for side in order:
            for copy in engine._copies:
                copy.reset_prefix_cache()
            begun = time.perf_counter()
            sides[side]()
            took[side].append(time.perf_counter() - begun)
        print(f"{name}, round {number + 1}: " + ", ".join(f"{side} {took[side][-1]:.2f} s" for side in sides))
    first, *others = sides
    kept = True
    for other in others:
        ratio = statistics.median(a / b for a, b in zip(took[first], took[other], strict=True))
        title = name if len(others) == 1 else f"{name}, {other}"
        kept = kept and ratio <= MARKS[title]
        with_start = statistics.median((start + a) / (start + b) for a, b in zip(took[first], took[other], strict=True))
        print(f"{title}: {first} / {other} = {ratio:.3f} (at most {MARKS[title]}), with the start {with_start:.3f}")
    return kept


def requests_of(name: str, most_tokens: int | None) -> list[Request]:
    task = load_task(name)
    if most_tokens is not None:
        assert task.decode is not None
        task = replace(task, decode=replace(task.decode, max_tokens=most_tokens))
    data = os.environ.get("BENCHCORE_DATA")
    return plan(task, task.samples(None if data is None else Path(data), LIMIT)[0])


def run(folder: str, engine: VLLM) -> None:
    with tempfile.TemporaryDirectory() as out:
        config = EvalConfig(tasks=TASKS, limit=LIMIT, engine="vllm", dtype="float32", out=Path(out))
        evaluate([folder], config, engine=Running(engine))


def bare(engine: VLLM, requests: Sequence[Request]) -> Callable[[], object]:
    """`LLM.generate` of what the engine would ask, tokenised beforehand."""
    from vllm import TokensPrompt

    asked = [Asked(None, request, engine._window.encode(request.prompt)) for request in requests]
    prompts = [TokensPrompt(prompt_token_ids=list(one.tokens)) for one in asked]
    params = [one.params(engine._window) for one in asked]
    return lambda: engine._copies[0].generate(prompts, params, use_tqdm=False)


def lm_eval(engine: VLLM, folder: str, batch: str) -> Any:
    """lm-eval's `vllm` model around the running engine."""
    import vllm

    version = importlib.metadata.version
    # vLLM's CPU build is a distribution of another name, and lm-eval asks for the version of this one
    importlib.metadata.version = lambda name: vllm.__version__ if name == "vllm" else version(name)
    from lm_eval.models import vllm_causallms

    vllm_causallms.LLM = lambda **settings: engine._copies[0]
    return vllm_causallms.VLLM(pretrained=folder, dtype="float32", batch_size=batch)


def texts(requests: Sequence[Request]) -> list[Any]:
    from lm_eval.api.instance import Instance

    found = []
    for request in requests:
        assert isinstance(request, Generation)
        asked = {"until": list(request.decode.stop), "max_gen_toks": request.decode.max_tokens, "do_sample": False}
        found.append(Instance("generate_until", {}, (request.prompt, asked), 0))
    return found


def scorings(engine: VLLM) -> list[Request]:
    """Stretches of HumanEval's problems, each with four that do not follow it."""
    tokenizer = engine._window.tokenizer
    tokens = tokenizer("".join(str(one.prompt) for one in load_task("humaneval").samples(None, 60)[0]))["input_ids"]
    each = CONTEXT + 4 * CONTINUATION
    found: list[Request] = []
    for number in range(8):
        own = tokens[number * each : (number + 1) * each]
        ends = [own[CONTEXT + at * CONTINUATION : CONTEXT + (at + 1) * CONTINUATION] for at in range(4)]
        key, prompt = str(number), tokenizer.decode(own[:CONTEXT])
        texts = tuple(tokenizer.decode(end) for end in ends)
        found.append(Scoring(key=key, task="scoring", sample=key, trial=0, prompt=prompt, continuations=texts))
    return found


def pairs(requests: Sequence[Request]) -> list[Any]:
    from lm_eval.api.instance import Instance

    return [
        Instance("loglikelihood", {}, (request.prompt, text), 0)
        for request in requests
        if isinstance(request, Scoring)
        for text in request.continuations
    ]


if __name__ == "__main__":
    sys.exit(main())
