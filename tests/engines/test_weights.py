"""Swapping the weights of one checkpoint of a series for those of another."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from benchcore import Decode, EvalConfig
from benchcore.checkpoint import Checkpoint, find
from benchcore.engines.embedded.engine import Embedded
from benchcore.errors import CheckpointError
from benchcore.records import Generation

Later = Callable[..., Path]


def checkpoint(folder: Path) -> Checkpoint:
    [found], _ = find(str(folder))
    return found


def noisy(folder: Path, seed: int) -> None:
    """Other weights under the same names."""
    torch.manual_seed(seed)
    tensors = load_file(folder / "model.safetensors")
    tensors = {name: tensor + 0.1 * torch.randn_like(tensor) for name, tensor in tensors.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.fixture
def later(tiny_checkpoint: Path, tmp_path: Path) -> Later:
    def make(name: str = "step-2", of: Path = tiny_checkpoint) -> Path:
        folder = tmp_path / name
        shutil.copytree(of, folder)
        noisy(folder, len(name))
        return folder

    return make


@pytest.fixture
def tied(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """A checkpoint whose embedding and output are one tensor, in two shards."""
    folder = tmp_path / "tied-1"
    shutil.copytree(tiny_checkpoint, folder, ignore=shutil.ignore_patterns("model*"))
    config = transformers.AutoConfig.from_pretrained(tiny_checkpoint, tie_word_embeddings=True)
    torch.manual_seed(1)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def logits(engine: Embedded) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = engine._model(torch.arange(3, 60)[None]).logits
    return found


def shard(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    names = sorted(tensors)
    weight_map = {}
    for at, some in enumerate((names[::2], names[1::2])):
        shard_name = f"model-{at}.safetensors"
        save_file({name: tensors[name] for name in some}, folder / shard_name, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(some, shard_name)
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", ["plain", "tied", "sharded"])
def test_swapped_weights_are_those_of_a_fresh_load_to_the_bit(
    kind: str, dtype: str, tiny_checkpoint: Path, tied: Path, later: Later
) -> None:
    first = tied if kind == "tied" else tiny_checkpoint
    second = later(of=first)
    if kind == "sharded":
        shard(second)
    config = EvalConfig(dtype=dtype)
    with Embedded(checkpoint(second), config) as fresh:
        expected = logits(fresh)
    with Embedded(checkpoint(first), config) as engine:
        before = logits(engine)
        assert engine.swap(checkpoint(second))
        assert torch.equal(logits(engine), expected)
        assert not torch.equal(before, expected)
        assert engine.swap(checkpoint(first))
        assert torch.equal(logits(engine), before)


def test_texts_after_a_swap_are_those_of_the_other_checkpoint(tiny_checkpoint: Path, later: Later) -> None:
    """Nothing of what the first checkpoint read is kept."""
    shots = "Question: 1 + 1? Answer: 2. " * 6
    requests = [
        Generation(
            key=f"{n}", task="t", sample=f"{n}", trial=0, prompt=f"{shots}{n}?", decode=Decode(max_tokens=8), seed=n
        )
        for n in range(12)
    ]

    def texts(engine: Embedded) -> dict[str, str]:
        return {one.request: one.text for one in engine.answer(requests, lambda tokens: None)}

    second = checkpoint(later())
    with Embedded(second, EvalConfig()) as fresh:
        expected = texts(fresh)
    with Embedded(checkpoint(tiny_checkpoint), EvalConfig()) as engine:
        assert texts(engine) != expected
        assert engine.swap(second)
        assert texts(engine) == expected


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "generation_config.json", "chat_template.jinja"])
def test_a_checkpoint_that_behaves_otherwise_takes_an_engine_of_its_own(
    name: str, tiny_checkpoint: Path, later: Later
) -> None:
    folder = later()
    path = folder / name
    path.write_text(path.read_text() + " " if path.exists() else "{}")
    with Embedded(checkpoint(tiny_checkpoint), EvalConfig()) as engine:
        before = logits(engine)
        assert not engine.swap(checkpoint(folder))
        assert torch.equal(logits(engine), before)


def test_other_shapes_or_more_tensors_take_an_engine_of_their_own(tiny_checkpoint: Path, later: Later) -> None:
    reshaped, more = later("reshaped"), later("more")
    tensors = load_file(reshaped / "model.safetensors")
    name = next(name for name in tensors if "mlp" in name)
    save_file({**tensors, name: torch.zeros(3, 5)}, reshaped / "model.safetensors", metadata={"format": "pt"})
    save_file({**tensors, "extra": torch.zeros(2)}, more / "model.safetensors", metadata={"format": "pt"})
    with Embedded(checkpoint(tiny_checkpoint), EvalConfig()) as engine:
        assert not engine.swap(checkpoint(reshaped))
        assert not engine.swap(checkpoint(more))


def test_a_tensor_that_is_one_in_the_model_but_two_in_the_file_is_left_to_transformers(
    tied: Path, later: Later
) -> None:
    both = later(of=tied)
    tensors = load_file(both / "model.safetensors")
    tensors["lm_head.weight"] = torch.randn_like(tensors["model.embed_tokens.weight"])
    save_file(tensors, both / "model.safetensors", metadata={"format": "pt"})
    with Embedded(checkpoint(both), EvalConfig()) as engine:
        assert not engine.swap(checkpoint(tied))
    with Embedded(checkpoint(tied), EvalConfig()) as engine:
        assert not engine.swap(checkpoint(both))


def test_missing_tensors_are_refused(tiny_checkpoint: Path, later: Later) -> None:
    folder = later()
    tensors = load_file(folder / "model.safetensors")
    lost = next(name for name in tensors if "mlp" in name)
    del tensors[lost]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with (
        Embedded(checkpoint(tiny_checkpoint), EvalConfig()) as engine,
        pytest.raises(CheckpointError, match=f"lacks 1 of its model's weights .{lost}."),
    ):
        engine.swap(checkpoint(folder))
