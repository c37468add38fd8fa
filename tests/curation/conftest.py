"""Functions of the standard library to plant and to look for, and how similar two of them are."""

import runpy
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from benchcore.curation.copies import FEWEST, SHORT
from benchcore.curation.functions import Functions
from benchcore.curation.sources import corpus_files, entries
from benchcore.curation.syntax import symbols, tidied, units

BENCHMARK = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "decontaminate_recall.py"))


def library(*modules: str) -> list[str]:
    files = [file for file in corpus_files(["python:stdlib"]) if file.parent.name != "idlelib" and file.stem in modules]
    return [one.text for one in Functions("text").decide(list(entries(files, "text"))) if one.keep]


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Levenshtein's, by the book."""
    row = list(range(len(other) + 1))
    for at, symbol in enumerate(one, 1):
        row, last = [at], row
        for place, against in enumerate(other):
            row.append(min(last[place + 1] + 1, row[place] + 1, last[place] + (symbol != against)))
    return row[-1]


@cache
def forms(text: str) -> tuple[list[str], list[str]]:
    (unit,) = units(text)
    return symbols(unit), symbols(tidied(unit))


def similarity(one: str, other: str) -> float:
    """That of two functions by what the docstring of `Copies` says, without blocks, bins and cut-offs."""
    pairs = [forms(one), forms(other)]
    longest = max(len(written) for written, _ in pairs)
    if any(len(written) < FEWEST for written, _ in pairs):
        return 0.0
    nearest = min(distance(mine, theirs) for mine, theirs in zip(*pairs, strict=True))
    return 0.0 if longest < SHORT and nearest else 1 - nearest / longest
