"""The grader of formulas: format traps, properties, hostile answers, its children, and MATH's own golds."""

import gzip
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.errors import ConfigError, MissingExtra
from benchcore.graders import maths_child
from benchcore.graders.formula import compare, tidy
from benchcore.graders.maths import extract, maths
from benchcore.records import Grade, Sample, Verdict

HOPE = "I hope it is correct."
FINAL = "Final Answer: The final answer is"

GradeOne = Callable[[str, str], Grade]


def sample(target: str) -> Sample:
    return Sample(id="1", prompt="", target=target)


def decide(gold: str, answer: str) -> Verdict | None:
    """The verdict that needs no math-verify, if there is one."""
    finding = compare(tidy(gold), tidy(answer))
    return finding[0] if finding else None


@pytest.fixture(scope="module")
def grade() -> Iterator[GradeOne]:
    pytest.importorskip("math_verify")
    with maths(deadline=30.0).session([]) as grade_one:
        yield lambda target, text: grade_one(sample(target), text)


@pytest.fixture
def children() -> Callable[[], set[int]]:
    """The child processes that the test has started so far and that are alive."""
    before = children_of(os.getpid())
    return lambda: children_of(os.getpid()) - before


@pytest.mark.parametrize(
    ("text", "answer", "rule"),
    [
        (f"{FINAL} $7$. {HOPE}", "7", "final answer"),
        (f"{FINAL} $7$.", "7", "final answer"),
        (f"{FINAL} $7$. ", "7", "final answer"),
        (f"{FINAL} $7$", "7", "final answer"),
        (f"{FINAL}\n$7$. {HOPE}", "7", "final answer"),
        (f"{FINAL} 7. {HOPE}", "7", "final answer"),
        (f"{FINAL} $\\boxed{{7}}$. {HOPE}", "7", "final answer"),
        (f"{FINAL} \\(7\\). {HOPE}", "7", "final answer"),
        (f"{FINAL} $2$ and $7$. {HOPE}", "2,7", "final answer"),
        (f"{FINAL} $3$. {HOPE} No.\n{FINAL} $7$. {HOPE}", "7", "final answer"),
        (f"{FINAL} $7$. {HOPE}\n\nProblem:\nWhat?\n\nSolution:\n{FINAL} $3$. {HOPE}", "7", "final answer"),
        ("The final answer is $7$. " + HOPE, "7", "phrase"),
        ("The answer is $3$. The answer is $x = 7$.", "x = 7", "phrase"),
        ("The answer is east.", "east", "phrase"),
        ("Answer: $\\$7.50$", "\\$7.50", "phrase"),
        ("so \\boxed{3} or rather \\boxed{\\frac{1}{\\sqrt{2}}}", "\\frac{1}{\\sqrt{2}}", "boxed"),
        ("$\\boxed{\\{1, 2\\}}$", "\\{1, 2\\}", "boxed"),
        ("so $\\boxed 7$.", "7", "boxed"),
        ("so \\fbox{7}", "7", "boxed"),
        ("\\boxed{7} and \\boxed{3", "7", "boxed"),
        ("\\boxed{7}\n\nQuestion: and \\boxed{3}", "7", "boxed"),
        ("Question 1: no.\nQuestion 2: yes, so \\boxed{7}", "7", "boxed"),
        ("hence $x=3$, thus $y = 7$", "y = 7", "formula"),
        ("hence $x=3$, $y = 7$", "x=3,y = 7", "formula"),
        ("hence $x=3$. So \\[y = 7\\]", "y = 7", "formula"),
        ("the roots are $2$ and $7$.", "2,7", "formula"),
        ("it costs 3, then 7", "7", "last number"),
    ],
)
def test_where_the_answer_stands(text: str, answer: str, rule: str) -> None:
    span = extract(text)
    assert span is not None
    assert (span.text, span.rule) == (answer, rule)


