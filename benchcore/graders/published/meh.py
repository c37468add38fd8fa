r"""The rules of math-evaluation-harness (Gou, db77bc6), by which the table of Rho-1 (arXiv 2404.07965) was graded.

Made again from its facts, faults included, so that its verdicts can be matched item by item: some 260 unit words are
deleted wherever they stand alone (single letters among them), a text that holds a number word becomes that number, a
factor of 100 and a relative error of 1e-4 are let pass (`meh_equal`). The gold of a formula is read off its solution.
A fact `meh` of a sample is the gold as that harness prepares it, where that is another than the target.
"""

import re
from collections.abc import Mapping, Sequence

from benchcore.graders.answers import Finding
from benchcore.graders.extract import Span
from benchcore.graders.published.hendrycks import Tripped, with_braced_fractions, without_label
from benchcore.graders.published.meh_equal import equal
from benchcore.records import Sample, Verdict

LONGEST = 8000  # characters of an answer
MOST_TEXT = 100_000  # characters of a completion

# in this order: some are parts of others
UNITS = (
    "east", "degree", "mph", "kmph", "ft", "m sqaure", " m east", "sq m", "deg", "mile", "q .", "monkey", "prime",
    "ratio", "profit of rs", "rd", "o", "gm", "p . m", "lb", "tile", "per", "dm", "lt", "gain", "ab", "way", "west",
    "a .", "b .", "c .", "d .", "e .", "f .", "g .", "h .", "t", "a", "h", "no change", "men", "soldier", "pie", "bc",
    "excess", "st", "inches", "noon", "percent", "by", "gal", "kmh", "c", "acre", "rise", "a . m", "th", "π r 2",
    "sq", "mark", "l", "toy", "coin", "sq . m", "gallon", "° f", "profit", "minw", "yr", "women", "feet", "am", "pm",
    "hr", "cu cm", "square", "v â € ™", "are", "rupee", "rounds", "cubic", "cc", "mtr", "s", "ohm", "number", "kmph",
    "day", "hour", "minute", "min", "second", "man", "woman", "sec", "cube", "mt", "sq inch", "mp", "∏ cm ³",
    "hectare", "more", "sec", "unit", "cu . m", "cm 2", "rs .", "rs", "kg", "g", "month", "km", "m", "cm", "mm",
    "apple", "liter", "loss", "yard", "pure", "year", "increase", "decrease", "d", "less", "Surface", "litre",
    "pi sq m", "s .", "metre", "meter", "inch", "",
)  # fmt: skip
# a point in them stands for any character, as it did there
_UNITS = [(unit.partition(" .")[0], re.compile(rf"(^|\W){unit}($|\W)")) for unit in (*UNITS, *(f"{u}s" for u in UNITS))]
_LABELS = tuple(f"{name}{sign}" for sign in ("=", "\\in", "\\to") for name in "xyz")
_ARRAY = re.compile(r"\\begin\{array\}\{[^}]*\}")
_TEXT = re.compile(r"\\text\{([^}]*)\}")
_MBOX = re.compile(r"\\mbox\{[^}]*\}")
_ZEROS = re.compile(r"(?<=\d)\.0*([^\d])")
_LAST_ZEROS = re.compile(r"(?<=\d)\.0*$")
_ROOT = re.compile(r"\\sqrt(\w+)")
_LINE_BREAK = re.compile(r"\n\s*")
_NUMBER = re.compile(r"-?\d*\.?\d+")
_CHOICE = re.compile(r"answer is \(?([abcde])")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")

_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES: dict[str, int] = {"billion": 10**9, "million": 10**6, "thousand": 1000}
_WORDS: Mapping[str, int] = {
    **{word: value for value, word in enumerate((*_ONES, *_TEENS))},
    **{word: 10 * tens for tens, word in enumerate(_TENS, start=2)},
    "hundred": 100,
    **_SCALES,
}


def numbers(sample: Sample, text: str) -> Finding:
    """The finding on an answer whose gold is the target."""
    return _judge(text, normal(str(sample.facts.get("meh", sample.target))))


def maths(sample: Sample, text: str) -> Finding:
    """The finding on an answer whose gold stands in the solution (the fact "reference"), else is the target."""
    solution = sample.facts.get("reference")
    return _judge(text, normal(sample.target) if solution is None else normal(extract(str(solution)).text))


def choice(sample: Sample, text: str) -> Finding:
    """The finding on the first letter that is said to be the answer, before the next "Problem:"."""
    said = text[:MOST_TEXT].partition("Problem:")[0].replace("choice is", "answer is").lower()
    found = _CHOICE.search(said)
    if found is None:
        return Finding(verdict=Verdict.UNPARSED, reason="no letter is said to be the answer")
    span = Span(text=found[1].upper(), rule="choice")
    if span.text == sample.target:
        return Finding(verdict=Verdict.RIGHT, reason="the same letter", span=span)
    return Finding(verdict=Verdict.WRONG, reason="another letter", span=span)


def reference(sample: Sample) -> str:
    """The solution where there is one, else the gold, stated; the letter of a choice."""
    if "reference" in sample.facts:
        return str(sample.facts["reference"])
    return f"The answer is {sample.facts.get('meh', sample.target)}."


def _judge(text: str, gold: str) -> Finding:
    if not text:
        return Finding(verdict=Verdict.UNPARSED, reason="an empty completion")
    span = extract(text[-MOST_TEXT:])
    if len(span.text) > LONGEST:
        return Finding(verdict=Verdict.UNDECIDED, reason=f"an answer of over {LONGEST} characters", span=span)
    # there it is normalised once as it is found, and once more before it is compared
    if reason := equal(normal(normal(span.text)), gold):
        return Finding(verdict=Verdict.RIGHT, reason=reason, span=span)
    return Finding(verdict=Verdict.WRONG, reason="different", span=span)


