"""The grader of formulas: where the answer stands, hostile texts, math-verify's children, and MATH's own golds."""

import gzip
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.errors import MissingExtra
from benchcore.graders import maths_child, maths_worker
from benchcore.graders.maths import extract, judge, maths, with_math_verify
from benchcore.records import Grade, Sample, Verdict

HOPE = "I hope it is correct."
FINAL = "Final Answer: The final answer is"

GradeOne = Callable[[str, str], Grade]


def sample(target: str) -> Sample:
    return Sample(id="1", prompt="", target=target)


@pytest.fixture(scope="module")
def grade() -> Iterator[GradeOne]:
    pytest.importorskip("math_verify")
    with maths("value+math-verify").session([]) as grade_one:
        yield lambda target, text: grade_one(sample(target), text)


@pytest.fixture
def children() -> Callable[[], set[int]]:
    """The child processes that the test has started so far and that are alive."""
    before = children_of(os.getpid())
    return lambda: children_of(os.getpid()) - before


@pytest.mark.parametrize(
    ("text", "answer", "rule"),
    [
        (f"{FINAL} $7$. {HOPE}", "7", "phrase"),
        (f"{FINAL} $7$.", "7", "phrase"),
        (f"{FINAL} $7$. ", "7", "phrase"),
        (f"{FINAL} $7$", "7", "phrase"),
        (f"{FINAL}\n$7$. {HOPE}", "7", "phrase"),
        (f"{FINAL} 7. {HOPE}", "7", "phrase"),
        (f"{FINAL} $\\boxed{{7}}$. {HOPE}", "7", "boxed"),
        (f"{FINAL} \\(7\\). {HOPE}", "7", "phrase"),
        (f"{FINAL} $2$ and $7$. {HOPE}", "2, 7", "phrase"),
        (f"{FINAL} $3$. {HOPE} No.\n{FINAL} $7$. {HOPE}", "7", "phrase"),
        (f"{FINAL} $7$. {HOPE}\n\nProblem:\nWhat?\n\nSolution:\n{FINAL} $3$. {HOPE}", "7", "phrase"),
        ("The answer is $3$. The answer is $x = 7$.", "x = 7", "phrase"),
        ("The answers are $x = 2$ and $x = 3$.", "x = 2, x = 3", "phrase"),
        ("The answer is east.", "east", "phrase"),
        ("Answer: $\\$7.50$", "\\$7.50", "phrase"),
        ("**Answer:** $x=5$", "x=5", "phrase"),
        ("## Final Answer\n\n$5$", "5", "phrase"),
        ("Thus the answer is\n\\[\n \\frac{1}{2}.\n\\]", "\\frac{1}{2}", "phrase"),
        ("The answer is 2\\sqrt{3}.", "2\\sqrt{3}", "phrase"),
        ("The answer is 42 different ways to arrange them.", "42", "phrase"),
        ("The answer is 3 because 1+2=3.", "3", "phrase"),
        ("The answer is 5 or 6.", "5 or 6", "phrase"),
        ("The answer is: 5 cm", "5 cm", "phrase"),
        ("The answer is not 5 but 6.", "6", "phrase"),
        ("#### \\frac12", "\\frac12", "hashes"),
        ("The answer is $5$. Wait, that's wrong: $6$", "6", "correction"),
        ("so \\boxed{3} or rather \\boxed{\\frac{1}{\\sqrt{2}}}", "\\frac{1}{\\sqrt{2}}", "boxed"),
        ("$\\boxed{2}$ and $\\boxed{3}$", "2, 3", "boxed"),
        ("\\boxed{7}. The answer is positive.", "7", "boxed"),
        ("\\boxed{7}. So the answer is $8$.", "8", "phrase"),
        ("\\boxed{7}\n\nQuestion: and \\boxed{3}", "7", "boxed"),
        ("Question 1: no.\nQuestion 2: yes, so \\boxed{7}", "7", "boxed"),
        ("hence $x=3$, thus $y = 7$", "y = 7", "formula"),
        ("hence $x=3$, $y = 7$", "x=3, y = 7", "formula"),
        ("hence $x=3$. So \\[y = 7\\]", "y = 7", "formula"),
        ("If the answer is 5 we are done. \\[x=7\\]", "x=7", "formula"),
        ("the winner is **Evelyn**", "Evelyn", "bold"),
        ("```python\nanswer = 5\n```\n```output\n7\n```", "7", "output"),
        ("\\frac{3}{4}", "\\frac{3}{4}", "conclusion"),
        ("so x = 3\\sqrt{2}", "x = 3\\sqrt{2}", "conclusion"),
        ("Hence the area of it is 6\u03c0.", "6\u03c0", "conclusion"),
        ("They meet in x.\nSo the point is (1, 2).", "(1, 2)", "conclusion"),
        ("Therefore, x > 5.", "x > 5", "conclusion"),
        ("the total area = 3\\sqrt{2}", "3\\sqrt{2}", "conclusion"),
        ("so $x = \\boxed{3}$ or $x = \\boxed{4}$", "3, 4", "boxed"),
        ("7\nas both sides show", "7", "first line"),
        ("it costs 3, then 7", "7", "last number"),
        ("Result: x^2+1", "x^2+1", "conclusion"),
        ("A: 14", "14", "conclusion"),
        ("She has x^2+1 apples.", "x^2+1", "last number"),
        ("|12|x is the answer.", "|12|x", "last number"),
        ("That leaves [0, \\infty).", "[0, \\infty)", "last number"),
        ("It takes 2 hours 30 minutes to go", "2 hours 30", "last number"),
        ("there are 3 bolts (2 blue and 1 white)", "3", "last number"),
        ("**4:30**", "4:30", "bold"),
        ("**Total: 4**", "4", "bold"),
        ("<answer>\\frac{3}{7}</answer>", "\\frac{3}{7}", "phrase"),
        ('{"answer": "x^2+1"}', "x^2+1", "phrase"),
        ("The answer is 3, 5, and 7.", "3, 5, and 7", "phrase"),
        ("The answer is approximately x+1.", "x+1", "phrase"),
        ("The answer to this question is therefore 2\\pi.", "2\\pi", "phrase"),
        ("The answer is x+1, not 18.", "x+1", "phrase"),
        ("The answer is x+1 (18 minus 4).", "x+1", "phrase"),
        ("The answer is 8 (mod 10).", "8 (mod 10)", "phrase"),
        ("\\boxed{\\text{The answer is } 8}", "8", "boxed"),
    ],
)
def test_where_the_answer_stands(text: str, answer: str, rule: str) -> None:
    span = extract(text)
    assert span is not None
    assert (span.text, span.rule) == (answer, rule)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        "I cannot say",
        "It is not 7",
        "\\boxed{}",
        "\\boxed{",
        "$$ $$",
        "The answer is found by adding them both up",
    ],
)
def test_no_answer(text: str) -> None:
    assert extract(text) is None
    assert judge(sample("7"), text).verdict is Verdict.UNPARSED


