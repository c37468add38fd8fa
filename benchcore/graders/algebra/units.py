"""Units as data: which words name the same one, and which words behind a number only say what is counted."""

import re
from collections.abc import Sequence
from itertools import pairwise

from benchcore.graders.algebra.words import changes_number, is_ordinal

# canonical name: its other spellings, without plurals in "s"
_SAME = {
    "cm": "centimeter centimetre",
    "mm": "millimeter millimetre",
    "m": "meter metre",
    "km": "kilometer kilometre",
    "in": "inch inches",
    "ft": "foot feet",
    "yd": "yard",
    "mi": "mile",
    "mph": "",
    "kph": "kmh kmph",
    "g": "gram gramme gm",
    "kg": "kilogram kilo",
    "mg": "milligram",
    "lb": "pound",
    "oz": "ounce",
    "ton": "tonne",
    "L": "liter litre l",
    "mL": "milliliter millilitre ml",
    "gal": "gallon",
    "qt": "quart",
    "pt": "pint",
    "cup": "",
    "s": "second sec",
    "min": "minute",
    "h": "hour hr",
    "day": "",
    "week": "wk",
    "month": "",
    "year": "yr",
    "dollar": "usd buck",
    "cent": "",
    "euro": "eur",
    "sterling": "gbp",
    "yen": "jpy",
    "rupee": "inr",
    "percent": "percentage",
    "degree": "deg",
    "radian": "rad",
    "acre": "",
    "N": "newton",
    "J": "joule",
    "W": "watt",
    "V": "volt",
    "Hz": "hertz",
    "Pa": "pascal",
    "C": "celsius",
    "F": "fahrenheit",
    "unit": "",
}
_CANONICAL = {
    spelling: name for name, others in _SAME.items() for spelling in (name, name.lower(), *others.split())
} | {"h": "h", "l": "L"}
LETTERS = frozenset("ghmsLNJWV")  # units that a single letter behind a number may be
_NO_POWER = frozenset(("C", "F", "degree", "percent", "dollar", "cent", "euro", "sterling", "yen", "rupee"))
_POWERS = {"square": 2, "sq": 2, "squared": 2, "cubic": 3, "cu": 3, "cubed": 3}
_COUNTING = (
    "integer number value total element item different distinct possible such positive of the in all each exactly "
    "only long away old more less left apiece altogether both"
)
# Words that make another statement of the number before them: what they say is not read here.
_STOPPING = (
    "is are was not no never answer because since where if when then but without unless maybe perhaps possibly "
    "plus minus over under divided multiplied modulo modulus factorial exponent logarithm reciprocal inverse "
    "conjugate doubled tripled halved repeating recurring "
    "than least most minimum maximum max beyond below above onward onwards upward upwards "
    "about approximately roughly around nearly almost "
    "extraneous rejected excluded undefined"
)
_STOPS = frozenset(_STOPPING.split())
# Words that do so unless they belong to something that is counted: "5 more", but not "5 more marbles".
_QUALIFYING = (
    "more less fewer larger smaller greater bigger higher lower negative imaginary invalid unknown impossible wrong "
    "incorrect false squared cubed"
)
_QUALIFIES = frozenset(_QUALIFYING.split())
_COUNTS = frozenset(_COUNTING.split())  # they say that something is counted, not what
COUNT = "count"
# words for what is counted that mean the same
_COUNTED = dict.fromkeys(("possibility", "combination", "arrangement", "outcome"), "way")
# what several words name together
_TOGETHER = {"mi /h": "mph", "km /h": "kph", "degree C": "C", "degree F": "F"}
_WORD = re.compile(r"[^\W\d_]+|[/^]|\d+", re.UNICODE)


def known(word: str) -> bool:
    """Whether `word` alone is the name of a unit."""
    return word in _CANONICAL or _singular(word.lower()) in _CANONICAL


def readable(phrase: Sequence[str]) -> bool:
    """Whether the words behind a number can be its unit: they leave it the number that it is.

    They do not in "5 squared", "5 thirds", "5 over two", "5 at most" or "5 more"; they do in "5 squared units",
    "5 third graders" and "5 more marbles".
    """
    words = [word.lower() for word in phrase]
    for word, after in pairwise((*words, "of")):
        which_one = is_ordinal(word) and after != "of" and not known(after)
        if word in _STOPS or (changes_number(word) and not which_one):
            return False
    return _QUALIFIES.isdisjoint(words) or any(word.isalpha() for word in set(words) - _QUALIFIES - _COUNTS)


def may_be_raised(word: str) -> bool:
    """Whether the unit `word` has powers: a temperature or a currency has none."""
    return canonical(word) not in _NO_POWER


def canonical(phrase: str) -> str:
    """The unit that `phrase` names: its words in one spelling, powers as numbers; `COUNT` when it only counts.

    "square centimeters", "cm^2" and "sq. cm" are all "cm^2"; "right triangles" is "right triangle".
    """
    words = _WORD.findall(phrase.replace("per cent", "percent"))
    parts: list[str] = []
    power, below = 1, False
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        lower = word.lower()
        if lower in ("per", "/"):
            below = True
        elif lower in _POWERS and not (lower in ("squared", "cubed") and parts):
            power = _POWERS[lower]
        elif lower in ("squared", "cubed"):
            parts[-1] += f"^{_POWERS[lower]}"
        elif word == "^" and index < len(words) and parts:
            parts[-1] += f"^{words[index]}"
            index += 1
        elif word in _CANONICAL or _singular(lower) in _CANONICAL:
            name = _CANONICAL[word] if word in _CANONICAL else _CANONICAL[_singular(lower)]
            parts.append(("/" if below else "") + name + (f"^{power}" if power > 1 else ""))
            power, below = 1, False
        elif _singular(lower) not in _COUNTS and lower not in _COUNTS:
            name = _COUNTED.get(_singular(lower), _singular(lower))
            parts.append(("/" if below else "") + name + (f"^{power}" if power > 1 else ""))
            power, below = 1, False
    return _TOGETHER.get(" ".join(parts), " ".join(parts)) or COUNT


def contradict(first: str, second: str) -> bool:
    """Whether two units cannot both be right. One that is missing contradicts none."""
    if not first or not second or first == second:
        return False
    ours, theirs = set(first.split()), set(second.split())
    if any(known(word.lstrip("/").split("^")[0]) for word in ours ^ theirs):
        return True
    return COUNT not in (first, second) and not (ours <= theirs or theirs <= ours)


def _singular(word: str) -> str:
    if word in _CANONICAL or len(word) < 3 or not word.endswith("s") or word.endswith("ss"):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word[:-1]
