"""How a sample and a completion become a `Program`: HumanEval, MBPP and their kin.

Each function here has the signature `(sample, text, whole) -> Program`. With `whole` the text is a whole
program, not the continuation of the prompt. What is trusted (prompt, tests, reference) is parsed here; the
text never is.
"""

import ast
import builtins
import re
import symtable
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

from benchcore.errors import ConfigError
from benchcore.graders.sandbox.program import Program
from benchcore.records import Sample

__all__ = ["humaneval_program", "mbpp_program"]

_BUILTINS = frozenset(dir(builtins))
_PROBLEMS = 4096  # remembered at a time: more than any task here has
# A line that binds a long literal without a call in it: EvalPlus's inputs and results, which take long to parse.
_DATA = re.compile(r"^([ \t]*\w+) = [\[({](?!.*\w\().{1000,}[\])}]$", re.MULTILINE)
_parsing = threading.Lock()


def humaneval_program(sample: Sample, text: str, whole: bool = False) -> Program:
    """Prompt and completion; the tests call the entry point (facts prompt, test, entry_point).

    The tests find the prompt's own imports and helper functions too, where they use them, whatever the completion is.
    """
    prompt, test, name = sample.facts["prompt"], sample.facts["test"], sample.facts["entry_point"]
    tests = f"{test}\ncheck({name})\n"
    try:
        helpers = _prompt_helpers(prompt, tests, name)
    except SyntaxError as error:
        raise ConfigError(f"sample {sample.id!r}: its tests are no Python: {error}") from error
    return Program(source=text if whole else f"{prompt}{text}", tests=tests, exports=(name,), helpers=helpers)


def mbpp_program(sample: Sample, text: str, whole: bool = False) -> Program:
    """The completion; the tests are set-up code and assertions (facts tests and, if any, setup and reference).

    The set-up runs with the completion's classes: in both problems that have one it builds trees of them. The
    reference, never the completion, says which of the names in the tests a solution defines; without one it
    is all of them that nobody else does.
    """
    tests = "\n".join((sample.facts.get("setup") or "", *sample.facts["tests"]))
    try:
        exports, helpers = _shared_names(tests, sample.facts.get("reference") or "")
    except SyntaxError as error:
        raise ConfigError(f"sample {sample.id!r}: its tests or its reference are no Python: {error}") from error
    return Program(source=text, tests=tests, exports=exports, helpers=helpers)


@lru_cache(_PROBLEMS)
def _prompt_helpers(prompt: str, tests: str, entry_point: str) -> str:
    """The prompt, if the tests use any name of it but the entry point; running it costs each program time."""
    runnable = _runnable(prompt)
    bound = {s.get_name() for s in _symbols(runnable).get_symbols() if s.is_assigned() or s.is_imported()}
    return runnable if _free_names(tests) & (bound - {entry_point}) else ""


def _runnable(prompt: str) -> str:
    """The prompt, or as many of its first lines as are a program: it may end inside a function's head."""
    lines = prompt.splitlines(keepends=True)
    for end in range(len(lines), 0, -1):
        try:
            _parse("".join(lines[:end]))
        except SyntaxError:
            continue
        return "".join(lines[:end])
    return ""


@lru_cache(_PROBLEMS)
def _shared_names(tests: str, reference: str) -> tuple[tuple[str, ...], str]:
    """The names that the tests take from a solution, and the reference's imports of the others.

    A name is the solution's if the reference binds it at its top level, a builtin's name too (MBPP 126 defines
    `sum`), or if nobody binds it. What the reference only imports is no part of the task, so no solution
    needs the same import.
    """
    needed = _free_names(tests)
    bound = {symbol.get_name() for symbol in _symbols(reference).get_symbols() if symbol.is_assigned()}
    imports = dict(_imports(reference))
    exports = sorted(name for name in needed if name in bound or not (name in imports or name in _BUILTINS))
    helpers = sorted(imports[name] for name in needed if name in imports and name not in bound)
    return tuple(exports), "".join(f"{line}\n" for line in helpers)


def _free_names(code: str) -> set[str]:
    """The names that `code` uses as globals and does not bind itself."""
    top = _symbols(code)
    tables, used = [top], set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        used |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and (s.is_global() or table is top)}
    own = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    return used - own


def _imports(code: str) -> Iterator[tuple[str, str]]:
    """Each name that a top-level import binds, and a statement that imports just that."""
    for node in _parse(code).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                alone = ast.Import([alias]) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, [alias], 0)
                yield name, ast.unparse(alone)


def _parse(code: str) -> ast.Module:
    with _quiet():
        return ast.parse(code)


def _symbols(code: str) -> symtable.SymbolTable:
    with _quiet():
        return symtable.symtable(code, "<trusted code>", "exec")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings of old code such as "\\d"; one thread at a time, for the filters are the process's."""
    with _parsing, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@lru_cache(_PROBLEMS)
def calls_can_be_told_ahead(tests: str, exports: tuple[str, ...]) -> bool:
    """Whether no answer of a program can reach a later call of the tests.

    Only then may a program be given all calls at once: an argument that came from the reference's answer would give
    that answer away. So each call has to stand in an assertion, or in a statement that hands its result to a function
    which makes no calls; not within another call's arguments, and not in an assignment.
    """
    tree = _parse(_DATA.sub(r"\1 = 0", tests))
    names = set(exports)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for statement in tree.body:  # check(entry_point): the function's parameter is the program's too
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in functions:
            pairs = zip(functions[call.func.id].args.args, call.args, strict=False)
            names |= {one.arg for one, given in pairs if isinstance(given, ast.Name) and given.id in exports}
    allowed = sum(_calls(part, names) for part in ast.walk(tree) if _takes_no_answer_on(part, names, functions))
    handed = sum(isinstance(node, ast.Name) and node.id in names for node in ast.walk(tree))
    called = _calls(tree, names)
    passed_to_check = sum(
        isinstance(given, ast.Name) and given.id in exports
        for statement in tree.body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        for given in statement.value.args
    )
    return allowed == called and handed == called + passed_to_check


def _calls(node: ast.AST, names: set[str]) -> int:
    return sum(
        isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in names
        for part in ast.walk(node)
    )


def _takes_no_answer_on(node: ast.AST, names: set[str], functions: Mapping[str, ast.FunctionDef]) -> bool:
    """Whether a statement makes calls whose answers end in it."""
    if isinstance(node, ast.Expr) and isinstance(call := node.value, ast.Call) and isinstance(call.func, ast.Name):
        helper = functions.get(call.func.id)
        used = {part.id for part in ast.walk(helper) if isinstance(part, ast.Name)} if helper else names
        parts: list[ast.AST] = [*call.args, *call.keywords] if helper and not used & names else []
    else:
        parts = [node.test] if isinstance(node, ast.Assert) else []
    for part in parts:
        for inner in ast.walk(part):
            if isinstance(inner, ast.NamedExpr | ast.Yield | ast.Await):
                return False
            ours = isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id in names
            if ours and any(_calls(argument, names) for argument in ast.iter_child_nodes(inner)):
                return False
    return bool(parts)
