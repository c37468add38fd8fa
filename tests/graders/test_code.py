"""The code grader: verdicts, calibration on the references, Markdown, and two data sets' own solutions."""

import gzip
import json
import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.errors import ConfigError, MachineError
from benchcore.graders.code import Code, code, code_block, mbpp_program
from benchcore.graders.sandbox import SAFE, Kind, Level, Limits, Outcome, Program, Sandbox, Survey, pool, survey
from benchcore.records import Fault, Grade, Sample, Verdict
from benchcore.task import Grader

PROMPT = 'from typing import List\n\n\ndef total(xs: List[int]) -> int:\n    """The sum."""\n'
TEST = "def check(candidate):\n    assert candidate([1, 2]) == 3\n    assert candidate([]) == 0\n"
BODY = "    return sum(xs)\n"
HUMAN = Sample(
    id="H/0",
    prompt=PROMPT,
    target="",
    facts={"prompt": PROMPT, "test": TEST, "entry_point": "total", "reference": BODY},
)
MOSTLY = Sample(
    id="M/0",
    prompt="Write a function.",
    target="",
    facts={
        "tests": ["assert total([1, 2]) == 3", "assert total(start) == 0"],
        "setup": "start = make()",
        "reference": "def make():\r\n  return []\r\ndef total(xs):\r\n  return sum(xs)",
    },
)
# Far apart, so that on a busy machine too it is the CPU limit that ends a loop.
QUICK = Limits(cpu_seconds=0.5, wall_seconds=30)


def grade(grader: Code, sample: Sample, text: str) -> Grade:
    with grader.unsafe().session([sample]) as graded:  # the best level that this machine has, whichever it is
        return graded(sample, text)


def mostly(reference: str, *tests: str) -> Sample:
    return replace(MOSTLY, facts={"tests": list(tests), "reference": reference})


def test_is_a_grader() -> None:
    grader: Grader = code(cpu_seconds=2.0).unsafe()
    assert grader.name == "code(humaneval_program,2s)@2"
    assert code(program=mbpp_program, fenced=True).whole().name == "code(mbpp_program,3s,fenced,whole)@2"
    assert grader.isolation()["limits"].startswith("2 s of CPU")
    assert grader.isolation()["level"] in set(Level)
    with pytest.raises(ConfigError, match="cpu_seconds"):
        code(cpu_seconds=-1)


@pytest.mark.parametrize(
    ("text", "verdict", "value", "reason"),
    [
        (BODY, Verdict.RIGHT, 1.0, ""),
        (BODY.replace("\n", "\r\n"), Verdict.RIGHT, 1.0, ""),
        ("    t = 0\r\n    for x in xs:\r\n        t += x\r\n    return t\r\n", Verdict.RIGHT, 1.0, ""),
        ("    return 3\n", Verdict.WRONG, 0.0, "AssertionError (tests, line 3: assert candidate([]) == 0)"),
        ("    return xs['a']\n", Verdict.WRONG, 0.0, "TypeError: list indices must be integers or slices, not str"),
        ("", Verdict.WRONG, 0.0, "AssertionError"),
        ("    retrun 3\n", Verdict.WRONG, 0.0, "SyntaxError"),
        ("    while True: pass\n", Verdict.TIMEOUT, 0.0, "0.5 s of CPU time"),
        ("    return bytearray(1 << 40)\n", Verdict.CRASHED, 0.0, "MemoryError"),
        (f"{BODY}raise SystemExit(0)\n", Verdict.CRASHED, 0.0, "SystemExit: 0"),
        ("    raise SystemExit(0)\n", Verdict.CHEATED, 0.0, "SystemExit: 0"),
        ("    import os; os._exit(0)\n", Verdict.CHEATED, 0.0, "exit with status 0 during the tests"),
        ("    import gc; gc.get_objects(); return sum(xs)\n", Verdict.CHEATED, 0.0, "gc.get_objects"),
        # this one is no verdict of its own: it simply does not help
        ("    class A:\n        __eq__ = lambda a, b: True\n    return A()\n", Verdict.WRONG, 0.0, "AssertionError"),
    ],
)
def test_verdicts(text: str, verdict: Verdict, value: float, reason: str) -> None:
    found = grade(Code(limits=QUICK), HUMAN, text)
    assert (found.verdict, found.value, found.grader) == (verdict, value, "code(humaneval_program,0.5s)@2")
    assert (found.extracted, found.fault) == (None, None)
    assert reason in found.reason
    assert found.seconds > 0


