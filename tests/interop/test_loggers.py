"""Where progress goes: lines that a run which goes on takes up, and packages that may not be there."""

import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from benchcore.config import TrainConfig
from benchcore.errors import ConfigError, MissingExtra
from benchcore.interop.loggers import Lines, check_loggers, open_loggers


def test_a_line_a_report(tmp_path: Path) -> None:
    with Lines(tmp_path / "log.jsonl", 0) as lines:
        lines.log(5, {"loss": 3.5, "lr": 0.1})
        lines.log(9, {"loss": 3.25})
    found = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert found == [{"step": 5, "loss": 3.5, "lr": 0.1}, {"step": 9, "loss": 3.25}]


def test_a_run_that_goes_on_leaves_out_what_it_will_write_again(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 5, "loss": 3.5}\n{"step": 9, "loss": 3.25}\n{"step": 12, "lo')
    with Lines(path, 7) as lines:
        lines.log(8, {"loss": 3.0})
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [5, 8]


def test_an_unknown_logger_names_the_nearest() -> None:
    check_loggers(("tensorboard", "trackio", "wandb"))
    with pytest.raises(ConfigError, match="no logger 'wandbb'; did you mean wandb"):
        check_loggers(("wandbb",))


def test_a_logger_whose_package_is_missing_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingExtra, match="pip install wandb"):
        list(open_loggers(tmp_path, TrainConfig(loggers=("wandb",)), 0))


@pytest.mark.parametrize("name", ["trackio", "wandb"])
def test_a_tracker_gets_settings_values_and_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    seen: list[Any] = []
    package = types.ModuleType(name)
    monkeypatch.setattr(package, "init", lambda **given: seen.append(given), raising=False)
    monkeypatch.setattr(package, "log", lambda values, step: seen.append((values, step)), raising=False)
    monkeypatch.setattr(package, "finish", lambda: seen.append("finished"), raising=False)
    monkeypatch.setitem(sys.modules, name, package)
    run = tmp_path / "slm-seed0"
    run.mkdir()
    _, tracker = open_loggers(run, TrainConfig(loggers=(name,), lr=0.5), 0)
    with tracker:
        tracker.log(3, {"loss": 2.0})
    assert (seen[0]["project"], seen[0]["name"], seen[0]["config"]["lr"]) == ("benchcore", "slm-seed0", "0.5")
    assert seen[1:] == [({"loss": 2.0}, 3), "finished"]
