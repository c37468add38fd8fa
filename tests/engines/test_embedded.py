"""The embedded engine where prompts meet the end of the context."""

import shutil
from pathlib import Path

import pytest

from benchcore import Decode, EvalConfig, Generation
from benchcore.checkpoint import find
from benchcore.errors import CheckpointError
from benchcore.records import Finish

CONTEXT = 64


@pytest.fixture
def learned_positions(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """A tiny GPT-2: it has a table of positions, and none beyond its context."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    folder = tmp_path / "tiny-gpt2"
    shutil.copytree(tiny_checkpoint, folder, ignore=shutil.ignore_patterns("model*", "config.json", "generation*"))
    config = GPT2Config(vocab_size=1024, n_positions=CONTEXT, n_embd=32, n_layer=2, n_head=2, eos_token_id=1023)
    GPT2LMHeadModel(config).save_pretrained(folder)
    return folder


def request(number: int, prompt: str) -> Generation:
    return Generation(
        key=str(number), task="t", sample=str(number), trial=0, prompt=prompt, decode=Decode(max_tokens=50), seed=number
    )


def test_a_row_at_the_end_of_the_context_does_not_drag_its_batch_beyond_it(learned_positions: Path) -> None:
    from benchcore.engines.embedded.engine import Embedded

    [checkpoint], _ = find(str(learned_positions))
    engine = Embedded(checkpoint, EvalConfig(batch_size=8))
    length = len(engine._window.tokenizer("x " * 20)["input_ids"])
    long = "x " * (20 * (CONTEXT - 4) // length)
    requests = [request(0, long), *(request(number, f"y{number}") for number in range(1, 8))]
    engine.check(requests)
    with engine:
        answers = {one.request: one for one in engine.answer(requests, lambda tokens: None)}
    assert len(answers) == 8
    assert answers["0"].finish is Finish.LENGTH
    assert answers["0"].tokens_in + answers["0"].tokens_out == CONTEXT
    assert max(answers[str(number)].tokens_out for number in range(1, 8)) > answers["0"].tokens_out


def test_weights_that_lack_a_tensor_are_refused_not_made_up(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    from benchcore.engines.embedded.engine import Embedded

    folder = tmp_path / "lacking"
    shutil.copytree(tiny_checkpoint, folder)
    tensors = load_file(folder / "model.safetensors")
    lost = next(name for name in tensors if "mlp" in name)
    save_file({name: tensor for name, tensor in tensors.items() if name != lost}, folder / "model.safetensors")
    [checkpoint], _ = find(str(folder))
    with (
        pytest.raises(CheckpointError, match=f"lacks 1 of its model's weights .{lost}."),
        Embedded(checkpoint, EvalConfig()),
    ):
        pass


def test_weights_of_another_shape_are_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    from benchcore.engines.embedded.engine import Embedded

    folder = tmp_path / "reshaped"
    shutil.copytree(tiny_checkpoint, folder)
    tensors = load_file(folder / "model.safetensors")
    name = next(name for name in tensors if "mlp" in name)
    save_file({**tensors, name: torch.zeros(3, 5)}, folder / "model.safetensors")
    [checkpoint], _ = find(str(folder))
    with pytest.raises(CheckpointError), Embedded(checkpoint, EvalConfig()):
        pass
