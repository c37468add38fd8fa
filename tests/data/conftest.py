"""What the generated questions have in common."""

import hashlib
from collections.abc import Iterable

from benchcore.data.documents import Document


def parted(document: Document, rest: str = "") -> tuple[str, str]:
    """A document's question and its answer, the only character that is marked, before which nothing is measured."""
    text, marks = document.text, document.marks
    assert marks is not None
    assert marks == "0" * document.prompt + "1" + "0" * len(rest)
    assert text[document.prompt + 1 :] == rest
    return text[: document.prompt], text[document.prompt]


def pin(documents: Iterable[Document]) -> str:
    """The beginning of a digest of all that documents have."""
    parts = [f"{one.text}\0{one.group}\0{one.marks}\0{one.prompt}\n" for one in documents]
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:16]