@pytest.mark.parametrize("text", ["", "  \n", "I cannot say", "\\boxed{}", "\\boxed{", "$$ $$"])
def test_no_answer(text: str) -> None:
    assert extract(text) is None


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("\\frac{1}{2}", "x=\\frac12"),
        ("\\frac{1}{2}", "\\dfrac 1 2"),
        ("\\frac{1}{2}", "\\tfrac{1}{2}."),
        ("\\frac{1}{2}", "0.5"),
        ("\\frac{1}{2}", "2/4"),
        ("3\\frac18", "25/8"),
        ("1000", "1,000"),
        ("14{,}916", "14916"),
        ("12,\\!500", "12500"),
        ("\\text{(A)}", "(A)"),
        ("\\text{(A)}", "A"),
        ("\\text{Evelyn}", "evelyn."),
        ("\\text{A,C,F}", "C, A and F"),
        ("\\text{4:30 p.m.}", "4:30 PM"),
        ("90^\\circ", "90"),
        ("90^{\\circ}", "90°"),
        ("\\$10.50", "10.5"),
        ("65\\%", "65"),
        ("65\\%", "0.65"),
        ("(1, 2)", "\\left(1,2\\right)"),
        ("x^{2}+1", "x^2 + 1"),
        ("6+9i", "6 + 9 i"),
        ("4343_5", "4343_{5}"),
        ("x \\in [-2,7]", "[-2,7]"),
        ("y=2x+3", "2x+3"),
        ("45", "40+5=45"),
        ("45", "x = 40+\\frac{10}{2} = 45"),
        ("-3", "\u22123"),
        ("2\\text{ and }3", "2\\text{ and }3"),
        ("b - 1", "b-1"),
    ],
)
def test_right_without_algebra(gold: str, answer: str) -> None:
    assert decide(gold, answer) is Verdict.RIGHT


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("25", "2500"),
        ("\\frac{9}{8}", "3\\frac{3}{8}"),
        ("120006", "120000"),
        ("\\mbox{Saturday}", "\\text{Sunday}"),
        ("\\text{east}", "seat"),
        ("4343_5", "4343_6"),
        ("9\\text{ a.m.}", "9\\text{ p.m.}"),
        ("M+2", "m+2"),
        ("x-3z=0", "0"),
        ("\\text{(C)}", "D"),
    ],
)
def test_wrong_without_algebra(gold: str, answer: str) -> None:
    assert decide(gold, answer) is Verdict.WRONG


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("x-y+1=0", "x+y-5=0"),
        ("(-\\infty,0)", "(-\\infty,0]"),
        ("1", "1,-2"),
        ("12", "12\\text{ and }13"),
        ("1234", "1, 234"),
        ("x=2x", "y=2x"),
        ("0", "x-3z=0"),
        ("12", "12 inches"),
        ("31/8", "3 1\\8"),
        ("5", "5^{1"),
    ],
)
def test_notation_alone_does_not_decide(gold: str, answer: str) -> None:
    assert decide(gold, answer) is None


@given(value=st.integers(-(10**9), 10**9), style=st.integers(0, 5))
def test_an_integer_is_right_however_it_is_written(value: int, style: int) -> None:
    written = [f"{value}", f"{value:,}", f"${value}$.", f"x = {value}", f"{value}.00", f"\\frac{{{2 * value}}}{{2}}"]
    assert decide(str(value), written[style]) is Verdict.RIGHT
    assert decide(str(value + 1), written[style]) is Verdict.WRONG


@given(text=st.text(alphabet="\\{}$()[]^_=., 0123xyfracboxedtext\n"))
def test_any_text_is_read_without_an_error(text: str) -> None:
    span = extract(text)
    compare("7", tidy(span.text if span else text))
    assert tidy(tidy(text)) is not None


