"""How samples become programs: what is exported, what helps the tests, and every reference run without a sandbox."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchcore import Sample, load_task
from benchcore.errors import ConfigError
from benchcore.graders.programs import calls_can_be_told_ahead, humaneval_program, mbpp_program
from benchcore.graders.sandbox.program import Program

PROMPT = "import math\n\n\ndef half(x):\n    return x / 2\n\n\ndef area(r: float) -> float:\n"
TEST = "def check(candidate):\n    assert half(candidate(2)) == 2 * math.pi\n"
BODY = "    return math.pi * r * r\n"
HUMAN = Sample(id="H/0", prompt=PROMPT, target="", facts={"prompt": PROMPT, "test": TEST, "entry_point": "area"})

BUILD = {"humaneval": humaneval_program, "humaneval_plus": humaneval_program}
COUNTS = {"humaneval": 164, "mbpp": 974, "humaneval_plus": 164, "mbpp_plus": 378}
# Half of all the time; the check of these tasks in tests/tasks runs them.
SLOW = {
    "humaneval_plus": {"HumanEval/15", "HumanEval/83", "HumanEval/130", "HumanEval/139"},
    "mbpp_plus": {"123", "255", "271", "392", "592", "603"},
}


def run(program: Program) -> None:
    """What the sandbox does, in one process and without any protection: only for code that is trusted."""
    module: dict[str, Any] = {"__name__": "program"}
    names: dict[str, Any] = {"__name__": "tests"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(program.source, module)
        exec(program.helpers, names)
        names |= {name: module[name] for name in program.exports}
        exec(program.tests, names)


def trouble(program: Program) -> str:
    """What running it raises, as text; empty if it passes."""
    try:
        run(program)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def mostly(*tests: str, reference: str | None, setup: str = "") -> Sample:
    facts = {"tests": list(tests), "setup": setup} | ({} if reference is None else {"reference": reference})
    return Sample(id="M/0", prompt="Write it.", target="", facts=facts)


def names(*tests: str, reference: str | None, setup: str = "") -> tuple[tuple[str, ...], str]:
    program = mbpp_program(mostly(*tests, reference=reference, setup=setup), "text")
    return program.exports, program.helpers


def test_humaneval_is_put_together_as_published_but_in_two_parts() -> None:
    program = humaneval_program(HUMAN, BODY)
    assert program.source == PROMPT + BODY
    assert program.tests == f"{TEST}\ncheck(area)\n"
    assert program.exports == ("area",)
    assert trouble(program) == ""
    assert trouble(humaneval_program(HUMAN, "    return 3")) == "AssertionError: "


def test_a_whole_program_gets_no_prompt_but_its_tests_do() -> None:
    whole = "from math import pi\narea = lambda r: pi * r * r"
    assert humaneval_program(HUMAN, whole, True).source == whole
    assert trouble(humaneval_program(HUMAN, whole, True)) == ""
    assert trouble(humaneval_program(HUMAN, BODY, True)).startswith("IndentationError")


def test_a_completion_cannot_change_the_prompts_helpers_for_its_tests() -> None:
    wrong = "    return 0\ndef half(x):\n    return 2 * math.pi\n"
    assert trouble(humaneval_program(HUMAN, wrong)) == "AssertionError: "


@pytest.mark.parametrize(
    ("prompt", "helpers"),
    [
        ("x = 1\ndef f(a):\n", "x = 1\n"),
        ("x = 1\ndef f(a,\n      b", "x = 1\n"),
        ('x = 1\n\ndef f(a):\n    """Doc."""\n', 'x = 1\n\ndef f(a):\n    """Doc."""\n'),
        ("x = 1\n\ndef f(a):\n    if a:\n", "x = 1\n\n"),
        ("def f(a):", ""),
        ("", ""),
        ("Write a function that adds.", ""),
    ],
)
def test_as_much_of_the_prompt_helps_as_is_a_program(prompt: str, helpers: str) -> None:
    sample = replace(HUMAN, facts={**HUMAN.facts, "prompt": prompt, "test": f"assert x\n{HUMAN.facts['test']}"})
    assert humaneval_program(sample, "").helpers == helpers


def test_a_prompt_that_the_tests_do_not_use_is_not_run() -> None:
    sample = replace(
        HUMAN, facts={**HUMAN.facts, "prompt": "x = 1\ndef f(a):\n", "test": "def check(g): assert g(1)\n"}
    )
    assert humaneval_program(sample, "    return a").helpers == ""


def test_mbpp_tests_are_the_setup_and_the_assertions() -> None:
    sample = mostly("assert f(start) == 1", "assert f(0) == 0", setup="start = 1", reference="def f(x):\r\n  return x")
    program = mbpp_program(sample, "f = int")
    assert program.source == "f = int"
    assert program.tests == "start = 1\nassert f(start) == 1\nassert f(0) == 0"
    assert (program.exports, program.helpers) == (("f",), "")
    assert mbpp_program(sample, "f = int", True) == program
    assert trouble(program) == ""


@pytest.mark.parametrize(
    ("test", "reference", "exports", "helpers"),
    [
        ("assert f(1) == 1", "def f(x): return g(x)\ndef g(x): return x", ("f",), ""),
        ("assert f(N(1)) == M", "class N: pass\nM = 2\ndef f(n): return 2", ("M", "N", "f"), ""),
        ("assert sum(8) == set([8])", "def sum(n): return {n}", ("sum",), ""),
        ("assert f(math.pi) == dd(int)", "import math, os\nfrom collections import defaultdict as dd\ndef f(x): ...",
         ("f",), "from collections import defaultdict as dd\nimport math\n"),
        ("import math\nassert f(math.pi)", "import math\ndef f(x): return x", ("f",), ""),
        ("assert f(os.path.sep)", "import os.path\ndef f(x): return x", ("f",), "import os.path\n"),
        ("def ok(x):\n  return f(x)\nassert ok(1)", "def f(x): return x\ndef ok(x): return f(x)", ("f",), ""),
        ("assert all(f(x) for x in [1])", "x = 0\ndef f(x): return x", ("f",), ""),
        ("for f in [g]:\n  assert f(1)", "def f(x): return x\ndef g(x): return x", ("g",), ""),
        ("class T:\n  value = f(1)\nassert T.value", "def f(x): return x", ("f",), ""),
        ("assert f(1) == unheard_of", "def f(x): return x", ("f", "unheard_of"), ""),
        ("assert f(1)", "try:\n  import json\nexcept ImportError:\n  json = None\nif json:\n  def f(x): return 1",
         ("f",), ""),
        ("assert f(1)", None, ("f",), ""),
    ],
)  # fmt: skip
def test_what_the_tests_take_from_a_solution(
    test: str, reference: str | None, exports: tuple[str, ...], helpers: str
) -> None:
    assert names(test, reference=reference) == (exports, helpers)


def test_the_setup_takes_names_too() -> None:
    tree = "class Node: pass\ndef depth(root): return 1"
    assert names("assert depth(root) == 1", setup="root = Node()", reference=tree)[0] == ("Node", "depth")


def test_what_the_reference_only_imports_needs_no_import_in_a_solution() -> None:
    reference = "import sys\ndef size(x): return sys.getsizeof(x)"
    solution = "from sys import getsizeof as size"
    assert trouble(mbpp_program(mostly("assert size(1) == sys.getsizeof(1)", reference=reference), solution)) == ""


def test_old_escapes_in_a_reference_warn_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert names(r"assert f('\d')", reference=r"def f(x): return '\d'") == (("f",), "")


def test_tests_that_are_no_python_are_told_by_the_samples_id() -> None:
    with pytest.raises(ConfigError, match="'M/0': its tests or its reference are no Python"):
        names("assert (", reference="")
    with pytest.raises(KeyError, match="tests"):
        mbpp_program(Sample(id="M/0", prompt="p", target=""), "")


@pytest.fixture(scope="module")
def samples() -> Callable[[str, Path], list[Sample]]:
    loaded: dict[str, list[Sample]] = {}

    def load(name: str, data_dir: Path) -> list[Sample]:
        if name not in loaded:
            task = load_task(name)
            if name == "mbpp":  # not its test split alone
                task = replace(task, rows=replace(task.rows, keep=None))  # type: ignore[type-var]
            loaded[name] = task.samples(data_dir)[0]
        return loaded[name]

    return load


Samples = Callable[[str, Path], list[Sample]]


def build(name: str, sample: Sample, text: str, whole: bool = False) -> Program:
    return BUILD.get(name, mbpp_program)(sample, text, whole)


@pytest.mark.data
@pytest.mark.parametrize("name", COUNTS)
def test_every_reference_passes_in_two_parts(name: str, samples: Samples, data_dir: Path) -> None:
    pytest.importorskip("numpy")
    every = samples(name, data_dir)
    assert len(every) == COUNTS[name]
    quick = [sample for sample in every if sample.id not in SLOW.get(name, set())]
    assert len(every) - len(quick) == len(SLOW.get(name, set()))
    found = {sample.id: trouble(build(name, sample, sample.facts["reference"])) for sample in quick}
    assert {sample: why for sample, why in found.items() if why} == {}


@pytest.mark.data
@pytest.mark.parametrize("name", COUNTS)
def test_no_empty_completion_passes(name: str, samples: Samples, data_dir: Path) -> None:
    pytest.importorskip("numpy")
    assert [sample.id for sample in samples(name, data_dir) if not trouble(build(name, sample, ""))] == []


@pytest.mark.data
def test_whole_references_of_humaneval_pass(samples: Samples, data_dir: Path) -> None:
    every = samples("humaneval", data_dir)
    whole = {sample.id: sample.facts["prompt"] + sample.facts["reference"] for sample in every}
    assert [sample.id for sample in every if trouble(humaneval_program(sample, whole[sample.id], True))] == []


@pytest.mark.data
def test_which_problems_take_more_than_one_function(samples: Samples, data_dir: Path) -> None:
    programs = {sample.id: mbpp_program(sample, "") for sample in samples("mbpp", data_dir)}
    unusual = {
        number: (program.exports, program.helpers)
        for number, program in programs.items()
        if len(program.exports) != 1 or program.helpers
    }
    assert unusual == {
        "367": (("Node", "is_tree_balanced"), ""),
        "596": (("tuple_size",), "import sys\n"),
        "601": (("Pair", "max_chain_length"), ""),
        "927": (("Node", "max_height"), ""),
    }
    assert programs["126"].exports == ("sum",)
    assert {len(mbpp_program(sample, "").exports) for sample in samples("mbpp_plus", data_dir)} == {1}


@pytest.mark.parametrize(
    ("tests", "told"),
    [
        ("assert f(1) == 2\nassert not f(2)", True),
        ("def check(g):\n  assert g(1) == 2\n  for x in [1, 2]: assert g(x)\ncheck(f)", True),
        ("def same(a, b): assert a == b\nfor x in [1, 2]:\n  same(f(x), x)", True),
        ("e = f(1)\nassert f(e) == 1", False),
        ("assert f(f(1)) == 1", False),
        ("assert f(x=g(1)) == 1", False),
        ("xs = []\nxs.append(f(1))\nassert f(xs[0])", False),
        ("h = f\nassert h(1) == 2", False),
        ("assert (x := f(1)) and f(x)", False),
        ("def same(a):\n  assert f(a)\nsame(f(1))", False),
        ("assert list(map(f, [1])) == [2]", False),
    ],
)
def test_calls_are_told_ahead_only_where_no_answer_can_reach_another_call(tests: str, told: bool) -> None:
    assert calls_can_be_told_ahead(tests, ("f", "g")) is told
