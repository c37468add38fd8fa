"""From a name to the task: nearest names, files, broken files, packages; listing runs nothing."""

import importlib.metadata
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchcore import catalog
from benchcore.engines.embedded.engine import Embedded
from benchcore.errors import ConfigError
from benchcore.plan import plan, settings
from benchcore.records import Sample

Write = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the catalog takes for the task folder."""
    place = tmp_path / "tasks"
    place.mkdir()
    monkeypatch.setattr(catalog, "task_folder", lambda: place)
    return place


def refusal(name: str) -> str:
    with pytest.raises(ConfigError) as caught:
        catalog.load_task(name)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_an_unknown_task_names_the_nearest() -> None:
    assert refusal("humanevil") == "there is no task 'humanevil'; did you mean humaneval or humaneval_plus?"


def test_a_name_like_no_other_lists_what_there_is() -> None:
    assert "known: asdiv, gsm8k, humaneval, humaneval_plus, loss, math" in refusal("zzzzzzzz")


def test_an_unknown_variant_names_the_nearest() -> None:
    assert refusal("gsm8k@instuct") == "the task gsm8k has no variant 'instuct'; did you mean instruct?"


def test_a_name_that_ends_in_an_at_sign_names_no_variant() -> None:
    assert refusal("gsm8k@").startswith("the task gsm8k has no variant ''; known: instruct")


def test_a_task_file_is_loaded_by_its_path(write_task: Write) -> None:
    task = catalog.load_task(write_task("mine"))
    assert (task.name, task.about) == ("mine", "Sums, one more than a number.")


def test_a_variant_of_a_task_file_is_loaded_by_its_path(write_task: Write) -> None:
    task = catalog.load_task(write_task("mine") + "@instruct")
    assert task.name == "mine@instruct"
    assert type(task.samples(None)[0][0].prompt) is tuple


@pytest.mark.parametrize("variant", ["", "@instruct"])
def test_a_folder_with_an_at_sign_in_its_name_is_no_variant(write_task: Write, tmp_path: Path, variant: str) -> None:
    odd = tmp_path / "me@host"
    Path(write_task("mine")).parent.rename(odd)
    assert catalog.load_task(f"{odd / 'mine.py'}{variant}").name == f"mine{variant}"


def test_a_path_to_no_file_says_so(tmp_path: Path) -> None:
    assert refusal(str(tmp_path / "none.py")) == f"there is no task file {tmp_path / 'none.py'}"


def test_an_edited_task_file_is_read_anew_even_within_a_second(write_task: Write) -> None:
    assert [catalog.load_task(write_task(version=version)).version for version in (1, 2, 3)] == [1, 2, 3]


def test_loading_leaves_nothing_beside_the_task_file(write_task: Write) -> None:
    path = Path(write_task())
    catalog.load_task(str(path))
    assert list(path.parent.iterdir()) == [path]


def test_a_task_file_may_define_dataclasses_with_postponed_annotations(tmp_path: Path) -> None:
    path = tmp_path / "postponed.py"
    path.write_text(
        '"""Doc."""\nfrom __future__ import annotations\nfrom dataclasses import dataclass\n'
        "from benchcore import load_task\n@dataclass\nclass Setting:\n    x: int\nTASK = load_task('gsm8k')\n"
    )
    assert catalog.load_task(str(path)).name == "postponed"


BROKEN = {
    "def (": "SyntaxError",
    "TASK = undefined": "NameError",
    "import no_such_module_at_all": "ModuleNotFoundError: No module named 'no_such_module_at_all'",
    "TASK = {}['key']": "KeyError",
    "TASK = 1 / 0": "ZeroDivisionError: division by zero",
    "raise RuntimeError('not today')": "RuntimeError: not today",
    "raise SystemExit(0)": "SystemExit",
    "TASK = None.rows": "AttributeError",
    "from benchcore import Decode\nDecode(max_tokens=0)": "max_tokens must be a whole number of at least 1, got 0",
    "from dataclasses import replace\nfrom benchcore import load_task\nreplace(load_task('gsm8k'), version=0)": (
        "gsm8k: version must be 1 or more, got 0"
    ),
}


@pytest.mark.parametrize(("source", "reason"), BROKEN.items(), ids=BROKEN.values())
def test_a_task_file_that_does_not_load_is_one_sentence_naming_it(tmp_path: Path, source: str, reason: str) -> None:
    path = tmp_path / "broken.py"
    path.write_text(source)
    said = refusal(str(path))
    assert said.startswith(f"the task file {path} does not load: ")
    assert reason in said
    assert "\n" not in said


@pytest.mark.parametrize("source", ["", "TASK = 'sums'", "task = None"])
def test_a_file_without_a_task_is_named(tmp_path: Path, source: str) -> None:
    path = tmp_path / "empty.py"
    path.write_text(source)
    assert refusal(str(path)) == f"{path} defines no TASK = Task(...)"


def test_a_variant_that_is_no_task_is_named(write_task: Write) -> None:
    path = Path(write_task())
    path.write_text(path.read_text() + "\nVARIANTS = {'odd': 3}\n")
    assert refusal(f"{path}@odd") == f"{path}: the variant 'odd' is not a Task"


def test_listing_executes_nothing(folder: Path, tmp_path: Path) -> None:
    effect = tmp_path / "executed"
    (folder / "loud.py").write_text(
        f'"""It leaves a trace.\n\nAnd more."""\nopen({str(effect)!r}, "w").close()\nVARIANTS = {{"a": 1, "b": 2}}\n'
    )
    (listed,) = catalog.listing()
    assert (listed.name, listed.about, listed.variants) == ("loud", "It leaves a trace.", ("a", "b"))
    assert not effect.exists()
    refusal("loud")
    assert effect.exists()


def test_variants_with_a_type_are_listed_too(folder: Path) -> None:
    (folder / "typed.py").write_text('VARIANTS: dict[str, object] = {"a": 1}\n')
    assert catalog.listing()[0].variants == ("a",)


def test_listing_names_a_file_that_is_not_python(folder: Path) -> None:
    (folder / "broken.py").write_text("def (")
    with pytest.raises(ConfigError, match=r"the task file .*broken\.py does not load: SyntaxError"):
        catalog.listing()


def test_listing_knows_what_loading_gives() -> None:
    variants = 0
    for listed in catalog.listing():
        assert catalog.load_task(listed.name).about == listed.about
        variants += len([catalog.load_task(f"{listed.name}@{variant}") for variant in listed.variants])
    assert variants > 10


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_task: Write) -> Iterator[Callable[[str, str], None]]:
    """Install a package `plug_of_tests` whose import would fail, with one task file, under a given name."""
    root = tmp_path / "site" / "plug_of_tests"
    (root / "inner").mkdir(parents=True)
    (root / "__init__.py").write_text("raise AssertionError('imported by listing')\n")
    (root / "inner" / "__init__.py").write_text("raise AssertionError('imported by listing')\n")
    (root / "inner" / "mine.py").write_text(Path(write_task("mine")).read_text())
    monkeypatch.syspath_prepend(str(root.parent))

    def install(name: str, value: str) -> None:
        entries = [importlib.metadata.EntryPoint(name=name, value=value, group=catalog.ENTRY_POINTS)]
        monkeypatch.setattr(
            importlib.metadata, "entry_points", lambda group: entries if group == catalog.ENTRY_POINTS else []
        )

    yield install
    assert "plug_of_tests" not in sys.modules


def test_a_task_of_an_installed_package_is_found_without_importing_it(
    package: Callable[[str, str], None],
) -> None:
    package("plugged", "plug_of_tests.inner.mine")
    assert {listed.name: listed.about for listed in catalog.listing()}["plugged"] == "Sums, one more than a number."
    assert catalog.load_task("plugged@instruct").name == "plugged@instruct"


def test_a_package_cannot_replace_a_built_in_task(package: Callable[[str, str], None]) -> None:
    package("gsm8k", "plug_of_tests.inner.mine")
    assert catalog.load_task("gsm8k").about.startswith("GSM8K")


@pytest.mark.parametrize("value", ["plug_of_tests.gone.mine", "gone_altogether", "plug_of_tests.inner.mine.deeper"])
def test_an_entry_point_to_no_file_breaks_no_other_task(package: Callable[[str, str], None], value: str) -> None:
    package("plugged", value)
    assert "gsm8k" in catalog.task_files()
    assert "there is no task 'plugged'" in refusal("plugged")


SUITES = """
[two]
about = "Two tasks."
tasks = ["a", "b"]
rules = "published:meh"

