"""Documents of files, data sets and generators: what they are, how they are grouped, and what is refused."""

import gzip
import importlib.util
import json
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.data.addition import addition
from benchcore.data.documents import Document
from benchcore.data.lego import lego
from benchcore.data.markov import noisy_markov
from benchcore.errors import BenchcoreError, ConfigError, DataError, MissingExtra
from benchcore.trainers import corpus
from benchcore.trainers.corpus import documents, fingerprint

Rows = Sequence[dict[str, object]]
ROWS: Rows = (
    {"text": " one\n", "kind": "a", "n": 1},
    {"text": "", "kind": "b", "n": 2},
    {"text": "ü", "kind": "b", "n": 3},
)
GENERATED = "generated:noisy_markov?tokens=900&seed=3&length=400"


def put(path: Path, content: str | bytes | Rows) -> str:
    """Write a text, bytes or rows, gzipped where the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, str | bytes):
        content = "".join(json.dumps(row) + "\n" for row in content)
    raw = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return str(path)


def texts(*sources: str, **fields: str) -> list[str]:
    return [document.text for document in documents(sources, **fields)]


def refusal(sources: Sequence[str], kind: type[BenchcoreError] = DataError, **fields: str) -> str:
    with pytest.raises(kind) as caught:
        list(documents(sources, **fields))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_a_plain_text_is_one_document_to_its_last_byte(tmp_path: Path, name: str) -> None:
    text = " one\r\n\n\n\ttwo ü\n"
    assert list(documents([put(tmp_path / name, text)])) == [Document(text=text)]
    put(tmp_path / name, b"\xef\xbb\xbfone")
    assert texts(str(tmp_path / name)) == ["one"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_row_is_a_document_with_its_group_and_marks(tmp_path: Path, name: str) -> None:
    path = put(tmp_path / name, [*ROWS, {"text": "xyz", "kind": 7, "marks": "011"}])
    assert list(documents([path], group_field="kind")) == [
        Document(text=" one\n", group="a"),
        Document(text="ü", group="b"),
        Document(text="xyz", group="7", marks="011"),
    ]
    assert {document.group for document in documents([path])} == {None}
    assert texts(put(tmp_path / name, [{"body": "b"}]), text_field="body") == ["b"]


def test_the_files_of_a_folder_come_by_name_and_sources_as_they_are_given(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    put(folder / "b.txt", "second")
    put(folder / "a.jsonl", [{"text": "first", "kind": "x"}])
    put(folder / ".hidden.txt", "no")
    put(folder / "notes.md", "no")
    put(folder / "below" / "c.txt", "no")
    last = put(tmp_path / "last.txt", "last")
    assert texts(last, str(folder)) == ["last", "first", "second"]
    groups = [document.group for document in documents([str(folder), last], group_field="kind")]
    assert groups == ["x", "b", "last"]


@given(lines=st.lists(st.sampled_from(["", "a", "b" * 9, "ü" * 30, "\r"]), max_size=30))
def test_a_long_plain_text_comes_in_pieces_that_lose_nothing(
    lines: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = "\n".join(lines)
    path = put(tmp_path_factory.mktemp("pieces") / "a.txt", text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "PIECE", 20)
        pieces = texts(path)
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= 20 for piece in pieces)


def test_a_long_plain_text_is_cut_at_blank_lines_where_there_are_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "PIECE", 10)

    def pieces(text: str) -> list[str]:
        return texts(put(tmp_path / "a.txt", text))

    assert pieces("0123456789") == ["0123456789"]
    assert pieces("one\n\ntwo\nthree") == ["one\n\n", "two\nthree"]
    assert pieces("one\r\n\r\ntwo\nthree") == ["one\r\n\r\n", "two\nthree"]
    assert pieces("one\ntwo three") == ["one\n", "two three"]
    assert pieces("one two three") == ["one two th", "ree"]


@pytest.mark.parametrize("kind", ["saved", "parquet", "stream", "file"])
def test_arrow_data_sets_are_read_as_rows(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "AT_ONCE", 2)
    pa = pytest.importorskip("pyarrow")
    table = pa.Table.from_pylist([*ROWS, {"text": "more", "kind": "c", "n": 4}])
    if kind == "saved":
        datasets = pytest.importorskip("datasets")
        path = tmp_path / "saved"
        datasets.disable_progress_bars()
        # the rows that are taken are not the first, and lie in more than one file
        whole = datasets.Dataset(pa.concat_tables([table.slice(0, 1), table]))
        whole.select(range(1, 5)).save_to_disk(str(path), num_shards=2)
    elif kind == "parquet":
        import pyarrow.parquet

        path = tmp_path / "a.parquet"
        pyarrow.parquet.write_table(table, path)
    else:
        path = tmp_path / "a.arrow"
        with (pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file)(path, table.schema) as writer:
            writer.write_table(table)
    found = list(documents([str(path)], group_field="kind"))
    assert [(document.text, document.group) for document in found] == [(" one\n", "a"), ("ü", "b"), ("more", "c")]
    assert "row 1: there is no field 'txt'" in refusal([str(path)], text_field="txt")
    assert len(fingerprint([str(path)])) == 32


def test_a_generated_corpus_is_what_its_function_makes() -> None:
    found = list(documents([GENERATED]))
    assert found == [*noisy_markov(tokens=900, seed=3, length=400)]
    found = list(
        documents(["generated:lego?documents=9&shape=two-chains&variables=4", "generated:addition?documents=2"])
    )
    assert found == [*lego(documents=9, shape="two-chains", variables=4), *addition(documents=2)]


def test_a_fingerprint_is_of_contents_and_of_how_they_are_read(tmp_path: Path) -> None:
    sources = [put(tmp_path / "a.txt", "one"), put(tmp_path / "b.txt", "two"), GENERATED]
    first = fingerprint(sources)
    moved = [put(tmp_path / "elsewhere" / "a.txt", "one"), sources[1], GENERATED]
    assert fingerprint(moved) == first
    # parameters that are left out have their usual values
    assert fingerprint([*sources[:2], f"{GENERATED}&noise=0.52"]) == first
    others = [
        fingerprint(sources[:2]),
        fingerprint([sources[1], sources[0], GENERATED]),
        fingerprint([*sources[:2], f"{GENERATED}&source=1"]),
        fingerprint(sources, text_field="body"),
        fingerprint(sources, group_field="kind"),
    ]
    put(tmp_path / "a.txt", "One")
    assert len({first, *others, fingerprint(sources)}) == 7


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("no/such/corpus", "there is no corpus 'no/such/corpus'"),
        ("generated:noisy_markof?tokens=5", "there is no generated corpus 'noisy_markof'; did you mean noisy_markov?"),
        ("generated:noisy_markov?token=5", "noisy_markov has no parameter 'token'; did you mean tokens?"),
        ("generated:noisy_markov?tokens=1e6", "tokens=1e6 in 'generated:noisy_markov?tokens=1e6': not of type int"),
        ("generated:noisy_markov", "does not say how many tokens; write generated:noisy_markov?tokens=..."),
        ("generated:noisy_markov?tokens=0", "a generated corpus of 0 tokens"),
        ("generated:lego?documents=5&shape=ring", "there is no LEGO of shape 'ring'"),
    ],
)
def test_a_source_that_is_none_is_refused(source: str, said: str) -> None:
    assert said in refusal([source], ConfigError)


def test_a_folder_without_texts_or_of_several_splits_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "empty" / "notes.md", "no")
    assert "no name ends with .txt, .txt.gz, .jsonl" in refusal([str(tmp_path / "empty")], ConfigError)
    put(tmp_path / "splits" / "dataset_dict.json", "{}")
    assert "name the folder of one of them" in refusal([str(tmp_path / "splits")], ConfigError)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", [{"text": "a"}, {"txt": "a"}], "a.jsonl, line 2: there is no field 'text'; did you mean txt?"),
        ("a.jsonl", [{"text": 3}], "line 1: the field 'text' is not text but int"),
        ("a.jsonl", [{"text": "a", "marks": 3}], "line 1: the field 'marks' is not text but int"),
        ("a.jsonl", [{"text": "ab", "marks": "1"}], "line 1: the marks of a document are a 0 or 1 for each character"),
        ("a.jsonl", [{"text": "ab", "marks": "1x"}], "line 1: the marks of a document are a 0 or 1"),
        ("a.jsonl", b'{"text": "\\ud83d"}', "line 1: half a surrogate pair in the field 'text'"),
        ("a.jsonl", "{", "line 1: not valid JSON"),
        ("a.txt", b"caf\xe9", "a.txt: not UTF-8"),
        ("a.parquet", "no", "a.parquet: cannot be read"),
        ("a.arrow", "no", "a.arrow: cannot be read"),
        ("a.arrow", "", "a.arrow: cannot be read"),
        ("state.json", "{}", "is not what datasets writes"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(
    tmp_path: Path, name: str, content: str | bytes | Rows, said: str
) -> None:
    path = put(tmp_path / "corpus" / name, content)
    if name.endswith((".parquet", ".arrow")):
        pytest.importorskip("pyarrow")
    assert said in refusal([path if name != "state.json" else str(tmp_path / "corpus")])


def test_a_damaged_gzip_file_is_refused(tmp_path: Path) -> None:
    path = Path(put(tmp_path / "a.txt.gz", "text " * 1000))
    path.write_bytes(path.read_bytes()[:-12])
    assert "cut short or damaged" in refusal([str(path)])
    path.write_bytes(b"plain")
    assert "cannot be read" in refusal([str(path)])


def test_arrow_without_its_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "benchcore[train]" in refusal([put(tmp_path / "a.parquet", "")], MissingExtra)


def largest(act: Callable[[], object]) -> int:
    """The most memory, in bytes, that Python held at once."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_corpus_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    line = "x" * 99 + "\n"
    sources = [put(tmp_path / "a.txt", line * 120_000), put(tmp_path / "b.jsonl", [{"text": line * 10}] * 12_000)]
    assert sum(len(text) for text in texts(*sources)) == 24_000_000
    assert largest(lambda: sum(1 for _ in documents(sources))) < 8_000_000