@pytest.mark.parametrize(
    ("gold", "answer", "verdict"),
    [
        ("x^2+2x+1", "(x+1)^2", Verdict.RIGHT),
        ("2\\sqrt{3}", "\\sqrt{12}", Verdict.RIGHT),
        ("2,3", "3, 2", Verdict.RIGHT),
        ("[0,1)", "0\\le x<1", Verdict.RIGHT),
        ("1599\\text{ dollars}", "1599", Verdict.RIGHT),
        ("12", "12 inches", Verdict.RIGHT),
        ("5", "a+b=5", Verdict.RIGHT),
        ("(1,2)", "(2,1)", Verdict.WRONG),
        ("(0,1)", "[0,1]", Verdict.WRONG),
        ("x-y+1=0", "x+y-5=0", Verdict.WRONG),
        ("(-\\infty,0)", "(-\\infty,0]", Verdict.WRONG),
        ("1", "1,-2", Verdict.WRONG),
        ("12", "12\\text{ and }13", Verdict.WRONG),
        ("5", "5 \\text{ or } 6", Verdict.WRONG),
        ("7", "7 \\nonsense{8", Verdict.UNDECIDED),
        ("\\frac{1}{2}", "1/2)", Verdict.UNDECIDED),
        ("x", "__import__('os').system('touch X')", Verdict.UNDECIDED),
    ],
)
def test_what_algebra_decides(grade: GradeOne, gold: str, answer: str, verdict: Verdict) -> None:
    found = grade(
        gold, f"\\boxed{{{answer}}}" if answer.count("{") == answer.count("}") else f"The answer is ${answer}$"
    )
    assert (found.verdict, found.value) == (verdict, float(verdict is Verdict.RIGHT))
    assert found.extracted
    assert found.rule
    assert found.reason


HOSTILE = [
    "10^{10^{10}}",
    "10^{10^{10^{10}}}",
    "5^{5^{5^{5^{5^{5}}}}}",
    "100000000!",
    "(10^{9})!",
    "\\binom{10^9}{5 \\cdot 10^8}",
    "\\sin(10^{10^{10}})",
    "e^{e^{e^{e^{e}}}}",
    "0.1^{99999999999}",
    "(" * 1500 + "5" + ")" * 1500,
    "{" * 1500 + "5" + "}" * 1500,
    "\\sqrt{" * 500 + "5" + "}" * 500,
    "\\int " * 300 + "x",
    "1+" * 1900 + "1",
    "9" * 3900,
    "x" * 3900,
]


def test_hostile_answers_end_in_time_and_execute_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, children: Callable[[], set[int]]
) -> None:
    pytest.importorskip("math_verify")
    monkeypatch.chdir(tmp_path)
    verdicts = []
    with maths(deadline=1.0).session([]) as grade_one:
        for answer in HOSTILE:
            start = time.monotonic()
            found = grade_one(sample("\\sqrt{2}"), f"$\\boxed{{{answer}}}$")
            assert time.monotonic() - start < 60, answer[:40]  # one deadline and perhaps one slow start
            assert found.value == 0.0, (answer[:40], found)
            assert (found.verdict is Verdict.TIMEOUT) == found.reason.startswith("no comparison within"), found
            verdicts.append(found.verdict)
            if found.verdict is Verdict.TIMEOUT and verdicts.count(Verdict.TIMEOUT) == 1:
                assert grade_one(sample("2x"), "\\boxed{x+x}").verdict in (Verdict.RIGHT, Verdict.TIMEOUT)
        codes = ["__import__('os').system('touch X')", "\\text{__import__('os').system('touch X')}", "open('X','w')"]
        for code in codes:
            assert grade_one(sample("x"), f"\\boxed{{{code}}}").value == 0.0
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
    ],
)
def test_a_long_text_is_read_in_linear_time(text: str) -> None:
    start = time.process_time()
    span = extract(text)
    finding = compare("7", tidy(span.text)) if span else None
    assert finding is None or finding[0] is not Verdict.RIGHT
    assert time.process_time() - start < 10  # a quadratic scan of these takes hours


def test_after_a_timeout_the_next_comparison_works() -> None:
    pytest.importorskip("math_verify")
    with maths(deadline=3.0).session([]) as grade_one:
        late = grade_one(sample("\\sqrt{2}"), "\\boxed{5^{5^{5^{5^{5}}}}}")
        assert (late.verdict, late.value, late.fault) == (Verdict.TIMEOUT, 0.0, None)
        assert grade_one(sample("x^2-1"), "\\boxed{(x-1)(x+1)}").verdict is Verdict.RIGHT


def test_a_killed_child_is_replaced(children: Callable[[], set[int]]) -> None:
    pytest.importorskip("math_verify")
    with maths(deadline=30.0).session([]) as grade_one:
        for _ in range(2):
            assert grade_one(sample("2x"), "\\boxed{x+x}").verdict is Verdict.RIGHT
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
    with maths().session([]) as grade_one:
        found = grade_one(sample("2x"), "\\boxed{x+x}")
        assert (found.verdict, found.value) == (Verdict.ERROR, None)
        assert found.fault is not None
        assert said in found.fault.message
        assert grade_one(sample("2x"), "\\boxed{2x}").verdict is Verdict.RIGHT  # needs no child
    assert not children()


