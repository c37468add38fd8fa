"""Held-out sets of questions and of groups: what is measured, by hand and by benchcore eval; and what counts."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from benchcore.api import evaluate
from benchcore.api.heldout import write_tasks
from benchcore.api.training import train
from benchcore.catalog import load_task
from benchcore.config import EvalConfig, TrainConfig
from benchcore.data.addition import addition
from benchcore.data.composition import composition
from benchcore.data.lego import lego
from benchcore.errors import ConfigError, DataError
from benchcore.trainers.model import SHAPES, fresh
from benchcore.trainers.order import Order
from benchcore.trainers.rows import pack
from benchcore.trainers.tokenizer import load as load_tokenizer

ANSWERS = "generated:composition?documents=60&seed=9"
SUMS = "generated:addition?documents=12&seed=2"
WEB = [{"body": text, "skill": skill} for text, skill in (("ab=", "x"), ("cde", "y"), ("f" * 9, "x"), ("gh", "y"))]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A cache that all tests here share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCHCORE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def config(out: Path, **changes: Any) -> TrainConfig:
    usual: dict[str, Any] = dict(
        data=("generated:composition?documents=1500&seed=1",), tokenizer="characters",
        tokenizer_data=("generated:composition?documents=4000",), model="0.1m-gpt2", context=7, batch=16, steps=4,
        lr=2e-3, looks=2, checkpoints=1, marked_only=True, init_std=0.1, out=out,
    )  # fmt: skip
    return TrainConfig(**{**usual, **changes})


def rows_file(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, cache: None) -> Path:
    """A finished run with a held-out set of questions; nothing may be written to it."""
    out = tmp_path_factory.mktemp("runs") / "clm"
    train("clm", config(out, heldout={"answers": ANSWERS}))
    return out


def figures(run: Path, step: int = 4) -> dict[tuple[str, str | None], float]:
    """(figure, group) -> value of the last look."""
    stored = json.loads((run / f"heldout/step-{step:08d}/run.json").read_text())["tasks"][0]["figures"]
    return {(one["name"], one.get("group")): one["value"] for one in stored}


def test_nats_per_answer_are_those_of_the_answer_after_its_question(run: Path) -> None:
    checkpoint = run / "checkpoint-00000004"
    model, tokenizer = AutoModelForCausalLM.from_pretrained(checkpoint), load_tokenizer(checkpoint)
    nats = defaultdict(list)
    for one in composition(documents=60, seed=9):
        ids = [tokenizer.eos_token_id, *tokenizer(one.text, add_special_tokens=False)["input_ids"]]
        assert len(ids) == 7
        with torch.no_grad():
            found = -model(input_ids=torch.tensor([ids])).logits[0, -2].log_softmax(-1)[ids[-1]]
        nats[one.group].append(float(found))
        nats[None].append(float(found))
    measured = figures(run)
    assert {group for _, group in measured} == {None, "1", "2", "3"}
    for group, each in nats.items():
        assert measured["nats per answer", group] == pytest.approx(np.mean(each), abs=1e-5)
        # an answer is a byte
        assert measured["bits per byte", group] == pytest.approx(np.mean(each) / np.log(2), abs=1e-5)


def test_evaluating_the_checkpoint_on_the_task_of_the_run_gives_the_same(run: Path, tmp_path: Path) -> None:
    asked = EvalConfig(tasks=(str(run / "tasks/answers.py"),), out=tmp_path, engine="embedded", dtype="float32")
    (record,) = evaluate([str(run / "checkpoint-00000004")], asked).records
    found = {(one.name, one.group): one.value for one in record.tasks[0].figures}
    assert found == pytest.approx(figures(run), abs=1e-6)
    assert len(found) == 2 * 4


@pytest.mark.parametrize(
    ("source", "documents", "rest"),
    [
        (ANSWERS, composition(documents=60, seed=9), ""),
        (SUMS, addition(documents=12, seed=2), ""),
        ("generated:lego?documents=10&shape=tree", lego(documents=10, shape="tree"), ", "),
    ],
)
def test_a_generated_set_is_written_as_questions_answers_and_groups(
    tmp_path: Path, source: str, documents: Any, rest: str
) -> None:
    (file,) = write_tasks(tmp_path, {"asked": source}, "text")
    rows = [json.loads(line) for line in (tmp_path / "tasks/asked.jsonl").read_text().splitlines()]
    for row, one in zip(rows, documents, strict=True):
        assert (len(row["text"]), row["prompt"] + row["text"] + rest, row["group"]) == (1, one.text, one.group)
    task = load_task(file)
    assert [str(metric) for metric in task.metrics] == ["nats per answer", "bits per byte"]


def test_text_without_questions_is_measured_whole(tmp_path: Path) -> None:
    (file,) = write_tasks(tmp_path, {"clean": "generated:noisy_markov?tokens=1000&length=300"}, "body", "skill")
    rows = [json.loads(line) for line in (tmp_path / "tasks/clean.jsonl").read_text().splitlines()]
    assert [(len(row["text"]), list(row)) for row in rows] == [(n, ["text"]) for n in (300, 300, 300, 100)]
    assert [str(metric) for metric in load_task(file).metrics] == ["bits per byte", "nats per token"]


def test_rows_of_a_file_have_the_groups_of_the_field_of_the_corpus(tmp_path: Path) -> None:
    file = rows_file(tmp_path / "web.jsonl", WEB)
    settings = dict(
        data=(str(file),), tokenizer_data=(), text_field="body", group_field="skill", heldout={"web": str(file)},
        marked_only=False, batch=2,
    )  # fmt: skip
    train("mixture", config(tmp_path / "run", **settings))
    assert {group for _, group in figures(tmp_path / "run")} == {None, "x", "y"}
    train("clm", config(tmp_path / "plain", **{**settings, "group_field": None}))
    assert {group for _, group in figures(tmp_path / "plain")} == {None}


def test_a_file_without_the_field_has_no_groups_and_one_that_lacks_it_in_a_row_is_refused(tmp_path: Path) -> None:
    plain = rows_file(tmp_path / "plain.jsonl", [{"body": "abc"}])
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text("abc")
    for file in write_tasks(tmp_path, {"plain": str(plain), "folder": str(folder)}, "body", "skill"):
        assert "group_field" not in Path(file).read_text()
    broken = rows_file(tmp_path / "broken.jsonl", [*WEB, {"body": "abc"}])
    settings = dict(data=(str(broken),), tokenizer_data=(), text_field="body", marked_only=False, batch=2)
    with pytest.raises(DataError, match="line 5: there is no field 'skill'"):
        train("clm", config(tmp_path / "run", **settings, group_field="skill", heldout={"web": str(broken)}))


def test_what_is_marked_alone_counts_in_the_loss(tmp_path: Path) -> None:
    train("clm", config(tmp_path / "run", heldout={"answers": ANSWERS}))
    tokenizer = load_tokenizer(tmp_path / "run/checkpoint-00000004")
    corpus = pack(composition(documents=1500, seed=1), tokenizer, 7, tmp_path / "rows", digest="again")
    tokens = corpus.tokens(Order(corpus, 0).take(16))
    model = fresh(
        SHAPES["0.1m-gpt2"], vocabulary=len(tokenizer), context=7, end=tokenizer.eos_token_id, seed=0, spread=0.1
    )
    with torch.no_grad():
        logits = model(input_ids=tokens[:, :-1]).logits
    # of each row the answer stands before the last token, the end
    expected = torch.nn.functional.cross_entropy(logits[:, -2], tokens[:, -2])
    first = json.loads((tmp_path / "run/log.jsonl").read_text().splitlines()[0])
    assert (first["step"], first["loss"]) == (1, pytest.approx(float(expected), rel=1e-5))


def test_marked_only_is_refused_where_nothing_is_marked(tmp_path: Path) -> None:
    file = rows_file(tmp_path / "web.jsonl", WEB)
    settings = dict(data=(str(file),), tokenizer_data=(), text_field="body", batch=2)
    with pytest.raises(ConfigError, match="the corpus marks nothing to count; leave --marked-only away"):
        train("clm", config(tmp_path / "run", **settings))
    assert not list(tmp_path.glob("run/checkpoint*"))
    marked = rows_file(tmp_path / "marked.jsonl", [{**row, "marks": "1" * len(row["body"])} for row in WEB])
    train("clm", config(tmp_path / "marked", **{**settings, "data": (str(marked),)}))
