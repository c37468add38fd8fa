"""The tasks on word problems and options: targets, options and shots, against the rows read here."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from benchcore import Sample, load_task

pytestmark = pytest.mark.data
LETTERS = "ABCDE"


def rows(data_dir: Path, file: str) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in (data_dir / file).read_text(encoding="utf-8").splitlines()]


@cache
def samples(name: str, data_dir: Path) -> list[Sample]:
    return load_task(name).samples(data_dir)[0]


def test_the_targets_of_svamp_and_mawps_are_the_numbers_of_the_data(data_dir: Path) -> None:
    for name, field in (("svamp", "Answer"), ("mawps", "target")):
        data = rows(data_dir, f"{name}/test.jsonl")
        for row, one in zip(data, samples(name, data_dir), strict=True):
            if one.target == "10/3":
                assert (one.id, row[field], one.facts["meh"]) == ("965", 3.33333, "3.33333")
            else:
                assert Fraction(one.target) == Fraction(str(row[field]))


def test_rounded_answers_of_mawps_are_right_as_what_they_stand_for(data_dir: Path) -> None:
    grader = load_task("mawps").grader
    chosen = [one for one in samples("mawps", data_dir) if len(one.target.partition(".")[2]) > 5]
    assert len(chosen) == 58
    with grader.session(chosen) as grade:
        for one in chosen:
            exact = Fraction(one.target).limit_denominator(100)
            assert grade(one, f"The answer is {exact}.").value == 1.0
            assert grade(one, f"The answer is {exact + 1}.").value == 0.0


def test_groups_are_spelt_one_way(data_dir: Path) -> None:
    assert Counter(one.group for one in samples("svamp", data_dir)) == {
        "Subtraction": 531,
        "Addition": 195,
        "Common-Division": 166,
        "Multiplication": 108,
    }
    assert len({one.group for one in samples("asdiv", data_dir)}) == 24


def test_asdiv_keeps_units_for_the_grader_and_not_for_the_published_rules(data_dir: Path) -> None:
    data = rows(data_dir, "asdiv/test.jsonl")
    for row, one in zip(data, samples("asdiv", data_dir), strict=True):
        assert one.target == row["answer"]
        assert one.facts["meh"] == re.sub(r"\(.*?\)", "", row["answer"]).strip()
    assert [one.id for one in samples("asdiv", data_dir) if one.facts["meh"] == "-"] == ["1313"]


def test_tabmwp_shows_rows_of_another_part_and_offers_its_options(data_dir: Path) -> None:
    shown = {row["question"] for row in rows(data_dir, "tabmwp/dev1k.jsonl")}
    data = rows(data_dir, "tabmwp/test1k.jsonl")
    for row, one in zip(data, samples("tabmwp", data_dir), strict=True):
        questions = re.findall(r"^Question: (.*)$", str(one.prompt), re.MULTILINE)
        assert len(questions) == 5 and questions[-1] == row["question"] and set(questions[:-1]) <= shown
        assert one.target == row["answer"] and one.facts.get("choices") == row["choices"]
        if one.facts.get("meh"):
            over, _, under = row["answer"].replace(",", "").partition("/")
            assert float(one.facts["meh"]) == pytest.approx(float(over) / float(under or 1))


def test_mathqa_never_shows_the_question_that_it_asks(data_dir: Path) -> None:
    for one in samples("mathqa", data_dir):
        questions = re.findall(r"^Question: (.*)$", str(one.prompt), re.MULTILINE)
        assert len(questions) == 6 and questions[-1] not in questions[:-1]
        stated = re.findall(r"The answer is \((.)\)\.\n", str(one.prompt))
        assert len(stated) == 5


def test_the_shots_of_mathqa_state_the_letter_of_the_data_and_nothing_else_of_it(data_dir: Path) -> None:
    data = {row["problem"]: row for row in rows(data_dir, "mathqa/test.jsonl")}
    shots = re.findall(r"Question: (.*)\nOptions: .*\nAnswer: (.*)\n\n", str(samples("mathqa", data_dir)[0].prompt))
    assert [re.findall(r"answer is", text) for _, text in shots] == [["answer is"]] * 5
    assert [text[-3] for _, text in shots] == [data[question]["correct"].upper() for question, _ in shots]
    assert sorted(text[-3] for _, text in shots) == list(LETTERS)


def test_the_options_of_mathqa_are_the_five_of_the_data_without_their_letters(data_dir: Path) -> None:
    data = rows(data_dir, "mathqa/test.jsonl")
    doubled = []
    for row, one in zip(data, samples("mathqa", data_dir), strict=True):
        options = one.facts["choices"]
        assert len(options) == 5 and all(options) and one.target == row["correct"].upper()
        assert not any(re.match(r"[a-e] \)", option) for option in options)
        places = [row["options"].find(option) for option in options]
        assert min(places) >= 0
        if re.search(r"([a-e]) \) \1 \)", row["options"]):
            doubled.append(one.id)
    assert len(doubled) == 22
    assert samples("mathqa", data_dir)[843].facts["choices"][4] == "of these"


def test_the_options_of_sat_maths_are_the_four_of_the_data(data_dir: Path) -> None:
    data = rows(data_dir, "sat_math/test.jsonl")
    for row, one in zip(data, samples("sat_math", data_dir), strict=True):
        options = one.facts["choices"]
        for mark in (")", "."):
            joined = " ".join(f"{letter}{mark} {text}" for letter, text in zip("ABCD", options, strict=True))
            if joined == row["options"].strip():
                break
        else:
            pytest.fail(f"{options} are not those of {row['options']}")
        assert one.target == row["Answer"]


def test_the_targets_of_mmlu_stem_are_the_letters_of_its_indices(data_dir: Path) -> None:
    data = rows(data_dir, "mmlu_stem/test.jsonl")
    for row, one in zip(data, samples("mmlu_stem", data_dir), strict=True):
        assert LETTERS.index(one.target) == row["answer"] and one.facts["choices"] == row["choices"]
    equal = [one.id for one in samples("mmlu_stem", data_dir) if len(set(one.facts["choices"])) < 4]
    assert equal == [
        "electrical_engineering/317",
        "high_school_chemistry/1573",
        "high_school_physics/2070",
        "elementary_mathematics/2553",
    ]
    assert len({(row["question"], *row["choices"]) for row in data}) == len(data) - 12