@pytest.mark.parametrize(
    ("gold", "text", "verdict"),
    [
        ("\\frac{1}{2}", "The answer is $x=\\dfrac 12$.", Verdict.RIGHT),
        ("2,3", "So $x = 3$ or $x = 2$", Verdict.RIGHT),
        ("45", "$$S = 40 + 5 = 45$$", Verdict.RIGHT),
        ("31", "The answer is $m + n = 31$.", Verdict.RIGHT),
        ("12", "So a + b = 5 + 7 = 12", Verdict.RIGHT),
        ("9" * 6000, "So it is $" + "9" * 6000 + "$.", Verdict.RIGHT),
        ("0", "The answer is 0." + "0" * 5000 + "1", Verdict.WRONG),
        ("1", "So there are 1 million people", Verdict.WRONG),
        ("m + n = 31", "The answer is $n + m = 31$.", Verdict.RIGHT),
        ("31", "The answer is $m + n = 32$.", Verdict.WRONG),
        ("\\text{east}", "He walks **east**", Verdict.RIGHT),
        ("\\$18.50", "The answer is $\\$18.50$", Verdict.RIGHT),
        ("5", "The answer is 5 or 6", Verdict.WRONG),
        ("5", "\\boxed{5}, \\boxed{6}", Verdict.WRONG),
        ("3", "so x = 3\\sqrt{2}", Verdict.WRONG),
        ("2", "so x = 3\\sqrt{2}", Verdict.WRONG),
        ("7", "The answer is $7 \\nonsense{8$", Verdict.UNDECIDED),
        ("\\frac{1}{2}", "The answer is $1/2)$", Verdict.UNDECIDED),
        ("x", "The answer is $__import__('os').system('touch X')$", Verdict.UNDECIDED),
    ],
)
def test_verdicts_by_value(gold: str, text: str, verdict: Verdict) -> None:
    found = judge(sample(gold), text)
    assert found.verdict is verdict
    assert found.span
    assert found.reason


@given(text=st.text(alphabet="\\{}$()[]^_=., 0123xyfracboxedtext\n"))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    assert judge(sample("7"), text).reason


