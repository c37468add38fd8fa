"""Prompts and stop strings of our tasks against those lm-eval itself builds from the same rows, byte for byte."""

import functools
import gzip
import importlib.metadata
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from benchcore import Sample, Task, load_task
from benchcore.plan import plain

pytestmark = pytest.mark.data
Row = Mapping[str, Any]
SUBJECTS = {
    "algebra": "Algebra",
    "counting_and_prob": "Counting & Probability",
    "geometry": "Geometry",
    "intermediate_algebra": "Intermediate Algebra",
    "num_theory": "Number Theory",
    "prealgebra": "Prealgebra",
    "precalc": "Precalculus",
}


@dataclass(frozen=True)
class Asked:
    """What lm-eval would ask a model: the text or the turns of each row, and when to stop."""

    prompts: list[Any]
    stop: list[str]


Build = Callable[..., Asked]


class NoMetric:
    """Stands for the metric that lm-eval fetches from the hub; no prompt depends on it."""

    def compute(self, **_: Any) -> tuple[dict[str, float], dict[str, Any]]:
        return {"pass@1": 0.0}, {}


@pytest.fixture
def lm_eval_asks(monkeypatch: pytest.MonkeyPatch) -> Build:
    lm_eval = pytest.importorskip("lm_eval")
    pytest.importorskip("lm_eval.utils")
    evaluate = pytest.importorskip("evaluate")
    datasets = pytest.importorskip("datasets")
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.tasks._yaml_loader import load_yaml

    installed = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: "4.11.0" if name.startswith("antlr4") else installed(name)
    )
    monkeypatch.setattr(evaluate, "load", lambda *_, **__: NoMetric())
    # it compiles the same few templates anew for every shot of every row; remembering them changes no prompt
    monkeypatch.setattr(lm_eval.utils.env, "from_string", functools.cache(lm_eval.utils.env.from_string))

    def build(file: str, rows: list[Row], *, chat: bool = False) -> Asked:
        config = load_yaml(Path(lm_eval.__file__).parent / "tasks" / file)
        config.pop("tag", None)
        config["custom_dataset"] = lambda **_: {"test": datasets.Dataset.from_list(rows)}
        task = ConfigurableTask(config=config)
        turns: list[Any] = []

        def record(messages: list[dict[str, str]], add_generation_prompt: bool) -> str:
            assert add_generation_prompt == (messages[-1]["role"] != "assistant")
            turns.append(messages)
            return ""

        task.build_all_requests(
            apply_chat_template=chat, fewshot_as_multiturn=chat, chat_template=record if chat else None
        )
        texts = [instance.args[0] for instance in task.instances]
        return Asked(turns if chat else texts, task.instances[0].args[1]["until"])

    return build


def read(path: Path) -> list[Row]:
    """The rows of a file, read here and not by the code under test."""
    raw = path.read_bytes()
    text = gzip.decompress(raw) if path.suffix == ".gz" else raw
    return [json.loads(line) for line in text.splitlines()]


def we_ask(task: Task, data_dir: Path) -> Asked:
    samples, _ = task.samples(data_dir)
    return Asked([plain(sample.prompt) for sample in samples], list(task.decode.stop))


def differences(ours: Asked, theirs: Asked) -> list[str]:
    """Where the two differ: row numbers, and `stop`."""
    assert len(ours.prompts) == len(theirs.prompts)
    rows = [str(n) for n, (mine, yours) in enumerate(zip(ours.prompts, theirs.prompts, strict=True)) if mine != yours]
    return rows if ours.stop == theirs.stop else [*rows, "stop"]


def test_humaneval_asks_what_lm_eval_asks(lm_eval_asks: Build, data_dir: Path) -> None:
    rows = read(data_dir / "humaneval/HumanEval.jsonl.gz")
    assert len(rows) == 164
    assert differences(we_ask(load_task("humaneval"), data_dir), lm_eval_asks("humaneval/humaneval.yaml", rows)) == []


def test_humaneval_instruct_takes_the_turns_lm_eval_takes(lm_eval_asks: Build, data_dir: Path) -> None:
    theirs = lm_eval_asks(
        "humaneval/humaneval_instruct.yaml", read(data_dir / "humaneval/HumanEval.jsonl.gz"), chat=True
    )
    assert [turn["role"] for turn in theirs.prompts[0]] == ["user", "assistant"]
    assert differences(we_ask(load_task("humaneval@instruct"), data_dir), theirs) == []


