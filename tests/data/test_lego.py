"""LEGO chains: a solver that reads only the text agrees, and the texts are those of the published code."""

import itertools
import re
import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.data.lego import SHAPES, lego
from benchcore.errors import ConfigError
from tests.data.conftest import parted, pin

ITEMS = 10_000
QUESTION = re.compile(r"Input: (.*)\. Output: ([a-z]) = val ")
CLAUSE = re.compile(r"([a-z]) = (val|not) ([a-z01])")


def parsed(question: str) -> tuple[list[str], str]:
    """The clauses of a question as they stand in it, blanks before and after included, and the variable asked for."""
    found = QUESTION.fullmatch(question)
    assert found is not None, question
    given, asked = found.groups()
    return f"{given} , ".split(", ")[:-1], asked


def solved(question: str) -> tuple[str, dict[str, str | None]]:
    """The bit asked for, found by going through the clauses until each is used, and the parent of each variable."""
    clauses, asked = parsed(question)
    open_ = [found.groups() for clause in clauses if (found := CLAUSE.fullmatch(clause.strip()))]
    assert len(open_) == len(clauses)
    parents = {name: None if source in "01" else source for name, _, source in open_}
    assert len(parents) == len(clauses), "a variable is given once"
    bits: dict[str, bool] = {}
    while open_:
        known = [one for one in open_ if one[2] in "01" or one[2] in bits]
        assert known, "no clause follows from the others"
        for name, word, source in known:
            bit = source == "1" if source in "01" else bits[source]
            bits[name] = bit if word == "val" else not bit
        open_ = [one for one in open_ if one not in known]
    return "1" if bits[asked] else "0", parents


def depth(name: str, parents: dict[str, str | None]) -> int:
    """How many variables `name` follows from."""
    above = parents[name]
    return 0 if above is None else 1 + depth(above, parents)


