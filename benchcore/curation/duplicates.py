"""Documents that are the same as an earlier one, or nearly: by a digest, then by MinHash (Broder 1997)."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import datasketch
import numpy as np

from benchcore.curation import ngrams
from benchcore.curation.manifest import Decision
from benchcore.curation.sources import Entry
from benchcore.errors import ConfigError

AT_ONCE = 1024  # n-grams whose permutations are made together, so that they stay in the processor's cache


class Duplicates:
    """Keeps a document where no kept one before it is the same but for white space, or too like it.

    Likeness is the estimated Jaccard index of the sets of n-grams. Those of the kept documents that share a band of
    their signatures are compared, so of two whose index is just `threshold` some are missed; `figures` have the bands.
    What is dropped names a line of the kept file, which holds the document that it is like.
    """

    def __init__(
        self, *, threshold: float, permutations: int, ngram: int, unit: Literal["words", "characters"], name: str
    ) -> None:
        self._threshold, self._ngram, self._name = threshold, ngram, name
        self._runs = ngrams.of_words if unit == "words" else ngrams.of_characters
        try:
            self._index = datasketch.MinHashLSH(threshold=threshold, num_perm=permutations, hashfunc=_short)
        except ValueError as error:  # it finds no two bands for a threshold that is too high
            hint = "take more permutations, or a lower threshold"
            raise ConfigError(f"threshold {threshold:g} does not go with {permutations} permutations", hint) from error
        self._blank = datasketch.MinHash(num_perm=permutations, hashfunc=int)
        self._digests: dict[bytes, int] = {}
        self._signatures: list[Any] = []  # of kept documents, in their order

    def begin(self, kept: Iterator[Entry]) -> Mapping[str, Any]:
        """Put what an earlier start has kept into the index again."""
        for one in kept:
            self._keep(_digest(one.text), self.signature(one.text))
        return {"bands": self._index.b, "rows of a band": self._index.r}

    def decide(self, batch: Sequence[Entry]) -> Iterable[Decision]:
        """Keep or drop each document."""
        return [self._one(entry) for entry in batch]

    def signature(self, text: str) -> Any:
        """The MinHash of a text's n-grams; a shorter text is one n-gram of its own."""
        found = self._runs(text, self._ngram)
        if not len(found):
            short = hashlib.blake2b(" ".join(text.lower().split()).encode(), digest_size=8).digest()
            found = np.frombuffer(short, np.uint64)
        hashes = np.unique((found >> np.uint64(32)).astype(np.uint32)).tolist()
        signature = self._blank.copy()
        for start in range(0, len(hashes), AT_ONCE):
            signature.update_batch(hashes[start : start + AT_ONCE])
        return signature

    def _one(self, entry: Entry) -> Decision:
        digest = _digest(entry.text)
        if (line := self._digests.get(digest)) is not None:
            return self._drop(entry, "the same text", line, 1.0)
        signature = self.signature(entry.text)
        alike = [(self._likeness(signature, line), -line) for line in self._index.query(signature)]
        likeness, line = max(alike, default=(0.0, 0))
        if likeness >= self._threshold:
            return self._drop(entry, "nearly the same text", -line, likeness)
        self._keep(digest, signature)
        return Decision(where=entry.where, row=entry.row, text=entry.text, keep=True, reason="first of its kind")

    def _likeness(self, signature: Any, line: int) -> float:
        return float(np.mean(signature.hashvalues == self._signatures[line - 1]))

    def _keep(self, digest: bytes, signature: Any) -> None:
        self._signatures.append(signature.hashvalues)
        self._digests[digest] = len(self._signatures)
        self._index.insert(len(self._signatures), signature, check_duplication=False)

    def _drop(self, entry: Entry, reason: str, line: int, likeness: float) -> Decision:
        return Decision(
            where=entry.where, row=entry.row, text=entry.text, keep=False, reason=reason,
            like=f"{self._name}:{line}", score=round(likeness, 4),
        )  # fmt: skip


def _digest(text: str) -> bytes:
    return hashlib.blake2b(" ".join(text.split()).encode(), digest_size=16).digest()


def _short(band: bytes) -> bytes:
    """What stands for a band in the index, whose memory is mostly such keys."""
    return hashlib.blake2b(band, digest_size=8).digest()