[one]
about = "One task."
tasks = ["a"]
"""


def test_suites_are_read_from_the_task_folder(folder: Path) -> None:
    assert catalog.suites() == {}
    (folder / "suites.toml").write_text(SUITES)
    assert list(catalog.suites()) == ["one", "two"]
    two = catalog.suites()["two"]
    assert (two.about, two.tasks, two.rules) == ("Two tasks.", ("a", "b"), "published:meh")
    assert catalog.suites()["one"].rules is None
    assert [listed.name for listed in catalog.listing()] == []


def test_a_suites_name_stands_for_its_tasks_and_any_other_for_itself(folder: Path) -> None:
    (folder / "suites.toml").write_text(SUITES)
    asked = catalog.expand(["two@instruct", "c@instruct", "no/such.py@instruct", "one"])
    assert [one.task for one in asked] == ["a@instruct", "b@instruct", "c@instruct", "no/such.py@instruct", "a"]
    assert [one.suite.name if one.suite else None for one in asked] == ["two", "two", None, None, "one"]


def test_an_unknown_task_names_suites_among_the_nearest(folder: Path) -> None:
    (folder / "suites.toml").write_text(SUITES)
    assert refusal("tow") == "there is no task 'tow'; did you mean two?"


@pytest.mark.parametrize("content", ["[one", "[one]\ntasks = ['a']", "one = 1"])
def test_a_list_of_suites_that_is_none_is_named(folder: Path, content: str) -> None:
    (folder / "suites.toml").write_text(content)
    with pytest.raises(ConfigError, match=r"suites\.toml is not a list of suites"):
        catalog.suites()


def test_math500_is_math_but_for_its_rows() -> None:
    some, whole = catalog.load_task("math500"), catalog.load_task("math")
    assert settings(some, "data", None) == settings(whole, "data", None)
    assert (some.grader.name, some.metrics) == (whole.grader.name, whole.metrics)
    assert some.rows != whole.rows
    row = {"unique_id": "test/a/1.json", "problem": "1+1", "answer": "2", "solution": "2", "subject": "A", "level": 1}
    assert some.sample(row) == whole.sample(row)


def test_an_unknown_engine_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="there is no engine 'embeded'; did you mean embedded"):
        catalog.load_engine("embeded")


def test_an_engine_is_found_by_its_name() -> None:
    assert catalog.load_engine("embedded") is Embedded


def test_requests_of_a_loaded_task_carry_its_name(write_task: Write) -> None:
    sample = Sample(id="a", prompt="p", target="t")
    assert plan(catalog.load_task(write_task("mine")), [sample])[0].task == "mine"
