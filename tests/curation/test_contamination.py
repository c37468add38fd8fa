"""What a model will be evaluated on is kept out of a corpus: copies of code, runs of words, and nothing else."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from benchcore import Message, Sample
from benchcore.api import curation
from benchcore.config.curation import DecontaminateConfig
from benchcore.curation import nearness, ngrams
from benchcore.curation.contamination import Contamination, Reference, Words, of_sample, of_text
from benchcore.curation.copies import FEWEST, SHORT, Copies
from benchcore.curation.manifest import Decision
from benchcore.curation.sources import Entry
from benchcore.curation.syntax import symbols, units
from benchcore.errors import ConfigError, DataError
from tests.curation.conftest import BENCHMARK, library, similarity

CODE = '''def running_total(values, limit=10):
    """Add up until a limit is reached."""
    total = 0
    for value in values:
        total = total + value * 2
        if total > limit:
            break
    return [total, limit]
'''
RENAMED = CODE.replace("running_total", "f").replace("values", "xs").replace("value", "x").replace("total", "t")
OTHER = "def joined(names):\n    found = ', '.join(sorted(names))\n    return found.title() if found else 'nobody'\n"
WORDS = "a farmer has seventeen sheep and all but nine of them run away before dawn"


def write(file: Path, texts: Sequence[str]) -> Path:
    file.write_text("".join(json.dumps({"text": text, "n": n}) + "\n" for n, text in enumerate(texts)))
    return file


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in file.read_text().splitlines()]


def decided(references: Sequence[Reference], texts: Sequence[str], **options: Any) -> list[Decision]:
    step = Contamination(references, **{"ngram": 13, "tau": 0.85, **options})
    step.begin(iter(()))
    return list(step.decide([Entry(where=str(n), row={}, text=text) for n, text in enumerate(texts)]))


def test_copies_go_and_the_rest_stays_with_all_its_fields(tmp_path: Path) -> None:
    corpus = write(tmp_path / "corpus.jsonl", [OTHER, RENAMED, f"Once, {WORDS}. The end.", OTHER + "\n" + CODE])
    held = write(tmp_path / "held.jsonl", [CODE, f"{WORDS.upper()}, how many are left?"])
    out = tmp_path / "clean.jsonl"
    config = DecontaminateConfig(out=out, against=(str(held),))
    made = curation.decontaminate([str(corpus)], config)
    assert lines(out) == [{"text": OTHER, "n": 0}]
    assert made.tally.dropped == {"a copy of code": 1, "13 words in a row": 2}
    assert made.figures["items"] == 2 and made.figures["items without an n-gram of their own"] == 0
    assert made.figures["items with code that is compared"] == 1
    assert made.options["tau"] == 0.85 and len(made.options["against"][str(held)]) == 64
    removed = lines(tmp_path / "clean.removed.jsonl")
    assert [(row["where"].rpartition(":")[2], row["like"].rpartition(" ")[2]) for row in removed] == [
        ("2", "1"), ("3", "2"), ("4", "1"),
    ]  # fmt: skip
    assert removed[0]["score"] == 1.0 and not any("score" in row for row in removed[1:])


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"against": ()}, ConfigError),
        ({"against": ("nowhere.jsonl",)}, ConfigError),
        ({"tau": 0.0}, ConfigError),
        ({"tau": 1.1}, ConfigError),
        ({"ngram": 0}, ConfigError),
        ({"against": ("empty.jsonl",)}, DataError),
    ],
)
def test_nonsense_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Mapping[str, Any], error: type[Exception]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "corpus.jsonl", [OTHER])
    write(tmp_path / "held.jsonl", [CODE])
    write(tmp_path / "empty.jsonl", [" "])
    with pytest.raises(error):
        curation.decontaminate(
            ["corpus.jsonl"], DecontaminateConfig(out=Path("c.jsonl"), **{"against": ("held.jsonl",), **change})
        )
    assert not list(tmp_path.glob("c.*"))


# words


@given(
    first=st.lists(st.sampled_from("abc"), max_size=12),
    second=st.lists(st.sampled_from("abc"), max_size=12),
    n=st.integers(1, 4),
)
def test_runs_of_words_have_one_number_where_they_are_the_same(first: list[str], second: list[str], n: int) -> None:
    runs = [tuple(row[at : at + n]) for row in (first, second) for at in range(len(row) - n + 1)]
    found = np.concatenate([ngrams.of_words(", ".join(row).upper(), n) for row in (first, second)])
    assert len(found) == len(runs)
    assert [[one == other for other in found] for one in found] == [[one == other for other in runs] for one in runs]


@given(before=st.integers(0, 5), after=st.integers(0, 5), length=st.integers(10, 16))
def test_thirteen_words_in_a_row_are_found_and_twelve_are_not(before: int, after: int, length: int) -> None:
    item = of_text("held", "1", WORDS)
    text = " ".join(["x"] * before + WORDS.split()[:length] + ["y"] * after)
    assert list(Words([item], 13).all(text)) == ["held 1"] * max(0, min(length, 15) - 12)


def test_words_that_many_items_share_are_no_item_s_own() -> None:
    told = " ".join(f"please{word}" for word in range(20))
    items = [of_text("held", str(n), f"{told} {n}{n} {WORDS} {n}") for n in range(30)]
    alone = of_text("other", "1", told)
    found = Words([*items, alone], 13)
    assert set(found.all(f"{told} and so on")) == {"other 1"}
    assert list(Words(items, 13).all(f"{told} and so on")) == [] and Words(items, 13).without == 0
    assert found.without == 0 and Words([*items, of_text("held", "x", "too short")], 13).without == 1


def test_a_reference_is_all_texts_of_a_sample_and_its_code_after_the_prompt() -> None:
    sample = Sample(
        id="7", prompt=(Message(role="user", content="Write f."),), target="assert f(1)\n",
        facts={"prompt": "def f(x):\n", "reference": "    return x\n", "tests": ["no text"]},
    )  # fmt: skip
    found = of_sample("task", sample)
    assert (found.of, found.name) == ("task", "7")
    assert found.texts == ("Write f.", "assert f(1)\n", "def f(x):\n", "    return x\n")
    assert "def f(x):\n    return x\n" in found.codes


# copies


@pytest.fixture(scope="module")
def short_functions() -> list[str]:
    found = [text for text in library("heapq", "random", "textwrap", "colorsys", "fractions") if len(text) < 500]
    assert len(found) > 60
    return found


@settings(max_examples=25, deadline=None)
@given(data=st.data(), tau=st.sampled_from([0.3, 0.5, 0.7, 0.85, 1.0]))
def test_all_pairs_that_are_similar_enough_are_found_and_no_others(
    short_functions: list[str], data: st.DataObject, tau: float
) -> None:
    texts = data.draw(st.lists(st.sampled_from(short_functions), min_size=8, max_size=8))
    known, mine = texts[:6], texts[6:]
    if data.draw(st.booleans()):  # a near copy
        tree = BENCHMARK["renamed"](mine[0], Random(1))
        BENCHMARK["edit"](tree, 0.1, Random(data.draw(st.integers(0, 99))))
        mine[0] = BENCHMARK["ast"].unparse(BENCHMARK["ast"].fix_missing_locations(tree))
        known[0] = texts[6]
    copies = Copies([(str(n), text) for n, text in enumerate(known)], tau)
    for text in mine:
        wanted = {str(n): score for n, other in enumerate(known) if (score := similarity(text, other)) >= tau - 1e-9}
        found: dict[str, float] = {}
        for copy in copies.all(text):
            found[copy.name] = max(copy.similarity, found.get(copy.name, 0.0))
        assert found == pytest.approx(wanted)


def test_what_is_short_must_be_the_same_and_what_is_shorter_is_nothing() -> None:
    short = "def f(x):\n    return x.a()\n"
    (unit,) = units(short)
    assert FEWEST <= len(symbols(unit)) < SHORT
    copies = Copies([("1", short), ("2", "def f(x):\n    return x\n"), ("3", "def f(x):\n    '''A prompt.'''\n")], 0.5)
    assert copies.compared == {"1"}
    assert [copy.similarity for copy in copies.all("def g(y):\n    return y.a()\n")] == [1.0]
    assert list(copies.all("def g(y):\n    return y.b()\n")) == []


def test_a_short_function_beside_a_long_one_is_not_what_an_item_is_of() -> None:
    setter = "def __init__(self, a, b):\n    self.a = a\n    self.b = b\n"
    both = f"class A:\n    {setter.replace(chr(10), chr(10) + '    ')}\n{CODE}"
    assert [bool(list(Copies([("1", code)], 0.85).all(setter))) for code in (setter, both)] == [True, False]
    assert list(Copies([("1", both)], 0.85).all(CODE))


def test_a_copy_that_is_not_near_stays_and_the_next_best_is_asked_about() -> None:
    class Far:
        asked: list[str] = []  # noqa: RUF012  # what this one object was asked

        def begin(self) -> Mapping[str, Any]:
            return {"largest distance": 0.5}

        def near(self, text: str, name: str) -> bool:
            self.asked.append(name)
            return name == "held 2"

    nearly = CODE.replace("* 2", "* 3")
    items = [of_text("held", "1", CODE), of_text("held", "2", nearly)]
    assert [one.like for one in decided(items, [RENAMED], ngram=50, nearness=Far())] == ["held 2"]
    assert Far.asked == ["held 1", "held 2"]
    assert [one.keep for one in decided(items[:1], [RENAMED, OTHER], ngram=50, nearness=Far())] == [True, True]


def test_near_is_what_few_random_pairs_are() -> None:
    points = {f"t{n}": np.array([float(n), 0.0]) for n in range(200)}

    def embed(texts: Sequence[str]) -> Any:
        return np.array([points[text] for text in texts])

    items = [Reference(of="held", name="1", texts=("t0",), codes=("t0", "t100"))]
    corpus = [Entry(where="", row={}, text=text) for text in points]
    near = nearness.Near(embed, items, lambda: corpus, 0.25)  # type: ignore[arg-type]
    figures = near.begin()
    pairs = [abs(one - other) for one in range(200) for other in range(200) if one != other]
    assert figures["largest distance of near ones"] == pytest.approx(np.quantile(pairs, 0.25), abs=2)
    most = int(figures["largest distance of near ones"])
    assert [near.near(f"t{n}", "held 1") for n in (100 + most, 101 + most, most, most + 1)] == [
        True, False, True, most + 1 >= 100 - most,
    ]  # fmt: skip
    with pytest.raises(DataError, match="two documents"):
        nearness.Near(embed, items, lambda: corpus[:1], 0.25).begin()  # type: ignore[arg-type]


# planted copies, as benchmarks/decontaminate_recall.py has them


def recalls(found: Any) -> Iterator[tuple[str, float]]:
    return ((kind, found.recall(kind)) for kind in BENCHMARK["KINDS"] if found.planted[kind][1])


def assert_good(found: Any) -> None:
    for kind, recall in recalls(found):
        assert recall >= (0.9 if kind.startswith("edited") else 0.99), kind
    assert found.precision >= 0.99
    assert found.others[0] <= 0.005 * found.others[1]


def test_planted_copies_of_functions_of_the_library_are_found_and_others_are_kept() -> None:
    texts = [text for text in library("statistics", "difflib", "textwrap", "heapq", "random") if len(text) > 300]
    items = [Sample(id=str(n), prompt="", target="", facts={"reference": text}) for n, text in enumerate(texts)]
    kinds = [kind for kind in BENCHMARK["KINDS"] if kind != "described"]
    planted = {
        kind: [text for item in items if (text := BENCHMARK["changed"](kind, item, Random(item.id))) is not None]
        for kind in kinds
    } | {"described": []}
    others = library("argparse", "tarfile", "inspect", "logging", "ipaddress", "datetime", "csv", "imaplib")
    assert len(items) > 50 and len(others) > 500 and len(planted["reordered"]) > 20
    assert_good(BENCHMARK["measure"]([of_sample("library", item) for item in items], planted, others, tau=0.85))


@pytest.mark.data
def test_planted_copies_of_humaneval_and_mbpp_are_found(data_dir: Path) -> None:
    items = [(task, sample) for task in ("humaneval", "mbpp") for sample in BENCHMARK["samples"](task)]
    planted = BENCHMARK["plant"]([sample for _, sample in items[::4]])
    assert all(len(texts) >= 30 for texts in planted.values())
    others = library("argparse", "tarfile", "inspect", "logging", "ipaddress", "datetime", "csv", "imaplib")
    assert_good(BENCHMARK["measure"]([of_sample(*item) for item in items], planted, others, tau=0.85))
