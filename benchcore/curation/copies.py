"""Copies of Python code: by the Levenshtein similarity of syntax, over only those pairs that can be similar enough."""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

from benchcore.curation.syntax import statements, symbols, tidied, units

FEWEST = 10  # symbols of code that is compared
SHORT = 20  # symbols; shorter code is alike by chance, and is a copy only where it is the same
BINS = 64  # of a histogram of symbols
FIRST = 0xE000  # of the characters that stand for symbols; it is that of all which no reference has

Counts = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The reference that code is a copy of, and how similar they are, from 0 to 1."""

    name: str
    similarity: float


class Copies:
    """Finds the named references that code is at least `tau` similar to; a short one must be the same.

    A reference is the functions of a code, but for those less than half as long as its longest: what is that short is
    in many programs. Similarity is 1 - distance / length of the longer, of symbols as written, or with the statements
    of each block in a fixed order, whichever is more. Only references are compared whose length, and whose counts of
    symbols in `BINS` bins, differ by no more than the distance may be: an edit changes each by one at most, and an
    order none, so nothing is missed. `compared` are the names of the references that have code to compare.
    """

    def __init__(self, references: Iterable[tuple[str, str]], tau: float) -> None:
        self._tau = tau
        self._codes: dict[str, int] = {}
        rows = sorted(set(self._rows(references)), key=lambda row: (len(row[1]), row))
        self._names = [name for name, *_ in rows]
        self._forms = [forms for _, *forms in rows]
        self._lengths = np.array([len(written) for written, _ in self._forms])
        self._counts = np.array([_count(written) for written, _ in self._forms], np.int32).reshape(-1, BINS)
        self.compared = frozenset(self._names)

    def all(self, code: str) -> Iterator[Copy]:
        """The references that a function of `code` is similar enough to; one may come more than once."""
        for unit, found in compared(code):
            written = self._text(found)
            near = self._candidates(written)
            forms = (written, self._text(symbols(tidied(unit)))) if near else ()
            for at, allowed in near:
                pairs = zip(forms, self._forms[at], strict=True)
                distance = min(Levenshtein.distance(mine, other, score_cutoff=allowed) for mine, other in pairs)
                if distance <= allowed:
                    longer = max(len(written), int(self._lengths[at]))
                    yield Copy(name=self._names[at], similarity=1 - distance / longer)

    def _rows(self, references: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
        """(name, symbols as written, symbols tidied) of each function of the references, a character a symbol."""
        for name, code in references:
            found = compared(code)
            longest = max((len(written) for _, written in found), default=0)
            for unit, written in found:
                if 2 * len(written) >= longest:
                    for symbol in written:  # the last character is that of all which are too many
                        self._codes.setdefault(symbol, min(len(self._codes) + 1, sys.maxunicode - FIRST))
                    yield name, self._text(written), self._text(symbols(tidied(unit)))

    def _text(self, form: Iterable[str]) -> str:
        # what no reference has differs from all that they have, and takes no memory
        codes = self._codes
        return "".join([chr(FIRST + codes.get(symbol, 0)) for symbol in form])

    def _candidates(self, text: str) -> list[tuple[int, int]]:
        """(place, largest distance allowed) of the references that may be similar enough."""
        start = int(np.searchsorted(self._lengths, len(text) * self._tau - 1e-6))
        stop = int(np.searchsorted(self._lengths, len(text) / self._tau + 1e-6, side="right"))
        surplus = self._counts[start:stop] - _count(text)
        least = np.maximum(np.maximum(surplus, 0).sum(axis=1), np.maximum(-surplus, 0).sum(axis=1))
        longer = np.maximum(self._lengths[start:stop], len(text))
        most = np.where(longer < SHORT, 0, np.floor((1 - self._tau) * longer + 1e-9)).astype(int)
        return [(start + int(at), int(most[at])) for at in np.flatnonzero(least <= most)]


def compared(code: str) -> list[tuple[ast.AST, list[str]]]:
    """The functions of `code` that have a body and are long enough, each with its symbols as written."""
    found = []
    for unit in units(code):
        if not statements(unit):  # a signature, as prompts have, says nothing of the code
            continue
        written = symbols(unit)
        if len(written) >= FEWEST:
            found.append((unit, written))
    return found


def _count(text: str) -> Counts:
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32) % BINS
    return np.bincount(codes, minlength=BINS).astype(np.int32)
