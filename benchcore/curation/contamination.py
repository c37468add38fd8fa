"""Documents that contain what a model will be evaluated on: the same words in a row, or a copy of its code."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from benchcore.curation import ngrams
from benchcore.curation.copies import FEWEST, Copies, Copy
from benchcore.curation.manifest import Decision
from benchcore.curation.sources import Entry
from benchcore.records import Sample

SHARED = 0.1  # share of a set's items that have an n-gram which is no item's own, such as its instructions and shots
FEW = 2  # items that may share one in any case


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An item that the corpus must not contain: the set it is of, its name there, its texts and its code."""

    of: str
    name: str
    texts: tuple[str, ...]
    codes: tuple[str, ...]


class Nearness(Protocol):
    """Tells by embeddings whether a document is near an item."""

    def begin(self) -> Mapping[str, Any]:
        """Make ready, and return figures."""
        ...

    def near(self, text: str, name: str) -> bool:
        """Whether a document is near the item called `name`."""
        ...


def of_sample(task: str, sample: Sample) -> Reference:
    """The item that a task's sample is: all its texts, and each as code by itself and after the prompt."""
    prompt = sample.prompt if isinstance(sample.prompt, str) else "\n".join(turn.content for turn in sample.prompt)
    facts = [value for value in sample.facts.values() if isinstance(value, str)]
    answers = [text for text in (sample.target, *facts, *sample.continuations) if text.strip()]
    opening = str(sample.facts.get("prompt", prompt))
    texts = tuple(dict.fromkeys((prompt, *answers)))
    return Reference(of=task, name=sample.id, texts=texts, codes=(*texts, *(opening + text for text in answers)))


def of_text(file: str, line: str, text: str) -> Reference:
    """The item that a row of a file is."""
    return Reference(of=file, name=line, texts=(text,), codes=(text,))


class Words:
    """Finds the references that have a run of `n` words in common with a text.

    A run that more than a tenth of the items of a set share is left out: it is no item's own. `without` counts the
    items that have none of their own.
    """

    def __init__(self, references: Sequence[Reference], n: int) -> None:
        self.n = n
        of_each = [{int(gram) for text in one.texts for gram in ngrams.of_words(text, n)} for one in references]
        sizes = Counter(one.of for one in references)
        shared = Counter((one.of, gram) for one, grams in zip(references, of_each, strict=True) for gram in grams)
        owners: dict[int, list[str]] = {}
        self.without = 0
        for one, grams in zip(references, of_each, strict=True):
            own = [gram for gram in grams if shared[one.of, gram] <= max(FEW, SHARED * sizes[one.of])]
            self.without += not own
            for gram in own:
                owners.setdefault(gram, []).append(label(one))
        self._grams = np.array(sorted(owners), np.uint64)
        self._owners = [owners[int(gram)] for gram in self._grams]

    def __len__(self) -> int:
        return len(self._grams)

    def all(self, text: str) -> Iterator[str]:
        """The labels of the references, in the order in which `text` has their words; one may come more than once."""
        if len(self):
            found = ngrams.of_words(text, self.n)
            places = np.minimum(np.searchsorted(self._grams, found), len(self) - 1)
            for place in dict.fromkeys(places[self._grams[places] == found].tolist()):
                yield from self._owners[place]


class Contamination:
    """Drops documents that share an n-gram of words with a reference, or hold a function that is a copy of one's.

    Where a `nearness` is given, a copy must be near as well.
    """

    def __init__(
        self, references: Sequence[Reference], *, ngram: int, tau: float, nearness: Nearness | None = None
    ) -> None:
        self._references, self._ngram, self._tau, self._nearness = references, ngram, tau, nearness

    def begin(self, kept: Iterator[Entry]) -> Mapping[str, Any]:
        """Index the references; what was kept changes nothing."""
        self._words = Words(self._references, self._ngram)
        self._copies = Copies(codes(self._references), self._tau)
        figures = {
            "items": len(self._references),
            "n-grams": len(self._words),
            "items without an n-gram of their own": self._words.without,
            "items with code that is compared": len(self._copies.compared),
            "fewest symbols of code that is compared": FEWEST,
        }
        return figures | (dict(self._nearness.begin()) if self._nearness else {})

    def decide(self, batch: Sequence[Entry]) -> Iterable[Decision]:
        """Keep or drop each document."""
        return [self._one(entry) for entry in batch]

    def _one(self, entry: Entry) -> Decision:
        reason, like, score = "clean", None, None
        if (owner := next(self._words.all(entry.text), None)) is not None:
            reason, like = f"{self._ngram} words in a row", owner
        elif (copy := self._copy(entry.text)) is not None:
            reason, like, score = "a copy of code", copy.name, round(copy.similarity, 4)
        return Decision(
            where=entry.where, row=entry.row, text=entry.text, keep=like is None, reason=reason, like=like,
            score=score,
        )  # fmt: skip

    def _copy(self, text: str) -> Copy | None:
        """The reference most like the code of `text`, of those that it is near to where that is asked for."""
        found = sorted(self._copies.all(text), key=lambda copy: -copy.similarity)
        near = self._nearness
        return next((copy for copy in found if near is None or near.near(text, copy.name)), None)


def codes(references: Iterable[Reference]) -> Iterator[tuple[str, str]]:
    """(label, code) of each code of each of `references`, once."""
    return ((label(one), code) for one in references for code in dict.fromkeys(one.codes))


def label(one: Reference) -> str:
    """What an item is called in a manifest: its set and its name."""
    return f"{one.of} {one.name}"