def extract(text: str) -> Span:
    """The answer by the first of five rules that applies; empty where there is not even a number."""
    if "final answer is $" in text and "$. I hope" in text:
        found, rule = text.partition("final answer is $")[2].partition("$. I hope")[0].strip(), "final answer"
    elif "boxed" in text:
        found, rule = _boxed(text.rpartition("boxed")[2]), "boxed"
    elif "he answer is" in text:
        found, rule = text.rpartition("he answer is")[2].strip(), "phrase"
    elif "final answer is" in text:
        found, rule = text.rpartition("final answer is")[2].strip(), "phrase"
    else:
        found, rule = ["", *_NUMBER.findall(text.replace(",", ""))][-1], "last number"
    found = _LINE_BREAK.sub("", found).removeprefix(":").removesuffix(".").removesuffix("/")
    return Span(text=found, rule=rule)


def _boxed(text: str) -> str:
    """What stands in the braces that `text` opens with, or before the next dollar sign."""
    if not text.startswith("{"):
        return text.partition("$")[0].strip()
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return text[1:at]
    return text[1:]


def normal(text: str) -> str:
    """An answer in the form in which it is compared."""
    text = text.strip().replace("\n", "").rstrip(".").replace("\\!", "")
    text = _ARRAY.sub(lambda _: "\\begin{pmatrix}", text).replace("\\end{array}", "\\end{pmatrix}")
    for before, after in (
        ("bmatrix", "pmatrix"), ("tfrac", "frac"), ("dfrac", "frac"), ("\\left", ""), ("\\right", ""),
        ("\\{", "{"), ("\\}", "}"),
    ):  # fmt: skip
        text = text.replace(before, after)
    text = _without_units(text)
    for gone in ("^{\\circ}", "^\\circ", "\\$", "$"):
        text = text.replace(gone, "")
    text = number_of_words(text) or text
    text = _TEXT.sub(r"\1", text)
    for gone in _LABELS:
        text = text.replace(gone, "")
    for before, after in (
        ("\\emptyset", "{}"), ("(-\\infty,\\infty)", "\\mathbb{R}"), ("\\%", ""), ("%", ""), (" .", " 0."),
        ("{.", "{0."), ("infinity", "\\infty"),
    ):  # fmt: skip
        text = text.replace(before, after)
    if "\\infty" not in text:
        text = text.replace("inf", "\\infty")
    text = _MBOX.sub("", text.replace("and", "").replace("\\mathbf", ""))
    if "i" not in text:
        text = text.replace("j", "i")
    text = _LAST_ZEROS.sub("", _ZEROS.sub(r"\1", text))
    if text.startswith("."):
        text = f"0{text}"
    text = _ROOT.sub(r"\\sqrt{\1}", without_label(text)).replace(" ", "")
    return _with_fraction(_with_braced_fractions(text))


def _without_units(text: str) -> str:
    r"""`text` without all from its first ``\text{`` to its last brace, and without unit words; never left empty."""
    if text.endswith("}") and (before := text.partition("\\text{")[0].strip()):
        text = before
    for _ in range(2):
        for part, pattern in _UNITS:
            if part in text:
                text = pattern.sub(r"\1\2", text) or text
    return text


def number_of_words(text: str) -> str | None:
    """The number that the number words in `text` make, whatever stands around them, as word2number 1.1 reads them."""
    text = text.replace("-", " ").lower()
    if text.isdecimal():
        return text.lstrip("0") or "0"
    words = [word for word in text.split() if word in _WORDS or word == "point"]
    whole, decimals = _parted(words, "point")
    if not words or "point" in decimals or any(words.count(scale) > 1 for scale in _SCALES):
        return None
    places = [whole.index(scale) for scale in _SCALES if scale in whole]
    if places != sorted(places):
        return None
    total: float = 0
    if len(whole) == 1:
        total = _WORDS[whole[0]]
    elif whole:
        start = 0
        for scale, value in _SCALES.items():
            if scale in whole:
                place = whole.index(scale)
                if place == start:
                    return None
                total += value * _formation(whole[start:place])
                start = place + 1
        # what stands behind the smallest scale, or, where that is the last word, behind the next and so once more
        rests = [whole[whole.index(scale) + 1 :] for scale in reversed(_SCALES) if scale in whole] or [whole]
        total += _formation(next((rest for rest in rests if rest), ["zero"]))
    if decimals and set(decimals) <= set(_ONES):
        total += float("0." + "".join(str(_WORDS[word]) for word in decimals))
    return str(total)


def _parted(words: list[str], at: str) -> tuple[list[str], list[str]]:
    """The words before the first `at`, and those behind it."""
    place = words.index(at) if at in words else len(words)
    return words[:place], words[place + 1 :]


def _formation(words: Sequence[str]) -> int:
    """The number below a thousand that one to four words make; of more, the first counts."""
    values = [_WORDS[word] for word in words]
    if len(values) == 2 and 100 not in values:
        return sum(values)
    if 2 <= len(values) <= 4:
        return values[0] * values[1] + sum(values[2:])
    return values[0]


def _with_braced_fractions(text: str) -> str:
    r"""``\frac12`` as ``\frac{1}{2}``; `text` as it is where a fraction has not two characters."""
    try:
        return with_braced_fractions(text)
    except Tripped:
        return text


def _with_fraction(text: str) -> str:
    r"""``a/b`` as ``\frac{a}{b}``, where each is a whole number or holds a root."""
    parts = text.split("/")
    if len(parts) != 2 or not all("sqrt" in part or _INTEGER.fullmatch(part) for part in parts):
        return text
    return f"\\frac{{{parts[0]}}}{{{parts[1]}}}"
