"""`benchcore compare`: formats, files that declare a table, sentences and exit codes."""

import csv
import json
import tomllib
from collections.abc import Callable, Collection
from io import StringIO
from pathlib import Path

import pytest

from benchcore import EvalConfig, Request, catalog, evaluate
from benchcore.cli import main
from benchcore.cli.compare import read_table
from benchcore.records import Fault
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]
Said = tuple[int, str, str]

TABLES = Path(__file__).parents[2] / "reports" / "tables"

pytestmark = pytest.mark.usefixtures("at_home")


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command in this process: exit code, standard output, standard error."""

    def run(*arguments: object) -> Said:
        code = main(["compare", *map(str, arguments)])
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture
def make_run(stub_checkpoint: Stub, write_task: Write) -> Callable[..., Path]:
    """Evaluate a stub that knows the samples `right` of `task`, below runs/."""

    def make(name: str, right: Collection[int], task: str | None = None) -> Path:
        def reply(request: Request) -> str:
            number = int(request.sample.removeprefix("s"))
            return str(number + 1) if number in right else "no idea"

        config = EvalConfig(tasks=(task or write_task(samples=20),))
        evaluate([str(stub_checkpoint(name, weights=name[:4].encode()))], config, engine=CannedEngine(reply))
        return Path("runs") / name

    return make


@pytest.fixture
def two(at_home: Path, make_run: Callable[..., Path]) -> None:
    """The runs `base` with 5 of 20 right and `clever` with 15, those 5 among them."""
    make_run("base", range(5))
    make_run("clever", range(15))


@pytest.mark.usefixtures("two")
def test_the_table_on_a_terminal(say: Callable[..., Said]) -> None:
    code, out, err = say("runs/base", "runs/clever", "--baseline", "runs/base")
    assert (code, err) == (0, "")
    assert out.startswith("Comparison of a run with base\n")
    assert "75.0 % [53.1, 88.8] *" in out and "+50.0 pt" in out and "0.0020" in out
    assert say("--baseline", "runs/base", "runs") == (code, out, err)


@pytest.mark.usefixtures("two")
def test_the_formats(say: Callable[..., Said]) -> None:
    _, out, _ = say("runs", "--baseline", "runs/base", "--json")
    shown = json.loads(out)
    assert say("runs", "--baseline", "runs/base", "--format", "json")[1] == out
    assert [row["run"] for row in shown["rows"]] == ["base", "clever"]
    assert shown["rows"][1]["difference"]["value"] == pytest.approx(0.5) and shown["rows"][1]["p"] == "0.0020"
    rows = list(csv.DictReader(StringIO(say("runs", "--format", "csv")[1])))
    assert [(row["run"], float(row["value"])) for row in rows] == [("base", 0.25), ("clever", 0.75)]
    assert "**75.0 % [53.1, 88.8]**" in say("runs", "--format", "markdown")[1]
    assert "\\textbf{75.0" in say("runs", "--format", "latex", "--layout", "wide")[1]


@pytest.mark.usefixtures("two")
def test_a_file_declares_a_table_and_a_flag_wins(say: Callable[..., Said]) -> None:
    Path("papers.toml").write_text(
        """
        title = "What we found"
        runs = ["runs/b*", "runs/clever"]
        labels = {base = "CLM", clever = "Ours, 1.5B"}
        baseline = "runs/base"
        tasks = "sums"
        across = ["temperature"]
        layout = "wide"
        format = "csv"
        out = "found.csv"
        """
    )
    assert say("--table", "papers.toml") == (0, "", "")
    head, base, ours = csv.reader(StringIO(Path("found.csv").read_text()))
    assert (head[0], base[0], ours[0]) == ("run", "CLM", "Ours, 1.5B")
    code, out, err = say("--table", "papers.toml", "--format", "terminal")
    assert (code, err) == (0, "") and out.startswith("What we found\nrun ") and "Ours, 1.5B" in out
    code, out, _ = say("--table", "papers.toml", "--layout", "long", "--out", "long.csv", "--title", "x")
    assert (code, out) == (0, "") and Path("long.csv").read_text().startswith("task,figure,run,value,")


@pytest.mark.usefixtures("two")
def test_a_table_wins_over_the_settings_file_which_may_name_it(say: Callable[..., Said]) -> None:
    Path("table.toml").write_text('runs = "runs"\ntitle = "From the table"\n')
    Path("benchcore.toml").write_text('[compare]\ntitle = "From the settings"\nformat = "markdown"\n')
    _, out, _ = say("--table", "table.toml")
    assert out.startswith("### From the table\n"), "the format is that of the settings file"
    Path("benchcore.toml").write_text('[compare]\ntable = "table.toml"\n')
    assert say()[1].startswith("From the table\n")


def test_nothing_comparable_is_a_table_and_exit_code_5(
    say: Callable[..., Said], make_run: Callable[..., Path], write_task: Write
) -> None:
    base = make_run("base", range(5))
    make_run("newer", range(5), write_task(samples=20, version=2))
    code, out, err = say("runs", "--baseline", base)
    assert code == 5 and "version is 2 in newer and 1 in base" in out
    assert err == "benchcore: nothing can be compared with base; the table says why\n"
    assert say("runs")[0] == 0, "without a baseline there is nothing that was to be compared with it"


@pytest.mark.usefixtures("two")
def test_an_unfinished_run_is_named_after_the_table_with_exit_code_3(
    say: Callable[..., Said], stub_checkpoint: Stub, write_task: Write
) -> None:
    broken = CannedEngine(lambda request: Fault(kind="test", message="no answer"))
    stub = stub_checkpoint("half", weights=b"half")
    evaluate([str(stub)], EvalConfig(tasks=(write_task(samples=20),)), engine=broken)
    code, out, err = say("runs", "--baseline", "runs/base")
    assert code == 3 and "+50.0 pt" in out and "! runs/half is not complete and is left out." in out
    assert err.startswith("benchcore: not complete: runs/half; ") and err.count("\n") == 1


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "no run is given to compare; give run folders"),
        (["runs/bass"], "there is no run folder or accepted baseline runs/bass; did you mean runs/base?"),
        (["runs", "--baseline", "nowhere"], "there is no run folder or accepted baseline nowhere"),
        (["runs", "--across", "temprature"], "no run has a setting 'temprature' that may differ; did you mean temp"),
        (["runs", "--tasks", "sms"], "no run has the task 'sms'; did you mean sums?"),
        (["runs", "--layout", "tall"], 'Invalid value "tall" for --layout'),
        (["runs", "--format", "html"], 'Invalid value "html" for --format'),
        (["--table", "no.toml"], "there is no table file no.toml"),
        (["--table", "broken.toml"], "broken.toml is not valid TOML"),
        (["--table", "key.toml"], "key.toml has the unknown key 'basline'; did you mean baseline?"),
        (["--table", "labels.toml"], "labels.toml: labels must be a table of texts"),
        (
            ["--table", "label.toml"],
            "there is a label for 'clevr', which is no run of this table; did you mean clever?",
        ),
        (["--table", "layout.toml"], 'Invalid value "tall" for [layout] from layout.toml'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    say: Callable[..., Said], arguments: list[str], sentence: str
) -> None:
    Path("broken.toml").write_text("title = ")
    Path("key.toml").write_text('runs = "runs"\nbasline = "runs/base"\n')
    Path("labels.toml").write_text('runs = "runs"\nlabels = ["base"]\n')
    Path("label.toml").write_text('runs = "runs"\nlabels = {clevr = "Ours"}\n')
    Path("layout.toml").write_text('runs = "runs"\nlayout = "tall"\n')
    code, out, err = say(*arguments)
    assert (code, out) == (2, ""), err
    assert err.startswith("benchcore: ") and err.count("\n") == 1
    assert sentence in err


@pytest.mark.parametrize("path", sorted(TABLES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_tables_that_we_publish_can_be_made(
    say: Callable[..., Said], make_run: Callable[..., Path], write_task: Write, path: Path
) -> None:
    tasks = tomllib.loads(path.read_text())["tasks"]
    named = [one.task for one in catalog.expand([tasks] if isinstance(tasks, str) else tasks)]
    for name in named:
        catalog.load_task(name)
    make_run("model", range(5), write_task(named[0]))
    code, out, err = say("--table", path, "--format", "terminal")
    assert (code, err) == (0, "")
    assert out.startswith(read_table(path)["title"]) and f"No run has {', '.join(named[1:])}" in " ".join(out.split())


def test_we_do_publish_tables() -> None:
    assert {"rho1", "code"} <= {path.stem for path in TABLES.glob("*.toml")}