def test_an_answer_that_kills_one_child_after_the_other_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, children: Callable[[], set[int]]
) -> None:
    pytest.importorskip("math_verify")
    worker = tmp_path / "worker.py"
    worker.write_text("print('{\"ready\": true}', flush=True); input(); raise SystemExit(4)", encoding="utf-8")
    monkeypatch.setattr(maths_child, "_WORKER", worker)
    with maths().session([]) as grade_one:
        found = grade_one(sample("2x"), "\\boxed{x+x}")
    assert (found.verdict, found.value, found.fault) == (Verdict.CRASHED, 0.0, None)
    assert "status 4" in found.reason
    assert not children()


def test_threads_have_a_child_each_and_none_stays(children: Callable[[], set[int]]) -> None:
    pytest.importorskip("math_verify")
    pairs = [("2x", "x+x", Verdict.RIGHT), ("2x", "x+1", Verdict.WRONG), ("(x+1)^2", "x^2+2x+1", Verdict.RIGHT)] * 8
    with maths(deadline=60.0).session([]) as grade_one, ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda pair: grade_one(sample(pair[0]), f"\\boxed{{{pair[1]}}}").verdict, pairs))
        assert found == [verdict for _, _, verdict in pairs]
        assert 1 <= len(children()) <= 3
    assert not children()


@pytest.mark.parametrize("answer", ["x+x", "10^{10^{10}}"])
def test_no_child_outlives_a_killed_parent(answer: str, tmp_path: Path) -> None:
    pytest.importorskip("math_verify")
    program = (
        "import sys\n"
        "from benchcore.graders.maths import maths\n"
        "from benchcore.records import Sample\n"
        "sample = Sample(id='1', prompt='', target='2x')\n"
        "with maths(deadline=3).session([]) as grade:\n"
        "    grade(sample, '\\\\boxed{x+x}')\n"
        "    print('warm', flush=True)\n"
        "    grade(sample, '\\\\boxed{' + sys.argv[1] + '}')\n"
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
    with pytest.raises(MissingExtra, match=r"benchcore\[maths\]"), maths().session([]):
        pass


def test_the_contract_is_kept(grade: GradeOne) -> None:
    grader = maths()
    assert grader.name == "maths(5s)@1"
    assert grader.isolation() == {}
    with pytest.raises(ConfigError):
        maths(deadline=0)
    for target in ("7", "\\frac{1}{2}", "x \\in [-2,7]", "\\text{(A)}", "\\{1, 2\\}"):
        assert grade(target, grader.reference(sample(target))).verdict is Verdict.RIGHT
    assert grade("7", "").verdict is Verdict.UNPARSED


@pytest.fixture(scope="module")
def math_test() -> list[dict[str, str]]:
    folder = os.environ.get("BENCHCORE_DATA")
    if not folder:
        pytest.skip("BENCHCORE_DATA is not set")
    path = Path(folder, "math", "test.jsonl.gz")
    if not path.is_file():
        pytest.skip(f"{path} does not exist")
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


@pytest.mark.data
def test_every_math_reference_is_right(math_test: list[dict[str, str]], grade: GradeOne) -> None:
    assert len(math_test) == 5000
    for row in math_test:
        answer = row["answer"]
        for text in (row["solution"], f"\\boxed{{{answer}}}", f"{FINAL} ${answer}$. {HOPE}"):
            found = grade(answer, text)
            assert found.verdict is Verdict.RIGHT, (row["unique_id"], text[-200:], found)


@pytest.mark.data
def test_a_math_gold_is_wrong_against_another(math_test: list[dict[str, str]]) -> None:
    decided = 0
    for row, other in pairwise(math_test):
        if (found := decide(row["answer"], other["answer"])) is Verdict.RIGHT:
            one, two = (LOOSE.sub("", tidy(r["answer"])) for r in (row, other))
            assert one == two, (row["answer"], other["answer"])
        decided += found is not None
    assert decided > 2000


LOOSE = re.compile(r"^x ?= ?|[ %]")  # what may part two golds that are equal
