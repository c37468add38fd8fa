"""Where in a completion the answer stands: small pure scanners that the graders put in an order.

Every scanner takes time linear in the text, whatever the text: what stands behind a phrase ends at the next one,
and no pattern can be entered twice on the same run of characters. None cuts an answer short.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

WINDOW = 20_000  # characters at the end of a completion that are looked at: an answer stands at the end
REACH = 5 * WINDOW  # characters at the end in which a recited next question is looked for
MOST = 50  # statements looked at, from the last one back
NEAR = 40  # characters between two formulas or boxes that may be one statement

_THOUGHT = "</think>"
_BLANK = re.compile(r"\s")
_CUT_WORD = re.compile(r"\A\S+")
_END_MARK = re.compile(r"</s>|<eos>|<end_of_turn>|<\|(?:im_end|im_start|endoftext|end_of_text|eot_id|end|user)\|>")
_RECITED = re.compile(
    r"^[ \t#*\[]{0,8}(?:(?:Question|Problem|Q|Human|User|Instruction)[ *]{0,4}[:\]]"
    r"|(?:Exercise|Example)[ ]?[0-9]{0,3}[ *]{0,4}:|### ?(?:Instruction|Question|Problem)\b)",
    re.MULTILINE,
)
# Behind a stated answer also these open another question.
_LABEL = r"(?:(?:Next|New|Another)[ ](?i:question|problem|exercise|task)|Question|Problem|Exercise|Task|Q)"
_ANOTHER = re.compile(
    rf"^[ \t#*\[]{{0,8}}(?:{_LABEL}[ ]?[0-9]{{0,3}}[ *]{{0,4}}(?:[:.)\]]|$)"
    r"|Input[ *]{0,4}:|(?:user|human)[ *]{0,4}:?$)"
    r"|(?<=[.!?$})*] )(?:Question|Problem|Q)(?: ?[0-9]{1,3})? ?:",
    re.MULTILINE,
)
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*+")
_ASKS = re.compile(r"\?[ \t*_]{0,4}$", re.MULTILINE)
_ASKED = re.compile(r"[0-9]|(?:\S{1,40}\s+){9}")  # a question of its own has data, or is long
_MUSING = re.compile(
    r"[\s*_]{0,8}(?:wait|but|hmm?|so|now|let|actually|ok|okay|alternatively|then|hold|maybe|could|therefore|first|next|step|part"
    r"|(?:is|does|did|would|was|are) (?:that|this|it|these|there|we|i|you)|how (?:do|did|can) (?:we|i)"
    r"|what if|why|do|can)\b",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^[ \t]{0,8}```[ \t]?([A-Za-z0-9+#]{0,20})", re.MULTILINE)
_PROSE_FENCES = ("", "output", "text", "txt", "latex", "tex", "math", "markdown", "md", "plaintext")

_PHRASE = (
    r"(?<![A-Za-z/_])(?:final_)?(?:{nouns}|ans)\b(?: (?:to|for|of) [^.:\n]{{1,80}}?)?(?: ?\([^().:\n]{{1,40}}\))?"
    r"[ *_\"']{{0,4}}"
    r"(?:\b(?:is|are|was|equals|becomes|comes to|(?:would|should|will|must)(?: then| therefore)? be)\b"
    r"|[:=>\]]|(?<=ans)\.)"
    r"[ \t*_:]{{0,6}}"
    r"|^[ \t#*]{{0,8}}(?:the )?(?:final )?(?:answer|result)[ \t*_]{{0,4}}$"
)
_CHOOSE = r"|\b(?:I|we)(?: would|'d|\u2019d| will|'ll|\u2019ll)? (?:choose|pick|select|go with|say)[ \t*_:]{0,6}"
_ANSWER = re.compile(_PHRASE.format(nouns="answers?|final (?:result|value|output)s?"), re.IGNORECASE | re.MULTILINE)
_OPTION = re.compile(
    _PHRASE.format(nouns="answers?|answer choice|options?|choice|alternative|final (?:result|value)") + _CHOOSE,
    re.IGNORECASE | re.MULTILINE,
)
_CONDITION = re.compile(
    r"(?:\b(?:if|whether|suppose|assume|assuming|unless|why|how|check|checking|verify|confirm|impossible|false|not|never|cannot)"
    r"|n['\u2019]t)\b[^.,;:\n]{0,30}$",
    re.IGNORECASE,
)
_BOX_OR_HASHES = re.compile(r"\\boxed|#{4}")
_REFUTED = re.compile(
    r"[\s$*_\\\])}]{0,8}(?:[,;.]? ?(?:but|and|yet|however,?|which)? ?(?:this|that|it|which)?)? ?"
    r"(?:is|was|would be|must be|are)(?: clearly| actually| obviously)? "
    r"(?:wrong|incorrect|false|invalid|impossible|extraneous|rejected|discarded|excluded|ruled out"
    r"|not (?:right|correct|valid|possible|allowed|a solution|the answer))\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"not\b(?:[^.\n]{1,80}?\bbut(?: rather)?\b[ \t]{0,4})?", re.IGNORECASE)
_BULLET = re.compile(r"\A[ \t*_]*\n\s*[-*\u2022] ")
_NUMBERED = re.compile(r"[ \t*_]{0,8}\n\s{0,8}[0-9]{1,2}[.)][ \t]+\S")
_HASHES = re.compile(r"#{4,12}(?!#)[ \t]*")
_HEADING = re.compile(r"[ \t*_]{0,8}(?:[0-9]{1,2}[.)][ \t]+\S|Step\b)", re.IGNORECASE)
_WITHDRAWN = re.compile(
    r"(?:^|[.!?\n(]\s{0,4})(?:but |oh,? |no,? |hmm,? )?"
    r"(?:wait|actually|correction|scratch that|sorry|oops|hold on|my mistake)\b"
    r"|\bthat(?:'s| is|\u2019s) (?:wrong|incorrect|not right)\b|\bmade an? (?:mistake|error)\b"
    r"|\blet me (?:redo|correct|recompute|recalculate|reconsider|fix)\b",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"\b(?:cannot|can't|can\u2019t|can not|could not|impossible to|(?:not|un)\s?(?:possible|able) to)\s(?:be\s)?"
    r"(?:determined?|find|found|calculated?|computed?|answer(?:ed)?|solved?|know|known|tell|say)\b"
    r"|\b(?:impossible|false) that\b|(?:\bnot|n['\u2019]t) (?:think|believe|true)\b"
    r"|\b(?:not enough|insufficient|too little) information\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\s\((?=[^()]*[A-Za-z]{2})[^()]*\)")
_DIGIT = re.compile(r"[0-9]")
_OFFER = re.compile(r"\?[*_]{0,4}$|^(?:would you|let me know|feel free|i hope|please|if you|note)\b", re.IGNORECASE)
_SENTENCE_END = re.compile(
    r"\n|(?<!\.[A-Za-z])(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\b[Rr]s)(?<!\b[Rr]s )(?<!\bapprox)(?<!\.\.)"
    r"[.!?](?=[*_)\"'\]]{0,4}(?:\s|$))"
    r"|(?<=\.[A-Za-z])\.(?=\s{1,4}[A-Z]|\s{0,4}$)"
)
_BOX_TOKEN = re.compile(r"(?P<box>\\(?:boxed|fbox|framebox)(?![A-Za-z]))|\\.|[{}]", re.DOTALL)
_BARE_BOX = re.compile(r"\s{0,4}(?P<content>-?(?:\\[A-Za-z]+|[0-9][0-9,]*(?:\.[0-9]+)?|[A-Za-z]))")
_BETWEEN = re.compile(r"[A-Za-z](?:_[0-9])?\s?=|\\(?:text|mbox|quad|qquad|[,;: ])|[\s${}]|\\[\[\]()]")
_JOINTS = frozenset({",", ";", "and", "or", ",and", ",or", "&", ".Also", ".Also,", ",also", ";also", ";also,"})
_MATHS_TOKEN = re.compile(r"\\[\[\]()]|\$\$?|\\.|\n[ \t]*\n", re.DOTALL)
_CLOSES = {"$": "$", "$$": "$$", r"\[": r"\]", r"\(": r"\)"}
_PROSE = re.compile(r"(?<![A-Za-z])[a-z]{2,}\s[a-z]{2,}")
_BOLD = re.compile(r"\*\*(?!\*)([^*\n]{1,200})\*\*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An answer as it stands in the completion, and the name of the rule that found it."""

    text: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What stands behind "the answer is" or "####", up to the next of these, or in a box; from `at` to `end`."""

    at: int
    end: int
    rule: str
    text: str


class _Seen(dict[int, str]):
    """What a reader sees of a character: nothing of an invisible one, and the digits of any script alike."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kind = unicodedata.category(character)
        self[code] = "" if kind == "Cf" else str(unicodedata.decimal(character)) if kind == "Nd" else character
        return self[code]