@pytest.mark.parametrize(
    ("gold", "answer", "verdict"),
    [
        ("\\frac{1}{2}", "\\int_0^1 x \\,dx", Verdict.RIGHT),
        ("x^2", "\\int 2x \\,dx", Verdict.RIGHT),
        ("1", "\\lim_{x \\to 0} \\frac{\\sin x}{x}", Verdict.RIGHT),
        ("\\sin x", "\\int_0^x \\cos t \\,dt", Verdict.RIGHT),
        ("1", "\\int_0^1 x \\,dx", Verdict.UNDECIDED),
        ("\\frac{1}{2}", "\\int_0^1 x \\,dx + \\nonsense", Verdict.UNDECIDED),
        ("\\frac{1}{2}", "\\int_0^1 x \\,dx \\approx 0.7", Verdict.UNDECIDED),
        ("\\frac{1}{2}", "\\int_0^1 x \\,dx \\text{ miles}", Verdict.UNDECIDED),
        ("7", "7 \\nonsense{8}", Verdict.UNDECIDED),
        ("x", "__import__('os').system('touch X')", Verdict.UNDECIDED),
        # decided without it
        ("2x", "x+x", Verdict.RIGHT),
        ("2x", "x+1", Verdict.WRONG),
    ],
)
def test_what_math_verify_adds(grade: GradeOne, gold: str, answer: str, verdict: Verdict) -> None:
    found = grade(gold, f"\\boxed{{{answer}}}")
    assert (found.verdict, found.value) == (verdict, float(verdict is Verdict.RIGHT))
    assert found.grader == "maths(value+math-verify)@2"
    assert found.extracted == answer
    assert found.rule == "boxed"


@pytest.mark.parametrize(
    ("gold", "answer", "equal"),
    [
        ("x^2+2x+1", "(x+1)^2", True),
        ("28\\%", "0.28", True),
        ("\\dfrac12", "\\frac{1}{2}", True),
        ("M+2", "m+2", False),
        ("12", "12 inches", False),
        ("1", "1,-2", False),
        ("x-y+1=0", "x+y-5=0", False),
        ("\\pi", "3.141593", False),
        ("\\frac{1}{2006!}", "\\frac{1}{2004!}", False),
    ],
)
def test_the_worker_finds_equal_only_what_is(gold: str, answer: str, equal: bool) -> None:
    pytest.importorskip("math_verify")
    assert maths_worker.compare(gold, answer) == {"equal": equal}


@pytest.mark.parametrize("answer", ["4343_6", "5 \\text{ or } 6", "(5)_{3}", "\\approx 3", "5_{1}"])
def test_the_worker_refuses_what_it_would_not_read_whole(answer: str) -> None:
    pytest.importorskip("math_verify")
    with pytest.raises(maths_worker.NotWhole):
        maths_worker.compare(answer, answer)


HOSTILE = [
    "10^{10^{10^{10}}}",
    "\\int_0^1 \\int_0^1 x^{y^{x^{y}}} \\,dx \\,dy",
    "\\sqrt{" * 500 + "5" + "}" * 500,
    "__import__('os').system('touch X')",
    "\\text{__import__('os').system('touch X')}",
    "open('X','w')",
]


def test_hostile_answers_end_in_time_and_execute_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, children: Callable[[], set[int]]
) -> None:
    pytest.importorskip("math_verify")
    monkeypatch.chdir(tmp_path)
    verdicts = []
    with with_math_verify(0.5) as judge_one:
        for answer in HOSTILE:
            start = time.monotonic()
            found = judge_one(sample("\\sqrt{2}"), f"$\\boxed{{{answer}}}$")
            assert time.monotonic() - start < 60, answer[:40]  # one deadline and perhaps one slow start
            assert found.verdict is not Verdict.RIGHT, (answer[:40], found)
            assert (found.verdict is Verdict.TIMEOUT) == found.reason.startswith("no comparison by"), found
            verdicts.append(found.verdict)
        assert not list(tmp_path.iterdir())
    assert verdicts.count(Verdict.TIMEOUT) >= 2
    assert not children()


