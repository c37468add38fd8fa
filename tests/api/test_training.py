"""Training runs from start to end: what is in the folder, going on, kill -9, refusals, and what reads it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from benchcore.api import evaluate
from benchcore.api.training import TrainProgress, train
from benchcore.checkpoint import billed, find, trained_on
from benchcore.config import EvalConfig, TrainConfig
from benchcore.errors import CheckpointError, ConfigError, MachineError, RunMismatch

CORPUS = "generated:noisy_markov?tokens=20000&seed=1"
CLEAN = "generated:noisy_markov?tokens=2000&noise=0&seed=2"


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHCORE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def config(out: Path, **changes: Any) -> TrainConfig:
    usual: dict[str, Any] = dict(
        data=(CORPUS,), tokenizer="characters", model="0.1m", context=32, batch=8, steps=12, lr=2e-3, looks=4,
        checkpoints=3, heldout={"clean": CLEAN}, out=out,
    )  # fmt: skip
    return TrainConfig(**{**usual, **changes})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run; nothing may be written to it."""
    out = tmp_path_factory.mktemp("runs") / "clm-seed0"
    os.environ["BENCHCORE_CACHE"] = str(tmp_path_factory.getbasetemp() / "cache")
    train("clm", config(out))
    return out


def weights(folder: Path) -> dict[str, Any]:
    return {name: value.tolist() for name, value in load_file(folder / "model.safetensors").items()}


def test_a_run_keeps_checkpoints_held_out_losses_and_a_log(run: Path) -> None:
    found, skipped = find(str(run))
    assert [one.step for one in found] == [4, 8, 12]
    assert not skipped
    assert [one.tokens for one in found] == [4 * 8 * 32, 8 * 8 * 32, 12 * 8 * 32]
    assert found[0].series == "clm-seed0"
    bill = billed(found[-1].path)
    assert bill["forwarded"] == trained_on(found[-1].path) == 12 * 8 * 32
    assert bill["flops"] > 0
    assert bill["prepare flops"] == 0
    steps = [int(path.name.removeprefix("step-")) for path in sorted((run / "heldout").glob("step-*"))]
    assert steps == [1, 2, 5, 12]
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["step"] == 12
    assert lines[-1]["loss"] < lines[0]["loss"] < 4.5


def test_the_held_out_loss_is_that_of_evaluating_the_checkpoint(run: Path, tmp_path: Path) -> None:
    config = EvalConfig(tasks=(str(run / "tasks/clean.py"),), out=tmp_path, engine="embedded")
    (record,) = evaluate([str(run / "checkpoint-00000012")], config).records
    stored = json.loads((run / "heldout/step-00000012/run.json").read_text())
    figures = {figure["name"]: figure["value"] for figure in stored["tasks"][0]["figures"]}
    assert {one.name: one.value for one in record.tasks[0].figures} == pytest.approx(figures, abs=1e-6)
    assert stored["tasks"][0]["settings"] == dict(record.tasks[0].settings)
    assert (stored["series"], stored["step"], stored["tokens"]) == ("clm-seed0", 12, 12 * 8 * 32)