_SEEN = _Seen()


def window(text: str) -> str:
    """The part of a completion that is read: behind a closed thought, up to a recited next question, the last
    `WINDOW` characters from the start of a line or a word on, without the programs in it."""
    thought, _, rest = text.rpartition(_THOUGHT)
    if thought and rest.strip():
        text = rest
    text = cut_recited(text[-REACH:])
    if len(text) > WINDOW:
        rest = text[-WINDOW:]
        line = rest.find("\n", 0, WINDOW // 2)
        text = rest[line:] if line >= 0 else _CUT_WORD.sub("", rest)
    return without_programs(text if text.isascii() else text.translate(_SEEN))


def cut_recited(text: str) -> str:
    """`text` up to a mark that ends a turn or a next question that the model recites: a line opening with Q:,
    Question:, Problem: or Exercise:.

    A line that nothing precedes is the model restating its own question and is kept. So is a numbered
    "Question 2:" or an "Input:" that no stated answer precedes: solutions use them for parts of their own question.
    Behind a stated answer a paragraph that asks something and is answered is recited too, without any label.
    """
    for pattern in (_END_MARK, _RECITED):
        for found in pattern.finditer(text):
            if text[: found.start()].strip():
                text = text[: found.start()]
                break
    answered = [found.end() for found in (_BOX_OR_HASHES.search(text),) if found]
    answered += [found.end() for found in _ANSWER.finditer(text) if text[found.end() : found.end() + 1] not in "\n"][:1]
    if not answered:
        return text
    if another := _ANOTHER.search(text, min(answered)):
        text = text[: another.start()]
    return _without_question(text, min(answered))


def _without_question(text: str, answered: int) -> str:
    """`text` up to the first paragraph behind `answered` that asks a question and has an answer stated behind it."""
    starts = [found.end() for found in _PARAGRAPH.finditer(text, answered)]
    for start, end in pairwise([*starts, len(text)]):
        question = None if _MUSING.match(text, start) else _ASKS.search(text, start, end)
        if question is None or not _ASKED.search(text, start, end):
            continue
        if _BOX_OR_HASHES.search(text, question.end()) or _ANSWER.search(text, question.end()):
            return text[:start]
        break
    return text


def without_programs(text: str) -> str:
    """`text` without fenced blocks in a programming language: "answer = 5" in one states nothing."""
    if "```" not in text:
        return text
    kept: list[str] = []
    start, in_block, dropped = 0, False, False
    for fence in _FENCE.finditer(text):
        if not in_block:
            in_block, dropped = True, fence[1].lower() not in _PROSE_FENCES
            if dropped:
                kept.append(text[start : fence.start()])
        else:
            in_block = False
            start, dropped = (fence.end() if dropped else start), False
    if not dropped:
        kept.append(text[start:])
    return "".join(kept)


def last_output(text: str) -> str | None:
    """The last line of the last block that is fenced as ``output``: what a program printed."""
    at = text.rfind("```output")
    lines = text[at + len("```output") :].partition("```")[0].split("\n") if at >= 0 else []
    return next((line.strip() for line in reversed(lines) if line.strip()), None)


def statements(text: str, *, options: bool = False) -> Iterator[Statement]:
    """Every statement of an answer, the last first: behind a phrase such as "the answer is", behind "####", in a box.

    With `options` also behind "the option is". Left out: what a condition opens ("if the answer is 5"), what
    is negated, an empty box, and a numbered list, which is a working.
    """
    phrase = _OPTION if options else _ANSWER
    marks = [(found.start(), "phrase", found.end()) for found in phrase.finditer(text)]
    marks += [(found.start(), "hashes", found.end()) for found in _HASHES.finditer(text)]
    if boxed := last_boxed(text):
        marks = [mark for mark in marks if not boxed.at < mark[0] < boxed.end]
        marks.append((boxed.at, "boxed", boxed.end))
    stop = len(text)
    for at, rule, end in sorted(marks, reverse=True)[:MOST]:
        if boxed and rule == "boxed":
            if refuted(text, boxed.end):
                continue
            within = list(phrase.finditer(boxed.text))  # a box that says "the answer is" itself
            behind = boxed.text[within[-1].end() :].lstrip("} ") if within else ""
            yield replace(boxed, text=balanced(behind)) if behind else boxed
            continue
        behind, last = text[end:stop].partition("</")[0], stop
        stop = at
        if rule == "phrase" and (_NUMBERED.match(behind) or _CONDITION.search(text, max(0, at - NEAR), at)):
            continue
        if rule == "hashes" and _HEADING.match(behind):
            continue
        if (stated := affirmed(_BULLET.sub("", behind).lstrip())) is not None:
            yield Statement(at=at, end=last, rule=rule, text=stated)


def refuted(text: str, at: int) -> bool:
    """Whether what stands at the place `at` takes back what stands before it ("is wrong", "but this is impossible")."""
    return _REFUTED.match(text, at) is not None


def affirmed(text: str) -> str | None:
    """`text` without "not ... but" in front of it; None where it only denies."""
    denied = _NOT.match(text)
    if denied is None:
        return text
    return text[denied.end() :] if denied.end() > len("not") else None


def head(text: str, size: int) -> str:
    """The first `size` characters, and what is left of the word or number that the last of them stands in."""
    cut = _BLANK.search(text, size)
    return text[: cut.start()] if cut else text


def balanced(text: str) -> str:
    """`text` without a closing bracket at its end that nothing in it opens, nor an opening one at its start."""
    text = text.strip()
    for _ in range(2):
        surplus = sum(map(text.count, ")]}")) - sum(map(text.count, "([{"))
        if surplus > 0 and text[-1] in ")]}":
            text = text[:-1].rstrip("\\ ")
        elif surplus < 0 and text[0] in "([{":
            text = text[1:].lstrip()
    return text


def withdrawn(text: str, at: int) -> str:
    """What follows the last "wait", "actually" and the like behind the place `at`; empty where there is none."""
    rest = ""
    for found in _WITHDRAWN.finditer(text, at):
        rest = text[found.end() :]
    return rest


def conclusions(text: str) -> Iterator[str]:
    """The sentences, the last first, without questions and offers of more help."""
    return (each for each in sentences(text) if not _OFFER.search(each))


def concluding_number(text: str) -> str:
    """The last sentence with a digit, without what it adds in brackets where one is left ("3 (2 red and 1 white)")."""
    line = next((each for each in conclusions(text) if _DIGIT.search(each)), "")
    rest = _ASIDE.sub("", line)
    return rest if _DIGIT.search(rest) else line


def refused(text: str) -> bool:
    """Whether the last sentence says that there is no answer ("it is not possible to determine how many")."""
    return _REFUSED.search(next(conclusions(text), "")) is not None


def unstated(text: str, rules: Iterable[tuple[str, Callable[[str], str | None]]]) -> Span | None:
    """The answer of a text that never says "the answer is": by the first of `rules` that finds one.

    None where none does, or where the text says that there is no answer.
    """
    for rule, scan in () if refused(text) else rules:
        if found := scan(text):
            return Span(text=found, rule=rule)
    return None


def sentence(text: str) -> str:
    """`text` up to the end of its first line or sentence, without that end; a decimal point is no end."""
    end = _SENTENCE_END.search(text)
    return (text[: end.start()] if end else text).strip()


def sentences(text: str) -> Iterator[str]:
    """The lines and sentences of `text`, the last first, empty ones left out."""
    cuts = [0, *(end.end() for end in _SENTENCE_END.finditer(text)), len(text)]
    for start, end in zip(reversed(cuts[:-1]), reversed(cuts[1:]), strict=True):
        if part := text[start:end].strip():
            yield part


def last_boxed(text: str) -> Statement | None:
    r"""The content of the \boxed or \fbox that closes last: braces matched, or bare as in ``\boxed 7``.

    Boxes that "and", "or" or a comma joins to it are joined to it by commas. A box that is never closed
    (a truncated completion) holds no answer.
    """
    found = [box for box in _boxes(text) if box[2]]
    if not found:
        return None
    first, last, content = found.pop()
    contents, at = [content], first
    for start, end, content in reversed(found):
        if not is_joint(text[end:first]):
            break
        first = start
        if content not in contents:
            contents.append(content)
    return Statement(at=at, end=last, rule="boxed", text=", ".join(reversed(contents)))


def _boxes(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and content of every box that is closed, in the order in which they close."""
    opened: list[tuple[int, int] | None] = []  # one entry an open brace: where a box and its content start, or None
    box: tuple[int, int] | None = None
    for token in _BOX_TOKEN.finditer(text):
        if box is not None:
            if token.group() == "{" and not text[box[1] : token.start()].strip():
                opened.append((box[0], token.end()))
                box = None
                continue
            yield from _bare_box(text, *box)
            box = None
        if token["box"]:
            box = token.span()
        elif token.group() == "{":
            opened.append(None)
        elif token.group() == "}" and opened and (begun := opened.pop()) is not None:
            yield begun[0], token.end(), text[begun[1] : token.start()].strip()
    if box is not None:
        yield from _bare_box(text, *box)


def _bare_box(text: str, start: int, at: int) -> Iterator[tuple[int, int, str]]:
    if found := _BARE_BOX.match(text, at):
        yield start, found.end(), found["content"]


def is_joint(between: str) -> bool:
    """Whether what stands between two formulas makes them one statement: a comma, "and" or "or", and layout."""
    return len(between) <= NEAR and _BETWEEN.sub("", between) in _JOINTS


def formulas(text: str) -> list[tuple[int, int]]:
    r"""Start and end of each ``$…$``, ``$$…$$``, ``\(…\)`` and ``\[…\]`` that is not empty; none spans a blank line."""
    spans: list[tuple[int, int]] = []
    opened: tuple[int, str] | None = None
    for token in _MATHS_TOKEN.finditer(text):
        mark = token.group()
        if opened is None:
            opened = (token.start(), mark) if mark in _CLOSES else None
        elif mark == _CLOSES[opened[1]]:
            content = text[opened[0] + len(mark) : token.start()].strip()
            if mark == "$" and _PROSE.search(content) and "\\" not in content:
                opened = (token.start(), mark)  # "$5 and she has $6": the first was a dollar
                continue
            if content:
                spans.append((opened[0], token.end()))
            opened = None
        elif mark[0] == "\n":
            opened = None
    return spans


def joined(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The first of the formulas `spans` and those that directly go on from it, without their marks."""
    parts: list[str] = []
    last = 0
    for start, end in spans:
        if parts and not is_joint(text[last:start]):
            break
        if (part := bare(text[start:end])) not in parts:
            parts.append(part)
        last = end
    return ", ".join(parts)


def last_formula(text: str) -> str | None:
    """The last formula, with those that only commas, "and" or "or" part from it."""
    spans = formulas(text)
    first = len(spans) - 1
    while first > 0 and is_joint(text[spans[first - 1][1] : spans[first][0]]):
        first -= 1
    return joined(text, spans[first:]) if spans else None


def bare(text: str) -> str:
    """`text` without the marks of a formula around it, and without the dot that ends its sentence."""
    text = text.strip()
    for opening, closing in (("$$", "$$"), ("$", "$"), (r"\[", r"\]"), (r"\(", r"\)")):
        if text.startswith(opening) and text.endswith(closing) and len(text) >= len(opening) + len(closing):
            return text[len(opening) : -len(closing)].strip().rstrip(".,;").strip()
    return text


def first_line(text: str) -> str:
    """The first line that is not empty, where more lines follow it: an answer that its explanation follows."""
    line, _, rest = text.strip().partition("\n")
    return line.strip() if rest.strip() else ""


def last_bold(text: str) -> str | None:
    """The last ``**bold**`` words of the last paragraph."""
    paragraph = text.rstrip().rpartition("\n\n")[2]
    found = _BOLD.findall(paragraph)
    return found[-1].strip() if found else None
