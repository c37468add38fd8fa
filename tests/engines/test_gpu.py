"""The engines on an NVIDIA GPU: the answers of a CPU, other weights in place, no more memory than they are given."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from benchcore import Completion, Decode, EvalConfig
from benchcore.checkpoint import Checkpoint, find
from benchcore.engines import Pulse
from benchcore.engines.embedded.engine import Embedded
from benchcore.records import Generation, Request, Scoring

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device"),
]

GPU = "cuda"
MIB = 2**20
SHOTS = "".join(f"Question: What is {n} + {n}?\nAnswer: {n + n}\n\n" for n in range(6))
# single precision is added up in another order; of bfloat16's eight bits the last ones differ
CLOSE = {"float32": {"rel": 1e-5, "abs": 1e-3}, "bfloat16": {"rel": 0.03, "abs": 0.5}}

Make = Callable[..., Embedded]


def text(number: int, prompt: str, most: int) -> Generation:
    decode = Decode(max_tokens=most)
    return Generation(key=f"text {number}", task="t", sample="s", trial=0, prompt=prompt, decode=decode, seed=number)


def scoring(key: str, prompt: str, *continuations: str) -> Scoring:
    return Scoring(key=key, task="t", sample=key, trial=0, prompt=prompt, continuations=continuations)


TEXTS = [text(number, f"{SHOTS}Question: What is {number} + 3?\nAnswer:", 2 + number % 7) for number in range(24)]
SCORINGS = [
    *(scoring(f"{n}", f"{SHOTS}Question: What is 4 * {n}?\nAnswer:", f" {4 * n}", " 12", " 7 or 8") for n in range(9)),
    scoring("whole", "", "Twelve and seven are nineteen, and that is all there is to say. " * 3),
]
CROWD = [text(number, f"{number} " * 400, 4) for number in range(64)]
"""Requests that share nothing, of up to 1,200 tokens each."""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes an embedded engine on a device."""

    def make(checkpoint: Checkpoint, device: str, dtype: str = "float32", **settings: Any) -> Embedded:
        monkeypatch.setattr("benchcore.engines.embedded.engine._best_device", lambda: device)
        engine = Embedded(checkpoint, EvalConfig(dtype=dtype, **settings))
        assert engine.describe()["device"] == device
        return engine

    return make


@pytest.fixture
def tiny(tiny_checkpoint: Path) -> Checkpoint:
    return found(tiny_checkpoint)


@pytest.fixture
def wide(tiny_checkpoint: Path, tmp_path: Path) -> Checkpoint:
    """Of the size of heads that vLLM's attention takes; a token's keys and values are 16 KiB in single precision."""
    folder = tmp_path / "wide-1"
    shutil.copytree(tiny_checkpoint, folder, ignore=shutil.ignore_patterns("model*", "config.json"))
    sizes = {"hidden_size": 1024, "intermediate_size": 1024, "num_attention_heads": 16, "num_key_value_heads": 16}
    config = transformers.AutoConfig.from_pretrained(
        tiny_checkpoint, **sizes, head_dim=64, max_position_embeddings=2048, initializer_range=0.05
    )
    torch.manual_seed(4)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return found(folder)


def found(folder: Path) -> Checkpoint:
    [checkpoint], _ = find(str(folder))
    return checkpoint


def later(checkpoint: Checkpoint, folder: Path) -> Checkpoint:
    """A copy with other weights."""
    shutil.copytree(checkpoint.path, folder)
    torch.manual_seed(5)
    tensors = load_file(folder / "model.safetensors")
    changed = {name: tensor * (1 + 0.3 * torch.randn_like(tensor)) for name, tensor in tensors.items()}
    save_file(changed, folder / "model.safetensors", metadata={"format": "pt"})
    return found(folder)


def answers(engine: Any, requests: Sequence[Request], pulse: Pulse = lambda tokens: None) -> dict[str, Completion]:
    """Completions by their requests' keys; none may lack or come twice."""
    completions = list(engine.answer(requests, pulse))
    assert sorted(one.request for one in completions) == sorted(one.key for one in requests)
    return {one.request: one for one in completions}


