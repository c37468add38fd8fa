r"""The rules of lm-eval 0.4.13 `minerva_math` (`exact_match`), after Lewkowycz et al. 2022 (arXiv 2206.14858), app. D.

Only what stands between "Final Answer: The final answer is" and ". I hope it is correct." on one line is an answer. Of
it, and of the gold, what follows the last "=" is kept, without unit words; two answers are equal when the strings are,
or when sympy finds no difference between what its LaTeX parser reads of them (see `latex`).
"""

import re
from collections.abc import Mapping

from benchcore.graders.answers import Finding
from benchcore.graders.extract import Span
from benchcore.graders.published.readings import read, same
from benchcore.records import Sample, Verdict

LONGEST = 1000  # characters of an answer; the rules are not made for more
OPENING, CLOSING = "Final Answer: The final answer is", " I hope it is correct."

# in this order; the first two also take the end of a word ("pizza " to "pizz")
REWRITES: Mapping[str, str] = {
    "an ": "",
    "a ": "",
    ".$": "$",
    "\\$": "",
    "\\ ": "",
    " ": "",
    "mbox": "text",
    ",\\text{and}": ",",
    "\\text{and}": ",",
    "\\text{m}": "\\text{}",
}
# in this order; those of letters alone go first where they stand as words
REMOVED = (
    "square", "ways", "integers", "dollars", "mph", "inches", "ft", "hours", "km", "units", "\\ldots", "sue", "points",
    "feet", "minutes", "digits", "cents", "degrees", "cm", "gm", "pounds", "meters", "meals", "edges", "students",
    "childrentickets", "multiples", "\\text{s}", "\\text{.}", "\\text{\ns}", "\\text{}^2", "\\text{}^3", "\\text{\n}",
    "\\text{}", "\\mathrm{th}", "^\\circ", "^{\\circ}", "\\;", ",\\!", "{,}", '"', "\\dots",
)  # fmt: skip
_UNIT_WORDS = [re.compile(rf"(?<!\\)\b{unit}\b") for unit in REMOVED if unit.isalpha()]
_COMMAND = re.compile(r"(\\[a-zA-Z]+)")
_FIRST_DOLLARS = re.compile(r"[^$\n]*\$([^$\n]*)\$[^\n]*")
_WRAPPED = tuple(re.compile(rf"\\{name}\{{([^}}\n]*)\}}") for name in ("text", "textbf", "overline"))
_BOXED = re.compile(r"\\boxed\{([^\n]*)\}")
_SHORT_FRACTION = re.compile(r"frac([^{])([^\n])")
_SHORT_INDEXED_ROOT = re.compile(r"sqrt(\[[^\]]*\])(\w)")
_SHORT_ROOT = re.compile(r"sqrt(?!\[)([^{])")
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+")


def judge(sample: Sample, text: str) -> Finding:
    """The finding on the first answer in the closing phrase of the prompts."""
    found = stated(text)
    if found is None:
        return Finding(verdict=Verdict.UNPARSED, reason="no answer in the closing phrase")
    span = Span(text=found, rule="final answer")
    if len(found) > LONGEST:
        return Finding(verdict=Verdict.UNDECIDED, reason=f"an answer of over {LONGEST} characters", span=span)
    gold, answer = normal(sample.target), normal(found)
    if answer and answer == gold:
        return Finding(verdict=Verdict.RIGHT, reason="the same string", span=span)
    if equal(answer, gold):
        return Finding(verdict=Verdict.RIGHT, reason="no difference as sympy reads them", span=span)
    return Finding(verdict=Verdict.WRONG, reason="different", span=span)


def reference(sample: Sample) -> str:
    """The target in the closing phrase."""
    return f"{OPENING} ${sample.target}$.{CLOSING}"


def stated(text: str) -> str | None:
    """What stands in the closing phrase, on the first line that has it; a text cut off before "I hope" counts too."""
    # lm-eval appends the closing words, without the space before them
    for line in f"{text}{CLOSING.lstrip()}".split("\n"):
        start = line.find(OPENING)
        if start < 0:
            continue
        start += len(OPENING)
        # one character, whatever it is, stands for the full stop
        end = line.find(CLOSING, start + 1)
        if end >= 0:
            return line[start : end - 1].strip()
    return None


def normal(text: str) -> str:
    """An answer in the form in which strings are compared."""
    text = text.rpartition("=")[2]
    for pattern in _UNIT_WORDS:
        text = pattern.sub("", text)
    for before, after in REWRITES.items():
        text = text.replace(before, after)
    text = _without_units(text)
    text = _FIRST_DOLLARS.sub(r"$\1$", text)
    for pattern in _WRAPPED:
        text = pattern.sub(r"\1", text)
    text = _BOXED.sub(r"\1", text)
    text = _SHORT_FRACTION.sub(r"frac{\1}{\2}", text)
    text = _SHORT_INDEXED_ROOT.sub(r"sqrt\1{\2}", text)
    text = _SHORT_ROOT.sub(r"sqrt{\1}", text)
    text = text.replace("$", "")
    return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text


def equal(answer: str, gold: str) -> bool:
    """Whether sympy finds no difference between two expressions; of relations it never says so."""
    one, other = read(answer), read(gold)
    if one is None or other is None or one.relations or other.relations:
        return False
    return same(one, other)


def _without_units(text: str) -> str:
    for unit in REMOVED:
        if not unit.isalpha():
            text = text.replace(unit, "")
            continue
        # words glued to what surrounds them, but not within a command: the "ft" of \left
        parts = _COMMAND.split(text)
        parts[::2] = [part.replace(unit, "") for part in parts[::2]]
        text = "".join(parts)
    return text
