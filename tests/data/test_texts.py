"""Documents of text files: how they are cut, named and grouped, and what is refused."""

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore import Sample, document, texts
from benchcore.errors import BenchcoreError, ConfigError, DataError

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write a text, bytes or rows below a folder of texts, gzipped where the name says so."""

    def write(name: str, content: str | bytes | list[object]) -> Path:
        path = tmp_path / "texts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, list):
            content = "".join(json.dumps(row) + "\n" for row in content)
        raw = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
        return path

    return write


def read(place: Path | None, **settings: object) -> list[tuple[str, str, str | None]]:
    """(id, text, group) of the documents that --data PLACE names."""
    rows, _ = texts(**settings).load(place)
    return [(row["id"], row["text"], row["group"]) for row in rows]


def refusal(act: Callable[[], object], kind: type[BenchcoreError] = DataError) -> str:
    with pytest.raises(kind) as caught:
        act()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_a_plain_text_is_one_document_to_its_last_byte(put: Put, name: str) -> None:
    text = " one\r\n\n\n\ttwo ü\n"
    assert read(put(name, text)) == [(name, text, None)]


def test_a_byte_order_mark_is_no_text(put: Put) -> None:
    assert read(put("a.txt", b"\xef\xbb\xbfone")) == [("a.txt", "one", None)]


def test_a_separator_cuts_a_plain_text_and_is_of_no_document(put: Put) -> None:
    path = put("a.txt", "one\n<|end|>two\n<|end|>\n<|end|> three")
    # as it is written, although it would be a regular expression too
    assert read(path, separator="<|end|>") == [
        ("a.txt:1", "one\n", None),
        ("a.txt:2", "two\n", None),
        ("a.txt:3", " three", None),
    ]


def test_a_pattern_may_cut_without_taking_anything(put: Put) -> None:
    path = put("a.txt", "# one\nx\n# two\ny")
    assert [text for _, text, _ in read(path, separator=re.compile(r"(?m)^(?=# )"))] == ["# one\nx\n", "# two\ny"]


@given(pieces=st.lists(st.text(alphabet="ab \nü", min_size=1), max_size=6))
def test_pieces_are_the_text_but_for_separators_and_white_space(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    path = tmp_path_factory.mktemp("cut") / "a.txt"
    path.write_text("@@".join(pieces), encoding="utf-8", newline="")
    kept = [piece for piece in pieces if piece.strip()]
    if kept:
        assert [text for _, text, _ in read(path, separator="@@")] == kept
    else:
        assert refusal(lambda: read(path, separator="@@")) == f"{path}: every document is empty"


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_row_is_a_document_under_its_own_id_or_its_line(put: Put, name: str) -> None:
    rows = [{"text": "one"}, {"text": " two\n"}]
    assert read(put(name, [{**row, "id": 7 + at} for at, row in enumerate(rows)])) == [
        ("7", "one", None),
        ("8", " two\n", None),
    ]
    by_line = [(f"{name}:1", "one", None), (f"{name}:2", " two\n", None)]
    assert read(put(name, rows)) == by_line
    assert read(put(name, [{**row, "id": "same"} for row in rows])) == by_line
    assert read(put(name, [{**rows[0], "id": "a"}, rows[1]])) == by_line


def test_fields_are_named_by_the_task_file(put: Put) -> None:
    path = put("a.jsonl", [{"content": "one", "url": "u1", "meta": 3}, {"content": "two", "url": "u2", "meta": "web"}])
    found = read(path, text_field="content", id_field="url", group_field="meta")
    assert found == [("u1", "one", "3"), ("u2", "two", "web")]


def test_empty_rows_are_left_out_and_keep_their_line(put: Put) -> None:
    assert read(put("a.jsonl", [{"text": ""}, {"text": " "}, {"text": "x"}])) == [
        ("a.jsonl:2", " ", None),
        ("a.jsonl:3", "x", None),
    ]


def test_a_folder_is_its_files_by_name_each_a_group(put: Put, tmp_path: Path) -> None:
    put("web.jsonl.gz", [{"id": 1, "text": "w"}])
    put("books.v2.txt", "b")
    put("code.jsonl", [{"id": 1, "text": "c"}])
    put("below/more.txt", "not read")
    put("README.md", "not read")
    put("._code.jsonl", b"\0\5")
    found = [("books.v2.txt", "b", "books.v2"), ("code.jsonl/1", "c", "code"), ("web.jsonl.gz/1", "w", "web")]
    assert read(tmp_path / "texts") == found
    put("code.jsonl", [{"text": "c", "by": "me"}])
    put("web.jsonl.gz", [{"text": "w", "by": "you"}])
    assert [group for _, _, group in read(tmp_path / "texts", group_field="by")] == [None, "me", "you"]


def test_a_path_is_looked_for_in_the_data_folder_then_in_the_current_one(put: Put, at_home: Path) -> None:
    (at_home / "a.txt").write_text("here")
    folder = put("b.txt", "data").parent
    rows = texts("a.txt")
    assert rows.load(folder)[0][0]["text"] == rows.load(None)[0][0]["text"] == "here"
    assert rows.load(folder / "b.txt")[0][0]["text"] == "here"  # --data is a file for another task
    put("a.txt", "data")
    assert rows.load(folder)[0][0]["text"] == "data"
    assert rows.where(folder) == str(folder / "a.txt")
    assert texts(at_home / "a.txt").load(folder)[0][0]["text"] == "here"


def test_the_digest_is_that_of_what_is_measured(put: Put) -> None:
    rows = [{"id": "a", "text": "x", "from": "web"}, {"id": "b", "text": "y", "from": "web"}]
    path = put("a.jsonl", rows)
    pin = texts().load(path)[1]
    assert pin == texts().load(put("a.jsonl.gz", [{**row, "more": 1} for row in rows]))[1]
    others = [
        texts(group_field="from").load(path)[1],
        texts().load(put("b.jsonl", rows[:1]))[1],
        texts().load(put("c.jsonl", [{**rows[0], "id": "c"}, rows[1]]))[1],
        texts().load(put("d.jsonl", [{**rows[0], "text": "z"}, rows[1]]))[1],
    ]
    assert len({pin, *others}) == 5


def test_a_field_that_is_not_there_is_named_with_those_that_are(put: Put) -> None:
    path = put("a.jsonl", [{"text": "x"}, {"Text": "y", "meta": 1}])
    assert refusal(lambda: read(path)) == (
        f"{path}, line 2: there is no field 'text'; did you mean Text? (in a task file, texts(text_field=...) names"
        " another)"
    )
    assert "no field 'source'; known: text (in a task file, texts(group_field=" in refusal(
        lambda: read(path, group_field="source")
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", [{"text": ["x"]}], "line 1: the field 'text' is not text but list"),
        ("a.jsonl", b'{"text": "x"}\n{"text": "\\ud800"}\n', "line 2: half a surrogate pair in the field 'text'"),
        ("a.jsonl", [{"text": None}], "line 1: there is no field 'text'"),
        ("a.jsonl", b'{"text": "x"}\n{"text"', "line 2: not valid JSON"),
        ("a.jsonl", b"", "every document is empty"),
        ("a.txt", b" one\ntwo\n\xff", "line 3: not UTF-8"),
        ("a.txt", b"", "every document is empty"),
        ("a.md", b"x", "no name ends with .txt, .txt.gz, .jsonl, .jsonl.gz"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(put: Put, name: str, content: bytes, said: str) -> None:
    path = put(name, content)
    found = refusal(lambda: read(path))
    assert str(path) in found and said in found


def test_a_damaged_gzip_file_is_refused(put: Put) -> None:
    path = put("a.txt.gz", "one " * 100)
    path.write_bytes(path.read_bytes()[:-9])
    assert "cut short or damaged" in refusal(lambda: read(path))
    path.write_bytes(b"no gzip")
    assert "cannot be read" in refusal(lambda: read(path))


def test_what_is_missing_is_named(put: Put, at_home: Path) -> None:
    assert refusal(lambda: read(None)) == (
        "this task measures texts of your own, and no data is named; pass --data FILE (.txt, .txt.gz, .jsonl,"
        " .jsonl.gz), or a folder of such files"
    )
    folder = put("b.md", "x").parent
    assert "no name ends with" in refusal(lambda: read(folder))
    assert texts().where(folder) == texts().where(None) == "missing: a file or folder of texts named by --data"
    assert refusal(lambda: texts("a.txt").load(folder)) == (
        f"no texts: looked for {folder / 'a.txt'} (not there), {at_home / 'a.txt'} (not there);"
        " pass --data DIR with a.txt in it"
    )
    assert texts("a.txt").where(None) == "missing: a.txt"


def test_a_separator_that_cannot_be_meant_is_refused() -> None:
    assert "empty" in refusal(lambda: texts(separator=""), ConfigError)
    assert "(?:...)" in refusal(lambda: texts(separator=re.compile("(a|b)")), ConfigError)


def test_a_document_is_scored_from_its_beginning_or_after_its_prompt() -> None:
    row = {"id": "a", "text": " x\n", "group": "web"}
    assert document(row) == Sample(id="a", prompt="", target="", group="web", continuations=(" x\n",))
    asked = {**row, "prompt": "what?"}
    assert document(asked) == Sample(id="a", prompt="what?", target="", group="web", continuations=(" x\n",))


def test_a_prompt_is_a_field_of_the_row_to_its_last_byte(put: Put) -> None:
    path = put("a.jsonl", [{"question": " 1 + 1 =\n", "text": "2"}, {"question": "", "text": "x"}])
    rows, _ = texts(prompt_field="question").load(path)
    assert [(row["prompt"], row["text"]) for row in rows] == [(" 1 + 1 =\n", "2"), ("", "x")]
    without, _ = texts().load(path)
    assert all("prompt" not in row for row in without)


def test_the_digest_is_of_the_prompts_too(put: Put) -> None:
    path = put("a.jsonl", [{"question": "q", "other": "r", "text": "2"}])
    pins = [texts(prompt_field=field).load(path)[1] for field in (None, "question", "other")]
    assert len(set(pins)) == 3


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": "x"}, "line 2: there is no field 'prompt'; known: text (in a task file, texts(prompt_field="),
        ({"text": "x", "prompt": None}, "line 2: there is no field 'prompt'"),
        ({"text": "x", "prompt": 7}, "line 2: the field 'prompt' is not text but int"),
        ({"text": "x", "prompt": "\ud800"}, "line 2: half a surrogate pair in the field 'prompt'"),
    ],
)
def test_a_prompt_that_is_not_there_or_no_text_is_refused(put: Put, row: dict[str, object], said: str) -> None:
    path = put("a.jsonl", [{"text": "x", "prompt": "p"}, row])
    assert said in refusal(lambda: read(path, prompt_field="prompt"))


def test_a_plain_text_among_rows_with_prompts_has_none(put: Put) -> None:
    put("a.jsonl", [{"text": "x", "prompt": "p"}])
    folder = put("b.txt", "y").parent
    rows, _ = texts(prompt_field="prompt").load(folder)
    assert [document(row).prompt for row in rows] == ["p", ""]
