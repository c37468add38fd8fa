"""Numbers in prose: where one stands, how far it goes, and how it is written in digits.

A number that goes on as arithmetic, a range or a hedge ("2^9", "5 or 6") is taken with all of it, and one that
is part of a formula ("2x", "3\\sqrt{2}") is not taken at all: nothing stands for what it is a part of.
"""

import re

from benchcore.graders.algebra.words import CARDINALS, SCALES

NEAR = 20  # characters before a number that say what it is a part of

_SIGNS = {"\u2212": "-", "\u2013": "-", "\ufe63": "-", "\uff0d": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " "}
_PLAIN = str.maketrans(_SIGNS)
_NOISE = re.compile(r"\\[!,;:]|<<[^<>\n]{0,200}>>")
_TEXT = re.compile(r"\\(?:text|mbox|mathrm)\s?\{([^{}]*)\}")
_VULGAR = "\u00bc-\u00be\u2150-\u215e"  # one half and its kin, one character each
_INTEGER = r"(?:[0-9]{1,3}(?:,[0-9]{3})++(?![0-9])|[0-9]{1,3}(?: [0-9]{3})++(?![0-9])|[0-9]++)"
_FRACTION = r"\\[dtc]?frac\s?(?:\{\s?-?[0-9]++\s?\}\s?\{\s?[0-9]++\s?\}|[0-9][0-9](?![0-9]))"
_POWER = (
    r"(?:[eE][-+]?[0-9]++(?![A-Za-z0-9])|\s?(?:\\times|\\cdot|\u00d7|[xX*])\s?10\s?\^\s?(?:\{[-+]?[0-9]++\}|-?[0-9]++))"
)
_DIGITS = (
    rf"(?:{_INTEGER}(?:\s[0-9]{{1,6}}/[0-9]{{1,6}}(?![0-9/.])|\s?{_FRACTION})"  # a mixed number
    rf"|{_FRACTION}|[{_VULGAR}]"
    rf"|(?:{_INTEGER}(?:\.[0-9]++)?|\.[0-9]++){_POWER}?(?:\s?/\s?{_INTEGER}(?:\.[0-9]++)?)?)"
)
_POWERS = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_VALUE = rf"(?:{'|'.join(sorted(CARDINALS, key=len, reverse=True))})"
_MAGNITUDES = {"k": 3, "hundred": 2, **_POWERS}
_WORD = rf"(?:{_VALUE}|hundred|dozen|{'|'.join(_POWERS)})"
_PERCENT = r"(?:\s?\\?%|\s?(?:percent|per cent)\b)?"
_HALF = r"(?: and a half\b)?"
# "dozen" behind digits is a unit
_AFTER = rf"{_HALF}(?:k\b|\s?(?:hundred|{'|'.join(_POWERS)})\b)?{_PERCENT}"
_BEFORE = r"(?<![A-Za-z0-9^])(?<![A-Za-z0-9)}]_)(?<![A-Za-z0-9]\.)(?<!\^\{)(?<!sqrt\{)(?<![0-9],)"
NUMBER = re.compile(rf"{_BEFORE}{_DIGITS}(?i:{_AFTER})")
WORDS = re.compile(
    r"\b((?<!and )(?<!and a )(?:(?:one|a)[\s-])?half(?! an? )|"
    rf"(?:a\s(?:hundred|thousand|million|dozen)|{_VALUE})(?:(?:\s?-\s?|\s(?:and\s)?){_WORD}){{0,40}}+)\b"
    rf"(?![ -](?:half|halves|thirds?|quarters?|fourths?|fifths?|sixths?|eighths?|tenths?)\b)({_HALF}{_PERCENT})",
    re.IGNORECASE,
)

