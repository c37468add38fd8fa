"""Composition of hidden classes: what the answers of one skill say is enough to solve the next."""

from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.data.composition import composition
from benchcore.data.documents import Document
from benchcore.errors import ConfigError
from tests.data.conftest import parted, pin

ITEMS = 10_000
SYMBOLS = {chr(number) for number in range(0x400, 0x460)}


def items(documents: Iterable[Document]) -> list[tuple[str, str, str]]:
    """(skill, three symbols, answer) of each document, whose text is of six characters."""
    found = []
    for one in documents:
        question, answer = parted(one)
        assert len(question) == 5 and question[4] == "="
        assert (question[0], set(question[1:4]) <= SYMBOLS, answer in "abcdefgh") == (one.group, True, True)
        found.append((question[0], question[1:4], answer))
    return found


class Solver:
    """What can be known of classes and tables from documents alone; each table has one answer for each of its cells."""

    def __init__(self, learnt: list[tuple[str, str, str]]) -> None:
        self.classes = {symbols[0]: answer for skill, symbols, answer in learnt if skill == "1"}
        self.first: dict[str, str] = {}
        self.second: dict[str, str] = {}
        for wanted in "23":
            for skill, symbols, answer in learnt:
                if skill == wanted:
                    table, cell = self.cell(skill, symbols)
                    assert table.setdefault(cell, answer) == answer, "not a function of classes"

    def cell(self, skill: str, symbols: str) -> tuple[dict[str, str], str]:
        """The table that answers a question, and the cell of it."""
        one, two, three = (self.classes[symbol] for symbol in symbols)
        return (self.first, one + two) if skill == "2" else (self.second, self.first[one + two] + three)

    def solved(self, skill: str, symbols: str) -> str:
        """The answer to a question."""
        if skill == "1":
            return self.classes[symbols[0]]
        table, cell = self.cell(skill, symbols)
        return table[cell]


def test_a_solver_that_learns_from_documents_answers_all_others() -> None:
    learnt = Solver(items(composition(documents=6000, seed=1)))
    assert (set(learnt.classes), len(learnt.first)) == (SYMBOLS, 64)
    assert Counter(learnt.classes.values()) == dict.fromkeys("abcdefgh", 12)
    # of the second table only rows that the first can name are there
    assert len(learnt.second) == 8 * len(set(learnt.first.values()))
    asked = items(composition(documents=ITEMS, seed=2))
    assert sum(learnt.solved(skill, symbols) != answer for skill, symbols, answer in asked) == 0
    assert Counter(skill for skill, _, _ in asked) == {"1": 3334, "2": 3333, "3": 3333}


@pytest.mark.parametrize("source", range(4))
def test_skills_need_each_other(source: int) -> None:
    documents = items(composition(documents=ITEMS, source=source))
    learnt = Solver(documents)
    # neither table is blind to a class, or the same for all
    for table in (learnt.first, learnt.second):
        for place in (0, 1):
            rows = defaultdict(dict)  # type: ignore[var-annotated]
            for cell, answer in table.items():
                rows[cell[place]][cell[1 - place]] = answer
            assert len({tuple(sorted(row.items())) for row in rows.values()}) == len(rows)
        assert len(set(table.values())) > 4


def test_another_draw_is_of_the_same_classes_and_another_source_is_not() -> None:
    learnt = Solver(items(composition(documents=3000, source=1)))

    def right(documents: Iterable[Document]) -> float:
        asked = items(documents)
        return sum(learnt.classes[symbols[0]] == answer for _, symbols, answer in asked) / len(asked)

    assert right(composition(documents=1000, source=1, seed=5, skill=1)) == 1
    assert right(composition(documents=1000, source=2, skill=1)) < 0.4


def test_symbols_are_drawn_evenly() -> None:
    counts = Counter(symbol for _, symbols, _ in items(composition(documents=ITEMS)) for symbol in symbols)
    expected = counts.total() / 96
    statistic = sum((counts[symbol] - expected) ** 2 / expected for symbol in SYMBOLS)
    assert statistic < 95 + 5 * (2 * 95) ** 0.5


def test_the_same_settings_give_the_same_text_on_every_machine() -> None:
    documents = list(composition(documents=300, seed=3, source=5))
    assert documents == list(composition(documents=300, seed=3, source=5))
    assert documents != list(composition(documents=300, seed=4, source=5))
    assert pin(documents) == "bce98e40e69d00e0"


@given(documents=st.integers(1, 30), seed=st.integers(0, 99), source=st.integers(0, 99), skill=st.integers(0, 3))
def test_any_settings_make_six_characters_and_take_turns(documents: int, seed: int, source: int, skill: int) -> None:
    found = list(composition(documents=documents, seed=seed, source=source, skill=skill))
    assert [asked for asked, _, _ in items(found)] == [str(skill or at % 3 + 1) for at in range(documents)]
    assert all(len(one.text) == 6 for one in found)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"documents": 0}, "0 documents of skill 0 of composition; give 1 or more"),
        ({"skill": 4}, "skill 4 of composition"),
        ({"skill": -1}, "skill -1"),
    ],
)
def test_nonsense_is_refused(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        next(composition(**{"documents": 5, **settings}))
