"""The model that is trained: of a known shape and from scratch, or from a checkpoint; and what a token costs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import transformers

from benchcore import checkpoint
from benchcore.errors import CheckpointError, ConfigError, nearest

PROBE = 8  # tokens, or as many as its context has, on which head and body are compared with the whole
REFUSALS = (RuntimeError, ValueError, TypeError, LookupError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The size of a decoder of one of three architectures.

    Positions are rotated in `llama`, in half of each head in `phi`, whose blocks are parallel, and learnt in `gpt2`.
    """

    width: int
    layers: int
    heads: int
    inner: int
    kind: Literal["llama", "phi", "gpt2"] = "llama"

    def config(self, vocabulary: int, context: int, end: int, spread: float) -> Any:
        """The transformers configuration for `vocabulary` tokens, of which `end` begins and ends texts.

        `spread` is the standard deviation of the first weights.
        """
        ends = dict(bos_token_id=end, eos_token_id=end, pad_token_id=end, initializer_range=spread)
        if self.kind == "gpt2":
            return transformers.GPT2Config(
                vocab_size=vocabulary,
                n_embd=self.width,
                n_layer=self.layers,
                n_head=self.heads,
                n_inner=self.inner,
                n_positions=context,
                resid_pdrop=0.0,
                embd_pdrop=0.0,
                attn_pdrop=0.0,
                **ends,
            )
        common: dict[str, Any] = dict(
            vocab_size=vocabulary,
            hidden_size=self.width,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            intermediate_size=self.inner,
            max_position_embeddings=context,
            **ends,
        )
        if self.kind == "llama":
            return transformers.LlamaConfig(**common, tie_word_embeddings=True)
        return transformers.PhiConfig(
            **common,
            partial_rotary_factor=0.5,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attention_dropout=0.0,
            tie_word_embeddings=False,
        )


# Called by the parameters they have with the usual vocabulary, tied to the head but in phi's.
SHAPES: Mapping[str, Shape] = {
    "0.1m": Shape(width=64, layers=2, heads=2, inner=192),
    "0.1m-gpt2": Shape(width=64, layers=2, heads=4, inner=256, kind="gpt2"),
    "1m": Shape(width=128, layers=4, heads=4, inner=352),
    "10m": Shape(width=256, layers=10, heads=8, inner=704),
    "30m": Shape(width=512, layers=8, heads=8, inner=1376),
    "125m": Shape(width=768, layers=12, heads=12, inner=2048),
    # 350M and 1.3B of "Textbooks Are All You Need", table 1
    "phi-small": Shape(width=1024, layers=20, heads=16, inner=4096, kind="phi"),
    "phi-1": Shape(width=2048, layers=24, heads=32, inner=8192, kind="phi"),
}


def is_shape(name: str) -> bool:
    """Whether `name` is a shape and no checkpoint. Raises `ConfigError` for what is neither."""
    if name not in SHAPES and not Path(name).expanduser().exists() and "/" not in name:
        raise ConfigError(f"{name!r} is neither a shape of a model nor a checkpoint", nearest(name, SHAPES))
    return name in SHAPES


def fresh(shape: Shape, *, vocabulary: int, context: int, end: int, seed: int, spread: float = 0.02) -> Any:
    """A model of random weights, in float32 on the CPU, the same for the same `seed` on every machine."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return transformers.AutoModelForCausalLM.from_config(shape.config(vocabulary, context, end, spread))


def load(folder: Path, *, vocabulary: int, context: int) -> Any:
    """The model of a checkpoint, in float32 on the CPU.

    Raises `CheckpointError` when it does not load, and `ConfigError` when it is too small for the tokens or context.
    """
    checkpoint.check(folder)
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
        )
    except (OSError, *REFUSALS) as error:
        raise CheckpointError(f"{folder} does not load: {str(error).strip().partition(chr(10))[0]}") from error
    held = model.get_input_embeddings().num_embeddings
    if vocabulary > held:
        raise ConfigError(f"{folder} knows {held:,} tokens, and the tokenizer has {vocabulary:,}", "take its own")
    longest = checkpoint.context_length(folder)
    if longest is not None and context > longest:
        raise ConfigError(f"context {context} is longer than that of {folder}, which is {longest}")
    return model


def head_and_body(model: Any) -> tuple[torch.nn.Module, torch.nn.Linear]:
    """A causal model in two: what makes hidden states of tokens, and the linear layer that makes logits of them.

    Raises `CheckpointError` where that is not all that the model does, as with capped or scaled logits.
    """
    length = min(PROBE, getattr(model.config.get_text_config(), "max_position_embeddings", PROBE))
    ids = torch.arange(length, device=model.device)[None] % model.get_input_embeddings().num_embeddings
    training = model.training
    try:
        body, head = model.eval().get_decoder(), model.get_output_embeddings()
        with torch.no_grad():
            whole = model(input_ids=ids, use_cache=False).logits
            apart = head(body(input_ids=ids, use_cache=False).last_hidden_state)
        alike = isinstance(head, torch.nn.Linear) and torch.allclose(apart, whole, rtol=1e-3, atol=1e-3)
    except REFUSALS:
        alike = False
    finally:
        model.train(training)
    if not alike:
        raise CheckpointError(
            f"a {type(model).__name__} does more to its logits than a linear layer; it cannot be trained"
        )
    return body, head


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Floating-point operations that a forward pass takes for one token: in the body, and in the head for its logits.

    Two for each parameter that a token meets, and in each layer 4 x context x width for attention, as in appendix B
    of PaLM (arXiv 2204.02311), which does not halve it for what is masked. A backward pass takes twice as many.
    """

    forward_body: float
    forward_head: float

    @classmethod
    def of(cls, model: Any, context: int) -> "Prices":
        """The prices of `model` with rows of `context` tokens."""
        config = model.config.get_text_config()
        head = model.get_output_embeddings()
        apart = {id(one) for layer in (model.get_input_embeddings(), head) for one in layer.parameters()}
        met = sum(one.numel() for one in model.parameters() if id(one) not in apart)
        attention = 4 * config.num_hidden_layers * context * config.hidden_size
        return cls(forward_body=2 * met + attention, forward_head=2 * head.weight.numel())