@pytest.mark.parametrize(
    "text",
    [
        "5" * 1_000_000,
        "x" * 1_000_000,
        "$" * 1_000_001,
        "$x" * 500_000,
        "\\(" * 500_000,
        "{" * 1_000_000,
        "}" * 1_000_000,
        "\\boxed{" * 140_000,
        "\\boxed{" + "{" * 1_000_000,
        "\\boxed{" + "x" * 1_000_000 + "}",
        "the answer is " * 70_000,
        FINAL * 25_000,
        "\n" * 1_000_000,
        "~" * 1_000_000,
        "$" + "therefore" * 100_000,
    ],
)
def test_a_long_text_is_read_in_linear_time(text: str) -> None:
    start = time.process_time()
    assert judge(sample("7"), text).verdict is not Verdict.RIGHT
    assert time.process_time() - start < 5  # a quadratic scan of these takes hours


ASKED = "\\boxed{\\int_0^1 2x \\,dx}"  # 1, and only math-verify knows it


def test_after_a_timeout_the_next_comparison_works() -> None:
    pytest.importorskip("math_verify")
    with with_math_verify(2.0) as judge_one:
        assert judge_one(sample("\\sqrt{2}"), "\\boxed{5^{5^{5^{5^{5}}}}}").verdict is Verdict.TIMEOUT
        assert judge_one(sample("1"), ASKED).verdict is Verdict.RIGHT


def test_a_killed_child_is_replaced(children: Callable[[], set[int]]) -> None:
    pytest.importorskip("math_verify")
    with with_math_verify(30.0) as judge_one:
        for _ in range(2):
            assert judge_one(sample("1"), ASKED).verdict is Verdict.RIGHT
            (child,) = children()
            os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("raise SystemExit(3)", "status 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
        ('print(\'{"failed": "ImportError: no antlr"}\')', "no antlr"),
    ],
)
def test_a_child_that_cannot_start_is_an_error_and_unscored(
    program: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, children: Callable[[], set[int]]
) -> None:
    pytest.importorskip("math_verify")
    worker = tmp_path / "worker.py"
    worker.write_text(program, encoding="utf-8")
    monkeypatch.setattr(maths_child, "_WORKER", worker)
    with maths("value+math-verify").session([]) as grade_one:
        found = grade_one(sample("1"), ASKED)
        assert (found.verdict, found.value) == (Verdict.ERROR, None)
        assert found.fault is not None
        assert said in found.fault.message
        assert grade_one(sample("2x"), "\\boxed{x+x}").verdict is Verdict.RIGHT  # needs no child
    assert not children()


def test_an_answer_that_kills_one_child_after_the_other_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, children: Callable[[], set[int]]
) -> None:
    pytest.importorskip("math_verify")
    worker = tmp_path / "worker.py"
    worker.write_text("print('{\"ready\": true}', flush=True); input(); raise SystemExit(4)", encoding="utf-8")
    monkeypatch.setattr(maths_child, "_WORKER", worker)
    with maths("value+math-verify").session([]) as grade_one:
        found = grade_one(sample("1"), ASKED)
    assert (found.verdict, found.value, found.fault) == (Verdict.CRASHED, 0.0, None)
    assert "status 4" in found.reason
    assert not children()


def test_threads_have_a_child_each_and_none_stays(children: Callable[[], set[int]]) -> None:
    pytest.importorskip("math_verify")
    pairs = [("1", ASKED, Verdict.RIGHT), ("2", ASKED, Verdict.UNDECIDED), ("2x", "$x+x$", Verdict.RIGHT)] * 8
    with with_math_verify(60.0) as judge_one, ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda pair: judge_one(sample(pair[0]), pair[1]).verdict, pairs))
        assert found == [verdict for _, _, verdict in pairs]
        assert 1 <= len(children()) <= 3
    assert not children()


