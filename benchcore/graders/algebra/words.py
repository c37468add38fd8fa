"""Answers in words: numbers spelled out, and phrases that mean the same."""

import re
from fractions import Fraction

_UP_TO_NINETEEN = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_SMALL = {word: value for value, word in enumerate(_UP_TO_NINETEEN.split())}
_TENS_NAMES = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 10 * value for value, word in enumerate(_TENS_NAMES.split(), start=2)}
CARDINALS = _SMALL | _TENS
SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
_PARTS = {
    "half": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "twelfth": 12,
    "twentieth": 20,
    "hundredth": 100,
    "thousandth": 1000,
}
_PARTS |= {word + "s": value for word, value in _PARTS.items()} | {"halves": 2}
_SIGNS = {"minus": -1, "negative": -1, "plus": 1, "positive": 1}
_NUMBER_WORDS = frozenset(_SMALL) | frozenset(_TENS) | frozenset(SCALES) | frozenset(_PARTS) | frozenset(_SIGNS)

_RARE_PARTS = (
    "eleventh thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth thirtieth fortieth fiftieth "
    "sixtieth seventieth eightieth ninetieth millionth billionth trillionth"
)
_ORDINALS = frozenset((*_RARE_PARTS.split(), *(word for word in _PARTS if word.endswith(("th", "third")))))
_RARE_SCALES = "quadrillion quintillion lakh crore grand mil mn mln bn bln tn"
_MANY = frozenset((*SCALES, *_RARE_SCALES.split(), *_ORDINALS))
_COINS = frozenset(("quarter", "quarters"))  # things that are counted too
_CHANGING = frozenset((*_SMALL, *_TENS, *_PARTS, *_MANY, *(word + "s" for word in _MANY))) - _COINS

_SAME = {
    "undefined": ("dne", "does not exist", "doesn't exist", "not defined", "is undefined", "not exist"),
    "no solution": ("no solutions", "no real solution", "no real solutions", "none", "no such", "empty set"),
    "infinitely many": ("infinite", "infinitely many solutions", "infinite solutions"),
    "all reals": ("all real numbers", "all real", "real numbers", "the real numbers", "any real number", "reals"),
    "infinity": ("positive infinity",),
    "yes": ("true",),
    "no": ("false",),
}
_CANONICAL = {other: name for name, others in _SAME.items() for other in others}
_ORDINAL = re.compile(r"(?<=[0-9])\s?(?:st|nd|rd|th)(?![a-z])")
_ARTICLES = ("a ", "an ", "the ")
_IGNORED = str.maketrans(dict.fromkeys("\"'`\u2018\u2019\u201c\u201d", " ") | dict.fromkeys(".,;:!?-_", " "))


def is_number_word(word: str) -> bool:
    """Whether `word` may be a part of a number in words."""
    return word.lower() in _NUMBER_WORDS


def changes_number(word: str) -> bool:
    """Whether `word` behind a number makes another number of it: "thirds", "hundredths", "dozens", "two"."""
    return word in _CHANGING


def is_ordinal(word: str) -> bool:
    """Whether `word` may also say which one: "third" in "third graders"."""
    return word in _ORDINALS


def number(words: list[str]) -> Fraction | None:
    """The number that `words` spell ("one hundred and five", "three quarters"), or None."""
    words = [word.lower() for word in words]
    sign = 1
    if words and words[0] in _SIGNS:
        sign, words = _SIGNS[words[0]], words[1:]
    if words[:1] in (["a"], ["an"]) and len(words) > 1:
        words = ["one", *words[1:]]
    if words and words[-1] in _PARTS:
        top = _cardinal(words[:-1]) if len(words) > 1 else 1
        return None if top is None else sign * Fraction(top, _PARTS[words[-1]])
    found = _cardinal(words)
    return None if found is None else Fraction(sign * found)


def phrase(text: str) -> str:
    """`text` as words alone: lower case, without quotes, punctuation, articles; synonyms under one name.

    A minus sign in front stays.
    """
    plain = " ".join(_ORDINAL.sub("", text.lower()).translate(_IGNORED).split())
    if text.lstrip(" +").startswith("-"):
        return "-" + plain
    for article in _ARTICLES:
        plain = plain.removeprefix(article)
    return _CANONICAL.get(plain, plain)


def _cardinal(words: list[str]) -> int | None:
    """A natural number in words; each scale is smaller than the one before it, as in speech."""
    total = group = 0
    room = None  # what the next word must stay below
    ceiling = 10**15
    for index, word in enumerate(words):
        if word == "and" and 0 < index < len(words) - 1:
            continue
        if word in _SMALL or word in _TENS:
            value = _SMALL.get(word, _TENS.get(word, 0))
            if room is not None and (value >= room or not value):
                return None
            group += value
            room = 10 if word in _TENS else 0
        elif word == "hundred" and 0 < group < 100:
            group *= 100
            room = 100
        elif word in SCALES and word != "hundred" and group and SCALES[word] < ceiling:
            ceiling = SCALES[word]
            total += group * ceiling
            group, room = 0, 1000
        else:
            return None
    return total + group if words else None
