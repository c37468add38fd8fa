"""What a model has to read to score continuations, with everything that sequences share read once.

Sequences that begin alike become one tree in one row: each token sees the tokens on its way back to the root. Where
many begin alike, as after the same few-shot examples, that beginning is read once for all of them.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any

import numpy as np

ROW = 512  # tokens up to which trees that begin alike are joined in one row
PASS = 64  # tokens; what reading a beginning on its own costs beside its tokens
PADDED = 0.1  # of a batch


@dataclass(frozen=True, slots=True)
class Job:
    """One run of `tokens`, of which the last `scored` are predicted from those before; `owner` is the caller's."""

    tokens: tuple[int, ...]
    scored: int
    owner: Any

    @property
    def read(self) -> tuple[int, ...]:
        """The tokens that the model is given."""
        return self.tokens[:-1]

    @property
    def stem(self) -> int:
        """How many tokens come before the first whose prediction counts."""
        return len(self.tokens) - 1 - self.scored


@dataclass(slots=True)
class Tree:
    """Tokens that are read in one row after `prefix`, which is in a cache.

    `positions` counts from the very beginning. `forks` are (token, its parent) where a token's parent is not the
    token left of it; -1 is the prefix. `paths` lists the tokens that predict each job's scored tokens.
    """

    prefix: tuple[int, ...] = ()
    tokens: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    forks: list[tuple[int, int]] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    paths: list[list[int]] = field(default_factory=list)

    @property
    def chain(self) -> bool:
        """Whether the row is plain text from its beginning."""
        return not self.prefix and not self.forks

    def sees(self) -> "np.ndarray[Any, Any]":
        """Which token sees which, (tokens, tokens) of bool, the prefix left out."""
        length = len(self.tokens)
        seen = np.tri(length, dtype=bool)
        for (start, parent), (end, _) in pairwise([*self.forks, (length, -1)]):
            seen[start:end, :start] = seen[parent, :start] if parent >= 0 else False
        return seen


def grow(jobs: Iterable[Job], prefix: tuple[int, ...] = ()) -> Tree:
    """One tree of all `jobs`, which begin with `prefix`."""
    tree = Tree(prefix)
    last: tuple[int, ...] = ()
    nodes: list[int] = []
    for job in sorted(jobs, key=lambda job: job.tokens):
        own = job.read[len(prefix) :]
        # in lexical order no sequence before shares more with this one than the last
        shared = common(last, own)
        nodes = nodes[:shared]
        for at in range(shared, len(own)):
            if (nodes[-1] if nodes else -1) != len(tree.tokens) - 1:
                tree.forks.append((len(tree.tokens), nodes[-1] if nodes else -1))
            nodes.append(len(tree.tokens))
            tree.tokens.append(own[at])
            tree.positions.append(len(prefix) + at)
        last = own
        tree.jobs.append(job)
        tree.paths.append(nodes[job.stem - len(prefix) :])
    return tree


def chains(jobs: Iterable[Job]) -> list[Tree]:
    """One tree without forks for each distinct sequence."""
    ordered = sorted(jobs, key=lambda job: job.tokens)
    return [grow(same) for _, same in groupby(ordered, key=lambda job: job.read)]


def pack(requests: Sequence[Sequence[Job]], most: int) -> Iterator[list[Tree]]:
    """Trees of all jobs, those of one prefix together; no row, its prefix included, is longer than `most` tokens.

    The jobs of one request go into one tree where it fits.
    """
    units: list[list[Job]] = []
    plain: list[Tree] = []
    for jobs in filter(None, requests):
        if size(jobs) <= most:
            units.append(list(jobs))
        else:
            units += [[job] for job in jobs if len(job.read) <= most]
            plain += chains(job for job in jobs if len(job.read) > most)
    stems = [_stem(jobs) for jobs in units]
    order = sorted(range(len(units)), key=lambda at: stems[at].tobytes())
    for low, high, shared in families([stems[at] for at in order]):
        members = [units[at] for at in order[low:high]]
        together = [job for jobs in members for job in jobs]
        if not shared:
            plain += [grow(jobs) for jobs in members]
        elif size(together) <= min(most, ROW):
            plain.append(grow(together))
        else:
            yield list(_rows(members, together[0].tokens[:shared], most))
    if plain:
        yield plain