def test_mbpp_reference_with_setup_and_crlf() -> None:
    grader = code(program=mbpp_program)
    assert grade(grader, MOSTLY, grader.reference(MOSTLY)).verdict is Verdict.RIGHT
    assert grade(grader, MOSTLY, "").verdict is Verdict.WRONG


def broken(self: Sandbox, program: Program, **options: Any) -> Outcome:
    fault = Fault(kind="sandbox", message="no disk")
    return Outcome(kind=Kind.ERROR, detail="no disk", seconds=0.0, cpu_seconds=0.0, fault=fault)


def test_trouble_of_the_sandbox_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    with code().unsafe().session([HUMAN]) as graded:
        monkeypatch.setattr(Sandbox, "run", broken)
        found = graded(HUMAN, BODY)
    assert (found.verdict, found.value) == (Verdict.ERROR, None)
    assert found.fault == Fault(kind="sandbox", message="no disk")


# --- calibration: what the references show before anything is graded ----------------------------------------


def refusal(samples: Sequence[Sample], grader: Code) -> str:
    with pytest.raises(MachineError) as caught, grader.unsafe().session(samples):
        pytest.fail("graded although a reference does not pass")
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_a_reference_that_does_not_pass_stops_everything() -> None:
    wrong = replace(HUMAN, id="H/1", facts={**HUMAN.facts, "reference": "    return 3\n"})
    said = refusal([HUMAN, wrong], code())
    assert said.startswith("1 of 2 reference solutions are not graded right here: H/1 (failed: AssertionError (tests, ")
    assert "nothing was graded" in said and "\n" not in said
    assert "H/1 (timeout: no end within 0.5 s of CPU time)" in refusal(
        [replace(wrong, facts={**HUMAN.facts, "reference": "    while True: pass\n"})], Code(limits=QUICK)
    )


def test_of_many_references_that_do_not_pass_a_few_are_named() -> None:
    bad = [replace(HUMAN, id=f"H/{n}", facts={**HUMAN.facts, "reference": "    return 3\n"}) for n in range(6)]
    said = refusal(bad, code())
    assert said.startswith("6 of 6 reference solutions") and "H/3 (" in said
    assert "H/4" not in said and "and 2 more" in said


def test_a_sandbox_that_fails_the_references_grades_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchcore.graders.code._calibrated", {})
    monkeypatch.setattr(Sandbox, "run", broken)
    assert "H/0 (error: no disk)" in refusal([HUMAN], code())


def test_a_sample_without_a_reference_is_graded_all_the_same() -> None:
    alone = replace(HUMAN, facts={name: HUMAN.facts[name] for name in ("prompt", "test", "entry_point")})
    assert grade(code(), alone, BODY).verdict is Verdict.RIGHT
    assert grade(code(), alone, "    return 3\n").verdict is Verdict.WRONG


def test_changed_arguments_come_back_to_the_tests_where_the_reference_changes_its_own() -> None:
    grader = code(program=mbpp_program)
    sorts = mostly("def f(x): x.sort()", "a = [2, 1]\nf(a)\nassert a == [1, 2]")
    assert grade(grader, sorts, "def f(x): x[:] = sorted(x)").verdict is Verdict.RIGHT
    assert grade(grader, sorts, "def f(x): return sorted(x)").verdict is Verdict.WRONG


def test_elsewhere_a_program_cannot_change_what_the_tests_compare_with() -> None:
    grader = code(program=mbpp_program)
    sample = mostly("def f(x): return sorted(x)", "a = [2, 1]\nassert f(a) == sorted(a)")
    assert grade(grader, sample, "def f(x): return sorted(x)").verdict is Verdict.RIGHT
    assert grade(grader, sample, "def f(x):\n  x.clear()\n  return []").verdict is Verdict.WRONG
    # sorting in place on the way is no fault
    assert grade(grader, sample, "def f(x):\n  x.sort()\n  return x").verdict is Verdict.RIGHT


