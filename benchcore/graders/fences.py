"""Takes a program out of the Markdown that instruct models write around it.

Read line by line, in time linear in the text; nothing is parsed as Python, for a parser can be made to crash.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from keyword import iskeyword

_PYTHON = ("python3", "python", "ipython", "py3", "py")
_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*(.*)")
_TAG = re.compile(r"\{?\.?([A-Za-z][\w+#.-]*)\}?")
_STATEMENT = re.compile(
    r"(?:async\s+)?def\s+\w+\s*\(|class\s+\w+\s*[:(]|import\s+\w|from\s+[\w.]+\s+import\b|@\w|\"\"\"|'''"
    r"|(?:return|raise|yield)\b|pass$|(?:if|while|with|for\s.*\sin)\s.*:\s*(?:#.*)?$|try:"
    r"|[A-Za-z_][\w.]*(?:\[[^\]]*\])?\s*[-+*/|&]?=[^=]|[A-Za-z_][\w.]*\("
)
_MOST_INDENT = 3  # columns: a fence further in than its opening stands in a docstring


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fence:
    """A fence on a line: text `before` it, its indent, the marker, the language, code `after` it.

    `closed`: code and closing fence are on the same line.
    """

    before: str = ""
    indent: int = 0
    marker: str = "```"
    tag: str = ""
    after: str = ""
    closed: bool = False

    @property
    def opens(self) -> bool:
        """Whether it cannot be a closing fence."""
        return bool(self.tag or self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A stretch of the text that may be the program, and the rule that found it."""

    code: str
    rule: str
    python: bool = True


def code_block(text: str, entry_points: Collection[str] = ()) -> str:
    """The program in an instruct model's answer, without the Markdown around it; never raises.

    The prompt may have opened a fence already: then the program ends where `text` closes it. Otherwise it is
    the first fenced block that defines one of `entry_points`, else the first block of Python, else the first
    of any kind. A fence that never closes ends with the text; a text without fences is taken whole. Leading
    blanks are kept, for the text may go on inside a function.
    """
    return find_code(text, entry_points)[0]


def find_code(text: str, entry_points: Collection[str] = ()) -> tuple[str, str]:
    """The program as `code_block` gives it, and the name of the rule that found it."""
    pieces = _pieces(text)
    if not pieces:
        return "", "no code"
    first = pieces[0]
    if first.rule == "up to the fence" and first.code.lstrip("\r\n")[:1] in (" ", "\t"):
        return first.code, first.rule  # goes on inside the prompt's function: later blocks are examples
    names = "|".join(map(re.escape, entry_points)) or "(?!)"
    defines = re.compile(rf"^[ \t]*(?:(?:async[ \t]+)?def|class)[ \t]+(?:{names})\b|^(?:{names})[ \t]*=", re.MULTILINE)
    chosen = next((piece for piece in pieces if defines.search(piece.code)), None)
    chosen = chosen or next((piece for piece in pieces if piece.python), first)
    return chosen.code, chosen.rule


def _pieces(text: str) -> list[_Piece]:
    """Everything that may be the program, in order; blank pieces are left out."""
    found: list[_Piece] = []
    lines: list[str] = []
    opening: _Fence | None = None
    fences = 0
    for line in text.split("\n"):
        fence = _fence(line, opening, within_code=not fences and _looks_like_code(lines)) if _may_fence(line) else None
        if fence is None:
            if opening or not fences:
                lines.append(line)
            continue
        fences += 1
        if fence.before:
            lines.append(fence.before)
        if opening:
            _add(found, lines, opening)
            ended = True
        else:  # only before the first fence are there any lines outside: code or prose, and the text does not say
            ended = _looks_like_code(lines)
            if ended:
                found.append(_Piece(code="\n".join(lines), rule="up to the fence"))
        opening, lines = None, []
        if fence.opens or not ended:
            opening, lines = fence, [fence.after] if fence.after else []
        if fence.closed and opening:
            _add(found, lines, opening)
            opening, lines = None, []
    if opening:
        _add(found, lines, opening)
    return found if fences else [_Piece(code=text, rule="no fence")]


def _add(found: list[_Piece], lines: Sequence[str], opening: _Fence) -> None:
    """Keep a fenced block, moved left by the indent of its fence (blocks in lists are indented)."""
    code = "\n".join(line[min(opening.indent, len(line) - len(line.lstrip(" \t"))) :] for line in lines)
    if code.strip():
        python = not opening.tag or opening.tag.lower() in _PYTHON
        found.append(_Piece(code=code, rule="fenced block", python=python))


def _may_fence(line: str) -> bool:
    return "```" in line or "~~~" in line


def _fence(line: str, opening: _Fence | None, *, within_code: bool) -> _Fence | None:
    """The fence on this line, if it is one here: inside a block only what may close that block."""
    line = line.rstrip()
    if not (match := _FENCE.match(line)):
        return _fence_at_end(line, inside=opening is not None)
    indent, marker, info = len(match[1]), match[2], match[3]
    if opening and (marker[0] != opening.marker[0] or len(marker) < len(opening.marker)):
        return None
    if (opening or within_code) and indent > (opening.indent if opening else 0) + _MOST_INDENT:
        return None
    closed = info.endswith(marker) and not opening
    info = info.removesuffix(marker).rstrip() if closed else info
    if marker[0] in info and "`" in marker:
        return None  # ```inline``` code at the beginning of a sentence
    tag, after = _language(info)
    if opening and (after or (tag and tag.lower() not in _PYTHON)):
        return None
    return _Fence(indent=indent, marker=marker, tag=tag, after=after, closed=closed)


def _fence_at_end(line: str, *, inside: bool) -> _Fence | None:
    """`return 1```` closes a block, `Sure: ```python` opens one; a pair on one line is inline code."""
    tag = "" if inside else next((tag for tag in _PYTHON if line.endswith("`" + tag)), "")
    rest = line.removesuffix(tag)
    before = rest.rstrip("`")
    if len(rest) - len(before) < 3 or "```" in before:
        return None
    return _Fence(before=before.rstrip(), tag=tag)


def _language(info: str) -> tuple[str, str]:
    """Language tag and code of what follows a fence on its line; a first word of code is never a tag."""
    word, _, rest = info.partition(" ")
    if word.lower() in _PYTHON:
        return word, "" if rest.strip().startswith("{") else rest.strip()
    if (match := _TAG.fullmatch(info)) and not iskeyword(info):
        return match[1], ""
    return "", info


def _looks_like_code(lines: Sequence[str]) -> bool:
    """Whether text before the first fence is a program that the prompt's fence opened, not a greeting."""
    for line in lines:
        if line.strip() and not line.lstrip().startswith("#"):
            return line.startswith(("  ", "\t")) or _STATEMENT.match(line.strip()) is not None
    return False