def _rows(members: Iterable[list[Job]], prefix: tuple[int, ...], most: int) -> Iterator[Tree]:
    """Trees of as many neighbours as make up to `ROW` tokens; those of the same text fit in any case."""
    room = min(ROW, most - len(prefix))
    jobs: list[Job] = []
    held = 0
    for unit in members:
        # what neighbours share is not subtracted: that only makes the rows a little shorter
        more = size(unit) - len(prefix)
        if jobs and held + more > room:
            yield grow(jobs, prefix)
            jobs, held = [], 0
        jobs += unit
        held += more
    yield grow(jobs, prefix)


def families(stems: "Sequence[np.ndarray[Any, Any]]") -> list[tuple[int, int, int]]:
    """Cut sorted token sequences into runs (from, to, common tokens), so that the fewest tokens are read.

    A run of n that shares p tokens saves (n - 1) p tokens and costs a pass; runs of one share nothing.
    """
    shared = [common(one, two) for one, two in pairwise(stems)]
    # neighbours are joined from those that share most; each join is kept if one run is better than its two parts
    parts: dict[int, Any] = {at: (0, at, at + 1, 0, None) for at in range(len(stems))}  # by where they begin
    begins = {at + 1: at for at in range(len(stems))}  # by where they end
    for at in sorted(range(len(shared)), key=lambda at: -shared[at]):
        if not shared[at]:
            break
        left, right = parts.pop(begins.pop(at + 1)), parts.pop(at + 1)
        low, high, best = left[1], right[2], left[0] + right[0]
        one = (high - low - 1) * shared[at] - PASS
        parts[low] = (one, low, high, shared[at], None) if one >= best else (best, low, high, 0, (left, right))
        begins[high] = low
    found = []
    waiting = [parts[low] for low in sorted(parts, reverse=True)]
    while waiting:
        _, low, high, alike, cut = waiting.pop()
        if cut is None:
            found.append((low, high, alike))
        else:
            waiting += reversed(cut)
    return found


def batches(trees: Iterable[Tree], least: int, fits: Callable[[int, int], bool]) -> Iterator[list[Tree]]:
    """Trees of like length together, the longest first, as many as `fits(rows, longest)` allows, at least one.

    From `least` tokens on, a batch takes no tree for which more than `PADDED` of it would be padding.
    """
    batch: list[Tree] = []
    held = 0
    for tree in sorted(trees, key=lambda tree: -len(tree.tokens)):
        rows, width = len(batch) + 1, len(batch[0].tokens if batch else tree.tokens)
        padded = held > least and held + len(tree.tokens) < (1 - PADDED) * rows * width
        if batch and (padded or not fits(rows, width)):
            yield batch
            batch, held = [], 0
        batch.append(tree)
        held += len(tree.tokens)
    if batch:
        yield batch


def size(jobs: Iterable[Job]) -> int:
    """How many tokens the tree of `jobs` has."""
    ordered = [(), *sorted(job.read for job in jobs)]
    return sum(len(two) - common(one, two) for one, two in pairwise(ordered))


def tokens_read(jobs: Sequence[Job]) -> int:
    """How many tokens have to be read for `jobs` of one request: what follows its prompt shares it, windows nothing."""
    return size(job for job in jobs if job.stem) + sum(len(job.read) for job in jobs if not job.stem)


def _stem(jobs: Sequence[Job]) -> "np.ndarray[Any, Any]":
    """What all jobs read before anything is predicted, big-endian so that its bytes sort as its numbers do."""
    least = min(job.stem for job in jobs)
    first, last = min(job.tokens for job in jobs), max(job.tokens for job in jobs)
    return np.asarray(first[: min(least, common(first, last))], dtype=">u4")


def common(one: Any, two: Any) -> int:
    """How many leading items are equal in two sequences of one kind: texts, lists, tuples or arrays."""
    least = min(len(one), len(two))
    if isinstance(one, np.ndarray):
        different = np.flatnonzero(one[:least] != two[:least])
        return int(different[0]) if len(different) else least
    # a text is mostly shared or not at all: halving compares in C what a loop would in Python
    return bisect_left(range(1, least + 1), True, key=lambda end: one[:end] != two[:end])
