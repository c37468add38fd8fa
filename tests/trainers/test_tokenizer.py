"""Tokenizers: what they keep of a text, what they are made of, and what loads them again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tokenizers
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import models

from benchcore.errors import ConfigError
from benchcore.trainers.tokenizer import END, UNKNOWN, characters, digest, load, train_bpe

TEXTS = ["the cat sat on the mat, the end\n", "  the other cat was not there, 123 times\n\n"] * 20
BPE = train_bpe(iter(TEXTS), 280)
CHARACTERS = characters(TEXTS)


def plain(tokenizer: Any, text: str) -> list[int]:
    """The tokens of a text and of nothing before it."""
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


@given(st.text())
@settings(max_examples=200)
def test_bpe_keeps_every_text_to_the_last_byte(text: str) -> None:
    ids = plain(BPE, text)
    assert BPE.decode(ids) == text
    # special tokens are written in the text or not there
    assert ids.count(BPE.eos_token_id) == text.count(END)


def test_bpe_has_all_bytes_one_special_token_and_merges() -> None:
    assert len(BPE) == 280 and BPE.all_special_tokens == [END]
    assert BPE.bos_token_id == BPE.eos_token_id == BPE.pad_token_id == 0
    assert len(train_bpe(iter([""]), 1000)) == 257
    assert len(plain(BPE, " the cat")) == 2


def test_the_same_texts_give_the_same_bpe() -> None:
    assert digest(train_bpe(iter(TEXTS), 280)) == digest(BPE)
    assert digest(train_bpe(iter(TEXTS), 279)) != digest(BPE)


def test_a_vocabulary_too_small_for_bytes_is_refused() -> None:
    with pytest.raises(ConfigError, match="a vocabulary of 256 tokens; give 257 or more"):
        train_bpe(iter(TEXTS), 256)


@given(st.text(alphabet=sorted(set("".join(TEXTS)))))
def test_characters_are_a_token_each(text: str) -> None:
    ids = plain(CHARACTERS, text)
    assert ids == [2 + sorted(set("".join(TEXTS))).index(character) for character in text]
    assert CHARACTERS.decode(ids) == text


def test_a_character_that_was_not_seen_is_unknown() -> None:
    assert plain(CHARACTERS, "üü cat")[:2] == [CHARACTERS.unk_token_id] * 2 == [1, 1]
    assert CHARACTERS.convert_ids_to_tokens([0, 1]) == [END, UNKNOWN]
    assert CHARACTERS.eos_token_id == CHARACTERS.bos_token_id == CHARACTERS.pad_token_id == 0


@pytest.mark.parametrize("tokenizer", [BPE, CHARACTERS], ids=["bpe", "characters"])
@pytest.mark.parametrize("model", [None, "llama", "phi"])
def test_a_saved_tokenizer_is_the_same_again_whatever_the_model_beside_it(
    tmp_path: Path, tokenizer: Any, model: str | None
) -> None:
    tokenizer.save_pretrained(tmp_path)
    if model is not None:
        (tmp_path / "config.json").write_text(json.dumps({"model_type": model}), encoding="utf-8")
    again = load(tmp_path)
    assert digest(again) == digest(tokenizer)
    text = "  the cat\n\n sat , on it's mat \t"
    assert again(text)["input_ids"] == tokenizer(text)["input_ids"]
    assert again.eos_token_id == tokenizer.eos_token_id


def test_a_digest_is_of_the_ids_and_not_of_how_texts_were_cut_last() -> None:
    before = digest(CHARACTERS)
    CHARACTERS(TEXTS, truncation=True, max_length=3, padding=True)
    assert digest(CHARACTERS) == before != digest(characters(["abc"]))


@pytest.mark.parametrize("tokenizer", [BPE, CHARACTERS], ids=["bpe", "characters"])
@pytest.mark.parametrize("text", ["", "the cat", "\n\n"])
def test_a_prompt_follows_the_end_of_another_text_and_a_piece_of_text_does_not(
    tmp_path: Path, tokenizer: Any, text: str
) -> None:
    ids = plain(tokenizer, text)
    assert tokenizer.eos_token_id not in ids
    tokenizer.save_pretrained(tmp_path)
    for one in (tokenizer, load(tmp_path)):
        assert one(text)["input_ids"] == [one.eos_token_id, *ids]
        assert plain(one, text) == ids


def unending(folder: Path) -> None:
    spec = tokenizers.Tokenizer(models.BPE(vocab={"a": 0}, merges=[]))
    transformers.PreTrainedTokenizerFast(tokenizer_object=spec).save_pretrained(folder)


def damaged(folder: Path) -> None:
    BPE.save_pretrained(folder)
    (folder / "tokenizer.json").write_text("{", encoding="utf-8")


def slow(folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "ByT5Tokenizer", "eos_token": "</s>"}), encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (unending, "no token that ends a text"),
        (damaged, "does not load"),
        (slow, "is not a fast one"),
        (lambda folder: None, "does not load"),
    ],
)
def test_a_tokenizer_that_does_not_serve_is_refused(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    make(tmp_path)
    with pytest.raises(ConfigError, match=said) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)
