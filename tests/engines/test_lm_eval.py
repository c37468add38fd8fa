"""Log-likelihoods against lm-eval's `hf`, on the same model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from benchcore import Message
from benchcore.checkpoint import find
from benchcore.engines.embedded.reader import Reader
from benchcore.engines.embedded.scoring import Scorer
from benchcore.engines.window import Window
from benchcore.records import Prompt, Scoring

SAME = 1e-4


@pytest.fixture(scope="module")
def window(tiny_checkpoint: Path) -> Window:
    [checkpoint], _ = find(str(tiny_checkpoint))
    return Window(checkpoint, trust_remote_code=False)


@pytest.fixture(scope="module")
def peer(tiny_checkpoint: Path) -> Any:
    huggingface = pytest.importorskip("lm_eval.models.huggingface")
    return huggingface.HFLM(pretrained=str(tiny_checkpoint), device="cpu", dtype="float32", batch_size=4)


@pytest.fixture(scope="module")
def scorer(peer: Any, window: Window) -> Scorer:
    """Ours, of the very model that lm-eval has."""
    cpu = torch.device("cpu")
    return Scorer(Reader(peer.model, cpu, window.last + 1), window, cpu, budget=2**30)


def ask(peer: Any, kind: str, arguments: Sequence[tuple[str, ...]]) -> list[Any]:
    from lm_eval.api.instance import Instance

    requests = [Instance(kind, {}, one, at) for at, one in enumerate(arguments)]
    return list(getattr(peer, kind)(requests, disable_tqdm=True))


def texts(prompt: Prompt, *continuations: str) -> Scoring:
    key = repr((prompt, continuations))
    return Scoring(key=key, task="t", sample="s", trial=0, prompt=prompt, continuations=continuations)


def test_continuations_are_worth_what_lm_eval_says(peer: Any, scorer: Scorer) -> None:
    shots = "Q: What is 3 * 4?\nA: 12\n\n" * 6
    requests = [
        *(texts(f"{shots}Q: What is {at} * 4?\nA:", f" {4 * at}", " 12", " 12 and 7", "\n") for at in range(6)),
        texts(f"{shots}Q: which?\nA: ", "A", "B", "C", "D"),
        texts("def total(xs):\n", "    return sum(xs)", "    return 12"),
        texts("dünn — ", "日本語🙂", "wörter"),
        texts("x", "y"),
    ]
    found = {one.request: one for one in scorer.answer(requests, lambda tokens: None)}
    for request in requests:
        theirs = ask(peer, "loglikelihood", [(str(request.prompt), text) for text in request.continuations])
        for score, (value, greedy) in zip(found[request.key].scores, theirs, strict=True):
            assert abs(score.logprob - value) < SAME
            assert score.greedy == greedy


def test_whole_texts_are_worth_what_lm_eval_says(peer: Any, window: Window, scorer: Scorer) -> None:
    filling = "".join(chr(ord("a") + at * 7 % 23) + "\x00" for at in range(1500))
    lengths = (1, 511, 512, 513, 1024, 1025, 2000)
    requests = [texts("", filling[:length]) for length in lengths]
    assert [len(window.stretches(one)[0]) for one in requests] == [1, 1, 1, 2, 2, 3, 4]
    requests += [texts("", "a text. " * 9, "日本語🙂", "The answer is 19, and that is all there is to say.")]
    found = {one.request: one for one in scorer.answer(requests, lambda tokens: None)}
    for request in requests:
        theirs = ask(peer, "loglikelihood_rolling", [(text,) for text in request.continuations])
        for score, value in zip(found[request.key].scores, theirs, strict=True):
            assert abs(score.logprob - value) < max(SAME, 1e-6 * abs(value))  # lm-eval adds up in single precision


def test_a_chat_is_worth_what_its_tokens_are(peer: Any, scorer: Scorer) -> None:
    request = texts((Message(role="user", content="What is 3 * 4?"),), "12", "19", "7")
    [one] = scorer.answer([request], lambda tokens: None)
    rendered = "<|user|>What is 3 * 4?<|end|><|assistant|>"
    for score, (value, greedy) in zip(
        one.scores, ask(peer, "loglikelihood", [(rendered, text) for text in request.continuations]), strict=True
    ):
        assert abs(score.logprob - value) < SAME and score.greedy == greedy
