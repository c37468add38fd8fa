"""Packed rows: every token is a target once, in rows of its group alone, as the evaluation predicts it."""

import json
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchcore.checkpoint import Checkpoint
from benchcore.data.documents import Document
from benchcore.engines.window import Window
from benchcore.errors import DataError, MachineError
from benchcore.records import Scoring
from benchcore.trainers import rows as packing
from benchcore.trainers.rows import Rows, open_rows, pack, packed
from benchcore.trainers.tokenizer import characters, train_bpe

ABC = characters(["abc "])
END = ABC.eos_token_id
WORDS = train_bpe(iter(["the cat sat there; the other cat is there, the end\n"] * 30), 290)


def packs(documents: Sequence[Document], tokenizer: Any = ABC, context: int = 4, folder: Path | None = None) -> Rows:
    # files that are mapped outlive their folder
    with tempfile.TemporaryDirectory() as passing:
        return pack(documents, tokenizer, context, folder or Path(passing), digest="d")


def every(rows: Rows) -> np.ndarray[Any, Any]:
    return np.arange(len(rows))


TEXT = st.text(alphabet="abc ", min_size=0, max_size=20)
DOCUMENTS = st.lists(st.builds(Document, text=TEXT, group=st.sampled_from([None, "x", "y"])), max_size=8).filter(
    lambda documents: any(document.text for document in documents)
)


@given(documents=DOCUMENTS, context=st.integers(1, 9), at_once=st.integers(1, 40))
def test_every_token_is_a_target_once_in_a_row_of_its_group(
    documents: list[Document], context: int, at_once: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "BATCH", at_once)
        rows = packs(documents, context=context, folder=Path(folder))
        assert {path.name for path in Path(folder).iterdir()} == {"tokens.bin", "rows.json"}
        streams: dict[str | None, list[int]] = {}
        for document in documents:
            if document.text:
                stream = streams.setdefault(document.group, [END])
                stream += [*ABC(document.text, add_special_tokens=False)["input_ids"], END]
        assert rows.groups == tuple(streams)
        assert rows.tokens_in_all == sum(len(stream) - 1 for stream in streams.values())
        taken = []
        for group, stream in enumerate(streams.values()):
            ids = np.array(rows.members(group))
            taken += ids.tolist()
            assert rows.group_of(ids).tolist() == [group] * len(ids)
            tokens, valid = rows.tokens(ids), rows.valid(ids)
            assert tokens.dtype == torch.int64 and tokens.shape == (len(ids), context + 1)
            assert valid.dtype == torch.bool and valid.shape == (len(ids), context)
            assert [int(tokens[0, 0]), *tokens[:, 1:][valid].tolist()] == stream
            assert tokens[1:, 0].tolist() == tokens[:-1, -1].tolist()
            assert set(tokens[:, 1:][~valid].tolist()) <= {END}
            assert valid.any(dim=1).all() and valid[:-1].all()
            assert rows.valid_counts(ids).tolist() == valid.sum(dim=1).tolist()
        assert taken == list(range(len(rows)))
        assert rows.marks(every(rows)) is None


def test_rows_are_taken_in_any_order_and_more_than_once() -> None:
    rows = packs([Document(text="abcabcabc"), Document(text="ccc", group="x")])
    ids = np.array([3, 0, 3, 1])
    assert rows.tokens(ids).tolist() == [rows.tokens(np.array([one]))[0].tolist() for one in ids]
    assert rows.valid_counts(ids).tolist() == [4, 4, 4, 4]
    assert rows.group_of(ids).tolist() == [1, 0, 1, 0]


def test_a_text_is_predicted_as_the_evaluation_predicts_it(tiny_checkpoint: Path) -> None:
    found = Checkpoint(path=tiny_checkpoint, name="tiny", step=None)
    window = Window(found, trust_remote_code=False)
    text = "What is 12 + 7?\n\nThe answer is 19"
    request = Scoring(key="k", task="t", sample="s", trial=0, prompt="", continuations=(text,))
    [[whole]] = window.stretches(request)
    rows = packs([Document(text=text)], window.tokenizer, context=whole.scored + 1)
    assert rows.tokens(every(rows)).tolist() == [[*whole.tokens, window.tokenizer.eos_token_id]]


@given(
    st.lists(st.tuples(TEXT, st.randoms()), min_size=1, max_size=6).filter(lambda all_: any(text for text, _ in all_))
)
def test_a_character_keeps_its_mark_and_the_end_has_none(drawn: list[tuple[str, Any]]) -> None:
    documents = [Document(text=text, marks="".join(by.choice("01") for _ in text)) for text, by in drawn]
    with tempfile.TemporaryDirectory() as folder:
        rows = packs(documents, folder=Path(folder))
        marks = rows.marks(every(rows))
        assert marks is not None and marks.dtype == torch.bool and marks.shape == (len(rows), 4)
        expected = "".join(f"{document.marks}0" for document in documents if document.text)
        assert marks[rows.valid(every(rows))].tolist() == [mark == "1" for mark in expected]
        assert not marks[~rows.valid(every(rows))].any()


@given(st.text(alphabet="the cats, ü", min_size=1, max_size=60), st.randoms())
def test_a_token_is_marked_where_all_of_its_characters_are(text: str, by: Any) -> None:
    document = Document(text=text, marks="".join(by.choice("0111") for _ in text))
    ids = WORDS(text, add_special_tokens=False)["input_ids"]
    with tempfile.TemporaryDirectory() as folder:
        rows = packs([document], WORDS, context=len(ids) + 1, folder=Path(folder))
        marks = rows.marks(every(rows))
        assert marks is not None
        # by bytes: what bytes of the text a token stands for, without the tokenizer's offsets
        of_bytes = "".join(
            mark * len(character.encode()) for character, mark in zip(text, document.marks or "", strict=True)
        )
        lengths = [len(WORDS.convert_ids_to_tokens(one)) for one in ids]
        ends = np.cumsum(lengths).tolist()
        assert ends[-1] == len(of_bytes)
        whole = ["0" not in of_bytes[end - length : end] for end, length in zip(ends, lengths, strict=True)]
        assert marks.tolist() == [[*whole, False]]


