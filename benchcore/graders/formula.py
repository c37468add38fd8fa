r"""Formulas as text: `tidy` rewrites notation, `compare` decides what needs no algebra.

Nothing here evaluates an expression or deletes a letter: ``\dfrac12`` becomes ``\frac{1}{2}``, but a unit
stays a unit. All of it is linear in the text.
"""

import re

from benchcore.graders.numbers import read_whole, same
from benchcore.records import Verdict

LONGEST = 4000  # characters of a formula; nothing longer is compared

Finding = tuple[Verdict, str]

_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (r"[\u2212\ufe63\uff0d]", "-"),
        (r"\\(?:left|right)(?![A-Za-z])\.?", ""),
        (r"\\!", ""),
        (r"\\[,;: ]|~|\\q?quad(?![A-Za-z])", " "),
        (r"\{,\}", ","),
        (r"\\([$%])", r"\1"),
        (r"\$", ""),
        (r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
        (r"\\frac\s?([0-9])\s?(?=[0-9{])", r"\\frac{\1}"),
        (r"(\\frac\{[^{}]*\})\s?([0-9])", r"\1{\2}"),
        (r"\\sqrt\s?([0-9])", r"\\sqrt{\1}"),
        (r"\\(le|ge)(?![A-Za-z])", r"\\\1q"),
        (r"\\ne(?![A-Za-z])", r"\\neq"),
        (r"\^\s?\{?\s?(?:\\circ|\\degree)(?![A-Za-z])\s?\}?|\\degree(?![A-Za-z])|°", ""),
        (r"(?<=[0-9])\s+(?=[A-Za-z](?![A-Za-z.]))", ""),
        (r"\s+", " "),
    )
)
_PAIRS = (("$$", "$$"), ("$", "$"), (r"\[", r"\]"), (r"\(", r"\)"))
_ENDS = re.compile(r"(?<!\\)[.,;:]+$")
_WORD_COMMAND = re.compile(r"\\(?:text|mbox|textbf|textit|textrm|mathrm|mathbf|mathit|operatorname)\s?\{([^{}]*)\}")
_CLOSE_SPACE = re.compile(r" (?![A-Za-z0-9])|(?<![A-Za-z0-9,]) |(?<=,) (?![0-9]{3}(?![0-9]))|(?<=[0-9]) (?=[A-Za-z])")
_SHORT_SCRIPT = re.compile(r"([\^_])\{([A-Za-z0-9])\}")
_LABEL = re.compile(r"\s*(\\?[A-Za-z]+(?:_\{?[A-Za-z0-9]+\}?)?(?:\([A-Za-z]\))?)\s*(?:=|\\in(?![A-Za-z]))\s*(?=\S)")
_BASED = re.compile(r"(-?[0-9A-Z]+)_\{?([0-9]+)\}?")
_HALF_DAY = re.compile(r"(?<![A-Za-z])([ap])\.?\s?m(?![A-Za-z])", re.IGNORECASE)
_COMMAND = re.compile(r"\\[A-Za-z]+")


def bare(text: str) -> str:
    """`text` without the marks of a formula around it."""
    text = text.strip()
    for opening, closing in _PAIRS:
        if text.startswith(opening) and text.endswith(closing) and len(text) >= len(opening) + len(closing):
            return text[len(opening) : -len(closing)].strip()
    return text


def tidy(latex: str) -> str:
    r"""One notation for what is written in several, with the meaning kept; at most `LONGEST` + 1 characters.

    >>> tidy(r"$\dfrac 12\,.$")
    '\\frac{1}{2}'
    """
    text = _ENDS.sub("", bare(latex[: LONGEST + 1]))
    for pattern, put in _REWRITES:
        text = pattern.sub(put, text)
    return _ENDS.sub("", text.strip()).strip()


