"""Where in a completion the answer stands: small pure scanners that graders put in an order.

Every scanner takes time linear in the text, whatever the text: stretches behind a phrase are bounded, and
no pattern can be entered twice on the same run of characters.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

STRETCH = 2000  # characters looked at behind a phrase: longer than any answer, short enough to repeat often

_RECITED = re.compile(r"^[ \t#*]{0,8}(?:Question|Problem|Q)[ *]{0,4}:", re.MULTILINE)
_ANSWER = re.compile(
    r"\banswers?\b(?: (?:to|for|of) [^.:\n]{1,80}?)?[ *_]{0,4}"
    r"(?:(?:is|are|was|(?:would|should|will|must) be)\b|[:=])[ \t*_:]{0,6}",
    re.IGNORECASE,
)
_NUMBERED_LIST = re.compile(r"[ \t*_]{0,8}\n\s{0,8}[0-9]{1,2}[.)][ \t]+\S")
_SENTENCE_END = re.compile(r"\n|[.!?](?=\s|$)")
_BOX_TOKEN = re.compile(r"(?P<box>\\(?:boxed|fbox)(?![A-Za-z]))|\\.|[{}]", re.DOTALL)
_BARE_BOX = re.compile(r"\s{0,4}(?P<content>-?(?:\\[A-Za-z]+|[0-9][0-9,]*(?:\.[0-9]+)?|[A-Za-z]))")

_TAIL = re.compile(r"\s?\\?%|\^\{?-?[0-9A-Za-z]")
_INTEGER = r"(?:[0-9]{1,3}(?:,[0-9]{3})++(?![0-9])|[0-9]++)"
NUMBER = re.compile(
    rf"""
    (?:
        # a mixed number: 3 1/2, 3\frac{{1}}{{2}}
        (?<![A-Za-z0-9^])(?<!\^\{{)(?P<whole>{_INTEGER})
            (?:\s(?P<mixed_over>[0-9]{{1,6}})/(?P<mixed_under>[0-9]{{1,6}})(?![0-9/.])
             |\s?\\[dtc]?frac\s?(?:\{{\s?(?P<part_over>[0-9]++)\s?\}}\s?\{{\s?(?P<part_under>[0-9]++)\s?\}}
                                |(?P<short_over>[0-9])(?P<short_under>[0-9])(?![0-9])))
        # a TeX fraction
      | \\[dtc]?frac\s?(?:\{{\s?(?P<tex_over>-?[0-9]++)\s?\}}\s?\{{\s?(?P<tex_under>[0-9]++)\s?\}}
                         |(?P<digit_over>[0-9])(?P<digit_under>[0-9])(?![0-9]))
        # digits, a power of ten, a denominator
      | (?<![A-Za-z0-9^])(?<!\^\{{)
        (?P<digits>{_INTEGER}(?:\.[0-9]++)?|(?<!\.)\.[0-9]++)
        (?:[eE](?P<e>[-+]?[0-9]++)(?![A-Za-z0-9])
          |\s?(?:\\times|\\cdot|\u00d7|[xX*])\s?10\^(?:\{{(?P<braced>[-+]?[0-9]++)\}}|(?P<bare>-?[0-9]++)))?
        (?:\s?/\s?(?P<under>{_INTEGER}(?:\.[0-9]++)?))?
    )
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An answer as it stands in the completion, and the name of the rule that found it."""

    text: str
    rule: str


def cut_recited(text: str) -> str:
    """`text` up to a next question that the model recites: a line opening with Q:, Question: or Problem:.

    A line that nothing precedes is the model restating its own question and is kept, and so is a numbered
    "Question 2:", which solutions use for the parts of their own question.
    """
    for found in _RECITED.finditer(text):
        if text[: found.start()].strip():
            return text[: found.start()]
    return text


def answer_phrases(text: str) -> Iterator[str]:
    """What follows "answer is", "answers are" or "answer:", the last occurrence first, bounded.

    A numbered list on the lines behind is a working, not an answer, and is passed over.
    """
    for found in reversed(list(_ANSWER.finditer(text))):
        behind = text[found.end() : found.end() + STRETCH]
        if not _NUMBERED_LIST.match(behind):
            yield behind.lstrip()


def sentence(text: str) -> str:
    """`text` up to the end of its first line or sentence, without that end; a decimal point is no end."""
    end = _SENTENCE_END.search(text)
    return (text[: end.start()] if end else text).strip()


def last_boxed(text: str) -> str | None:
    r"""The content of the \boxed or \fbox that closes last: braces matched, or bare as in ``\boxed 7``.

    A box that is never closed (a truncated completion) holds no answer.
    """
    last: str | None = None
    opened: list[int | None] = []  # one entry an open brace: where a box's content starts, None for other braces
    box_end: int | None = None
    for token in _BOX_TOKEN.finditer(text):
        if box_end is not None:
            if token.group() == "{" and not text[box_end : token.start()].strip():
                opened.append(token.end())
                box_end = None
                continue
            last = _bare_box(text, box_end) or last
            box_end = None
        if token["box"]:
            box_end = token.end()
        elif token.group() == "{":
            opened.append(None)
        elif token.group() == "}" and opened and (start := opened.pop()) is not None:
            last = text[start : token.start()].strip() or last
    if box_end is not None:
        last = _bare_box(text, box_end) or last
    return last


def _bare_box(text: str, at: int) -> str | None:
    found = _BARE_BOX.match(text, at)
    return found["content"] if found else None


def last_number(text: str) -> str | None:
    """The last number in `text` as written, with its sign and percent sign, or with the power it is raised to.

    An exponent or a digit inside a word is no number of its own.
    """
    found = deque(NUMBER.finditer(text), maxlen=1)
    if not found:
        return None
    last = found[0]
    tail = _TAIL.match(text, last.end())
    return ("-" if is_negative(text, last.start()) else "") + last.group() + (tail.group() if tail else "")


def is_negative(text: str, at: int) -> bool:
    """Whether the number that starts at `at` carries a minus sign: not a subtraction, a range or a list mark."""
    head = text[max(0, at - 6) : at].rstrip("$€£\\")
    return head.endswith("-") and not (len(head) > 1 and (head[-2].isalnum() or head[-2] in ")]}%"))
