"""The tokenizer of a training run: a given one, one trained on the corpus, or one token a character."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import tokenizers
import transformers
from tokenizers import decoders, models, pre_tokenizers, processors, trainers

from benchcore.errors import ConfigError
from benchcore.hub import go_offline_if_unreachable
from benchcore.records import digest as digest_of

END = "<|endoftext|>"
UNKNOWN = "<|unknown|>"
BYTES = 256
VERSION = 2  # of what is trained here; it is trained again where it has changed


def load(name: str | Path) -> transformers.PreTrainedTokenizerFast:
    """The tokenizer of a folder or of a model on the hub.

    Raises `ConfigError` when there is none, when it is not a fast one, or has no end-of-text token.
    """
    go_offline_if_unreachable()
    try:
        found = transformers.AutoTokenizer.from_pretrained(name)
    except Exception as error:  # a boundary: tokenizer files of any age raise nearly anything
        reason = str(error).partition("\n")[0]
        raise ConfigError(f"the tokenizer {str(name)!r} does not load ({reason})") from error
    if not found.is_fast:
        raise ConfigError(f"the tokenizer {str(name)!r} is not a fast one", "give one with tokenizer.json")
    if found.eos_token_id is None:
        raise ConfigError(f"the tokenizer {str(name)!r} has no token that ends a text", "set eos_token in its files")
    return found


def train_bpe(texts: Iterator[str], vocab_size: int) -> transformers.PreTrainedTokenizerFast:
    """A byte-level BPE of up to `vocab_size` tokens trained on `texts`: every byte, the end of text, and merges.

    The same texts give the same tokenizer. Raises `ConfigError` for a vocabulary too small for all bytes.
    """
    if vocab_size <= BYTES:
        raise ConfigError(f"a vocabulary of {vocab_size} tokens", f"give {BYTES + 1} or more, for bytes and the end")
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _wrapped(tokenizer)


def characters(texts: Iterable[str]) -> transformers.PreTrainedTokenizerFast:
    """One token a character of `texts`, in the order of code points after the end of text and unknown characters."""
    seen: set[str] = set()
    for text in texts:
        seen.update(text)
    vocabulary = {token: number for number, token in enumerate([END, UNKNOWN, *sorted(seen)])}
    # BPE without merges is a token a character, and needs no cutting before
    tokenizer = tokenizers.Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token=UNKNOWN))
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([END, UNKNOWN])
    return _wrapped(tokenizer, unk_token=UNKNOWN)


def digest(tokenizer: transformers.PreTrainedTokenizerFast) -> str:
    """A digest of all that decides which token ids a text becomes."""
    spec = json.loads(tokenizer.backend_tokenizer.to_str())
    return digest_of({**spec, "truncation": None, "padding": None}, tokenizer.eos_token_id)


def _wrapped(tokenizer: tokenizers.Tokenizer, **special: str) -> transformers.PreTrainedTokenizerFast:
    # in training each text follows the end of another, and so must a prompt
    end = (END, tokenizer.token_to_id(END))
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{END} $A", special_tokens=[end])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END,
        eos_token=END,
        pad_token=END,
        clean_up_tokenization_spaces=False,
        **special,
    )