def test_humaneval_plus_asks_what_lm_eval_asks(lm_eval_asks: Build, data_dir: Path) -> None:
    rows = without_tests(read(data_dir / "humanevalplus/HumanEvalPlus-OriginFmt.jsonl.gz"))
    assert len(rows) == 164
    theirs = lm_eval_asks("humaneval/humaneval_plus.yaml", rows)
    assert differences(we_ask(load_task("humaneval_plus"), data_dir), theirs) == []


def test_humaneval_plus_instruct_takes_the_turns_of_humaneval(lm_eval_asks: Build, data_dir: Path) -> None:
    rows = without_tests(read(data_dir / "humanevalplus/HumanEvalPlus-OriginFmt.jsonl.gz"))
    theirs = lm_eval_asks("humaneval/humaneval_instruct.yaml", rows, chat=True)
    assert differences(we_ask(load_task("humaneval_plus@instruct"), data_dir), theirs) == []


def without_tests(rows: list[Row]) -> list[Row]:
    """Megabytes of tests are in no prompt, and lm-eval copies them many times."""
    return [{**row, "test": ""} for row in rows]


def mbpp_test_split(data_dir: Path) -> list[Row]:
    rows = read(data_dir / "mbpp/mbpp.jsonl")[10:510]
    assert [row["task_id"] for row in rows] == list(range(11, 511))
    return rows


def test_mbpp_asks_what_lm_eval_asks(lm_eval_asks: Build, data_dir: Path) -> None:
    theirs = lm_eval_asks("mbpp/mbpp.yaml", mbpp_test_split(data_dir))
    assert len(theirs.prompts) == 500
    assert differences(we_ask(load_task("mbpp"), data_dir), theirs) == []


def test_mbpp_instruct_takes_the_turns_lm_eval_takes(lm_eval_asks: Build, data_dir: Path) -> None:
    theirs = lm_eval_asks("mbpp/mbpp_instruct.yaml", mbpp_test_split(data_dir), chat=True)
    assert [turn["role"] for turn in theirs.prompts[0]] == ["user", "assistant"] * 4
    assert differences(we_ask(load_task("mbpp@instruct"), data_dir), theirs) == []


def test_mbpp_plus_asks_what_lm_eval_asks(lm_eval_asks: Build, data_dir: Path) -> None:
    theirs = lm_eval_asks("mbpp/mbpp_plus.yaml", without_tests(read(data_dir / "mbppplus/MbppPlus-OriginFmt.jsonl.gz")))
    assert len(theirs.prompts) == 378
    assert differences(we_ask(load_task("mbpp_plus"), data_dir), theirs) == []


def test_mbpp_plus_instruct_takes_the_turns_lm_eval_takes(lm_eval_asks: Build, data_dir: Path) -> None:
    rows = without_tests(read(data_dir / "mbppplus/MbppPlus-OriginFmt.jsonl.gz"))
    theirs = lm_eval_asks("mbpp/mbpp_plus_instruct.yaml", rows, chat=True)
    assert [turn["role"] for turn in theirs.prompts[0]] == ["user", "assistant"]
    assert differences(we_ask(load_task("mbpp_plus@instruct"), data_dir), theirs) == []


def test_gsm8k_asks_what_lm_eval_asks(lm_eval_asks: Build, data_dir: Path) -> None:
    theirs = lm_eval_asks("gsm8k/gsm8k-cot.yaml", read(data_dir / "gsm8k/test.jsonl"))
    assert len(theirs.prompts) == 1319
    assert differences(we_ask(load_task("gsm8k"), data_dir), theirs) == []


def test_gsm8k_instruct_takes_the_turns_lm_eval_takes(lm_eval_asks: Build, data_dir: Path) -> None:
    theirs = lm_eval_asks("gsm8k/gsm8k-cot.yaml", read(data_dir / "gsm8k/test.jsonl"), chat=True)
    assert differences(we_ask(load_task("gsm8k@instruct"), data_dir), theirs) == []


COT_OF = {
    "svamp": ("svamp/test.jsonl", lambda row: f"{row['Body'].strip().rstrip('.')}. {row['Question']}"),
    "asdiv": ("asdiv/test.jsonl", lambda row: f"{row['body']} {row['question']}"),
    "mawps": ("mawps/test.jsonl", lambda row: row["input"]),
}


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("name", COT_OF)
def test_word_problems_are_asked_as_lm_eval_asks_those_of_gsm8k(
    lm_eval_asks: Build, data_dir: Path, name: str, chat: bool
) -> None:
    file, question = COT_OF[name]
    rows = [{"question": question(row).strip(), "answer": "#### 0"} for row in read(data_dir / file)[:200]]
    ours = we_ask(load_task(name + "@instruct" * chat), data_dir)
    theirs = lm_eval_asks("gsm8k/gsm8k-cot.yaml", rows, chat=chat)
    assert differences(replace(ours, prompts=ours.prompts[:200]), theirs) == []