def test_ids_beyond_two_bytes_are_kept() -> None:
    wide = characters([chr(0x10000 + number) for number in range(70_000)])
    text = chr(0x10000) + chr(0x10000 + 69_999)
    assert packs([Document(text=text)], wide).tokens(np.array([0])).tolist() == [[0, 2, 70_001, 0, 0]]


def test_a_tokenizer_that_was_used_with_truncation_is_not_truncating() -> None:
    tokenizer = characters(["abc "])
    tokenizer(["abcabc", "a"], truncation=True, max_length=2, padding=True)
    rows = packs([Document(text="abcabc"), Document(text="a")], tokenizer)
    assert rows.tokens_in_all == 9


def test_a_corpus_shorter_than_a_row_is_a_row() -> None:
    rows = packs([Document(text="a")], context=100)
    assert (len(rows), rows.tokens_in_all, rows.valid_counts(np.array([0])).tolist()) == (1, 2, [2])


@pytest.mark.parametrize("documents", [[], [Document(text="")]])
def test_a_corpus_without_text_is_refused(documents: list[Document]) -> None:
    with pytest.raises(DataError, match="there is no text in the corpus"):
        packs(documents)


def test_marks_are_for_all_documents_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "BATCH", 1)
    for documents in (
        [Document(text="a"), Document(text="b", marks="1")],
        [Document(text="b", marks="1"), Document(text="a")],
    ):
        with pytest.raises(DataError, match="some documents of the corpus have marks, and some have none"):
            packs(documents)


@pytest.mark.parametrize("damage", ["shorter", "longer", "no marks", "no table", "half a table", "another table"])
def test_damaged_files_are_refused(tmp_path: Path, damage: str) -> None:
    packs([Document(text="abcabc", marks="111000")], folder=tmp_path)
    assert open_rows(tmp_path).digest == "d"
    tokens, table = tmp_path / "tokens.bin", tmp_path / "rows.json"
    match damage:
        case "shorter":
            tokens.write_bytes(tokens.read_bytes()[:-2])
        case "longer":
            tokens.write_bytes(tokens.read_bytes() + b"\0\0")
        case "no marks":
            (tmp_path / "marks.bin").unlink()
        case "no table":
            table.unlink()
        case "half a table":
            table.write_bytes(table.read_bytes()[:-9])
        case "another table":
            table.write_text(json.dumps({"context": 4}), encoding="utf-8")
    with pytest.raises(DataError, match="remove it, and it is packed again"):
        open_rows(tmp_path)


def test_what_a_killed_packing_left_is_no_part_of_the_next(tmp_path: Path) -> None:
    def killed() -> Any:
        yield Document(text="abc" * packing.BATCH, group="x")
        raise KeyboardInterrupt

    packs([Document(text="abc")], folder=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        pack(killed(), ABC, 4, tmp_path, digest="d")
    assert any(path.stat().st_size for path in tmp_path.iterdir())
    with pytest.raises(DataError):
        open_rows(tmp_path)
    assert packs([Document(text="ab")], folder=tmp_path).tokens(np.array([0])).tolist() == [[0, 3, 4, 0, 0]]


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "a.txt"
    path.write_text("abc abc", encoding="utf-8")
    return str(path)


def test_a_corpus_is_packed_once(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = packed([source], ABC, 4, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(packing, "pack", None)
        again = packed([source], ABC, 4, tmp_path)
    assert again.digest == first.digest
    assert torch.equal(again.tokens(every(again)), first.tokens(every(first)))


def test_rows_of_another_corpus_tokenizer_or_context_have_another_digest(source: str, tmp_path: Path) -> None:
    made = [
        packed([source], ABC, 4, tmp_path),
        packed([source], ABC, 5, tmp_path),
        packed([source], characters(["abcd "]), 4, tmp_path),
        packed([source], ABC, 4, tmp_path, group_field="kind"),
    ]
    Path(source).write_text("abc abd", encoding="utf-8")
    made.append(packed([source], ABC, 4, tmp_path))
    assert len({rows.digest for rows in made}) == 5
    assert [rows.groups for rows in made[2:4]] == [(None,), ("a",)]


def test_a_damaged_cache_is_packed_again(source: str, tmp_path: Path) -> None:
    rows = packed([source], ABC, 4, tmp_path)
    (tmp_path / "rows" / rows.digest / "tokens.bin").write_bytes(b"no")
    assert packed([source], ABC, 4, tmp_path).tokens_in_all == 8


def test_two_at_once_pack_once(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    begun, both = threading.Barrier(2), threading.Event()
    really = packing.pack

    def slowly(*arguments: Any, **more: Any) -> Rows:
        calls.append(threading.get_ident())
        if len(calls) == 2:
            both.set()
        # time for the other to come here too, where it can
        both.wait(0.3)
        return really(*arguments, **more)

    def one() -> None:
        begun.wait()
        found.append(packed([source], ABC, 4, tmp_path).tokens_in_all)

    found: list[int] = []
    monkeypatch.setattr(packing, "pack", slowly)
    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [8, 8] and len(calls) == 1


def test_a_folder_that_cannot_be_written_is_the_machines_fault(source: str, tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("in the way", encoding="utf-8")
    with pytest.raises(MachineError, match="cannot write the packed corpus"):
        packed([source], ABC, 4, tmp_path)
