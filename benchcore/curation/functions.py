"""Python files cut into functions and methods, a row each: what a corpus of code to learn from begins with."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchcore.curation.manifest import Decision
from benchcore.curation.sources import Entry
from benchcore.curation.syntax import FUNCTIONS, parse


class Functions:
    """Makes a row with the fields path, name and text of each outermost function and method, with its docstring."""

    def __init__(self, text_field: str) -> None:
        self._text_field = text_field

    def begin(self, kept: Iterator[Entry]) -> Mapping[str, Any]:
        """Nothing is to be made ready."""
        return {}

    def decide(self, batch: Sequence[Entry]) -> Iterable[Decision]:
        """The functions of each file, or why it has none."""
        for entry in batch:
            tree = parse(entry.text)
            found = [] if tree is None else list(cut(entry.text, tree))
            for name, text in found:
                row = {"path": entry.row.get("path", entry.where), "name": name, self._text_field: text}
                yield Decision(where=entry.where, row=row, text=text, keep=True, reason="function")
            if not found:
                reason = "not Python" if tree is None else "no function"
                yield Decision(where=entry.where, row=entry.row, text=entry.text, keep=False, reason=reason)


def cut(text: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(name, text) of each outermost function of a file, and of each method as `Class.method`, with decorators."""
    lines = text.splitlines(keepends=True)
    for name, node in _named(tree.body, ""):
        start = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        inset = node.col_offset
        body = lines[start - 1 : node.end_lineno]
        yield name, "".join(line[inset:] if line[:inset].isspace() else line for line in body)


def _named(body: Iterable[ast.stmt], prefix: str) -> Iterator[tuple[str, Any]]:
    for node in body:
        if isinstance(node, FUNCTIONS):
            yield f"{prefix}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from _named(node.body, f"{prefix}{node.name}.")
