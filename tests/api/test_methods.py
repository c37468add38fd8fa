"""Methods that draw from groups, from start to end: what they draw, their bill, going on, and several processes."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from benchcore.api.training import TrainProgress, train
from benchcore.checkpoint import billed
from benchcore.config import CurriculumConfig, MixtureConfig, SkillItConfig, TrainConfig
from benchcore.data.composition import composition
from benchcore.errors import ConfigError, RunMismatch
from benchcore.skill_graph import FILE, SkillGraph, read_graph, write_graph
from benchcore.trainers.model import SHAPES, Prices, fresh
from benchcore.trainers.order import Order
from benchcore.trainers.rows import Rows, pack
from benchcore.trainers.tokenizer import load as load_tokenizer
from benchcore.trainers.validation import group_losses

CORPUS = "generated:composition?documents=1500&seed=1"
VALIDATION = "generated:composition?documents=90&seed=8"
HELDOUT = "generated:composition?documents=60&seed=9"
ALPHABET = "generated:composition?documents=4000"
PROBED = SkillItConfig(validation=VALIDATION, probe_steps=4, rounds=4, window=2)
CONTEXT = 7  # a document and its end


def config(out: Path, **changes: Any) -> TrainConfig:
    usual: dict[str, Any] = dict(
        data=(CORPUS,), tokenizer="characters", tokenizer_data=(ALPHABET,), model="0.1m-gpt2", context=CONTEXT,
        batch=16, steps=16, lr=2e-3, looks=3, checkpoints=4, marked_only=True, init_std=0.1,
        heldout={"answers": HELDOUT}, out=out,
    )  # fmt: skip
    return TrainConfig(**{**usual, **changes})


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A cache that all tests here share."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("BENCHCORE_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def run(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of Skill-It, whose probe runs were made for it; nothing may be written to it."""
    out = tmp_path_factory.mktemp("runs") / "skillit-seed0"
    train("skillit", config(out, skillit=PROBED))
    return out


