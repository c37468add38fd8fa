"""lm-eval's rules for GSM8K: the same verdicts as its own filters and metric, and which answer is taken."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchcore import Sample, Verdict
from benchcore.graders.published import gsm8k

TEXTS = [
    "18 - 3 = 15. The answer is 15.",
    "The answer is 15. Q: What is 2 + 2? The answer is 4.",
    "The answer is $15.",
    "The answer is 15",
    "The answer is 15\n",
    "The answer is 1,500.",
    "The answer is 15.00.",
    "The answer is -15.",
    "The answer is .",
    "It is 15",
    "#### 15",
    "So 5 * 3 = 15\n#### 15\n\nQuestion: 7\n#### 7",
    "#### $15",
    "The cost is $15.00",
    "The cost is $15.",
    "15 dollars, not 7.",
    "There are 15 ducks ,",
    "fifteen",
    "",
    "15%",
    "-15",
    "12/15",
]
TARGETS = ["15", "1500", "1,500", "-15", "15.00", "1", "7", "4"]


def sample(target: str) -> Sample:
    return Sample(id="a", prompt="p", target=target)


@pytest.fixture(scope="module")
def theirs() -> Any:
    """(task, filter, text, target) -> lm-eval's verdict."""
    pytest.importorskip("lm_eval.api.metrics")
    import lm_eval
    from lm_eval.api.metrics import exact_match_hf_evaluate
    from lm_eval.filters.extraction import RegexFilter
    from lm_eval.tasks._yaml_loader import load_yaml

    folder = Path(lm_eval.__file__).parent / "tasks" / "gsm8k"
    tasks = {name: load_yaml(folder / f"{name}.yaml") for name in ("gsm8k", "gsm8k-cot")}

    def verdict(task: str, name: str, text: str, target: str) -> bool:
        config = tasks[task]
        (regex,) = (one["filter"][0] for one in config["filter_list"] if one["name"] == name)
        options = {key: value for key, value in regex.items() if key != "function"}
        ((found,),) = RegexFilter(**options).apply([[text]], [{}])
        (metric,) = config["metric_list"]
        kept = {key: metric[key] for key in ("regexes_to_ignore", "ignore_case", "ignore_punctuation")}
        return bool(exact_match_hf_evaluate(predictions=[found], references=[target], **kept)["exact_match"])

    return verdict


@pytest.mark.parametrize("text", TEXTS)
def test_the_verdicts_are_lm_evals(theirs: Any, text: str) -> None:
    task = "gsm8k-cot" if gsm8k.STATED.search(text) else "gsm8k"
    for target in TARGETS:
        strict = gsm8k.strict(sample(target), text).verdict is Verdict.RIGHT
        assert strict == theirs(task, "strict-match", text, target), target
        flexible = gsm8k.flexible(sample(target), text).verdict is Verdict.RIGHT
        assert flexible == theirs(task, "flexible-extract", text, target), target


@pytest.mark.data
def test_the_verdicts_on_gsm8ks_own_solutions_are_lm_evals(theirs: Any, data_dir: Path) -> None:
    rows = [json.loads(line) for line in (data_dir / "gsm8k/test.jsonl").read_text().splitlines()]
    for row, other in pairwise(rows[:300]):
        target = row["answer"].rpartition("####")[2].strip()
        for text in (row["answer"], other["answer"], row["answer"].replace("#### ", "The answer is ")):
            task = "gsm8k-cot" if gsm8k.STATED.search(text) else "gsm8k"
            strict = gsm8k.strict(sample(target), text).verdict is Verdict.RIGHT
            assert strict == theirs(task, "strict-match", text, target)
            flexible = gsm8k.flexible(sample(target), text).verdict is Verdict.RIGHT
            assert flexible == theirs(task, "flexible-extract", text, target)


def test_the_first_statement_counts_for_strict_and_the_last_number_for_flexible() -> None:
    text = "The answer is 15. Q: What is 2 + 2? The answer is 4."
    assert gsm8k.strict(sample("15"), text).verdict is Verdict.RIGHT
    assert gsm8k.flexible(sample("4"), text).verdict is Verdict.RIGHT
    for judge, found in ((gsm8k.strict, "15."), (gsm8k.flexible, "4.")):
        span = judge(sample("15"), text).span
        assert span is not None and span.text == found


def test_strings_are_compared_not_values() -> None:
    assert gsm8k.strict(sample("29"), "The answer is 29.00.").verdict is Verdict.WRONG
    assert gsm8k.flexible(sample("29"), "It costs $29.00").verdict is Verdict.WRONG


@pytest.mark.parametrize("judge", [gsm8k.strict, gsm8k.flexible])
def test_a_text_without_an_answer_is_unparsed_and_the_reference_right(judge: Any) -> None:
    assert judge(sample("15"), "I cannot say.").verdict is Verdict.UNPARSED
    for target in ("15", "1,500", "-3", "0.5"):
        assert judge(sample(target), gsm8k.reference(sample(target))).verdict is Verdict.RIGHT
