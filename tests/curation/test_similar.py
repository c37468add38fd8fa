"""Which problems a corpus has something like, and runs compared on these and on the others apart."""

import ast
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchcore import EvalConfig, Request, evaluate, load_task
from benchcore.api import curation
from benchcore.api.comparing import compare
from benchcore.api.summary import item
from benchcore.cli import main
from benchcore.comparison.differences import Contest, Result
from benchcore.comparison.sides import baseline_text, read_side
from benchcore.comparison.subsets import Similarities, read_similarities, split
from benchcore.config import CompareConfig
from benchcore.config.curation import SimilarConfig
from benchcore.errors import BenchcoreError, ConfigError, DataError
from benchcore.records import Outcomes
from benchcore.stats.intervals import wilson
from benchcore.stats.jackknife import ratio_interval
from benchcore.testing import CannedEngine
from tests.curation.conftest import BENCHMARK, library, similarity

TASK = '''"""Functions, and a number for each."""

from benchcore import Decode, Sample, Task, accuracy, exact, generated

CODES = {codes!r}


def rows(seed):
    return [{{"number": number}} for number in range({count})]


def sample(row):
    number = row["number"]
    code = CODES[number] if CODES else ""
    return Sample(id=f"s{{number}}", prompt=f"Say {{number}}:", target=str(number), facts={{"reference": code}})


TASK = Task(
    version=1,
    rows=generated(rows, seed=0),
    sample=sample,
    decode=Decode(max_tokens=8, stop=("\\n",)),
    grader=exact(),
    metrics=(accuracy(),),
)
'''
COUNT, NEAR = 20, 8
Run = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("at_home")


@pytest.fixture(scope="module")
def codes() -> list[str]:
    """Functions of which no two are alike."""
    apart: list[str] = []
    for text in library("statistics", "textwrap", "difflib", "tarfile"):
        if 300 < len(text) < 900 and all(similarity(text, other) < 0.6 for other in apart):
            apart.append(text)
            if len(apart) == COUNT:
                return apart
    raise AssertionError(f"only {len(apart)} functions")


@pytest.fixture(scope="module")
def documents(codes: list[str]) -> list[str]:
    """A copy of each of the first few: of the first two all but their names, of each other with more edits."""
    found = []
    for number, text in enumerate(codes[:NEAR]):
        tree = BENCHMARK["renamed"](text, Random(number))
        if number > 1:
            BENCHMARK["edit"](tree, 0.035 * (number - 1), Random(number))
        found.append(ast.unparse(ast.fix_missing_locations(tree)))
    return found


def task_file(name: str = "functions", codes: Sequence[str] = (), count: int = COUNT) -> str:
    Path(f"{name}.py").write_text(TASK.format(codes=list(codes), count=count))
    return f"{name}.py"


def corpus(texts: Sequence[str]) -> str:
    rows = [{"text": text} for text in ("", "Not Python at all.", *texts)]
    Path("corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "corpus.jsonl"


def by_id(found: Similarities, task: str, file: str) -> dict[str, float]:
    samples, _ = load_task(file).samples(None)
    return {sample.id: found.tasks[task][item(sample)] for sample in samples}


def test_each_problem_has_the_similarity_of_the_nearest_document(codes: list[str], documents: list[str]) -> None:
    task = task_file(codes=codes)
    config = SimilarConfig(out=Path("deep/s.json"), against=(task,), tau=("0.8,0.95", "0.9"))
    made = curation.similar([corpus(documents)], config)
    assert made == read_similarities(Path("deep/s.json"))
    assert made.taus == (0.95, 0.9, 0.8) and made.sources == ("corpus.jsonl",)
    nearest = {f"s{n}": max(similarity(text, one) for one in documents) for n, text in enumerate(codes)}
    wanted = {name: score if score >= 0.8 else 0.0 for name, score in nearest.items()}
    assert by_id(made, "functions", task) == pytest.approx(wanted, abs=1e-6)
    assert [wanted["s0"], wanted["s1"]] == [1.0, 1.0]
    assert 4 < sum(score > 0 for score in wanted.values()) <= NEAR < sum(score < 0.8 for score in wanted.values())


def test_words_in_a_row_make_a_problem_similar_where_they_are_asked_for(codes: list[str]) -> None:
    task = task_file(codes=codes)
    texts = [ast.get_docstring(ast.parse(text).body[0]) or "" for text in codes]  # type: ignore[arg-type]
    number, told = next((number, text) for number, text in enumerate(texts) if len(text.split()) > 20)
    for ngram, wanted in ((None, 0.0), (13, 1.0)):
        config = SimilarConfig(out=Path("s.json"), against=(task,), ngram=ngram)
        found = by_id(curation.similar([corpus([f"So: {told}"])], config), "functions", task)
        assert found[f"s{number}"] == wanted and 0.0 in found.values()
        assert ngram or set(found.values()) == {0.0}


def test_a_task_without_code_needs_words() -> None:
    task = task_file("bare")
    with pytest.raises(DataError, match="only 0 of 20 problems of bare have code to compare; --ngram 13"):
        curation.similar([corpus(["x"])], SimilarConfig(out=Path("s.json"), against=(task,)))
    assert not Path("s.json").exists()
    curation.similar([corpus(["x"])], SimilarConfig(out=Path("s.json"), against=(task,), ngram=13))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"against": ()}, "no task is named"),
        ({"against": ("humanevil",)}, "humanevil"),
        ({"tau": ("0.9,x",)}, "tau must be numbers separated by commas, got 0.9,x"),
        ({"tau": ("0",)}, "each tau must be above 0"),
        ({"tau": ()}, "each tau must be above 0"),
        ({"ngram": 0}, "ngram must be 1 or more"),
        ({"out": Path("s.jsonl")}, "s.jsonl is not a name for JSON"),
    ],
)
def test_nonsense_is_refused(codes: list[str], change: dict[str, Any], sentence: str) -> None:
    usual: dict[str, Any] = {"out": Path("s.json"), "against": (task_file(codes=codes),)}
    with pytest.raises(BenchcoreError, match=sentence):
        curation.similar([corpus(["x"])], SimilarConfig(**{**usual, **change}))