@pytest.mark.parametrize("answer", ["\\int_0^1 2x \\,dx", "10^{10^{10}}"])
def test_no_child_outlives_a_killed_parent(answer: str, tmp_path: Path) -> None:
    pytest.importorskip("math_verify")
    program = (
        "import sys\n"
        "from benchcore.graders.maths import with_math_verify\n"
        "from benchcore.records import Sample\n"
        "sample = Sample(id='1', prompt='', target='1')\n"
        "with with_math_verify(1) as judge:\n"
        "    judge(sample, '\\\\boxed{\\\\int_0^1 2x \\\\,dx}')\n"
        "    print('warm', flush=True)\n"
        "    judge(sample, '\\\\boxed{' + sys.argv[1] + '}')\n"
        "    input()\n"
    )
    folders = os.pathsep.join(entry for entry in sys.path if entry)
    environment = os.environ | {"PYTHONPATH": folders, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", program, answer], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"warm\n"
        time.sleep(0.5)
        orphans = children_of(parent.pid)
        parent.kill()
    assert len(orphans) == 1
    end = time.monotonic() + 60
    while any(is_alive(orphan) for orphan in orphans) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(is_alive(orphan) for orphan in orphans)


def children_of(parent: int) -> set[int]:
    """The processes that `parent` started and that have not ended."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("needs /proc")
    return {int(path.name) for path in Path("/proc").glob("[0-9]*") if status_of(int(path.name))[1:] == (parent,)}


def is_alive(process: int) -> bool:
    return status_of(process)[0] not in ("gone", "Z")


def status_of(process: int) -> tuple[str, int] | tuple[str]:
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ("gone",)
    return (fields[0],) if fields[0] == "Z" else (fields[0], int(fields[1]))


def test_a_missing_math_verify_is_said_when_the_session_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"benchcore\[maths\]"), maths("value+math-verify").session([]):
        pass


@pytest.mark.parametrize("target", ["7", "\\frac{1}{2}", "x \\in [-2,7]", "\\text{(A)}", "\\{1, 2\\}", "\\$18"])
def test_the_reference_is_right(target: str) -> None:
    grader = maths()
    assert grader.name == "maths(value)@2"
    with grader.session([]) as grade_one:
        assert grade_one(sample(target), grader.reference(sample(target))).verdict is Verdict.RIGHT


@pytest.fixture(scope="module")
def math_test() -> list[dict[str, str]]:
    folder = os.environ.get("BENCHCORE_DATA")
    if not folder:
        pytest.skip("BENCHCORE_DATA is not set")
    path = Path(folder, "math", "test.jsonl.gz")
    if not path.is_file():
        pytest.skip(f"{path} does not exist")
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


# Solutions that end in two joined boxes, of which the data set's `answer` is the last.
TWO_BOXES = {
    "test/algebra/1878.json",
    "test/intermediate_algebra/25.json",
    "test/intermediate_algebra/225.json",
    "test/intermediate_algebra/702.json",
    "test/intermediate_algebra/1855.json",
    "test/precalculus/1227.json",
    "test/precalculus/679.json",
}


@pytest.mark.data
def test_every_math_reference_is_right(math_test: list[dict[str, str]]) -> None:
    assert len(math_test) == 5000
    wrong = set()
    for row in math_test:
        gold = sample(row["answer"])
        if judge(gold, row["solution"]).verdict is not Verdict.RIGHT:
            wrong.add(row["unique_id"])
        for text in (f"\\boxed{{{row['answer']}}}", f"{FINAL} ${row['answer']}$. {HOPE}"):
            assert judge(gold, text).verdict is Verdict.RIGHT, (row["unique_id"], text)
    assert wrong == TWO_BOXES


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("5", "\\boxed{x+y=5}"),
        ("8", "\\boxed{2x+3y = 8}"),
        ("4", "The line has the equation $3x - y = 4$."),
        ("5", "The answer is not $5$."),
        ("5", "Thus $x=5$ is not a solution."),
        ("5", "We reject $x=5$."),
        ("5", "So $x = 5$ is impossible, hence there are no solutions."),
        ("5", "\\boxed{5} is incorrect; the right one is 7."),
        ("5", "The answer is $5$, but this is wrong, so $7$."),
        ("7", "x cannot be 7"),
        ("7", "all real numbers except $7$"),
        ("7", "There is no such number 7"),
        ("7", "greater than 7"),
        ("7", "3 (mod 7)"),
        ("7", "in base 7"),
        ("7", "See Figure 7."),
        ("7", "7 factorial"),
        ("2", "7 choose 2"),
        ("2", "We get $x=1$. Also, $y=2$."),
        ("7", ".7"),
        ("5", "it is .5."),
        ("5", "The answer is 5 below zero"),
    ],
)
def test_what_is_denied_or_a_part_is_not_the_answer(target: str, text: str) -> None:
    assert judge(sample(target), text).verdict is not Verdict.RIGHT


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("5", "We reject $x=-2$, so $x=5$."),
        ("5", "Rejecting $x=-2$ we get $x=5$."),
        ("5", "Since $x$ cannot be negative we have $x=5$."),
        ("7", "The number that does not fit is $7$."),
        ("5", "This is impossible unless $x=5$."),
        ("7", "\\boxed{5} is incorrect; the right one is 7."),
        ("0.5", "it is .5."),
        ("(1,2)", "We get $x=1$. Also, $y=2$."),
        ("2x+3y=8", "\\boxed{2x+3y = 8}"),
    ],
)
def test_what_is_not_denied_is_the_answer(target: str, text: str) -> None:
    assert judge(sample(target), text).verdict is Verdict.RIGHT
