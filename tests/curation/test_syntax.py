"""Code as symbols: names of its own, texts and layout do not count, what others named does, order can be left out."""

import ast
import builtins
import heapq
import inspect
import io
import keyword
import random
import symtable
import textwrap
import tokenize
from collections.abc import Iterator
from types import ModuleType

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from benchcore.curation.syntax import symbols, tidied, units

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name) and not keyword.issoftkeyword(name) and name not in dir(builtins)
)
PROGRAMS = (
    "def {0}({1}, {2}=3, *{3}, **{4}):\n    {5} = [{6} for {6} in {1} if {6} > {2}]\n    return {0}({5}, **{4})\n",
    "def {0}({1}):\n    global total\n    total = {2} = 0\n    for {3}, ({4}, _) in enumerate({1}):\n"
    "        {2} += {4} if ({5} := {3} * 2) else -{5}\n    return {2}\n",
    "import math as {0}\nfrom os import path as {1}\n\ntry:\n    {2} = {0}.pi\nexcept ValueError as {3}:\n"
    "    print({3})\nwith open({1}.sep) as {4}:\n    del {2}\n{5} = lambda {6}: {6}.join({4})\n",
    "def {0}({1}):\n    def {2}({3}):\n        nonlocal {4}\n        {4} = {3}\n    {4} = {2}({1})\n"
    "    match {1}:\n        case [{5}, *{6}]:\n            return {5}, {6}\n    return {4}\n",
)


def written(text: str) -> list[list[str]]:
    return [symbols(unit) for unit in units(textwrap.dedent(text))]


def in_order(text: str) -> list[list[str]]:
    return [symbols(tidied(unit)) for unit in units(text)]


@given(program=st.sampled_from(PROGRAMS), names=st.lists(NAMES, min_size=7, max_size=7, unique=True))
def test_names_of_its_own_do_not_count(program: str, names: list[str]) -> None:
    usual = program.format(*"abcdefg")
    assert written(program.format(*names)) == written(usual)
    assert in_order(program.format(*names)) == in_order(usual)


def functions(module: ModuleType) -> Iterator[str]:
    for _, one in inspect.getmembers(module, inspect.isfunction):
        if one.__module__ == module.__name__:
            yield textwrap.dedent(inspect.getsource(one))


def locals_of(text: str) -> set[str]:
    """What Python's own compiler has for local names in all scopes of a function, where nothing else is so called."""
    tree = ast.parse(text)
    todo, found = symtable.symtable(text, "", "exec").get_children(), {tree.body[0].name}  # type: ignore[attr-defined]
    while todo:
        one = todo.pop()
        todo += one.get_children()
        if isinstance(one, symtable.Function):
            found.update(name for name in one.get_locals() if not name.startswith("."))
    others = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    others |= {str(node.arg) for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    others |= {node.name for node in ast.walk(tree) if isinstance(node, ast.alias)}
    formatted = (one for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for one in ast.walk(node))
    others |= {one.id for one in formatted if isinstance(one, ast.Name)}  # one token before Python 3.12
    return found - others - {"_"}


@pytest.mark.parametrize("module", [textwrap, heapq, random, inspect, tokenize], ids=lambda one: one.__name__)
def test_real_functions_with_their_locals_renamed_are_the_same(module: ModuleType) -> None:
    texts = list(functions(module))
    assert texts
    for text in texts:
        new = {name: f"renamed{number}" for number, name in enumerate(sorted(locals_of(text)))}
        tokens = [
            (one.type, new.get(one.string, one.string) if one.type == tokenize.NAME else one.string)
            for one in tokenize.generate_tokens(io.StringIO(text).readline)
        ]
        other = tokenize.untokenize(tokens)
        assert other != text
        assert written(other) == written(text)


def test_texts_annotations_comments_and_layout_do_not_count() -> None:
    plain = "def f(a, b=1):\n    c = a + b\n    return [c]\n"
    dressed = '''
def f(a: list[int], b: int = (1)) -> list[int]:
    """Add."""
    # a comment
    c = (a +
         b)
    "a text that nobody reads"
    return [c,]
'''
    assert written(dressed) == written(plain)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x.strip()", "x.split()"),
        ("len(y)", "sum(y)"),
        ("f(y, key=1)", "f(y, keys=1)"),
        ("1", "'1'"),
        ("None", "True"),
        ("y + 1", "y - 1"),
        ("json.x", "yaml.x"),
        ("f'{y}'", "f'{y!r}'"),
    ],
)
def test_what_others_named_and_constants_count(one: str, other: str) -> None:
    assert written(f"def g(y):\n    return {one}\n") != written(f"def g(y):\n    return {other}\n")


@settings(max_examples=50)
@given(order=st.permutations(range(6)))
def test_the_order_of_statements_can_be_left_out(order: list[int]) -> None:
    lines = ["a = 1", "b = len(y)", "c = y.x", "import math", "d = [y for y in range(3)]", "def inner():\n        pass"]
    text = "def g(y):\n    {}\n    return y\n"
    shuffled = text.format("\n    ".join(lines[at] for at in order))
    assert in_order(shuffled) == in_order(text.format("\n    ".join(lines)))


def test_the_order_of_branches_counts() -> None:
    assert in_order("if x:\n    y = 1\nelse:\n    y = 2\n") != in_order("if x:\n    y = 2\nelse:\n    y = 1\n")


def test_functions_and_methods_are_looked_at_one_by_one_and_else_the_whole() -> None:
    text = (
        "x = 1\n\ndef f():\n    def g():\n        pass\n\n"
        "class A:\n    def h(self):\n        pass\n    async def i(self):\n        pass\n"
    )
    assert [getattr(unit, "name", None) for unit in units(text)] == ["f", "h", "i"]
    assert [type(unit) for unit in units("x = 1\n")] == [ast.Module]
    assert [getattr(unit, "name", None) for unit in units(f"Look:\n```python\n{text}```\nSo.")] == ["f", "h", "i"]
    assert units("Look at this.") == []


def test_deep_code_is_written_down_and_what_cannot_be_parsed_is_none() -> None:
    deep = "x = " + " + ".join(["1"] * 900)
    (found,) = written(deep)
    assert found.count("BinOp") == 899
    assert symbols(tidied(units(deep)[0])) == found
    for text in ("(" * 1000, "x = '\0'", "\ud800", "def f(:"):
        assert units(text) == []