def test_the_text_is_that_of_the_published_code() -> None:
    # clauses of all but the root begin with a blank, and of the last one the end is cut
    clauses = ["a = val 1 , ", " b = not a , ", " c = val b , "]
    texts = {
        "Input: " + "".join(order)[:-3] + f". Output: {name} = val {bit}, "
        for order in itertools.permutations(clauses)
        for name, bit in (("a", 1), ("b", 0), ("c", 0))
    }
    assert "Input:  b = not a , a = val 1 ,  c = val b. Output: c = val 0, " in texts
    renamed = set()
    for one in lego(documents=3000, variables=3):
        _, parents = solved(parted(one, ", ")[0])
        # the chain from its root on
        names = {name: "abc"[depth(name, parents)] for name in parents}
        renamed.add("".join(names.get(word, word) for word in re.split(r"\b", one.text)))
    assert texts <= renamed
    assert len(renamed) == 6 * 3 * 2**3, "every order of clauses, skill and bits, and nothing else"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_solver_that_reads_the_text_finds_every_answer(shape: str) -> None:
    wrong, skills = 0, Counter[str | None]()
    for one in lego(documents=ITEMS, seed=3, shape=shape):
        question, answer = parted(one, ", ")
        wrong += solved(question)[0] != answer
        skills[one.group] += 1
    assert wrong == 0
    assert skills == dict.fromkeys("12345", ITEMS // 5)


@pytest.mark.parametrize(
    ("shape", "variables", "depths"),
    [
        ("chain", 5, [0, 1, 2, 3, 4]),
        ("two-chains", 5, [0, 1, 2, 0, 1]),
        ("two-chains", 4, [0, 1, 0, 1]),
        ("tree", 7, [0, 1, 1, 2, 2, 2, 2]),
        ("chain", 1, [0]),
        ("two-chains", 1, [0]),
    ],
)
def test_a_skill_is_a_place_in_the_shape(shape: str, variables: int, depths: list[int]) -> None:
    for one in lego(documents=40, shape=shape, variables=variables):
        question, _ = parted(one, ", ")
        _, parents = solved(question)
        asked = parsed(question)[1]
        assert one.group is not None
        assert depth(asked, parents) == depths[int(one.group) - 1]
        assert sorted(depth(name, parents) for name in parents) == sorted(depths)
        children = Counter(above for above in parents.values() if above is not None)
        assert max(children.values(), default=0) <= (2 if shape == "tree" else 1)
        assert sum(above is None for above in parents.values()) == depths.count(0)


def test_bits_names_and_orders_are_drawn_evenly() -> None:
    documents = list(lego(documents=5000, seed=1))
    assert sum(parted(one, ", ")[1] == "1" for one in documents) / 5000 == pytest.approx(0.5, abs=0.03)
    names, firsts = Counter[str](), 0
    for one in documents:
        clauses, asked = parsed(parted(one, ", ")[0])
        names[asked] += 1
        firsts += bool(re.search("val [01]", clauses[0]))
    assert set(names) == set(string.ascii_lowercase)
    assert max(abs(count / 5000 - 1 / 26) for count in names.values()) < 0.012
    assert firsts / 5000 == pytest.approx(1 / 5, abs=0.03)


def test_no_document_comes_twice_and_one_skill_can_be_had_alone() -> None:
    # of two variables there are 650 names, 2 orders and 4 bits
    documents = list(lego(documents=4000, variables=2, skill=2))
    assert {one.group for one in documents} == {"2"}
    assert len({one.text for one in documents}) == 4000


@pytest.mark.parametrize(("shape", "variables", "alike"), [("tree", 3, "23"), ("two-chains", 2, "12")])
def test_a_text_that_two_skills_share_is_of_both(shape: str, variables: int, alike: str) -> None:
    # no text tells which of two leaves is the first, or which of two chains
    documents = list(lego(documents=6000, variables=variables, shape=shape))
    assert len({(one.group, one.text) for one in documents}) == 6000
    one, other = ({found.text for found in documents if found.group == group} for group in alike)
    assert one & other


def test_more_documents_than_there_are_is_refused() -> None:
    assert len({one.text for one in lego(documents=52, variables=1)}) == 52
    with pytest.raises(ConfigError, match="after 52 LEGO documents of 1 variables"):
        list(lego(documents=53, variables=1))


def test_the_same_settings_give_the_same_text_on_every_machine() -> None:
    documents = list(lego(documents=300, seed=3))
    assert documents == list(lego(documents=300, seed=3))
    assert documents != list(lego(documents=300, seed=4))
    assert documents[:100] == list(lego(documents=100, seed=3))
    assert pin(documents) == "4dbf88e93a665d82"


@given(
    documents=st.integers(1, 20),
    variables=st.integers(2, 26),
    shape=st.sampled_from(SHAPES),
    seed=st.integers(0, 99),
    skill=st.integers(0, 2),
)
def test_any_settings_make_questions_that_can_be_answered(
    documents: int, variables: int, shape: str, seed: int, skill: int
) -> None:
    found = list(lego(documents=documents, variables=variables, shape=shape, seed=seed, skill=skill))
    assert len(found) == documents
    turns = [str(skill or at % variables + 1) for at in range(documents)]
    assert [one.group for one in found] == turns
    for one in found:
        question, answer = parted(one, ", ")
        bit, parents = solved(question)
        assert (bit, len(parents)) == (answer, variables)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"documents": 0}, "0 LEGO documents of 5 variables"),
        ({"variables": 0}, "0 variables"),
        ({"variables": 27}, "27 variables"),
        ({"shape": "ring"}, "no LEGO of shape 'ring'; take chain, two-chains, tree"),
        ({"skill": 6}, "5 variables has no skill 6"),
        ({"skill": -1}, "no skill -1"),
    ],
)
def test_nonsense_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        next(lego(**{"documents": 5, **settings}))  # type: ignore[arg-type]