@pytest.mark.parametrize("chat", [False, True])
def test_mmlu_stem_asks_what_lm_eval_asks_of_each_subject(lm_eval_asks: Build, data_dir: Path, chat: bool) -> None:
    rows = read(data_dir / "mmlu_stem/test.jsonl")
    ours = we_ask(load_task("mmlu_stem" + "@instruct" * chat), data_dir)
    for subject in dict.fromkeys(row["type"] for row in rows):
        asked = [row for row in rows if row["type"] == subject][:20]
        theirs = lm_eval_asks(f"mmlu/flan_cot_fewshot/mmlu_{subject}.yaml", asked, chat=chat)
        mine = [prompt for prompt, row in zip(ours.prompts, rows, strict=True) if row["type"] == subject][:20]
        assert differences(Asked(mine, theirs.stop), theirs) == [], subject
        assert set(theirs.stop) <= set(ours.stop)


def test_sat_math_is_asked_as_lm_eval_asks_mmlus_school_maths(lm_eval_asks: Build, data_dir: Path) -> None:
    samples, _ = load_task("sat_math").samples(data_dir)
    questions = [row["question"] for row in read(data_dir / "sat_math/test.jsonl")]
    rows = [
        {"question": question, "choices": sample.facts["choices"], "answer": 0}
        for question, sample in zip(questions, samples, strict=True)
    ]
    theirs = lm_eval_asks("mmlu/flan_cot_fewshot/mmlu_high_school_mathematics.yaml", rows)
    assert differences(Asked([sample.prompt for sample in samples], theirs.stop), theirs) == []


def test_math500_asks_what_lm_eval_asks(lm_eval_asks: Build, data_dir: Path) -> None:
    theirs = lm_eval_asks("minerva_math/minerva_math500.yaml", read(data_dir / "math500/test.jsonl"))
    assert len(theirs.prompts) == 500
    assert differences(we_ask(load_task("math500"), data_dir), theirs) == []


def test_math500_instruct_takes_the_turns_lm_eval_takes(lm_eval_asks: Build, data_dir: Path) -> None:
    theirs = lm_eval_asks("minerva_math/minerva_math500.yaml", read(data_dir / "math500/test.jsonl"), chat=True)
    assert differences(we_ask(load_task("math500@instruct"), data_dir), theirs) == []


@pytest.fixture(scope="module")
def math_samples() -> list[Sample]:
    return load_task("math").samples(Path(os.environ["BENCHCORE_DATA"]))[0] if "BENCHCORE_DATA" in os.environ else []


@pytest.mark.parametrize(("file", "subject"), SUBJECTS.items())
def test_math_asks_what_lm_eval_asks_of_each_subject(
    lm_eval_asks: Build, data_dir: Path, math_samples: list[Sample], file: str, subject: str
) -> None:
    rows = [row for row in read(data_dir / "math/test.jsonl.gz") if row["type"] == subject]
    ours = Asked(
        [sample.prompt for sample in math_samples if sample.group == subject], list(load_task("math").decode.stop)
    )
    assert len(ours.prompts) > 400
    assert differences(ours, lm_eval_asks(f"minerva_math/minerva_math_{file}.yaml", rows)) == []


def test_the_seven_subjects_are_all_of_math(data_dir: Path, math_samples: list[Sample]) -> None:
    assert len(math_samples) == 5000
    assert {sample.group for sample in math_samples} == set(SUBJECTS.values())


def test_a_changed_stop_string_would_be_noticed(lm_eval_asks: Build, data_dir: Path) -> None:
    theirs = lm_eval_asks("humaneval/humaneval.yaml", read(data_dir / "humaneval/HumanEval.jsonl.gz"))
    task = load_task("humaneval")
    mutant = replace(task, decode=replace(task.decode, stop=(*task.decode.stop[:-1], "print")))
    assert differences(we_ask(mutant, data_dir), theirs) == ["stop"]


def test_one_stripped_prompt_would_be_noticed(lm_eval_asks: Build, data_dir: Path) -> None:
    theirs = lm_eval_asks("humaneval/humaneval.yaml", read(data_dir / "humaneval/HumanEval.jsonl.gz"))
    ours = we_ask(load_task("humaneval"), data_dir)
    ours.prompts[7] = ours.prompts[7].strip()
    assert differences(ours, theirs) == ["7"]
