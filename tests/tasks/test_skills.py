"""The skill probes: every answer against a solver that reads the question alone, their items, variants and chances."""

import contextlib
import io
import re
import runpy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchcore import Grade, Sample, Task, Verdict, check_tasks, load_task
from benchcore.catalog import expand, suites, task_files
from benchcore.data.addition import addition
from benchcore.data.composition import composition
from benchcore.data.documents import Document
from benchcore.data.lego import lego
from benchcore.plan import plain

Pair = tuple[str, str]
Drawn = Callable[[int, str, int], Iterator[Pair]]

ITEMS = 10_000
GROUPS = {"skill_addition": 6, "skill_lego": 5, "skill_compose": 3, "skill_code": 14, "skill_words": 16}
BARE = ("skill_addition", "skill_lego", "skill_compose")
LINES = ("skill_addition", "skill_lego")  # whose shots are a line each, with no "Q:" and "A:"
ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"]


def of_file(name: str, value: str) -> Any:
    return runpy.run_path(str(task_files()[name]))[value]


def chances(name: str) -> dict[str, float]:
    """Group -> chance, as the task's figures tell it."""
    task = load_task(name)
    groups = dict.fromkeys(sample.group for sample in task.samples(None)[0])
    found = task.metrics[0].chance  # type: ignore[attr-defined]
    return {str(group): found[group] if isinstance(found, dict) else found for group in groups}


# solvers, of the text alone


def sum_digit(text: str) -> str:
    one, other, place = re.fullmatch(r"Input: A = ([\d ]+) \+ ([\d ]+) , A (\d+) = \? Output: ?", text).groups()  # type: ignore[union-attr]
    total = int(one.replace(" ", "")) + int(other.replace(" ", ""))
    return f"{total:020d}"[::-1][int(place)]


def follow_chain(text: str) -> str:
    given, _, asked = text.partition("Output:")
    clauses = {name: (word, of) for name, word, of in re.findall(r"(\w) = (val|not) (\w)", given)}
    name, flips = asked.split()[0], 0
    while not name.isdecimal():
        word, name = clauses[name]
        flips += word == "not"
    return str((int(name) + flips) % 2)


def mix_colours(text: str) -> str:
    colours, mixes, asked = re.fullmatch(r"Colours: (.*?)\. Mixes: (.*?)\. What is (.*?)\?", text).groups()  # type: ignore[union-attr]
    of = dict(pair.split(" ") for pair in colours.split(", "))
    table = dict(mix.split(" = ") for mix in mixes.split(", "))
    assert (len(of), len(table)) == (8, 16)
    found, *rest = (of[word] for word in asked.split(" + "))
    for colour in rest:
        found = table[f"{found} + {colour}"]
    return found


def run_program(text: str) -> str:
    question, _, program = text.partition("\n")
    assert question == "What does this program print?"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(program, {})
    assert printed.getvalue().count("\n") == 1
    return printed.getvalue().removesuffix("\n")


def spell(text: str) -> str:
    last = text.removesuffix("?").rpartition(" ")[2]
    if "letter of the word" in text:
        which = text.split()[3]
        return last[-1] if which == "last" else last[ORDINALS.index(which)]
    if text.startswith("Which word"):
        words = text.partition(", ")[2].removesuffix("?").split(" or ")
        if "alphabet" in text:
            return sorted(words)[0]
        assert len({len(word) for word in words}) == len(words)
        return sorted(words, key=len)[-1]
    if text.startswith("How many letters"):
        return str(sum(1 for _ in last))
    if text.startswith("How many times"):
        return str(len(re.findall(text.split()[6], last)))
    word = re.fullmatch(r"What is the word (\w+) spelled backwards\?", text)[1]  # type: ignore[index]
    return word[::-1]


SOLVERS: dict[str, Callable[[str], str]] = {
    "skill_addition": sum_digit,
    "skill_lego": follow_chain,
    "skill_compose": mix_colours,
    "skill_code": run_program,
    "skill_words": spell,
}


