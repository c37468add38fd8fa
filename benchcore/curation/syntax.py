"""Python code as a row of symbols in which the names that it gives itself do not count.

Symbols are those of the syntax tree in preorder: the kinds of nodes, attributes, constants and the names of others;
every name that the code binds itself is the same symbol. Docstrings, annotations, comments and layout are left out.
"""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

FENCED = re.compile(r"```[^\n]*\n(.*?)```", re.DOTALL)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SKIPPED = {"ctx", "kind", "annotation", "returns", "simple", "type_comment", "type_ignores"}
BLOCKS = ("body", "orelse", "finalbody")
NAME = "$"  # any that the code binds
END = ";"  # of a block


def parse(text: str) -> ast.Module | None:
    """The tree of Python code, or None where `text` is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in the strings of others
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what the parser has for hostile texts
        return None


def units(text: str) -> list[ast.AST]:
    """The parts of a text that are compared: its outermost functions and methods, else the whole of it.

    A text that is no Python may hold some between fences of three back ticks.
    """
    trees = [parse(text)]
    if trees == [None]:
        trees = [parse(fenced) for fenced in FENCED.findall(text)]
    found: list[ast.AST] = []
    for tree in trees:
        if tree is not None:
            found += list(_functions(tree.body)) or [tree]
    return found


def statements(node: Any) -> list[ast.stmt]:
    """The statements of a node that has a body, but for texts that stand alone, as docstrings do."""
    return [one for one in node.body if not _is_text(one)]


def symbols(unit: ast.AST) -> list[str]:
    """The symbols of a function or module in the order in which it is written."""
    return _written(unit, _own(unit))


def tidied(unit: ast.AST) -> ast.AST:
    """`unit` itself, with the statements of each block in the order of their symbols."""
    own = _own(unit)
    for node in reversed(list(ast.walk(unit))):  # inner blocks first
        for field in BLOCKS:
            if isinstance(block := getattr(node, field, None), list):
                setattr(node, field, sorted(block, key=lambda one: _written(one, own)))
    return unit


def _functions(body: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    for node in body:
        if isinstance(node, FUNCTIONS):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body)


def _written(unit: ast.AST, own: frozenset[str]) -> list[str]:
    found: list[str] = []
    todo: list[ast.AST | str] = [unit]
    while todo:  # no recursion: a sum of a thousand terms is a thousand deep
        one = todo.pop()
        if isinstance(one, str):
            found.append(one)
        else:
            found.append(type(one).__name__)
            todo += reversed([*_parts(one, own)])
    return found


def _parts(node: ast.AST, own: frozenset[str]) -> Iterator[ast.AST | str]:
    """What is below a node, in order: nodes, and the symbols of what is none."""
    for field in node._fields:
        value = getattr(node, field, None)
        if field in SKIPPED or (value is None and not isinstance(node, ast.Constant)):
            continue
        if not isinstance(value, list):
            yield _part(node, field, value, own)
            continue
        for one in statements(node) if field == "body" else value:
            yield _part(node, field, one, own)
        if field in BLOCKS:
            yield END


def _part(node: ast.AST, field: str, value: object, own: frozenset[str]) -> ast.AST | str:
    if isinstance(value, ast.AST):
        return value
    if isinstance(value, str) and not isinstance(node, ast.Constant):
        # an attribute's, an argument's or a module's name is given by others
        if field == "attr" or isinstance(node, ast.keyword) or (isinstance(node, ast.alias) and field == "name"):
            return f".{value}"
        return NAME if value in own else value
    return repr(value)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _own(unit: ast.AST) -> frozenset[str]:
    """The names that code binds, in whatever scope, but for globals."""
    bound: set[str] = set()
    others: set[str] = set()
    for node in ast.walk(unit):
        match node:
            case ast.Global(names=names):
                others.update(names)
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias(asname=str(name)):  # without it the name is the module's own
                bound.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                bound.add(name)
            case ast.MatchMapping(rest=str(name)):
                bound.add(name)
    return frozenset(bound - others)
