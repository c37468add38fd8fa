"""Runs of n words, or of n characters, as 64-bit numbers: the same on every machine."""

import re
import zlib

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

WORD = re.compile(r"\w+")
FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no bit of a word is lost
MIXER = np.uint64(0xBF58476D1CE4E5B9)


def words(text: str) -> list[str]:
    """The words of `text` in lower case: runs of letters, digits and underscores of any script."""
    return WORD.findall(text.lower())


def of_words(text: str, n: int) -> Hashes:
    """A number for each run of `n` words, in order; none where there are fewer."""
    found = words(text)
    return _runs(np.fromiter((zlib.crc32(word.encode()) for word in found), np.uint64, len(found)), n)


def of_characters(text: str, n: int) -> Hashes:
    """A number for each run of `n` characters of the text in lower case and with one space for white space."""
    plain = " ".join(text.lower().split())
    return _runs(np.frombuffer(plain.encode("utf-32-le"), np.uint32).astype(np.uint64), n)


def _runs(symbols: Hashes, n: int) -> Hashes:
    count = max(0, len(symbols) - n + 1)
    runs = np.zeros(count, np.uint64)
    for at in range(n if count else 0):
        runs = runs * FACTOR + symbols[at : at + count]
    runs = (runs ^ (runs >> np.uint64(32))) * MIXER  # a product alone leaves its low bits poor
    return runs ^ (runs >> np.uint64(29))