def texts_agree(ours: Mapping[str, Completion], true: Mapping[str, Completion]) -> None:
    """But for texts in which two tokens were nearly as likely."""
    clear = [key for key in true if not ours[key].near_ties and not true[key].near_ties]
    assert len(clear) > len(true) / 2
    assert {key: ours[key].text for key in clear} == {key: true[key].text for key in clear}


def scores_agree(ours: Mapping[str, Completion], true: Mapping[str, Completion], dtype: str) -> None:
    for key, one in ours.items():
        for score, other in zip(one.scores, true[key].scores, strict=True):
            assert score.logprob == pytest.approx(other.logprob, **CLOSE[dtype]), key


def test_texts_are_those_of_a_cpu(tiny: Checkpoint, made: Make) -> None:
    with made(tiny, "cpu") as engine:
        expected = answers(engine, TEXTS)
    with made(tiny, GPU) as engine:
        texts_agree(answers(engine, TEXTS), expected)


@pytest.mark.parametrize("dtype", CLOSE)
def test_likelihoods_are_those_of_a_cpu_in_single_precision(dtype: str, wide: Checkpoint, made: Make) -> None:
    with made(wide, "cpu") as engine:
        expected = answers(engine, SCORINGS)
    with made(wide, GPU, dtype) as engine:
        scores_agree(answers(engine, SCORINGS), expected, dtype)


def test_swapped_weights_are_on_the_gpu_and_answer_as_freshly_loaded_ones(
    tiny: Checkpoint, made: Make, tmp_path: Path
) -> None:
    second = later(tiny, tmp_path / "tiny-2")
    with made(second, GPU) as fresh:
        expected = answers(fresh, TEXTS)
    with made(tiny, GPU) as engine:
        before = answers(engine, TEXTS)
        assert engine.swap(second)
        assert {weights.device.type for weights in engine._model.parameters()} == {GPU}
        after = answers(engine, TEXTS)
    texts_agree(after, expected)
    assert any(after[key].text != before[key].text for key in after)


def test_no_more_memory_is_filled_than_was_given(wide: Checkpoint, made: Make) -> None:
    """All rows at once would take 1 GiB beside the weights."""
    before = torch.cuda.memory_allocated()
    given = before + (wide.path / "model.safetensors").stat().st_size + 256 * MIB
    torch.cuda.reset_peak_memory_stats()
    rows: list[int] = []
    with made(wide, GPU, memory_share=given / torch.cuda.mem_get_info()[1]) as engine:
        answers(engine, CROWD, rows.append)
    assert 1 < max(rows) < len(CROWD) / 2
    # on top comes what reading 2,048 tokens takes for the moment, 200 MiB or so
    assert torch.cuda.max_memory_allocated() < given + 512 * MIB


def test_memory_that_runs_out_all_the_same_costs_no_answer(wide: Checkpoint, made: Make) -> None:
    rows: list[int] = []
    with made(wide, GPU) as engine:
        total = torch.cuda.mem_get_info()[1]
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + 512 * MIB) / total)
        try:
            answers(engine, CROWD, rows.append)
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
    assert max(rows) < len(CROWD)


@pytest.mark.vllm
def test_vllm_scores_as_the_embedded_engine_does_on_a_cpu(wide: Checkpoint, made: Make, tmp_path: Path) -> None:
    pytest.importorskip("vllm", reason="vLLM is not installed")
    from benchcore.engines.vllm.engine import VLLM

    second = later(wide, tmp_path / "wide-2")
    expected = []
    for checkpoint in (wide, second):
        with made(checkpoint, "cpu") as engine:
            expected.append(answers(engine, SCORINGS))
    vllm = VLLM(wide, EvalConfig(dtype="bfloat16", memory_share=0.3))
    assert vllm.describe()["device"] == GPU
    vllm.check([*TEXTS, *SCORINGS])
    with vllm:
        first = answers(vllm, [*TEXTS, *SCORINGS])
        assert all(first[one.key].tokens_out for one in TEXTS)
        scores_agree({one.key: first[one.key] for one in SCORINGS}, expected[0], "bfloat16")
        assert vllm.swap(second)
        scores_agree(answers(vllm, SCORINGS), expected[1], "bfloat16")
