"""The cascade's attention against transformers' own, on tiny models of many kinds."""

from typing import Any

import pytest
import torch
import transformers

from benchcore.engines.embedded.attention import forward, measure
from benchcore.engines.embedded.cache import Block

SIZES = {"vocab_size": 300, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
POSITIONS = {"max_position_embeddings": 128}
LLAMA = {**SIZES, **POSITIONS, "intermediate_size": 64, "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 1}
KNOWN = {
    "llama": transformers.LlamaConfig(**LLAMA, num_key_value_heads=2),
    "llama-one-head": transformers.LlamaConfig(**LLAMA, num_key_value_heads=1),
    "qwen2": transformers.Qwen2Config(**LLAMA, num_key_value_heads=2),
    "qwen3": transformers.Qwen3Config(**LLAMA, num_key_value_heads=2, head_dim=8),
    "phi": transformers.PhiConfig(**LLAMA),
    "gpt2": transformers.GPT2Config(vocab_size=300, n_positions=128, n_embd=32, n_layer=2, n_head=4),
    "neox": transformers.GPTNeoXConfig(**SIZES, **POSITIONS, intermediate_size=64),
    "opt": transformers.OPTConfig(**SIZES, **POSITIONS, ffn_dim=64, word_embed_proj_dim=32, pad_token_id=0),
    "gemma": transformers.GemmaConfig(**LLAMA, num_key_value_heads=2, head_dim=8),
}
UNKNOWN = {
    "gemma2": transformers.Gemma2Config(**LLAMA, num_key_value_heads=2, head_dim=8, sliding_window=8),
    "mistral": transformers.MistralConfig(**LLAMA, num_key_value_heads=2, sliding_window=8),
    "gpt-oss": transformers.GptOssConfig(
        **LLAMA, num_key_value_heads=2, head_dim=8, num_local_experts=2, num_experts_per_tok=1, sliding_window=8
    ),
    "bloom": transformers.BloomConfig(vocab_size=300, hidden_size=32, n_layer=2, n_head=4),
    "capped": transformers.Gemma2Config(
        **LLAMA, num_key_value_heads=2, head_dim=8, layer_types=["full_attention"] * 2, attn_logit_softcapping=1.0
    ),
}


def tiny(config: Any, dtype: torch.dtype = torch.float32) -> Any:
    torch.manual_seed(5)
    config.initializer_range = 0.3
    return transformers.AutoModelForCausalLM.from_config(config, dtype=dtype).eval()


@pytest.mark.parametrize("kind", KNOWN)
def test_it_sees_what_transformers_attention_sees(kind: str) -> None:
    """Rows of unlike lengths; two stretches shared by different rows; a token at a time and many at once."""
    model = tiny(KNOWN[kind])
    assert measure(model) == bytes_of_a_token(model)
    texts = [torch.randint(2, 300, (length,)) for length in (40, 33, 37)]
    for text in texts[1:]:
        text[:10] = texts[0][:10]
    texts[1][:20] = texts[0][:20]
    with torch.inference_mode():
        stretches = [read(model, texts[0][:10], 0, ()), None]
        stretches[1] = read(model, texts[0][10:20], 10, [(stretches[0], None)])
        shared = [(stretches[0], None), (stretches[1], torch.tensor([0, 1]))]
        block, lengths, starts = Block(3, 16), [0, 0, 0], [20, 20, 10]
        rest = [text[start:] for text, start in zip(texts, starts, strict=True)]
        first = torch.stack([own[:5] for own in rest])
        places = torch.tensor(starts)[:, None]
        forward(model, first, places + torch.arange(5), block, shared, 0)
        lengths = [5, 5, 5]
        compared = 0
        for at in range(5, max(map(len, rest))):
            block.reserve(at + 1)
            # a row that has come to its end stays where it is, the others go on
            lengths = [min(at, len(own) - 1) for own in rest]
            tokens = torch.stack([own[length : length + 1] for own, length in zip(rest, lengths, strict=True)])
            ours = forward(model, tokens, places + torch.tensor(lengths)[:, None], block, shared, lengths)
            for row, text in enumerate(texts):
                if lengths[row] == at:
                    usual = model(text[None, : starts[row] + at + 1]).logits[0, -1]
                    torch.testing.assert_close(ours[row], usual, rtol=1e-4, atol=1e-4)
                    compared += 1
    assert compared == sum(len(own) - 5 for own in rest)


def read(model: Any, tokens: torch.Tensor, start: int, shared: Any) -> Any:
    block = Block(1, len(tokens))
    half = len(tokens) // 2
    places = torch.arange(start, start + len(tokens))[None]
    # in two parts, as a long text is
    forward(model, tokens[None, :half], places[:, :half], block, shared, 0)
    forward(model, tokens[None, half:], places[:, half:], block, shared, half)
    return block.share(0, len(tokens))


def bytes_of_a_token(model: Any) -> int:
    cache = model(torch.tensor([[5]]), use_cache=True).past_key_values
    return sum(
        states.numel() * states.element_size() for layer in cache.layers for states in (layer.keys, layer.values)
    )


@pytest.mark.parametrize("kind", UNKNOWN)
def test_models_that_attend_in_another_way_are_left_alone(kind: str) -> None:
    assert measure(tiny(UNKNOWN[kind])) is None


def test_the_models_own_attention_is_in_place_again_afterwards() -> None:
    model = tiny(KNOWN["llama"])
    before = model.config._attn_implementation
    measure(model)
    assert model.config._attn_implementation == before


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_low_precision_is_known_too(dtype: torch.dtype) -> None:
    model = tiny(KNOWN["llama"], dtype)
    assert measure(model) == bytes_of_a_token(model)
