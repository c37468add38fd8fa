"""HumanEval+ and MBPP+: what was changed in EvalPlus's published tests, and nothing else."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchcore import Sample, load_task

pytestmark = pytest.mark.data
FILES = {
    "humaneval_plus": "humanevalplus/HumanEvalPlus-OriginFmt.jsonl.gz",
    "mbpp_plus": "mbppplus/MbppPlus-OriginFmt.jsonl.gz",
}
STRICT = "assert type(out) is type(exp) and np.shape(out) == np.shape(exp) and np.allclose("


@pytest.fixture(scope="module", autouse=True)
def numpy() -> Any:
    return pytest.importorskip("numpy")


@pytest.fixture
def published(data_dir: Path) -> Mapping[str, Mapping[str, str]]:
    """Task -> id -> the test of the file, read here and not by the code under test."""
    found = {}
    for name, file in FILES.items():
        rows = [json.loads(line) for line in gzip.decompress((data_dir / file).read_bytes()).splitlines()]
        found[name] = {str(row["task_id"]): row["test"] for row in rows}
    return found


def by_id(name: str, data_dir: Path) -> dict[str, Sample]:
    return {sample.id: sample for sample in load_task(name).samples(data_dir)[0]}


def test_of(sample: Sample) -> str:
    return str(sample.facts["test"] if "test" in sample.facts else sample.facts["tests"][-1])


test_of.__test__ = False  # type: ignore[attr-defined]


def passes(solution: str, test: str, entry_point: str = "") -> bool:
    names: dict[str, Any] = {}
    exec(solution, names)
    try:
        exec(f"{test}\ncheck({entry_point})" if entry_point else test, names)
    except (AssertionError, TypeError, ValueError):
        return False
    return True


@pytest.mark.parametrize("name", FILES)
def test_the_tests_are_the_published_ones_but_for_the_documented_lines(
    name: str, data_dir: Path, published: Mapping[str, Mapping[str, str]]
) -> None:
    changed: dict[tuple[str, str], list[str]] = {}
    for number, sample in by_id(name, data_dir).items():
        ours, theirs = test_of(sample).split("\n"), published[name][number].split("\n")
        for mine, yours in zip(ours, theirs, strict=True):
            if mine != yours:
                changed.setdefault((yours.strip(), mine.strip()), []).append(number)
    loose = "assert np.allclose(out, exp, rtol=1e-07, atol=atol)"
    everywhere = changed.pop((loose, loose.replace("assert np.allclose(", STRICT)))
    if name == "humaneval_plus":
        poly = "assert _poly(*candidate(*inp), inp) <= 0.0001"
        assert changed == {(poly, "assert abs(_poly(*inp, candidate(*inp))) <= 0.0001"): ["HumanEval/32"]}
        assert len(everywhere) == 163
    else:
        colours, average = (
            "assertion(combinations_colors(*inp), ref_func(*inp), 0)",
            "assertion(sum_average(*inp), exp, 0)",
        )
        assert changed == {
            (colours, f"inp[1] > 75 or {colours}"): ["255"],
            (average, f"inp[0] > 90_000_000 or {average}"): ["599"],
        }
        assert len(everywhere) == 375


def test_the_published_test_of_32_fails_its_own_reference_and_ours_any_other_root(
    data_dir: Path, published: Mapping[str, Mapping[str, str]]
) -> None:
    sample = by_id("humaneval_plus", data_dir)["HumanEval/32"]
    prompt, reference = sample.facts["prompt"], sample.facts["reference"]
    assert not passes(prompt + reference, published["humaneval_plus"]["HumanEval/32"], "find_zero")
    assert passes(prompt + reference, test_of(sample), "find_zero")
    for wrong in ("    return -1e9\n", "    return 1e9\n", "    return 0.0\n"):
        assert not passes(prompt + wrong, test_of(sample), "find_zero")


def test_one_element_no_longer_passes_for_none(data_dir: Path, published: Mapping[str, Mapping[str, str]]) -> None:
    sample = by_id("humaneval_plus", data_dir)["HumanEval/30"]  # the positive numbers of a list
    sloppy = sample.facts["prompt"] + "    return [e for e in l if e > 0] or [1]\n"
    assert passes(sloppy, published["humaneval_plus"][sample.id], "get_positive")
    assert not passes(sloppy, test_of(sample), "get_positive")
    sample = by_id("mbpp_plus", data_dir)["8"]  # the squares of a list
    sloppy = "def square_nums(nums):\n    return [n ** 2 for n in nums] or 7"
    assert passes(sloppy, published["mbpp_plus"]["8"])
    assert not passes(sloppy, test_of(sample))
    assert passes(sample.facts["reference"], test_of(sample))


COLOURS = """
from itertools import combinations_with_replacement
def combinations_colors(l, n):
    asked.append(n)
    return list(combinations_with_replacement(l, n))
"""
AVERAGE = """
def sum_average(n):
    asked.append(n)
    return n * (n + 1) // 2, (n + 1) / 2
"""


@pytest.mark.parametrize(
    ("number", "solution", "inputs", "left_out"), [("255", COLOURS, 112, 5), ("599", AVERAGE, 90, 16)]
)
def test_only_the_oversized_inputs_are_left_out(
    number: str, solution: str, inputs: int, left_out: int, data_dir: Path
) -> None:
    asked: list[int] = []
    names: dict[str, Any] = {"asked": asked}
    exec(solution + test_of(by_id("mbpp_plus", data_dir)[number]), names)
    assert (len(names["inputs"]), len(asked)) == (inputs, inputs - left_out)
    assert max(asked) < (76 if number == "255" else 2_000_000)


@pytest.mark.parametrize("name", FILES)
def test_the_targets_are_for_people_and_short(name: str, data_dir: Path) -> None:
    assert sum(len(sample.target) for sample in by_id(name, data_dir).values()) < 200_000