def test_the_same_command_again_trains_nothing(run: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.name != "train.lock" and path.is_file()}
    progress: list[TrainProgress] = []
    trained = train("clm", config(run), watch=progress.append)
    assert "training" not in {one.doing for one in progress}
    assert trained.checkpoint == run / "checkpoint-00000012"
    assert [record.step for record in trained.records] == [1, 2, 5, 12]
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": 13}, "steps is 12 there and 13 now"),
        ({"lr": 1e-3}, "lr is 0.002 there and 0.001 now"),
        ({"data": ("generated:noisy_markov?tokens=20000&seed=3",)}, "corpus is"),
        ({"model": "1m"}, "model is '0.1m' there and '1m' now"),
    ],
)
def test_another_setting_is_refused_by_its_name(run: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(RunMismatch, match=words):
        train("clm", config(run, **changes))


def test_another_method_is_refused(run: Path) -> None:
    with pytest.raises(RunMismatch, match="method is 'clm' there and 'slm' now"):
        train("slm", replace(config(run), slm=replace(config(run).slm, score="random")))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": ()}, "no corpus is given"),
        ({"data": ("nowhere.txt",)}, "no corpus 'nowhere.txt'"),
        ({"model": "11m"}, "neither a shape of a model nor a checkpoint; did you mean"),
        ({"loggers": ("tensorbord",)}, "no logger 'tensorbord'; did you mean tensorboard"),
        ({"heldout": {"clean": "nowhere.txt"}}, "held-out set clean is not there"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        train("clm", config(tmp_path / "run", **changes))
    assert not list(tmp_path.glob("run/checkpoint*"))


def test_an_unknown_method_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no training method 'sml'; did you mean slm"):
        train("sml", config(tmp_path / "run"))


def command(out: Path, *more: str) -> list[str]:
    """`benchcore train clm` with the settings of `config`."""
    return [
        "benchcore", "train", "clm", "--data", CORPUS, "--tokenizer", "characters", "--model", "0.1m",
        "--context", "32", "--batch", "8", "--lr", "2e-3", "--looks", "4", "--heldout.clean", CLEAN, "--out", str(out),
        *more,
    ]  # fmt: skip


def test_a_killed_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole, killed = tmp_path / "a" / "clm", tmp_path / "b" / "clm"
    train("clm", config(whole, steps=60, checkpoints=20))
    kills = 0
    while not (killed / "checkpoint-00000060").is_dir():
        process = subprocess.Popen(
            [sys.executable, "-m", *command(killed, "--steps", "60", "--checkpoints", "20")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        known = len(list(killed.glob("checkpoint-*")))
        # each process gets a little further than the one before
        while process.poll() is None and len(list(killed.glob("checkpoint-*"))) < known + 5 + kills:
            time.sleep(0.005)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        assert process.wait() in (0, -signal.SIGKILL)
    assert kills >= 2
    assert weights(killed / "checkpoint-00000060") == weights(whole / "checkpoint-00000060")
    assert sorted(path.name for path in (killed / "heldout").iterdir()) == sorted(
        path.name for path in (whole / "heldout").iterdir()
    )
    lines = [json.loads(line)["step"] for line in (killed / "log.jsonl").read_text().splitlines()]
    assert lines == sorted(set(lines))


def test_a_run_without_the_optimisers_state_is_whole_or_refused(tmp_path: Path) -> None:
    out = tmp_path / "run"
    train("clm", config(out))
    shutil.rmtree(out / "checkpoint-00000012/trainer")
    assert train("clm", config(out)).checkpoint == out / "checkpoint-00000012"
    shutil.rmtree(out / "checkpoint-00000012")
    with pytest.raises(CheckpointError, match="no checkpoint has the optimiser's state; begin it in another --out"):
        train("clm", config(out))


def test_two_processes_do_not_train_in_one_folder(tmp_path: Path) -> None:
    import filelock

    out = tmp_path / "run"
    out.mkdir()
    with filelock.FileLock(out / "train.lock"), pytest.raises(MachineError, match="another process is training in"):
        train("clm", config(out))


def test_training_goes_on_from_a_checkpoint_whose_bill_is_charged(run: Path, tmp_path: Path) -> None:
    trained = train("clm", config(tmp_path / "more", model=str(run), steps=2, checkpoints=1, tokenizer=None))
    bill = billed(trained.checkpoint)
    before = billed(run / "checkpoint-00000012")
    assert bill["prepare flops"] == before["flops"]
    assert bill["forwarded"] == 2 * 8 * 32
    first = json.loads((tmp_path / "more/heldout/step-00000001/run.json").read_text())
    last = json.loads((run / "heldout/step-00000012/run.json").read_text())
    values = [found["tasks"][0]["figures"][0]["value"] for found in (first, last)]
    assert values[0] == pytest.approx(values[1], abs=0.1)


def test_two_processes_come_to_the_weights_of_one(tmp_path: Path) -> None:
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    trained = command(tmp_path / "two", "--micro-batch", "4", "--steps", "12", "--checkpoints", "3")
    done = subprocess.run([*launch, *trained], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Series from their first step to their last") == 1
    train("clm", config(tmp_path / "one"))
    one, two = (load_file(tmp_path / name / "checkpoint-00000012/model.safetensors") for name in ("one", "two"))
    assert max(float((one[name] - two[name]).abs().max()) for name in one) < 1e-5
    bills = [billed(tmp_path / name / "checkpoint-00000012") for name in ("one", "two")]
    assert [bill["flops"] for bill in bills] == [bills[0]["flops"]] * 2
    figures = [
        json.loads((tmp_path / name / "heldout/step-00000012/run.json").read_text())["tasks"][0]["figures"][0]["value"]
        for name in ("one", "two")
    ]
    assert figures[0] == pytest.approx(figures[1], abs=1e-5)


@pytest.mark.vllm
def test_vllm_measures_a_checkpoint_as_training_did(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("vllm")
    config = EvalConfig(tasks=(str(run / "tasks/clean.py"),), out=tmp_path, engine="vllm", dtype="float32")
    (record,) = evaluate([str(run / "checkpoint-00000012")], config).records
    stored = json.loads((run / "heldout/step-00000012/run.json").read_text())
    figures = {figure["name"]: figure["value"] for figure in stored["tasks"][0]["figures"]}
    assert {one.name: one.value for one in record.tasks[0].figures} == pytest.approx(figures, abs=1e-4)