_LEAD = re.compile(
    r"(?:(?:minus|negative|about|approximately|around|roughly|exactly|therefore|thus|hence|simply|just|only|actually"
    r"|equal to|equals|a total of|now|then|so|that|it is|it's|is|the|usd|us|rs ?\.?|inr"
    r"|\\(?:text|textbf|mathbf|mathrm|boxed|displaystyle))"
    r"(?![A-Za-z])|\\(?![dtc]?frac)|[-+$€£₹~≈:*_`\"'({\[\s])*+",
    re.IGNORECASE,
)
_MINUS = re.compile(r"(?:=[ \t]{0,2}-[ \t]{0,2}|(?:^|[^A-Za-z0-9)\]}%])-|\b(?:minus|negative)[ ])[$€£₹\\({*_]{0,6}$")
_OPENING_MINUS = re.compile(r"[$({*_ ]{0,4}-[ ]{0,2}[$({*_]{0,4}$")
_UNIT = (
    r"(?:hours?|hrs?|minutes?|mins?|seconds?|secs?|feet|foot|ft|inch(?:es)?|dollars?|pounds?|lbs?|years?|months?|weeks?"
    r"|days?|cents?|ounces?|oz|meters?|cm|km)\b"
)
_UNITS = re.compile(rf"[ ]?{_UNIT}", re.IGNORECASE)
# What joins a number to the next: an operator, "or" and the like, a unit; in a statement also a comma and "and".
_OPEN = r"[ \t]{0,3}(?:[-+({$€£]|\\(?![dtc]?frac)){0,4}[ \t]{0,2}"
_OPERATOR = re.compile(
    r"[)}]{0,3}[ \t]{0,3}(?:\*\*|\\cdot|\\times|\\div|\\pm|[-+*/^xX\u00d7\u00f7\u00b1:]|\b(?:or|to|plus|minus|times)\b)"
    rf"{_OPEN}|[ ]?{_UNIT}(?:,? and|,)? \$?",
    re.IGNORECASE,
)
_COMMA = re.compile(rf"[ \t]{{0,3}}[,;](?: and\b)?{_OPEN}", re.IGNORECASE)
_AND = re.compile(rf"[ \t]{{0,3}},? ?\band\b{_OPEN}", re.IGNORECASE)
_OPERAND = re.compile(_DIGITS)
_CLOSED = re.compile(rf"[)}}]{{0,3}}(?:[ ]?{_UNIT}(?=[ \t]*$))?", re.IGNORECASE)
_AGAIN = re.compile(r" \(([0-9][0-9.,]*+)\)")
_RAISED = re.compile(rf"[\u2070\u00b9\u00b2\u00b3\u2074-\u2079{_VULGAR}]+|!")
_PART = re.compile(
    r"[ \t]{0,3}(?:\\(?!text|mbox|mathrm|quad|circ|degree|[()\[\],;: %$])|\^(?!\{?\\circ)"
    r"|[-+*/][ \t]{0,2}(?:\\[A-Za-z]|\(|[A-Za-z](?![A-Za-z])))|[xyzn](?![A-Za-z])|_[0-9{]"
    r"|[ ]?(?:\u03c0|\u221a|pi\b|sqrt\b)|[ \t]{0,3}[+/^=][ \t]{0,3}$|[.,][0-9]"
)
_PART_BEFORE = re.compile(
    r"(?:(?:(?<![A-Za-z])(?<![A-Za-z]['\u2019])[A-Za-z]|[)}|])[ ]{0,2}(?:[-+*/^|\u00d7\u00f7]|\\(?:cdot|times|div))"
    r"[ ]{0,2}"
    r"|(?<![-=])(?<![</][a-z])[<>\u2264\u2265]=?[ ]{0,2}|\\[lg](?:t|eq?|eqslant)[ ])[$({*_]{0,4}$"
)
_DENIED = re.compile(
    r"(?:\b(?:not|never|nor|cannot)|n['\u2019]t)[ ](?:(?:be|equal|equal to)[ ])?[$({*_]{0,4}$"
    r"|\bout of[ ](?:the[ ])?[$({*_]{0,4}$",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\b(?:at least|at most|(?:more|less|fewer|greater|larger|smaller|higher|lower) than"
    r"|up to|between|under|over)[ $]{1,2}",
    re.IGNORECASE,
)
_NUMERAL = rf"(?:[$\u20ac\u00a3]?[0-9]|(?:{_VALUE}|half)\b)"
_COUNTED = re.compile(  # what makes the number behind it another one, or the name of something
    r"(?:\b(?:twice|double|triple|thrice|half|square root|cube root|root|squared?|cubed?|sqrt|log|ln|exp)(?: of)?"
    r"|\b(?:mod(?:ulo)?|base|choose|except|besides|than|no such [a-z]{1,20}|the first|degree|step|page|equation|eq\."
    r"|figure|fig\.|table|problem|question|exercise|chapter|section|theorem|lemma)|\u221a)"
    r"[ ]?[$({*_]{0,4}$",
    re.IGNORECASE,
)
# What makes another number of the one before it, or another answer of it.
_CHANGED = re.compile(
    r"[ ]?\.{2,3}[ ]?[0-9]|['\u2019\u2032] ?[0-9]|[ ]?(?:remainder|rem\.?|r) ?[0-9]"
    r"|[ ]?(?:bn|mn|mil|mill|lakhs?|lacs?|crores?|score|gross)\b|[ ]?(?-i:[BM])\b"
    r"|[ ](?:squared|cubed|factorial|halves|thirds|fourths|fifths|sixths|eighths|tenths|hundredths|thousandths|dozens?"
    rf"|choose|mod(?:ulo)?|base)\b|(?:[ ][a-z]{{1,12}})?[ ](?:below|under|short of) (?:zero|{_NUMERAL})"
    rf"|[ ](?:times|over|divided by|plus|minus) {_NUMERAL}[0-9.,]*[ )]*$|(?<=[%t]) of [$]?[0-9]"
    rf"|(?: [a-z]{{1,20}}){{0,3}}? (?:more|less|fewer|greater|larger|smaller|higher|lower|other) than {_NUMERAL}"
    r"|(?: [a-z]{1,20}){0,4}? if\b[^.]{0,60}(?:\b(?:else|otherwise|if)\b)",
    re.IGNORECASE,
)
_FURTHER = re.compile(
    r"\b(?:(?:or|otherwise|else|so|but|then|plus)\b,?(?: [a-z']{1,20}){0,3}?|and(?: [a-z]{1,20})?)"
    r" \$?(?P<number>[0-9])",
    re.IGNORECASE,
)
_TAIL = re.compile(r",?\s(?:because|since|as|which|where|not|rather|instead|given)\b|\s\(|[;=]")
_BOUNDED = re.compile(rf"{_BOUND.pattern}$", re.IGNORECASE)
_RESTART = re.compile(
    r"(?<![<>!])=>?|->|\u2192"
    r"|\b(?:no,? wait|wait,? no|wait|or rather|rather|i mean|sorry|correction|make that|scratch that|no)\b,?",
    re.IGNORECASE,
)
_PERCENT_WORD = re.compile(r"\s?\\?(?:%|percent\b|per cent\b)", re.IGNORECASE)
_MAGNITUDE = re.compile(rf"([0-9.])\s?({'|'.join(_MAGNITUDES)})\b", re.IGNORECASE)
_AND_A_HALF = re.compile(r"(?<=[0-9]) and a half\b", re.IGNORECASE)
_AND_A_PART = re.compile(r"\A(-?[0-9]{1,15}) and ([0-9]{1,6}/[0-9]{1,6})\Z")
_CENTS = re.compile(r"(?<![0-9])([0-9]{1,15}) dollars? and ([0-9]{2}) cents?", re.IGNORECASE)


def plain(text: str) -> str:
    r"""`text` with every minus as "-" and every space as " ", without thin spaces, ``\text{}`` and calculator marks."""
    text = _NOISE.sub("", text.translate(_PLAIN)).replace("{,}", ",").replace("\\$", "$")
    return _TEXT.sub(r" \1 ", text)


def stated(text: str) -> str | None:
    """The number that a sentence states: it opens the sentence, or what follows its last "=", or a correction.

    Signs, markup and words like "about" may precede it. None where the sentence only mentions a number on
    its way ("Janet's 16 ducks lay ..."). `text` is `plain`.
    """
    starts = [0, *(found.end() for found in _RESTART.finditer(text))]
    return next((found for at in reversed(starts) if (found := opening(text, at)) is not None), None)


def partial(text: str) -> bool:
    """Whether the number that opens `text` is a part of what it says: "5 squared", "5 for one and 6 for two".

    A reason or an aside behind the number ("because 18 - 13 = 5", "(of 10)") is no part of it. `text` is `plain`.
    """
    at = _start(text, 0)
    found = NUMBER.match(text, at) or WORDS.match(text, at)
    if found is None:
        return False
    number, end = _whole(text, found, listed=True)
    if _CHANGED.match(text, found.end()) or _CHANGED.match(text, end):
        return True
    tail = _TAIL.search(text, end)
    further = _FURTHER.search(text, end, tail.start() if tail else len(text))
    if further is None:
        return False
    other = NUMBER.match(text, further.start("number"))
    if other and further.group().lower() == "or " + text[other.start()] and _UNITS.match(text, other.end()):
        return False  # "0.75 hours or 45 minutes"
    return other is None or in_digits(other.group()) != in_digits(number or "")


def opening(text: str, at: int = 0) -> str | None:
    """The number that `text` starts with from the place `at` on, as it is written there, with "at least" before it."""
    start = _start(text, at)
    found = NUMBER.match(text, start) or WORDS.match(text, start)
    number = _whole(text, found, listed=True)[0] if found else None
    opened = number and number[0] != "-" and at == 0 and _OPENING_MINUS.fullmatch(text, 0, start)
    return f"-{number}" if opened else number


def _start(text: str, at: int) -> int:
    lead = _LEAD.match(text, at)
    at = lead.end() if lead else at
    bound = _BOUND.match(text, at)
    return bound.end() if bound else at


def last(text: str) -> str | None:
    """The last number in `text` that is not denied; words count where there are no digits ("one", "half" never do).

    None where it is a part of something.
    """
    at, number = 0, None
    while found := NUMBER.search(text, at):
        whole, at = _whole(text, found, listed=False)
        near = max(0, found.start() - NEAR)
        if not _DENIED.search(text, near, found.start()):
            number = None if any(part.search(text, near, found.start()) for part in (_PART_BEFORE, _COUNTED)) else whole
            number = None if _CHANGED.match(text, found.end()) else number
    if not at:
        for found in WORDS.finditer(text):
            if found.group().lower() not in ("zero", "one", "half"):
                number = _whole(text, found, listed=False)[0]
    return number


def _whole(text: str, found: "re.Match[str]", *, listed: bool) -> tuple[str | None, int]:
    """What the number found is a part of, if that can be an answer, and where it ends."""
    end = found.end()
    while True:
        if raised := _RAISED.match(text, end):
            end = raised.end()
            continue
        joint = _OPERATOR.match(text, end) or _AND.match(text, end) or (_COMMA.match(text, end) if listed else None)
        operand = _OPERAND.match(text, joint.end()) if joint else None
        if operand is None:
            break
        closed = _CLOSED.match(text, operand.end())
        end = closed.end() if closed else operand.end()
    if again := _AGAIN.match(text, end):
        end = again.end()
    if _PART.match(text, end):
        return None, end
    number = text[found.start() : end]
    number = "(" * (number.count(")") - number.count("(")) + number
    near = max(0, found.start() - NEAR)
    if bound := _BOUNDED.search(text, near, found.start()):
        return bound.group() + number, end
    return ("-" if _MINUS.search(text, near, found.start()) else "") + number, end


def in_digits(number: str) -> str:
    """A number with its words replaced: "twenty-five percent" is "25%", "1.5 million" is "1.5*10^6".

    A number and another one in brackets behind it ("three (3)") are both.
    """
    number = WORDS.sub(lambda found: _value(found[1].lower()) + found[2], number)
    number = _AND_A_HALF.sub(" 1/2", _AGAIN.sub(r" or \1", number))
    number = _MAGNITUDE.sub(lambda found: f"{found[1]}*10^{_MAGNITUDES[found[2].lower()]}", number)
    number = _AND_A_PART.sub(r"\1 \2", number)
    return _PERCENT_WORD.sub("%", _CENTS.sub(r"\1.\2", number))


def _value(words: str) -> str:
    if words.endswith("half"):
        return "1/2"
    total = current = 0
    for word in re.findall(r"[a-z]+", words):
        if word in CARDINALS:
            current += CARDINALS[word]
        elif word in _POWERS:
            total, current = total + max(1, current) * SCALES[word], 0
        elif word in SCALES:
            current = max(1, current) * SCALES[word]
    return str(total + current)
