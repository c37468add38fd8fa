"""Recall, precision and speed of `benchcore data decontaminate` on planted copies of tasks' reference solutions.

    BENCHCORE_DATA=DIR python benchmarks/decontaminate_recall.py [--tasks humaneval,mbpp] [--tau 0.8,0.85,0.9,0.95]

Planted is, of each item: its reference solution as it is; its description alone, as the docstring of something else,
where it has 13 words; the solution with all its own names changed and without its docstring; so and with functions and
neighbouring statements that need nothing of each other exchanged, where it has such; and so with 2, 5 and 10 % of its
symbols edited, at least one: constants, operators, comparisons, attributes, names, and statements put in and taken out.
What must be kept are all functions of this interpreter's standard library. "syntax" leaves runs of words out.
"""

import argparse
import ast
import random
import re
import string
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchcore.api.work import data_for
from benchcore.catalog import load_task
from benchcore.curation.contamination import Contamination, Reference, of_sample
from benchcore.curation.functions import Functions
from benchcore.curation.ngrams import words
from benchcore.curation.sources import Entry, corpus_files, entries
from benchcore.curation.syntax import FUNCTIONS, symbols
from benchcore.errors import DataError
from benchcore.records import Sample

NGRAM = 13
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
KINDS = ("copied", "described", "renamed", "reordered", "edited 2 %", "edited 5 %", "edited 10 %")
NOT_ALONE = (ast.Return, ast.Break, ast.Continue, ast.Raise, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom)
COMPOUND = (*FUNCTIONS, ast.ClassDef, ast.If, ast.For, ast.While, ast.With, ast.Try)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Of how many planted documents of each kind how many were dropped, and of how many others; seconds and bytes."""

    planted: dict[str, tuple[int, int]]
    others: tuple[int, int]
    seconds: float
    size: int

    def recall(self, kind: str) -> float:
        """The share of planted documents of a kind that were dropped."""
        dropped, of = self.planted[kind]
        return dropped / of

    @property
    def precision(self) -> float:
        """The share of planted documents among all that were dropped."""
        right = sum(dropped for dropped, _ in self.planted.values())
        return right / (right + self.others[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", default="humaneval,mbpp")
    parser.add_argument("--tau", default="0.8,0.85,0.9,0.95")
    given = parser.parse_args()
    try:
        items = [(name, sample) for name in given.tasks.split(",") for sample in samples(name)]
    except DataError as error:
        sys.exit(f"skipped: {error}")
    references = [of_sample(task, sample) for task, sample in items]
    planted = plant([sample for _, sample in items])
    others = library()
    print(f"{len(items)} items of {given.tasks}; {len(others):,} functions of the standard library")
    for ngram, name in ((NGRAM, "words and syntax"), (10**6, "syntax")):
        for tau in map(float, given.tau.split(",")):
            found = measure(references, planted, others, tau=tau, ngram=ngram)
            print(f"{name}, tau {tau:g}: precision {found.precision:.4f}, {found.others[0]} others dropped;"
                  f" {found.others[1] / found.seconds:,.0f} functions/s, {found.size / 1e6 / found.seconds:.2f} MB/s;"
                  " recall")  # fmt: skip
            print("".join(f"    {kind:12} {found.recall(kind):.4f} of {found.planted[kind][1]}\n" for kind in KINDS))


def samples(name: str) -> Sequence[Sample]:
    task = load_task(name)
    return task.samples(data_for(task, None))[0]


def measure(
    references: Sequence[Reference],
    planted: dict[str, list[str]],
    others: Sequence[str],
    *,
    tau: float,
    ngram: int = NGRAM,
) -> Found:
    """Look for `references` in what is planted, kind by kind, and in others."""
    step = Contamination(references, ngram=ngram, tau=tau)
    step.begin(iter(()))

    def dropped(texts: Sequence[str]) -> tuple[int, int]:
        decisions = step.decide([Entry(where="", row={}, text=text) for text in texts])
        return sum(not one.keep for one in decisions), len(texts)

    started = time.process_time()
    wrong = dropped(others)
    seconds = time.process_time() - started
    return Found(
        planted={kind: dropped(texts) for kind, texts in planted.items()},
        others=wrong,
        seconds=seconds,
        size=sum(len(text.encode()) for text in others),
    )


def library() -> list[str]:
    files = entries(corpus_files(["python:stdlib"]), "text")
    return [one.text for one in Functions("text").decide(list(files)) if one.keep]


def plant(items: Sequence[Sample]) -> dict[str, list[str]]:
    """The planted documents of each kind."""
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for number, item in enumerate(items):
        for kind in KINDS:
            if (text := changed(kind, item, random.Random(number))) is not None:
                found[kind].append(text)
    return found


def changed(kind: str, item: Sample, draw: random.Random) -> str | None:
    """The solution of an item, or its description, changed in the way of `kind`; None where it cannot be."""
    text = solution(item)
    if kind == "copied":
        return text
    if kind == "described":
        about = description(item)
        return f'def todo():\n    """{about}"""\n' if len(words(about)) >= NGRAM else None
    tree = renamed(text, draw)
    if kind == "reordered" and not exchange(tree, draw):
        return None
    if kind.startswith("edited"):
        edit(tree, int(kind.split()[1]) / 100, draw)
    return ast.unparse(ast.fix_missing_locations(tree))


def solution(item: Sample) -> str:
    """The whole program of an item: the prompt, where code is asked to go on from it, and the reference."""
    return f"{item.facts.get('prompt', '')}{item.facts['reference']}"


def description(item: Sample) -> str:
    """What is asked for in words: the task in an MBPP prompt, else the longest docstring of the solution."""
    if asked := re.findall(r"here is your task: (.*?) Your code should", str(item.prompt), re.DOTALL):
        return str(asked[-1])
    lines = (node.value for node in ast.walk(ast.parse(solution(item))) if isinstance(node, ast.Expr))
    return max((str(one.value) for one in lines if isinstance(one, ast.Constant)), key=len)


def renamed(text: str, draw: random.Random) -> ast.Module:
    """The tree of `text` without docstrings and with another word for each name that it binds."""
    tree = ast.parse(text)
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    bound |= {node.name for node in ast.walk(tree) if isinstance(node, FUNCTIONS)}
    new = {name: word(draw) for name in sorted(bound)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = new.get(node.id, node.id)
        elif isinstance(node, ast.arg):
            node.arg = new[node.arg]
        elif isinstance(node, FUNCTIONS):
            node.name = new[node.name]
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
        elif isinstance(node, ast.keyword) and node.arg:
            node.arg = new.get(node.arg, node.arg)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [new.get(name, name) for name in node.names]
    return tree


def exchange(tree: ast.Module, draw: random.Random) -> bool:
    """Exchange two neighbours that need nothing of each other, functions or simple statements; False where none are."""
    pairs = [(block, at) for block in blocks(tree) for at in range(len(block) - 1) if free(block[at], block[at + 1])]
    if not pairs:
        return False
    block, at = draw.choice(pairs)
    block[at], block[at + 1] = block[at + 1], block[at]
    return True


def blocks(tree: ast.AST) -> list[list[ast.stmt]]:
    found = (getattr(node, "body", None) for node in ast.walk(tree))
    return [block for block in found if isinstance(block, list)]


def free(one: ast.stmt, other: ast.stmt) -> bool:
    if isinstance(one, FUNCTIONS) and isinstance(other, FUNCTIONS):
        return True
    if isinstance(one, (*NOT_ALONE, *COMPOUND)) or isinstance(other, (*NOT_ALONE, *COMPOUND)):
        return False
    return not (
        names(one, ast.Store) & names(other, ast.expr_context) or names(other, ast.Store) & names(one, ast.expr_context)
    )


def names(node: ast.stmt, used: type[ast.expr_context]) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, used)}


def edit(tree: ast.Module, share: float, draw: random.Random) -> None:
    """Edit `share` of the symbols, at least one, of the longest function."""
    functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    longest = max(functions, key=lambda node: len(symbols(node)))
    left = max(1, int(share * len(symbols(longest))))
    while left:
        left -= draw.choice((swap, swap, swap, put_in, take_out))(longest, left, draw)


def swap(tree: ast.AST, left: int, draw: random.Random) -> int:
    """Change one symbol that stands for a constant, an operator, a comparison, an attribute or a name."""
    formatted = [part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values]
    places = [
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and node not in formatted)  # which must stay text
        or isinstance(node, ast.BinOp | ast.Compare | ast.Attribute)
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    ]
    node = draw.choice(places)
    if isinstance(node, ast.Constant):
        node.value = draw.randint(100, 999)
    elif isinstance(node, ast.BinOp):
        node.op = draw.choice([kind for kind in OPERATORS if not isinstance(node.op, kind)])()
    elif isinstance(node, ast.Compare):
        node.ops[0] = draw.choice([kind for kind in COMPARISONS if not isinstance(node.ops[0], kind)])()
    elif isinstance(node, ast.Attribute):
        node.attr = word(draw)
    elif isinstance(node, ast.Name):
        node.id = draw.choice([one.id for one in ast.walk(tree) if isinstance(one, ast.Name)])
    return 1


def put_in(tree: ast.AST, left: int, draw: random.Random) -> int:
    """Put `name = number` in somewhere: three symbols."""
    if left < 3:
        return 0
    block = draw.choice(blocks(tree))
    line = ast.Assign(targets=[ast.Name(id=word(draw), ctx=ast.Store())], value=ast.Constant(value=draw.randint(0, 99)))
    block.insert(draw.randint(0, len(block) - 1), line)
    return 3


def take_out(tree: ast.AST, left: int, draw: random.Random) -> int:
    """Take a simple statement out, where others remain in its block."""
    block = draw.choice(blocks(tree))
    at = draw.randrange(len(block))
    size = len(symbols(ast.Module(body=[block[at]], type_ignores=[])))
    if len(block) < 2 or size > left or isinstance(block[at], COMPOUND):
        return 0
    del block[at]
    return size


def word(draw: random.Random) -> str:
    return "".join(draw.choices(string.ascii_lowercase, k=9))


if __name__ == "__main__":
    main()
