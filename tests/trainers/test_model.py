"""Shapes, their sizes, the two halves of a model, and what a token costs it."""

from pathlib import Path

import pytest
import torch
import transformers

from benchcore.errors import CheckpointError, ConfigError
from benchcore.trainers.model import SHAPES, Prices, fresh, head_and_body, is_shape, load

ABOUT = {
    "0.1m": 1.1e5,
    "0.1m-gpt2": 1.1e5,
    "1m": 1e6,
    "10m": 1e7,
    "30m": 3e7,
    "125m": 1.25e8,
    "phi-small": 3.5e8,
    "phi-1": 1.3e9,
}
VOCABULARY = {
    "0.1m": 66,
    "0.1m-gpt2": 66,
    "1m": 2048,
    "10m": 8192,
    "30m": 8192,
    "125m": 50257,
    "phi-small": 51200,
    "phi-1": 51200,
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_has_about_the_parameters_that_its_name_says(name: str) -> None:
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(SHAPES[name].config(VOCABULARY[name], 256, 0, 0.02))
    assert sum(one.numel() for one in model.parameters()) == pytest.approx(ABOUT[name], rel=0.2)


def test_the_same_seed_gives_the_same_weights_and_touches_no_other_randomness() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, two, other = (fresh(SHAPES["0.1m"], vocabulary=40, context=16, end=0, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    pairs = zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    assert all(torch.equal(first, second) for first, second in pairs)
    assert not torch.equal(one.get_input_embeddings().weight, other.get_input_embeddings().weight)


@pytest.mark.parametrize("name", ["0.1m", "0.1m-gpt2", "phi-small"])
def test_the_halves_of_a_model_make_its_logits(name: str) -> None:
    config = SHAPES[name].config(50, 16, 0, 0.02)
    config.num_hidden_layers = 1
    model = transformers.AutoModelForCausalLM.from_config(config)
    body, head = head_and_body(model)
    ids = torch.arange(12)[None]
    assert torch.allclose(head(body(input_ids=ids).last_hidden_state), model(input_ids=ids).logits, atol=1e-6)


@pytest.mark.parametrize("context", [1, 2, 7])
def test_the_halves_are_found_in_a_model_with_a_short_context(context: int) -> None:
    # learnt positions end where the context does
    model = fresh(SHAPES["0.1m-gpt2"], vocabulary=50, context=context, end=0, seed=0)
    body, head = head_and_body(model)
    ids = torch.arange(context)[None]
    assert torch.allclose(head(body(input_ids=ids).last_hidden_state), model(input_ids=ids).logits, atol=1e-6)


@pytest.mark.parametrize("name", ["0.1m", "0.1m-gpt2"])
@pytest.mark.parametrize("spread", [0.02, 0.1])
def test_first_weights_are_as_wide_as_is_asked_for(name: str, spread: float) -> None:
    model = fresh(SHAPES[name], vocabulary=300, context=64, end=0, seed=0, spread=spread)
    assert float(model.get_input_embeddings().weight.detach().std()) == pytest.approx(spread, rel=0.03)
    usual = fresh(SHAPES[name], vocabulary=300, context=64, end=0, seed=0)
    assert torch.equal(usual.get_input_embeddings().weight, model.get_input_embeddings().weight) == (spread == 0.02)


def test_a_model_that_caps_its_logits_is_refused() -> None:
    config = transformers.Gemma2Config(
        vocab_size=50, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, head_dim=8, final_logit_softcapping=0.05,
    )  # fmt: skip
    with pytest.raises(CheckpointError, match="does more to its logits"):
        head_and_body(transformers.AutoModelForCausalLM.from_config(config))


def test_a_token_costs_two_operations_a_parameter_and_attention() -> None:
    model = fresh(SHAPES["0.1m"], vocabulary=50, context=16, end=0, seed=0)
    layer = 4 * 64 * 64 + 3 * 64 * 192 + 2 * 64
    prices = Prices.of(model, 16)
    assert prices.forward_body == 2 * (2 * layer + 64) + 4 * 2 * 16 * 64
    assert prices.forward_head == 2 * 50 * 64


def test_what_is_neither_shape_nor_checkpoint_names_the_nearest() -> None:
    assert is_shape("10m")
    with pytest.raises(ConfigError, match="did you mean 125m"):
        is_shape("125M")
    assert not is_shape("owner/model")


def test_a_checkpoint_must_know_the_tokens_and_the_context(tmp_path: Path) -> None:
    fresh(SHAPES["0.1m"], vocabulary=50, context=16, end=0, seed=0).save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    assert load(tmp_path, vocabulary=50, context=16).config.vocab_size == 50
    with pytest.raises(ConfigError, match="knows 50 tokens, and the tokenizer has 51"):
        load(tmp_path, vocabulary=51, context=16)
    with pytest.raises(ConfigError, match=r"context 17 is longer than that of .*, which is 16"):
        load(tmp_path, vocabulary=50, context=17)
