"""The house rules: light imports, documented names and flags, the wheel under test."""

import inspect
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import benchcore
from benchcore import catalog
from benchcore.cli import app

PACKAGE = Path(benchcore.__file__).parent
CHECKOUT = Path(__file__).parent.parent
HEAVY = ("torch", "transformers", "numpy", "scipy", "lm_eval", "vllm", "ray", "sympy", "datasets", "matplotlib")
LIGHT = ("benchcore", "cli", "records", "errors", "task", "plan", "catalog", "config", "store", "checkpoint")


def loaded_after(code: str, environment: dict[str, str]) -> set[str]:
    """Which heavy modules a fresh interpreter has loaded after running `code`."""
    code = f"import sys\n{code}\nprint('loaded:', *sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize("module", LIGHT)
def test_importing_it_loads_nothing_heavy(module: str, environment: dict[str, str]) -> None:
    name = "benchcore" if module == "benchcore" else f"benchcore.{module}"
    assert loaded_after(f"import {name}", environment) == set()


@pytest.mark.parametrize("arguments", [["--help"], ["eval", "--help"], ["tasks"], ["--version"], ["runs", "."]])
def test_a_command_that_computes_nothing_loads_nothing_heavy(arguments: list[str], environment: dict[str, str]) -> None:
    assert loaded_after(f"from benchcore.cli import main\nmain({arguments!r})", environment) == set()


def test_the_check_for_heavy_modules_would_find_one(environment: dict[str, str]) -> None:
    assert loaded_after("import numpy", environment) == {"numpy"}


@pytest.mark.parametrize("name", benchcore.__all__)
def test_every_public_name_resolves_and_says_what_it_is(name: str) -> None:
    thing = getattr(benchcore, name)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        own = thing.__dict__.get("__doc__") if inspect.isclass(thing) else thing.__doc__
        assert own and not own.startswith(f"{name}("), f"{name} has no docstring of its own"
        assert thing.__module__.startswith("benchcore.")


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = benchcore.nonsense
    assert set(benchcore.__all__) <= set(dir(benchcore))


def commands() -> dict[str, list[str]]:
    """Every command, as typed, and its flags."""
    found = {}
    for name in app:
        if name.startswith("-"):
            continue
        for words in ([name], *([name, below] for below in app[name] if not below.startswith("-"))):
            collected = app[words[0]] if len(words) == 1 else app[words[0]][words[1]]
            flags = [
                flag
                for argument in collected.assemble_argument_collection()
                for flag in {*argument.names} - {*argument.negatives}
            ]
            found[" ".join(words)] = sorted({flag for flag in flags if flag.startswith("--")})
    return found


def documentation() -> str:
    pages = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages if page.is_file())


def test_commands_and_flags_are_found() -> None:
    found = commands()
    assert {"eval", "grade", "runs", "doctor", "demo", "tasks", "tasks check", "tasks show"} <= found.keys()
    assert {"--tasks", "--engine", "--limit", "--trials", "--temperature", "--top-p", "--json"} <= set(found["eval"])
    assert {"--task", "--id", "--text", "--whole", "--out"} <= set(found["grade"])


@pytest.mark.parametrize("command", commands())
def test_every_command_and_flag_is_documented(command: str) -> None:
    text = documentation()
    assert f"benchcore {command}" in text
    missing = [flag for flag in commands()[command] if not re.search(rf"(?<![\w-]){flag}(?![\w-])", text)]
    assert missing == []


def test_every_public_name_is_documented() -> None:
    text = documentation()
    assert [name for name in benchcore.__all__ if not re.search(rf"\b{name}\b", text)] == []


def test_every_change_of_version_has_a_line_in_the_changelog() -> None:
    text = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert benchcore.__version__ in text or "Unreleased" in text


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="only tox installs the wheel")
def test_the_wheel_is_what_is_tested() -> None:
    assert "site-packages" in PACKAGE.parts
    assert catalog.task_folder() == PACKAGE / "_tasks"


def test_the_task_folder_is_found_and_has_the_tasks_of_the_checkout() -> None:
    assert {"humaneval", "mbpp", "gsm8k", "math", "math500", "skill_arithmetic"} <= set(catalog.task_files())
    here = {path.name: path.read_bytes() for path in (CHECKOUT / "tasks").glob("*.py")}
    assert {path.name: path.read_bytes() for path in catalog.task_folder().glob("*.py")} == here


def test_no_module_of_the_package_is_called_after_nothing() -> None:
    shapeless = {"utils", "util", "common", "helpers", "core", "base", "misc"}
    assert {path.stem for path in PACKAGE.rglob("*.py")} & shapeless == set()


def test_the_console_script_is_the_command_line() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"benchcore": "benchcore.cli:main"}