# runs on subsets


@pytest.fixture
def make_run(at_home: Path, stub_checkpoint: Callable[..., Path]) -> Run:
    """Evaluate a stub that is right on the samples `right` of a task file, and return its run folder."""

    def make(name: str, task: str, right: Collection[int], **settings: Any) -> Path:
        def reply(request: Request) -> str:
            number = request.sample.removeprefix("s")
            return number if int(number) in right else ""

        folder = stub_checkpoint(name, weights=name.encode()[:4].ljust(4))
        evaluate([str(folder)], EvalConfig(tasks=(task,), out=Path("runs"), **settings), engine=CannedEngine(reply))
        return Path("runs") / name

    return make


@pytest.fixture
def three(make_run: Run, codes: list[str], documents: list[str]) -> dict[str, float]:
    """The runs base, fits and twin, and the file s.json: problem -> its similarity. `fits` knows what is similar."""
    task = task_file(codes=codes)
    config = SimilarConfig(out=Path("s.json"), against=(task,), tau=("0.95,0.85", "1"))
    made = by_id(curation.similar([corpus(documents)], config), "functions", task)
    make_run("base", task, (0, 10, 11, 12, 13, 14))
    make_run("fits", task, range(11))
    make_run("twin", task, (0, 10, 11, 12, 13, 14))
    return made


def shown(contests: Sequence[Contest]) -> dict[tuple[str, str], Result]:
    return {(contest.task, result.run): result for contest in contests for result in contest.results}


def test_figures_and_differences_are_those_of_each_part(three: dict[str, float]) -> None:
    found = compare(["runs"], CompareConfig(baseline="runs/base", subsets=Path("s.json")))
    results = shown(found.contests)
    right = {"base": {0, *range(10, 15)}, "fits": set(range(11)), "twin": {0, *range(10, 15)}}
    parts = {"functions": set(range(COUNT))}
    for tau in (1, 0.95, 0.85):
        similar = {n for n in range(COUNT) if three[f"s{n}"] >= tau}
        parts |= {f"functions, similar ({tau})": similar, f"functions, other ({tau})": set(range(COUNT)) - similar}
    assert list(dict.fromkeys(task for task, _ in results)) == list(parts)
    sizes = [len(part) for part in parts.values()]
    assert sizes[0] == sizes[1] + sizes[2] == sizes[5] + sizes[6] and 2 == sizes[1] < sizes[3] < sizes[5]
    for task, part in parts.items():
        for run in right:
            result = results[task, run]
            figure, known = result.figure, len(right[run] & part)
            assert figure is not None and (figure.n, figure.method) == (len(part), "Wilson 95 %")
            assert figure.value == pytest.approx(known / len(part))
            assert (figure.low, figure.high) == pytest.approx(wilson(known, len(part)))
            if run != "base":
                gain = (known - len(right["base"] & part)) / len(part)
                assert result.difference is not None and result.difference.n == len(part)
                assert result.difference.value == pytest.approx(gain)
    assert results["functions, other (0.85)", "fits"].difference != results["functions", "fits"].difference
    assert found.subsets == ("corpus.jsonl",)