def compare(gold: str, answer: str) -> Finding | None:
    """The finding on two tidied formulas where notation, plain numbers or words decide; None to ask further."""
    if len(answer) > LONGEST:
        return Verdict.UNDECIDED, f"the answer is longer than {LONGEST} characters"
    if not answer:
        return Verdict.UNPARSED, "the answer is empty"
    if squeeze(gold) == squeeze(answer):
        return Verdict.RIGHT, "the same formula"
    plain_gold, plain_answer = without_label(gold, answer)
    if squeeze(unwrapped(plain_gold)) == squeeze(unwrapped(plain_answer)):
        return Verdict.RIGHT, "the same formula but for notation"
    for decide in (numbers, words, contradiction):
        if (finding := decide(plain_gold, plain_answer)) is not None:
            return finding
    return None


def squeeze(text: str) -> str:
    """`text` without the spaces and braces that do not matter; a space in "1 000" or "a, 100" may."""
    return _SHORT_SCRIPT.sub(r"\1\2", _CLOSE_SPACE.sub("", text))


def unwrapped(text: str) -> str:
    r"""The content of a ``\text{…}`` that is all of `text`, stripped of a dot; else `text`."""
    found = _WORD_COMMAND.fullmatch(text)
    return found[1].strip().rstrip(".").strip() if found else text


def without_label(gold: str, answer: str) -> tuple[str, str]:
    """Both sides without ``x =`` in front where only one has it, or both the same.

    An answer that ends a calculation with numbers ("2 + 3 = 5") is its last side, if the gold is no equation;
    one with letters ("a + b = 5") is left to algebra.
    """
    gold_label, answer_label = _LABEL.match(gold), _LABEL.match(answer)
    if gold_label and answer_label and gold_label[1] != answer_label[1]:
        return gold, answer
    if gold_label and gold.count("=") <= 1:
        gold = gold[gold_label.end() :]
    if answer_label and ("=" not in gold or answer.count("=") <= 1):
        answer = answer[answer_label.end() :]
    sides, _, last = answer.rpartition("=")
    if sides and last.strip() and "=" not in gold and "," not in answer and not _letters(sides):
        answer = last.strip()
    return gold, answer


def numbers(gold: str, answer: str) -> Finding | None:
    """The finding when both sides are plain numbers, or numbers with a base."""
    one, other = read_whole(unwrapped(gold)), read_whole(unwrapped(answer))
    if one is not None and other is not None:
        equal = same(one, other)
        return (Verdict.RIGHT, "the numbers are equal") if equal else (Verdict.WRONG, "the numbers differ")
    based, other_based = _BASED.fullmatch(gold), _BASED.fullmatch(answer)
    if based and other_based and based.groups() != other_based.groups():
        return Verdict.WRONG, "digits or base differ"
    return None


def words(gold: str, answer: str) -> Finding | None:
    """The finding when the gold is words or choice letters: a product of letters is no word."""
    found = _WORD_COMMAND.fullmatch(gold) or _WORD_COMMAND.fullmatch(gold.strip("()"))
    if found is None:
        return None
    if _plain_words(found[1]) == _plain_words(_WORD_COMMAND.sub(r"\1", answer)):
        return Verdict.RIGHT, "the same words"
    return None if any(letter.isdigit() for letter in found[1]) else (Verdict.WRONG, "other words")


def _plain_words(text: str) -> list[str]:
    """The listed words, in any order, without case, quotes, dots ("p.m.") and the brackets of a choice."""
    parts = re.split(r",|\band\b", text) if "," in text else [text]
    return sorted(word for part in parts if (word := re.sub(r"[\s().\"'`]", "", part).casefold()))


def contradiction(gold: str, answer: str) -> Finding | None:
    """The finding where two formulas differ in something that math-verify does not look at."""
    if "=" in gold and read_whole(answer) is not None:
        return Verdict.WRONG, "a number against an equation"
    half, other_half = _HALF_DAY.search(gold), _HALF_DAY.search(answer)
    if half and other_half and half[1].lower() != other_half[1].lower():
        return Verdict.WRONG, "morning against afternoon"
    letters, other_letters = _letters(gold), _letters(answer)
    if letters != other_letters and letters == {letter.swapcase() for letter in other_letters}:
        return Verdict.WRONG, "letters differ in case"
    return None


def _letters(text: str) -> set[str]:
    return {letter for letter in _COMMAND.sub("", _WORD_COMMAND.sub("", text)) if letter.isalpha()}