def test_one_session_grades_samples_of_both_kinds() -> None:
    sorts = replace(mostly("def f(x): x.sort()", "a = [2, 1]\nf(a)\nassert a == [1, 2]"), id="in place")
    keeps = replace(mostly("def f(x): return sorted(x)", "a = [2, 1]\nassert f(a) == sorted(a)"), id="not")
    text = "def f(x):\n  x.sort()\n  return []"
    with code(program=mbpp_program).unsafe().session([sorts, keeps]) as graded:
        assert [graded(one, text).verdict for one in (sorts, keeps)] == [Verdict.RIGHT, Verdict.WRONG]


# --- where programs may run -----------------------------------------------------------------------------------


@pytest.fixture
def nothing_confines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which no level works that confines anything."""

    def look(level: Level) -> Survey:
        refused = Survey(level=level, reason="not here", layers={}, probes={})
        return refused if level in SAFE else survey(level)

    monkeypatch.setattr(pool, "survey", look)


@pytest.mark.usefixtures("nothing_confines")
def test_where_nothing_confines_programs_none_is_run_unless_that_is_asked_for() -> None:
    grader = code()
    said = r"namespaces: not here; landlock: not here.*--unsafe-code"
    with pytest.raises(MachineError, match=said) as caught, grader.session([HUMAN]):
        pytest.fail("a program was run")
    assert caught.value.exit_code == 3
    with pytest.raises(MachineError, match="cannot be run safely"):
        grader.isolation()
    assert grade(grader.unsafe(), HUMAN, BODY).verdict is Verdict.RIGHT
    assert grader.unsafe().isolation()["level"] == "process"


def test_unsafe_only_adds_a_level_and_changes_no_name() -> None:
    assert code().levels == SAFE and Level.PROCESS not in SAFE
    assert code().unsafe().levels == (*SAFE, Level.PROCESS)
    assert code().unsafe().name == code().name


# --- other forms of an answer ---------------------------------------------------------------------------------


def test_whole_programs_get_no_prompt() -> None:
    grader = code().whole()
    assert grader.whole() == grader
    assert grader.reference(HUMAN) == PROMPT + BODY
    assert grade(grader, HUMAN, PROMPT + BODY).verdict is Verdict.RIGHT
    assert grade(grader, HUMAN, BODY).verdict is Verdict.WRONG
    assert grade(grader, HUMAN, "def total(xs: List[int]): return sum(xs)").reason.startswith("NameError: name 'List'")
    assert code(program=mbpp_program).whole().reference(MOSTLY) == MOSTLY.facts["reference"]


def test_a_missing_fact_is_told_by_name() -> None:
    with pytest.raises(ConfigError, match=r"H/0.*'test'"):
        grade(code(), replace(HUMAN, facts={"prompt": PROMPT}), BODY)


def test_a_program_function_of_ones_own_is_named_in_the_grader() -> None:
    def doubled(sample: Sample, text: str, whole: bool) -> Program:
        return Program(source=f"def f(x): return {text}", tests=str(sample.facts["test"]), exports=("f",))

    grader = code(program=doubled)
    assert grader.name == "code(doubled,3s)@2"
    sample = Sample(id="d", prompt="p", target="", facts={"test": "assert f(2) == 4", "reference": "2 * x"})
    assert grade(grader, sample, "x + x").verdict is Verdict.RIGHT
    assert grade(grader, sample, "x ** 3").verdict is Verdict.WRONG


def test_the_example_in_the_documentation_grades() -> None:
    page = Path(__file__).parents[2] / "docs" / "code_grading.md"
    (example,) = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    space: dict[str, Any] = {}
    exec(example, space)
    grader = space["grader"]
    assert grader.name in page.read_text(encoding="utf-8")
    facts = {"test": "assert solve(2.5) == math.floor(2.5)", "reference": "    return int(x)"}
    sample = Sample(id="d", prompt="def solve(x):\n", target="", facts=facts)
    assert grade(grader, sample, "    return x // 1").verdict is Verdict.RIGHT
    assert grade(grader, sample, "    return x").verdict is Verdict.WRONG
    assert grade(grader.whole(), replace(sample, facts={"test": facts["test"]}), "solve = int").verdict is Verdict.RIGHT


def test_fenced_keeps_the_code_it_ran() -> None:
    found = grade(code(fenced=True), HUMAN, f"Sure!\n```python\n{PROMPT}{BODY}```\nDone.")
    assert (found.verdict, found.extracted, found.rule) == (Verdict.RIGHT, (PROMPT + BODY).rstrip("\n"), "fenced block")
    found = grade(code(fenced=True), HUMAN, f"{BODY}```\nUse it so:\n```python\nprint(total([1]))\n```")
    assert (found.verdict, found.extracted, found.rule) == (Verdict.RIGHT, BODY.rstrip("\n"), "up to the fence")
    fenced = code(program=mbpp_program, fenced=True)
    two = f"First:\n```python\nprint('no')\n```\nthen\n```\n{MOSTLY.facts['reference']}\n```"
    assert grade(fenced, MOSTLY, two).verdict is Verdict.RIGHT


DEF = "def f(x):\n  return 1"
BLOCKS: dict[str, tuple[str, str]] = {
    # What lm-eval 0.4.13 makes of these five is in the peers survey: it eats a word or finds nothing.
    "word before the closing fence": (f"{DEF}\n```", DEF),
    "line break first": (f"\n{DEF}\n```", f"\n{DEF}"),
    "no closing fence": (DEF, DEF),
    "import first": (f"import math\n{DEF}\n```", f"import math\n{DEF}"),
    "opened again": (f"\n```python\n{DEF}\n```", DEF),
    "empty": ("", ""),
    "only an empty block": ("```python\n```", ""),
    "only a fence": ("```", ""),
    "greeting": (f"Here is the code:\n\n```python\n{DEF}\n```\nIt returns 1.", DEF),
    "greeting, no tag": (f"Here is the code:\n```\n{DEF}\n```", DEF),
    "greeting that reads like code": (f"for you, a function:\n```\n{DEF}\n```", DEF),
    "greeting on the fence's line": (f"Sure: ```python\n{DEF}\n```", DEF),
    "heading": (f"# Solution\n```\n{DEF}\n```", DEF),
    "cut off": (f"Sure.\n```python\n{DEF}", DEF),
    "other tags": (f"```Python3\n{DEF}\n```", DEF),
    "tag with attributes": (f"```python {{.numberLines}}\n{DEF}\n```", DEF),
    "code on the fence's line": (f"```{DEF}\n```", DEF),
    "code after the tag": (f"```python {DEF}\n```", DEF),
    "all on one line": ("```python f = lambda x: 1```", "f = lambda x: 1"),
    "keyword is no tag": ("```pass\n```", "pass"),
    "tildes": (f"~~~python\n{DEF}\n~~~\nend", DEF),
    "longer fence": (f"````python\n{DEF}\n```\n````", f"{DEF}\n```"),
    "closing fence after code": (f"```python\n{DEF}```\nDone.", DEF),
    "closing fence after code, opened by the prompt": (f"{DEF}``` Done.\n```", f"{DEF}``` Done."),
    "example first": (f"Usage:\n```python\nprint(f(1))\n```\n```python\n{DEF}\n```", DEF),
    "shell first": (f"```bash\npip install x\n```\n```python\n{DEF}\n```", DEF),
    "assignment defines": ("```python\nx = 1\n```\n```python\nf = abs\n```", "f = abs"),
    "in a list": ("1. So:\n   ```python\n   def f(x):\n     return 1\n   ```", DEF),
    "body goes on": ("    return 1\n```\n```python\ndef f(x):\n  return 2\n```", "    return 1"),
    "fence in a docstring": (
        'def f(x):\n    """\n    ```\n    f(1)\n    ```\n    """\n```\nok',
        'def f(x):\n    """\n    ```\n    f(1)\n    ```\n    """',
    ),
    "inline code": ("Use ```f``` here:\n```python\ndef f(x):\n  return 1\n```", DEF),
    "CRLF": ("Sure\r\n```python\r\ndef f(x):\r\n  return 1\r\n```\r\n", "def f(x):\r\n  return 1\r"),
    "closed and opened by tagged fences": (f"```python\n{DEF}\n```python\nprint(1)\n```", DEF),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_code_block(name: str) -> None:
    text, expected = BLOCKS[name]
    assert code_block(text, ("f",)) == expected


def test_code_block_without_an_entry_point() -> None:
    assert code_block("```bash\nls\n```\n```python\nx = 1\n```") == "x = 1"
    assert code_block("```text\nls\n```") == "ls"


@given(st.text(alphabet="`~ \n\tpydef(:)x=#{.}\r", max_size=60))
def test_code_block_never_raises(text: str) -> None:
    assert isinstance(code_block(text, ("f",)), str)


CODE = st.lists(st.sampled_from(["def f(x):", "    return x", "", "x = 1", "import re", "# note", "'''", "    pass"]))


@given(CODE.map("\n".join))
def test_code_block_gives_back_what_was_fenced(program: str) -> None:
    assert code_block(program, ("f",)) == program
    expected = program if program.strip() else ""
    assert code_block(f"Sure:\n```python\n{program}\n```\nDone.", ("f",)) == expected


def test_long_texts_take_linear_time() -> None:
    for text in ("`" * 200_000 + "x", "``` " * 50_000, "```\n" * 50_000, "x" * 200_000 + "```", " " * 200_000 + "```"):
        code_block(text, ("f",))


# --- the data sets' own solutions --------------------------------------------------------------------------

data = pytest.mark.data


@pytest.fixture
def folder() -> Path:
    if not (place := os.environ.get("BENCHCORE_DATA")):
        pytest.skip("BENCHCORE_DATA does not name a folder with the data sets")
    return Path(place)


def humaneval(folder: Path) -> list[Sample]:
    with gzip.open(folder / "humaneval/HumanEval.jsonl.gz", "rt", encoding="utf-8") as file:
        rows: list[dict[str, Any]] = [json.loads(line) for line in file]
    return [
        Sample(
            id=row["task_id"],
            prompt=row["prompt"],
            target="",
            facts={name: row[name] for name in ("prompt", "test", "entry_point")}
            | {"reference": row["canonical_solution"]},
        )
        for row in rows
    ]


def mbpp(folder: Path) -> list[Sample]:
    with open(folder / "mbpp/mbpp.jsonl", encoding="utf-8") as file:
        rows: list[dict[str, Any]] = [json.loads(line) for line in file]
    return [
        Sample(
            id=str(row["task_id"]),
            prompt=row["text"],
            target="",
            facts={"tests": row["test_list"], "setup": row["test_setup_code"], "reference": row["code"]},
        )
        for row in rows
    ]


def not_right(grader: Code, samples: Sequence[Sample], text: Callable[[Sample], str]) -> dict[str, str]:
    """Sample id -> verdict and reason of every text that is not right."""
    with grader.unsafe().session(samples) as graded, ThreadPoolExecutor(2) as threads:
        grades = list(threads.map(lambda sample: graded(sample, text(sample)), samples))
    return {
        sample.id: f"{found.verdict}: {found.reason}"
        for sample, found in zip(samples, grades, strict=True)
        if found.verdict is not Verdict.RIGHT
    }


@data
def test_humaneval_references_are_right(folder: Path) -> None:
    samples, grader = humaneval(folder), code()
    assert len(samples) == 164
    assert not_right(grader, samples, grader.reference) == {}


@data
@pytest.mark.parametrize("shape", ["{prompt}{reference}", "Sure:\n```python\n{prompt}{reference}\n```\nDone."])
def test_humaneval_references_are_right_in_other_clothes(folder: Path, shape: str) -> None:
    samples = humaneval(folder)[::8]
    grader = code(fenced=True) if "```" in shape else code().whole()
    assert not_right(grader, samples, lambda sample: shape.format(**sample.facts)) == {}


@data
def test_mbpp_references_are_right(folder: Path) -> None:
    samples, grader = mbpp(folder), code(program=mbpp_program, cpu_seconds=10)
    assert len(samples) == 974
    assert not_right(grader, samples, grader.reference) == {}


@data
def test_empty_completions_are_wrong(folder: Path) -> None:
    few = humaneval(folder)[::11]
    assert len(not_right(code(), few, lambda _: "")) == len(few)
    few = mbpp(folder)[::65]
    assert len(not_right(code(program=mbpp_program), few, lambda _: "")) == len(few)