@pytest.mark.parametrize("name", SOLVERS)
def test_ten_thousand_answers_are_those_of_a_solver_that_reads_the_question(name: str) -> None:
    drawn: Drawn = of_file(name, "drawn")
    groups = chances(name)
    pairs = [pair for group in groups for pair in drawn(3, group, -(-ITEMS // len(groups)))]
    assert len(pairs) >= ITEMS
    assert [(question, answer) for question, answer in pairs if SOLVERS[name](question) != answer] == []


# the items


def shown(name: str, prompt: str) -> list[Pair]:
    """(question, answer) of every shot in a prompt, then of the item, whose answer is empty."""
    if name in LINES:
        *shots, asked = prompt.split("\n")
        return [(shot[:-2], shot[-1]) for shot in shots] + [(asked, "")]
    return [(asked, answer) for asked, answer in re.findall(r"Q: (.*?)\nA:(?: (.*?)\n\n|$)", prompt, re.DOTALL)]


@pytest.fixture(scope="module", params=GROUPS)
def probe(request: pytest.FixtureRequest) -> tuple[str, list[Sample]]:
    name: str = request.param
    return name, load_task(name).samples(None)[0]


def test_each_group_has_fifty_items(probe: tuple[str, list[Sample]]) -> None:
    name, samples = probe
    groups = Counter(sample.group for sample in samples)
    assert (len(groups), set(groups.values())) == (GROUPS[name], {50})


def test_five_shots_of_its_group_are_solved_before_each_item_and_are_never_it(probe: tuple[str, list[Sample]]) -> None:
    name, samples = probe
    prefixes: dict[str | None, set[str]] = {}
    asked = []
    for sample in samples:
        *shots, (item, _) = shown(name, str(sample.prompt))
        assert len(shots) == 5 and item not in [question for question, _ in shots]
        assert [answer for _, answer in shots] == [SOLVERS[name](question) for question, _ in shots]
        assert sample.target == SOLVERS[name](item)
        asked.append(item)
        prefixes.setdefault(sample.group, set()).add(str(sample.prompt).rpartition(item)[0])
    assert len(set(asked)) == len(asked)
    assert {len(same) for same in prefixes.values()} == {1}


def test_prompts_do_not_end_with_white_space(probe: tuple[str, list[Sample]]) -> None:
    assert [sample.id for sample in probe[1] if str(sample.prompt) != str(sample.prompt).rstrip()] == []


@pytest.mark.parametrize("name", GROUPS)
def test_a_probe_is_a_function_of_its_seed(name: str) -> None:
    make = load_task(name).rows.make  # type: ignore[attr-defined]
    assert make(0) == make(0) != make(1)


@pytest.mark.parametrize("name", GROUPS)
def test_the_variants_ask_the_same_questions(name: str) -> None:
    task = load_task(name)
    samples = task.samples(None)[0]
    for of, scored, chat in zip(
        samples, load_task(f"{name}@loss").samples(None)[0], load_task(f"{name}@instruct").samples(None)[0], strict=True
    ):
        assert (scored.id, scored.prompt, scored.continuations) == (of.id, of.prompt, (f" {of.target}",))
        *shots, (item, _) = shown(name, str(of.prompt))
        turns = [part for shot in shots for part in shot]
        assert [turn["content"] for turn in plain(chat.prompt)] == [*turns, item]  # type: ignore[index]
        assert (chat.id, chat.target, chat.group) == (of.id, of.target, of.group)


@pytest.mark.parametrize("name", suites()["skills"].tasks)
def test_the_tasks_of_the_suite_pass_their_check_without_any_data(name: str, at_home: Path) -> None:
    (check,) = check_tasks([name])
    assert check.passed, check
    assert check.samples == (450 if name == "skill_arithmetic" else 50 * GROUPS[name.partition("@")[0]])


def test_a_variant_of_the_suite_is_that_of_the_tasks_that_it_names_no_variant_of() -> None:
    scored = [f"{name}@loss" for name in GROUPS]
    asked = [one.task for one in expand(["skills@instruct"])]
    assert asked == ["skill_arithmetic@instruct", *(f"{name}@instruct" for name in GROUPS), *scored]
    assert [one.task for one in expand(["skills"])] == ["skill_arithmetic", *GROUPS, *scored]
    assert [one.task for one in expand(["skills@loss"])] == ["skill_arithmetic@loss", *scored]  # each once


# the texts of a corpus alone


@pytest.mark.parametrize("name", BARE)
def test_a_bare_item_is_a_text_of_the_corpus_up_to_its_answer(name: str) -> None:
    seed = of_file(name, "SEEDS")
    corpora: dict[str, list[Iterable[Document]]] = {
        "skill_addition": [
            addition(documents=1_000, seed=seed, digits=digits, skill=place)
            for digits in (1, 2, 3)
            for place in range(digits)
        ],
        "skill_lego": [lego(documents=100, seed=seed, skill=skill) for skill in (1, 2, 3, 4, 5)],
        "skill_compose": [composition(documents=100, seed=seed, skill=skill) for skill in (1, 2, 3)],
    }
    texts = {one.text[: one.prompt + 1] for corpus in corpora[name] for one in corpus}
    chosen, scored = (load_task(f"{name}@{variant}").samples(None)[0] for variant in ("bare", "bare-loss"))
    assert len(chosen) == len(scored) == 50 * GROUPS[name]
    for one, same in zip(chosen, scored, strict=True):
        assert f"{one.prompt}{one.target}" in texts
        assert one.target in one.continuations
        assert (same.id, same.prompt, same.target, same.continuations) == (
            one.id,
            one.prompt,
            one.target,
            (one.target,),
        )


def test_the_bare_items_of_composition_are_solved_by_tables_that_its_corpus_shows() -> None:
    tables: dict[str, dict[str, str]] = {skill: {} for skill in "123"}
    for skill in "123":
        for one in composition(documents=4_000, seed=5, skill=int(skill)):
            tables[skill].setdefault(classes(tables, one.text), one.text[-1])
    wrong = []
    for sample in load_task("skill_compose@bare").samples(None)[0]:
        text = str(sample.prompt)
        if tables[text[0]][classes(tables, text)] != sample.target:
            wrong.append(sample.id)
    assert wrong == []


def classes(tables: dict[str, dict[str, str]], text: str) -> str:
    """What the answer of a text depends on: a symbol; two classes; the first two's result and the third's class."""
    skill, symbols = text[0], text[1:4]
    if skill == "1":
        return symbols[0]
    one, two, three = (tables["1"][symbol] for symbol in symbols)
    return f"{one}{two}" if skill == "2" else f"{tables['2'][f'{one}{two}']}{three}"


# chances


@pytest.mark.parametrize("name", [*GROUPS, "skill_compose@bare"])
def test_the_chance_of_a_group_is_what_a_guess_scores(name: str) -> None:
    task, _, bare = name.partition("@")
    drawn: Drawn = of_file(task, "bare_drawn" if bare else "drawn")
    for group, chance in chances(name).items():
        pairs = list(drawn(4, group, ITEMS))
        (_, most), *_ = Counter(answer for _, answer in pairs).most_common(1)
        options = len(re.findall(r"\bor\b", pairs[0][0])) + 1
        off = 0.005 + 3 * (chance * (1 - chance) / ITEMS) ** 0.5  # told in whole percents, and a sample's own error
        assert chance == pytest.approx(max(most / ITEMS, 0 if options == 1 else 1 / options), abs=off), group


def test_the_chance_is_told_with_the_figure() -> None:
    task = load_task("skill_words")
    assert "chance 50 %" in figure_method(task, "order, two words")
    assert figure_method(task, None).endswith(f"; chance {100 * sum(chances('skill_words').values()) / 16:.3g} %")
    assert "chance" not in figure_method(load_task("skill_arithmetic"), None)


def figure_method(task: Task, group: str | None) -> str:
    grades = [[Grade(request="", value=1.0, verdict=Verdict.RIGHT, grader="exact@1")]] * 3
    (figure,) = task.metrics[0].figures(grades, group)
    return str(figure.method)