@pytest.mark.usefixtures("three")
def test_the_parts_of_a_task_are_shown_with_it_and_nothing_is_said_twice(capfd: pytest.CaptureFixture[str]) -> None:
    found = compare(["runs"], CompareConfig(tasks=("functions",), subsets=Path("s.json")))
    assert len(found.contests) == 7
    for layout in ("long", "wide"):
        assert main(["compare", "runs", "--subsets", "s.json", "--layout", layout, "--format", "markdown"]) == 0
        text = capfd.readouterr().out
        assert all(f"functions, {part} ({tau})" in text for part in ("similar", "other") for tau in (1, 0.95, 0.85))
        assert text.count("are empty") == 3  # once of each run
        assert "the problems that corpus.jsonl has something like" in text
    assert main(["compare", "runs", "--format", "json"]) == 0
    assert "similar" not in capfd.readouterr().out


@pytest.mark.usefixtures("three")
def test_a_run_of_fewer_problems_and_a_baseline_have_their_parts(make_run: Run) -> None:
    short = make_run("short", "functions.py", range(5), limit=9)
    results = shown(compare([str(short)], CompareConfig(subsets=Path("s.json"))).contests)
    counts = {task: result.figure.n for (task, _), result in results.items() if result.figure}
    assert counts["functions"] == counts["functions, similar (0.85)"] + counts["functions, other (0.85)"] == 9
    Path("accepted.json").write_text(baseline_text("accepted", [read_side(Path("runs/base"))]))
    config = CompareConfig(baseline="accepted.json", subsets=Path("s.json"))
    found = shown(compare(["runs/fits"], config).contests)
    same = shown(compare(["runs/fits"], replace(config, baseline="runs/base")).contests)
    assert {key: result.difference for key, result in found.items() if key[1] == "fits"} == {
        key: result.difference for key, result in same.items() if key[1] == "fits"
    }


@pytest.mark.usefixtures("three")
def test_what_has_no_subsets_is_shown_whole_or_refused(make_run: Run, codes: list[str]) -> None:
    bare = make_run("bare", task_file("bare"), range(5))
    both = compare([str(bare), "runs/base"], CompareConfig(subsets=Path("s.json")))
    assert [contest.task for contest in both.contests if "," not in contest.task] == ["bare", "functions"]
    with pytest.raises(ConfigError, match="the subsets are of functions; the runs have bare"):
        compare([str(bare)], CompareConfig(subsets=Path("s.json")))
    more = make_run("more", task_file(codes=[*codes, "x = 1"], count=COUNT + 1), range(5))
    with pytest.raises(ConfigError, match="1 of 21 problems of functions in more have no similarity"):
        compare([str(more)], CompareConfig(subsets=Path("s.json")))


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("content", [None, "[]", "{", '{"taus": [0.9], "sources": [], "tasks": {"t": {"a": "x"}}}'])
def test_a_file_that_is_none_is_refused(content: str | None) -> None:
    if content is not None:
        Path("none.json").write_text(content)
    with pytest.raises(ConfigError, match=r"there is no file of subsets|holds no subsets"):
        compare(["runs"], CompareConfig(subsets=Path("none.json")))


@pytest.mark.usefixtures("three")
def test_losses_have_the_jackknife_s_interval_and_means_student_s() -> None:
    side = read_side(Path("runs/base"))
    items = side.outcomes["functions"].items
    losses = tuple((float(n * n % 7 + 1), float(n + 1)) for n in range(COUNT))
    rates = tuple((n % 3 / 2, 1.0) for n in range(COUNT))
    outcomes = Outcomes(items=items, figures={"bits per byte": (*losses[:-1], None), "pass@10": rates})
    kept = [at for at, one in enumerate(items) if at % 2]
    found = Similarities(
        taus=(0.9,), sources=("x",), tasks={"functions": {one: float(at % 2) for at, one in enumerate(items)}}
    )
    (made,) = split([replace(side, outcomes={"functions": outcomes})], found)
    (similar,) = (record for record in made.record.tasks if record.task == "functions, similar (0.9)")
    loss, rate = similar.figures
    known = [losses[at] for at in kept if at < COUNT - 1]
    amounts, sizes = zip(*known, strict=True)
    assert (loss.value, loss.low, loss.high) == ratio_interval(amounts, sizes)
    assert (loss.n, loss.method, rate.method) == (len(known), "jackknife 95 %", "t over problems 95 %")
    assert rate.value == pytest.approx(sum(rates[at][0] for at in kept) / len(kept))
    assert None not in (rate.low, rate.high) and 0 <= (rate.low or 0) < (rate.value or 0) < (rate.high or 0) <= 1
