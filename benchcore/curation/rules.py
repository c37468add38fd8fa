"""Visible rules for a function that a beginner can learn from: a stand-in for a teacher that costs nothing."""

import ast
import builtins
import symtable
import sys

from benchcore.curation.syntax import FUNCTIONS, parse

LINES = (4, 40)
COMPLEXITY = (2, 10)
KNOWN = {*dir(builtins), *sys.stdlib_module_names, "__name__", "__file__"}
BRANCHES = (
    ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.comprehension, ast.match_case,
    ast.Assert,
)  # fmt: skip


def judge(text: str) -> tuple[bool, str]:
    """Whether a text is one function that follows all rules, and "all rules", or else the rule that it breaks first.

    It has a docstring, 4 to 40 lines, a complexity of 2 to 10, and no names but its own, built-in ones and those of the
    standard library's modules.
    """
    tree = parse(text)
    if tree is None or len(tree.body) != 1 or not isinstance(function := tree.body[0], FUNCTIONS):
        return False, "not one function"
    if ast.get_docstring(function) is None:
        return False, "no docstring"
    lines = (function.end_lineno or 0) - function.lineno + 1
    if not LINES[0] <= lines <= LINES[1]:
        return False, f"fewer than {LINES[0]} lines" if lines < LINES[0] else f"more than {LINES[1]} lines"
    found = complexity(function)
    if not COMPLEXITY[0] <= found <= COMPLEXITY[1]:
        return False, "no branch" if found < COMPLEXITY[0] else f"complexity above {COMPLEXITY[1]}"
    if free_names(text) - KNOWN:
        return False, "names from elsewhere"
    return True, "all rules"


def complexity(node: ast.AST) -> int:
    """The cyclomatic complexity of McCabe 1976, a condition of `and` or `or` for each of its operators."""
    count = 1
    for one in ast.walk(node):
        if isinstance(one, BRANCHES):
            count += 1
        elif isinstance(one, ast.BoolOp):
            count += len(one.values) - 1
    return count


def free_names(text: str) -> set[str]:
    """The names that a text uses and does not bind. Raises `SyntaxError` for no Python."""
    module = symtable.symtable(text, "document", "exec")
    own = {one.get_name() for one in module.get_symbols() if one.is_assigned() or one.is_imported()}
    return {name for name in _used(module) if name not in own}


def _used(table: symtable.SymbolTable) -> set[str]:
    top = table.get_type() == "module"
    names = {
        one.get_name() for one in table.get_symbols() if one.is_referenced() and (one.is_global() or top)
    }  # fmt: skip
    return names.union(*(_used(child) for child in table.get_children()))