@pytest.fixture(scope="module")
def reference(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of plain training on another draw."""
    out = tmp_path_factory.mktemp("runs") / "reference"
    train("clm", config(out, data=("generated:composition?documents=1500&seed=5",), steps=8, heldout={}))
    return out


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The rows of each step, in the order in which steps are taken."""
    found: list[list[int]] = []
    take = Order.take

    def spied(self: Order, *what: Any, **how: Any) -> Any:
        ids = take(self, *what, **how)
        found.append(ids.tolist())
        return ids

    monkeypatch.setattr(Order, "take", spied)
    return found


def rows(run: Path, folder: Path, **settings: Any) -> Rows:
    """What a run trained on or measured, packed again."""
    tokenizer = load_tokenizer(next(run.glob("checkpoint-*")))
    return pack(composition(**settings), tokenizer, CONTEXT, folder, digest="again")


def weights(folder: Path) -> dict[str, Any]:
    return {name: value.tolist() for name, value in load_file(folder / "model.safetensors").items()}


def log(run: Path) -> dict[int, dict[str, Any]]:
    """The lines of a log by their steps, without what depends on time."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert len({line["step"] for line in lines}) == len(lines)
    return {line.pop("step"): {k: v for k, v in line.items() if k != "tokens_per_second"} for line in lines}


def heldout(run: Path) -> dict[str, Any]:
    """The held-out figures of each look."""
    found = {path.parent.name: json.loads(path.read_text()) for path in run.glob("heldout/step-*/run.json")}
    return {name: one["tasks"][0]["figures"] for name, one in found.items()}


def last_look(run: Path) -> Any:
    """The held-out figures at the end."""
    return heldout(run)["step-00000016"]


def unclocked(run: Path) -> dict[str, float]:
    """The bill at the end, without seconds."""
    return {name: value for name, value in billed(run / "checkpoint-00000016").items() if "seconds" not in name}


def method_state(checkpoint: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((checkpoint / "benchcore.json").read_text())["state"]["method"]
    return found


def test_the_bill_of_skillit_has_its_probe_runs_and_measurements(run: Path) -> None:
    bill = billed(run / "checkpoint-00000016")
    vocabulary = len(load_tokenizer(run / "checkpoint-00000016"))
    prices = Prices.of(fresh(SHAPES["0.1m-gpt2"], vocabulary=vocabulary, context=CONTEXT, end=0, seed=0), CONTEXT)

    def trained(steps: int) -> float:
        return 3 * steps * 16 * (CONTEXT * prices.forward_body + prices.forward_head)

    measured = 90 * (CONTEXT * prices.forward_body + prices.forward_head)
    # a probe for each skill, measured before and after it
    assert bill["prepare forwarded"] == 3 * 4 * 16 * CONTEXT
    assert bill["prepare in loss"] == 3 * 4 * 16
    assert bill["prepare flops"] == 3 * (trained(4) + 2 * measured)
    assert (bill["forwarded"], bill["in loss"]) == (16 * 16 * CONTEXT, 16 * 16)
    assert bill["flops"] == trained(16) + 4 * measured
    assert bill["prepare seconds"] > 0


def test_shares_follow_the_losses_of_the_model_along_the_graph_of_the_run(run: Path, tmp_path: Path) -> None:
    graph = read_graph(run / FILE)
    assert graph.skills == ("1", "2", "3")
    weighed = np.array(graph.weights)
    # round 3 begins where 12 steps were taken, which is where there is a checkpoint
    state = method_state(run / "checkpoint-00000016")
    model = AutoModelForCausalLM.from_pretrained(run / "checkpoint-00000012")
    losses, _ = group_losses(model, rows(run, tmp_path, documents=90, seed=8), torch.device("cpu"))
    assert (state["round"], state["history"][-1]) == (3, pytest.approx(losses.tolist(), rel=1e-5))

    def expected(summed: Any) -> Any:
        raised = np.exp(0.5 * weighed @ summed)
        return pytest.approx(raised / raised.sum(), rel=1e-9)

    lines = log(run)
    logged = {step: [line[f"share of {name}"] for name in "123"] for step, line in lines.items()}
    assert logged[4] == expected(np.ones(3))
    assert logged[16] == state["shares"] == expected(np.sum(state["history"][-2:], axis=0))
    assert len({tuple(one) for one in logged.values()}) == 4


def test_a_probe_is_made_once_and_billed_to_everyone(run: Path, tmp_path: Path) -> None:
    doings: list[str] = []
    again = tmp_path / "again"
    train("skillit", config(again, skillit=PROBED, checkpoints=1), watch=lambda progress: doings.append(progress.doing))
    assert "training" in doings
    assert not [one for one in doings if one.startswith("probe run on")]
    assert unclocked(again) == unclocked(run)
    assert weights(again / "checkpoint-00000016") == weights(run / "checkpoint-00000016")


def test_the_same_command_again_trains_nothing(run: Path) -> None:
    doings: list[str] = []
    found = train("skillit", config(run, skillit=PROBED), watch=lambda progress: doings.append(progress.doing))
    assert "training" not in doings
    assert found.checkpoint == run / "checkpoint-00000016"


def test_brute_force_pays_for_pairs_too(run: Path, tmp_path: Path) -> None:
    probed = SkillItConfig(validation=VALIDATION, probe_steps=4, rounds=4, window=2, graph="brute-force")
    train("skillit", config(tmp_path / "run", skillit=probed, checkpoints=1))
    assert unclocked(tmp_path / "run")["prepare flops"] == pytest.approx(2 * unclocked(run)["prepare flops"])
    assert read_graph(tmp_path / "run" / FILE).skills == ("1", "2", "3")


def test_a_graph_is_taken_from_a_run_and_costs_nothing(run: Path, tmp_path: Path) -> None:
    read = SkillItConfig(validation=VALIDATION, rounds=4, window=2, graph=str(run))
    train("skillit", config(tmp_path / "run", skillit=read, checkpoints=1))
    assert unclocked(tmp_path / "run")["prepare flops"] == 0
    assert weights(tmp_path / "run/checkpoint-00000016") == weights(run / "checkpoint-00000016")


class Stopped(Exception):  # it is no error
    """What a test ends a run with."""


def stop_at(step: int) -> Any:
    """What ends a run after `step` steps, before anything is kept of them."""

    def watch(progress: TrainProgress) -> None:
        if progress.step == step:
            raise Stopped

    return watch


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("skillit", {"skillit": PROBED}),
        ("skillit", {"skillit": SkillItConfig(validation=VALIDATION, graph="identity", rounds=3, lag=1)}),
        ("mixture", {"mixture": MixtureConfig(shares={"1": 1, "3": 2})}),
        ("curriculum", {"curriculum": CurriculumConfig(by="row")}),
        ("curriculum", {"curriculum": CurriculumConfig(by="group", reverse=True)}),
    ],
    ids=["skillit", "skillit-identity", "mixture", "curriculum-row", "curriculum-group"],
)
def test_a_run_that_was_stopped_comes_to_the_weights_of_one_left_alone(
    tmp_path: Path, reference: Path, method: str, changes: dict[str, Any]
) -> None:
    if method == "curriculum":
        given = changes["curriculum"]
        changes = {"curriculum": CurriculumConfig(by=given.by, reverse=given.reverse, reference=str(reference))}
    whole, cut = tmp_path / "a" / method, tmp_path / "b" / method
    train(method, config(whole, **changes))
    for step in (8, 16):
        with pytest.raises(Stopped):
            train(method, config(cut, **changes), watch=stop_at(step))
    train(method, config(cut, **changes))
    assert weights(cut / "checkpoint-00000016") == weights(whole / "checkpoint-00000016")
    assert log(cut) == log(whole)
    assert heldout(cut) == heldout(whole)
    assert unclocked(cut) == unclocked(whole)


def test_probe_runs_that_were_stopped_go_on_with_those_that_are_left(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCHCORE_CACHE", str(tmp_path / "cache"))
    doings: list[str] = []

    def watch(progress: TrainProgress) -> None:
        doings.append(progress.doing)
        if progress.doing.startswith("probe run on 2"):
            raise Stopped

    with pytest.raises(Stopped):
        train("skillit", config(tmp_path / "run", skillit=PROBED), watch=watch)
    doings.clear()
    train("skillit", config(tmp_path / "run", skillit=PROBED), watch=lambda progress: doings.append(progress.doing))
    made = {doing.partition(":")[0] for doing in doings if doing.startswith("probe run")}
    assert made == {"probe run on 2", "probe run on 3"}
    assert unclocked(tmp_path / "run") == unclocked(run)
    assert weights(tmp_path / "run/checkpoint-00000016") == weights(run / "checkpoint-00000016")


def command(method: str, out: Path, *more: str) -> list[str]:
    """`benchcore train` with the settings of `config`."""
    return [
        "benchcore", "train", method, "--data", CORPUS, "--tokenizer", "characters", "--tokenizer-data", ALPHABET,
        "--model", "0.1m-gpt2", "--context", str(CONTEXT), "--batch", "16", "--steps", "16", "--lr", "2e-3",
        "--looks", "3", "--checkpoints", "4", "--marked-only", "--init-std", "0.1", "--heldout.answers", HELDOUT,
        "--out", str(out), *more,
    ]  # fmt: skip


def test_skillit_goes_on_after_a_kill_to_the_same_weights_and_shares(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCHCORE_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "skillit-seed0"
    typed = command(
        "skillit", out, "--skillit.validation", VALIDATION, "--skillit.probe-steps", "4", "--skillit.rounds", "4",
        "--skillit.window", "2",
    )  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", *typed], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(out.glob("checkpoint-*")):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "checkpoint-00000016").is_dir()
    done = subprocess.run([sys.executable, "-m", *typed], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert weights(out / "checkpoint-00000016") == weights(run / "checkpoint-00000016")
    assert log(out) == log(run)
    assert heldout(out) == heldout(run)
    assert unclocked(out) == unclocked(run)


def test_rows_are_of_groups_in_the_shares_of_a_mixture(tmp_path: Path, drawn: list[list[int]]) -> None:
    shares = MixtureConfig(shares={"3": 3, "1": 1})
    train("mixture", config(tmp_path / "run", mixture=shares, checkpoints=1, heldout={}))
    corpus = rows(tmp_path / "run", tmp_path, documents=1500, seed=1)
    counts = Counter(corpus.groups[group] for ids in drawn for group in corpus.group_of(np.array(ids)))
    assert counts.total() == 256
    assert counts["2"] == 0
    assert counts["3"] == pytest.approx(192, abs=4 * (256 * 3 / 16) ** 0.5)
    with pytest.raises(RunMismatch, match=r"mixture\.shares is"):
        train("mixture", config(tmp_path / "run", mixture=MixtureConfig(shares={"1": 1}), checkpoints=1, heldout={}))


def row_losses(run: Path, corpus: Rows) -> Any:
    """The loss of the answer of each row under a run's last model, by torch's cross entropy."""
    model = AutoModelForCausalLM.from_pretrained(run / "checkpoint-00000008")
    ids = np.arange(len(corpus))
    tokens, marks = corpus.tokens(ids), corpus.marks(ids)
    assert marks is not None
    assert (marks.sum(1) == 1).all()
    with torch.no_grad():
        logits = model(input_ids=tokens[:, :-1]).logits
    losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
    return losses.view(marks.shape)[marks].numpy()


@pytest.mark.parametrize("reverse", [False, True])
def test_a_curriculum_begins_with_the_easiest_rows_of_another_run(
    reference: Path, tmp_path: Path, drawn: list[list[int]], *, reverse: bool
) -> None:
    asked = CurriculumConfig(by="row", reverse=reverse, epochs=4, reference=str(reference))
    train("curriculum", config(tmp_path / "run", curriculum=asked, checkpoints=1, heldout={}))
    corpus = rows(tmp_path / "run", tmp_path, documents=1500, seed=1)
    losses = row_losses(reference, corpus) * (-1 if reverse else 1)
    for epoch in range(4):
        highest = np.quantile(losses, (epoch + 1) / 4) + 0.01  # losses are stored with three digits
        assert losses[np.concatenate(drawn[4 * epoch : 4 * epoch + 4])].max() <= highest
    assert losses[np.concatenate(drawn[12:])].max() > np.quantile(losses, 0.75) + 0.01
    bill, before = unclocked(tmp_path / "run"), billed(reference / "checkpoint-00000008")
    assert bill["prepare forwarded"] == before["forwarded"] + len(corpus) * CONTEXT
    assert bill["prepare flops"] > before["flops"] > 0


def test_a_curriculum_takes_up_one_group_after_another(reference: Path, tmp_path: Path, drawn: list[list[int]]) -> None:
    asked = CurriculumConfig(by="group", mixing=0.0, reference=str(reference))
    train("curriculum", config(tmp_path / "run", curriculum=asked, checkpoints=1, heldout={}, steps=12))
    corpus = rows(tmp_path / "run", tmp_path, documents=1500, seed=1)
    losses = row_losses(reference, corpus)
    groups = corpus.group_of(np.arange(len(corpus)))
    easiest = np.argsort([losses[groups == group].mean() for group in range(3)])
    # each group has a sixth of the run, and all of them the second half
    for part, group in enumerate(easiest):
        assert set(groups[np.concatenate(drawn[2 * part : 2 * part + 2])]) == {group}
    assert set(groups[np.concatenate(drawn[6:])]) == {0, 1, 2}


def test_two_processes_come_to_the_weights_of_one_with_a_mixture(tmp_path: Path) -> None:
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    typed = command(
        "mixture", tmp_path / "two", "--micro-batch", "8", "--mixture.shares.1", "1", "--mixture.shares.3", "2.5"
    )
    done = subprocess.run([*launch, *typed], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    train("mixture", config(tmp_path / "one", mixture=MixtureConfig(shares={"1": 1, "3": 2.5})))
    one, two = (load_file(tmp_path / name / "checkpoint-00000016/model.safetensors") for name in ("one", "two"))
    # the gradient of a key's bias is nothing but rounding, of which AdamW makes steps
    one, two = ({k: v for k, v in each.items() if not k.endswith("c_attn.bias")} for each in (one, two))
    assert max(float((one[name] - two[name]).abs().max()) for name in one) < 1e-4
    assert [one["value"] for one in last_look(tmp_path / "two")] == pytest.approx(
        [one["value"] for one in last_look(tmp_path / "one")], abs=1e-4
    )
    assert unclocked(tmp_path / "two") == unclocked(tmp_path / "one")


def test_probe_runs_on_two_processes_are_refused(tmp_path: Path) -> None:
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    typed = command(
        "skillit", tmp_path / "two", "--micro-batch", "8", "--skillit.validation", VALIDATION, "--skillit.probe-steps",
        "5",
    )  # fmt: skip
    done = subprocess.run([*launch, *typed], capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "probe runs are made by one process; start it on one" in done.stderr
    assert not list((tmp_path / "two").glob("checkpoint-*"))


def test_a_graph_that_changed_is_another_setting(run: Path, tmp_path: Path) -> None:
    graph, known = tmp_path / "graph.json", read_graph(run / FILE)
    write_graph(graph, known)
    read = SkillItConfig(validation=VALIDATION, rounds=4, graph=str(graph))
    with pytest.raises(Stopped):
        train("skillit", config(tmp_path / "run", skillit=read), watch=stop_at(8))
    write_graph(graph, SkillGraph(skills=known.skills, weights=known.weights[::-1]))
    with pytest.raises(RunMismatch, match=r"skillit\.graph is"):
        train("skillit", config(tmp_path / "run", skillit=read))


@pytest.mark.parametrize(
    ("method", "changes", "words"),
    [
        ("mixture", {"mixture": MixtureConfig(shares={"4": 1})}, "the corpus has no group '4'"),
        ("skillit", {}, "skillit needs texts to measure skills on; pass --skillit.validation FILE"),
        ("skillit", {"skillit": SkillItConfig(validation=VALIDATION, rounds=17)}, "17 rounds do not go into 16 steps"),
        ("curriculum", {}, "a curriculum needs a reference model; pass --curriculum.reference CHECKPOINT"),
        ("mixture", {"data": ("generated:noisy_markov?tokens=2000",), "tokenizer_data": ()}, "no groups to draw from"),
    ],
)
def test_nonsense_is_refused_before_the_first_step(
    tmp_path: Path, method: str, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        train(method, config(tmp_path / "run", **changes))
    assert not list(tmp_path.glob("run/checkpoint*"))


def test_what_was_refused_does_not_hold_the_folder(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(ConfigError, match="no group '4'"):
        train("mixture", config(out, mixture=MixtureConfig(shares={"4": 1})))
    text = tmp_path / "plain.txt"
    text.write_text("nothing is marked here " * 20)
    with pytest.raises(ConfigError, match="marks nothing"):
        train("clm", config(out, data=(str(text),)))
    assert train("mixture", config(out, steps=2, heldout={})).checkpoint.is_dir()
