"""Whether a document is near an item by their embeddings: no further apart than few random documents are."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from benchcore.curation.contamination import Reference, label
from benchcore.curation.embeddings import Embedder, Vectors
from benchcore.curation.sources import Entry
from benchcore.errors import DataError

SAMPLE, PAIRS = 1000, 10_000
TOKENS = 512  # of a document, from its beginning


class Near:
    """Tells by the L2 distance of embeddings; the largest one is the `quantile` of those of random pairs.

    The pairs are of the first `SAMPLE` documents that `corpus` yields, drawn the same way each time.
    """

    def __init__(
        self,
        embedder: Embedder,
        references: Sequence[Reference],
        corpus: Callable[[], Iterable[Entry]],
        quantile: float,
    ) -> None:
        self._embed, self._corpus, self._quantile = embedder, corpus, quantile
        self._codes = {label(one): one.codes for one in references}
        self._items: dict[str, Vectors] = {}  # few are ever asked about

    def begin(self) -> Mapping[str, Any]:
        """Measure the distances of random pairs of documents."""
        texts = [one.text for one in islice((one for one in self._corpus() if one.fault is None), SAMPLE)]
        if len(texts) < 2:
            raise DataError("distances of random pairs need two documents, and the corpus has fewer")
        vectors = self._embed(texts)
        draw = np.random.default_rng(0)
        first = draw.integers(len(texts), size=PAIRS)
        second = (first + draw.integers(1, len(texts), size=PAIRS)) % len(texts)  # never the same document
        distances = np.linalg.norm(vectors[first] - vectors[second], axis=1)
        self._most = float(np.quantile(distances, self._quantile))
        return {"largest distance of near ones": self._most, "documents of random pairs": len(texts)}

    def near(self, text: str, name: str) -> bool:
        """Whether a document is near any of the codes of the item called `name`."""
        if name not in self._items:
            self._items[name] = self._embed(self._codes[name])
        return bool(np.linalg.norm(self._items[name] - self._embed([text]), axis=1).min() <= self._most)
