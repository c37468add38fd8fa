"""Settings in benchcore.toml and pyproject.toml: they are used, flags win, and a mistake is one sentence."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchcore.cli import main

Write = Callable[..., str]

pytestmark = pytest.mark.usefixtures("at_home")


def shown(capfd: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The ids that `tasks show` prints."""
    assert main(["tasks", "show", *arguments, "--json"]) == 0
    return [one["id"] for one in json.loads(capfd.readouterr().out)]


def test_settings_are_used_and_flags_win(capfd: pytest.CaptureFixture[str], write_task: Write) -> None:
    path = write_task()
    Path("benchcore.toml").write_text("[tasks.show]\nlimit = 2\n")
    assert shown(capfd, path) == ["s0", "s1"]
    assert shown(capfd, path, "--limit", "1") == ["s0"]


def test_pyproject_serves_where_benchcore_toml_is_silent(capfd: pytest.CaptureFixture[str], write_task: Write) -> None:
    path = write_task()
    Path("pyproject.toml").write_text("[project]\nname = 'x'\n[tool.benchcore.tasks.show]\nlimit = 3\n")
    assert len(shown(capfd, path)) == 3
    Path("benchcore.toml").write_text("[tasks.show]\nlimit = 2\n")
    assert len(shown(capfd, path)) == 2


def test_every_setting_of_eval_can_be_written_down(
    capfd: pytest.CaptureFixture[str], write_task: Write, tiny_checkpoint: Path
) -> None:
    Path("benchcore.toml").write_text(
        f'[eval]\ntasks = ["{write_task()}"]\nengine = "embedded"\ndtype = "float32"\nout = "there"\nlimit = 2\n'
        "trials = 3\ntemperature = 0.5\ntop_p = 0.9\nbatch_size = 4\ntrust_remote_code = false\nunsafe_code = true\n"
        "dry_run = true\njson = true\n"
    )
    assert main(["eval", str(tiny_checkpoint)]) == 0
    outlook = json.loads(capfd.readouterr().out)
    assert (outlook["engine"], outlook["tasks"][0]["requests"]) == ("embedded", 6)


MISTAKES = [
    ("[eval]\nlimt = 3\n", "[{}eval] has the unknown setting 'limt'; did you mean limit?"),
    ("[eval]\nbatchsize = 3\n", "[{}eval] has the unknown setting 'batchsize'; did you mean batch_size?"),
    ("[evl]\nlimit = 3\n", "[{}evl] is no command of benchcore; did you mean eval?"),
    ("[eval]\nlimit = 'x'\n", 'unable to convert "x" into int'),
    ("[eval]\nlimit = 0\n", "limit must be 1 or more, got 0"),
    ("[eval]\nengine = 'foo'\n", 'Choose from: "auto", "embedded", "vllm"'),
]


@pytest.mark.parametrize(("toml", "sentence"), MISTAKES)
@pytest.mark.parametrize("file", ["benchcore.toml", "pyproject.toml"])
def test_a_mistake_in_a_file_is_one_sentence_that_names_it(
    capfd: pytest.CaptureFixture[str], file: str, toml: str, sentence: str
) -> None:
    root = "" if file == "benchcore.toml" else "tool.benchcore."
    Path(file).write_text(toml.replace("[", f"[{root}"))
    assert main(["eval", "m", "--tasks", "skill_arithmetic"]) == 2
    out, err = capfd.readouterr()
    assert out == "" and err.startswith("benchcore: ") and err.count("\n") == 1
    assert sentence.format(root) in err
    assert file in err or "got 0" in err


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("limit = 3\n", "benchcore.toml: the setting limit stands outside of a command's table"),
        ("[eval\n", "benchcore.toml is not valid TOML: "),
        ("eval = 3\n", "benchcore.toml: the setting eval stands outside"),
        ("[tasks]\nshow = 3\n", "benchcore.toml: "),
    ],
)
def test_a_file_of_the_wrong_shape_is_one_sentence(capfd: pytest.CaptureFixture[str], toml: str, sentence: str) -> None:
    Path("benchcore.toml").write_text(toml)
    assert main(["tasks", "show", "skill_arithmetic"]) == 2
    out, err = capfd.readouterr()
    assert out == "" and err.startswith(f"benchcore: {sentence}") and err.count("\n") == 1


def test_a_file_that_is_not_text_is_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    Path("benchcore.toml").write_bytes(b"\xff\xfe")
    assert main(["tasks"]) == 2
    assert capfd.readouterr().err.startswith("benchcore: benchcore.toml is not valid TOML")
    Path("benchcore.toml").unlink()
    Path("benchcore.toml").mkdir()
    assert main(["tasks"]) == 2
    assert capfd.readouterr().err.startswith("benchcore: benchcore.toml cannot be read")
