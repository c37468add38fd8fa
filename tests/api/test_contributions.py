"""What diagnoses a training run: contributions along it, its compression ratio and its scaling law, where they show."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchcore import CompareConfig, compare
from benchcore.api import contributions as module
from benchcore.api.contributions import contributions
from benchcore.api.reporting import page
from benchcore.api.run_folders import read_contributions
from benchcore.api.training import train
from benchcore.cli import main
from benchcore.config import TrainConfig
from benchcore.errors import ConfigError, DataError
from benchcore.report.page import render
from benchcore.store import read_record, run_folders

CLEAN, NOISY = (f"generated:noisy_markov?tokens=3000&seed=1&noise={noise}&group={name}" for name, noise in
                (("clean", 0), ("noisy", 0.95)))  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("BENCHCORE_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def run(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with two held-out sets and what its rows contribute to one of them."""
    out = tmp_path_factory.mktemp("runs") / "clm-seed0"
    heldout = {
        "clean": "generated:noisy_markov?tokens=1000&noise=0&seed=9",
        "noisy": "generated:noisy_markov?tokens=1000&noise=0.95&seed=9",
    }
    train("clm", TrainConfig(
        data=(CLEAN, NOISY), tokenizer="characters", tokenizer_data=("generated:noisy_markov?tokens=6000",),
        model="0.1m", context=32, batch=16, steps=40, lr=5e-3, checkpoints=2, looks=8, heldout=heldout, out=out,
    ))  # fmt: skip
    contributions(out, "clean", rows=48)
    return out


def test_rows_like_the_held_out_ones_contribute_more(run: Path) -> None:
    [found] = read_contributions(run)
    assert (found.series, found.heldout, found.asked, found.rows) == ("clm-seed0", "clean", 48, 48)
    assert [(point.step, point.tokens) for point in found.points] == [(20, 20 * 16 * 32), (40, 40 * 16 * 32)]
    for point in found.points:
        assert point.groups["clean"] > point.groups["noisy"]
        assert 0 <= point.harmful <= 1


def test_the_same_question_is_answered_from_the_folder(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [known] = read_contributions(run)
    monkeypatch.setattr(module, "load", None)
    assert contributions(run, "clean", rows=48) == known
    with pytest.raises(TypeError):
        contributions(run, "clean", rows=47)


def test_compare_and_report_show_them(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = compare([str(run)], CompareConfig(diagnostics=True))
    figures = {one.name: one for one in found.curves["clm-seed0", "clean", "nats per token"]}
    [known] = read_contributions(run)
    similarities = [point.similarity or 0.0 for point in known.points]
    assert figures["similarity"].value == pytest.approx(sum(similarities) / 2)
    vocabulary = read_record(next(iter(run_folders(run / "heldout")))).vocabulary  # type: ignore[union-attr]
    settings = json.loads((run / "heldout" / "model" / "config.json").read_text())
    assert vocabulary == settings["vocab_size"]
    curve = {one.name: one for one in page([str(run)]).curves[1].figures}
    assert figures["compression ratio"].value == pytest.approx(math.log(vocabulary) / curve["AUC over tokens"].value)
    assert {"power law L0", "power law B", "power law beta"} <= figures.keys()
    assert not {one.name for one in found.curves["clm-seed0", "noisy", "nats per token"]} & {"similarity"}
    plain = compare([str(run)])
    assert {one.name for one in plain.curves["clm-seed0", "clean", "nats per token"]} == {"AUC over log-tokens"}
    html = render(page([str(run)]), served=False)
    assert "Contributions to clean along clm-seed0" in html
    assert "compression ratio" in html


def test_another_held_out_set_has_an_answer_of_its_own(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "clm-seed0"
    shutil.copytree(run, other)
    many = contributions(other, "noisy", rows=10_000)
    assert many.rows < many.asked == 10_000
    assert [one.heldout for one in read_contributions(other)] == ["clean", "noisy"]


def test_weights_that_were_exchanged_are_looked_at_again(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "clm-seed0"
    shutil.copytree(run, other)
    shutil.copy(run / "checkpoint-00000020" / "model.safetensors", other / "checkpoint-00000040")
    found = contributions(other, "clean", rows=48)
    assert found.points[1].mean == pytest.approx(found.points[0].mean)


def test_the_command_prints_a_row_for_each_checkpoint(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["law", "contributions", str(run), "--heldout", "clean", "--rows", "48"]) == 0
    printed = capfd.readouterr().out
    assert "similarity" in printed
    assert "noisy" in printed
    assert main(["law", "contributions", str(run), "--heldout", "clean", "--rows", "48", "--json"]) == 0
    assert len(json.loads(capfd.readouterr().out)[0]["points"]) == 2
    assert main(["compare", str(run), "--diagnostics", "--layout", "wide", "--format", "csv"]) == 0
    assert "compression ratio" in capfd.readouterr().out


def test_bits_per_byte_are_held_against_eight(run: Path) -> None:
    found = compare([str(run)], CompareConfig(diagnostics=True, figures=("bits per byte",)))
    curves = {(one.task, one.figure): one for one in page([str(run)]).curves}
    area = next(one for one in curves["clean", "bits per byte"].figures if one.name == "AUC over tokens")
    ratio = next(one for one in found.curves["clm-seed0", "clean", "bits per byte"] if one.name == "compression ratio")
    assert area.value is not None
    assert ratio.value == pytest.approx(8 / area.value)


def test_what_cannot_be_asked_is_refused(run: Path, cache: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no training run"):
        contributions(tmp_path)
    with pytest.raises(ConfigError, match="held-out sets clean, noisy"):
        contributions(run)
    with pytest.raises(ConfigError, match="no held-out set 'cleen'"):
        contributions(run, "cleen")
    with pytest.raises(ConfigError, match="2 or more"):
        contributions(run, "clean", rows=1)
    moved = cache / "rows"
    shutil.move(moved, tmp_path / "rows")
    try:
        with pytest.raises(DataError, match="not in the cache"):
            contributions(run, "noisy")
    finally:
        shutil.move(tmp_path / "rows", moved)
