r"""Notation: one spelling for what is written in several. Rewrites only; linear in the text; no letter is deleted.

After `tidy`, a text has no dollar signs around it, no sizes or spacing commands, ASCII where LaTeX has a name for the
character, ``\frac`` for all its kin, `THOUSANDS` for a comma that can only separate thousands, `CURRENCY` for ``\$``.
"""

import re
import unicodedata

from benchcore.graders.algebra.characters import CURRENCY, SUBSCRIPT, SUPERSCRIPT, THOUSANDS, TRANSLATION

_SCRIPTS = re.compile(f"[{''.join(SUPERSCRIPT)}]+|[{''.join(SUBSCRIPT)}]+")

_BRACES = r"\s*\{(?P<content>[^{}]*)\}"
_STYLES = "mathbin|mathrel|mathbf|mathrm|mathit|mathsf|mathcal|boldsymbol|underline|bm|bf|rm|operatorname\\*?"
_REWRITES = re.compile(
    r"(?P<row>\\\\)"
    r"|(?P<thousands>(?<=[0-9])(?:\{,\}|,\s?\\!|\\,|\{\\,\})\s*(?=[0-9]{3}(?![0-9])))"
    r"|(?P<spacing>\\(?:[,;:! >\n\t]|q?quad(?![A-Za-z])|thinspace(?![A-Za-z])|medspace(?![A-Za-z])|enspace(?![A-Za-z])"
    r"|(?:displaystyle|textstyle|normalsize|[lL]arge|LARGE|[hH]uge|small|limits|nolimits|strut|null|relax)(?![A-Za-z])|(?:hspace|vspace|hskip)\*?\{[^{}]*\})|~)"
    r"|(?P<size>\\(?:left|right|middle|[bB]igg?[lrm]?)(?![A-Za-z])\s*\.?)"
    r"|(?P<fraction>\\[dtc]frac(?![A-Za-z]))"
    r"|(?P<choose>\\[dt]binom(?![A-Za-z]))"
    r"|(?P<words>\\(?:text(?:normal|rm|bf|it|sf|tt|up|sc|md)?|mbox|hbox|fbox|emph)(?![A-Za-z])\s*(?=\{))"
    rf"|(?P<styled>\\(?:{_STYLES})(?![A-Za-z])" + _BRACES + ")"
    rf"|(?P<style>\\(?:{_STYLES})(?![A-Za-z])\s*)"
    r"|(?P<not_equal>\\not\s*=)"
    r"|(?P<escaped>(?:(?<![A-Za-z])US\s?)?\\\$|\\[%&#_])"
    r"|(?P<dollars>\$\$?)"
    r"|(?P<display>\\[()\[\]])"
)
_CURRENCY = re.compile(r"(?<![\\\w$])(?:US)?\$(?=\s?[-.0-9])")
_BOXED = re.compile(r"\\(?:boxed|fbox)(?![A-Za-z])\s*\{")
_BLANKS = re.compile(r"\s+")
_ENDS = " \t\r\n.,;"
_ANOTHER = re.compile(r"(?:\s*\\\\)+\s*$")
_BARRED = re.compile("(?:[0-9][\u0304\u0305])+")  # digits with a combining bar above
_CHOOSE = re.compile(r"(?<![\w})])(?:\{\})?_\{?([0-9]+)\}?\s?C_(?:\{([0-9]+)\}|([0-9]))")
_SPACING = re.compile(r"\\[,;:! ]|~")
_TEXT_BASE = re.compile(r"\\text\{\s*([0-9]*[0-9A-Z]+)\s*\}(?=\s*_)")


def tidy(text: str) -> str:
    """`text` in one notation. Takes time linear in its length, and rewrites only: nothing is evaluated."""
    if not text.isascii():
        text = _BARRED.sub(_overlined, text)
        text = unicodedata.normalize("NFKC", _SCRIPTS.sub(_script, text).translate(TRANSLATION))
    text = _unboxed(text.strip())
    if "**" in text or "__" in text:
        text = text.strip("*_ ").replace("**", "^")
    if text[:1] == "`":
        text = text.strip("` ")
    if "C_" in text:
        text = _CHOOSE.sub(r"\\binom{\1}{\2\3}", text)
    if "$" in text and (text.count("$") - text.count("\\$")) % 2:
        text = _CURRENCY.sub(CURRENCY, text, count=1)
    if "\\" in text or "$" in text or "~" in text or "{,}" in text:
        text = _REWRITES.sub(_rewrite, text)
        if r"\text{" in text:
            text = _TEXT_BASE.sub(r"\1", text)
    text = _BLANKS.sub(" ", text).strip()
    if text[-1:] in (".", ",", ";", "\\"):
        text = _stripped(text)
    return text


def _stripped(text: str) -> str:
    """Without the punctuation of the sentence around it; an ellipsis stays."""
    text = _ANOTHER.sub("", text)
    if text.endswith("..."):
        return text
    kept = text.rstrip(_ENDS)
    return text if kept.endswith("\\") else kept


def _unboxed(text: str) -> str:
    r"""The content of ``\boxed{}`` where that is all there is, but for dollar signs."""
    for _ in range(3):
        opened = _BOXED.match(text, 0) or (_BOXED.match(text, 1) if text[:1] == "$" else None)
        if opened is None:
            return text
        depth, at = 1, opened.end()
        while at < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 2 if text[at] == "\\" else 1
        if depth or text[at:].strip(" $.\n"):
            return text
        text = text[opened.end() : at - 1].strip()
    return text


def _overlined(found: re.Match[str]) -> str:
    return "\\overline{" + found.group()[::2] + "}"


def _script(found: re.Match[str]) -> str:
    run = found.group()
    if run[0] in SUPERSCRIPT:
        return "^{" + "".join(SUPERSCRIPT[mark] for mark in run) + "}"
    return "_{" + "".join(SUBSCRIPT[mark] for mark in run) + "}"


def _rewrite(found: re.Match[str]) -> str:
    kind, text = found.lastgroup, found.group()
    if kind == "spacing":
        return "" if text == "\\!" else " "
    if kind == "fraction":
        return "\\frac"
    if kind == "choose":
        return "\\binom"
    if kind == "words":
        return "\\text"
    if kind == "not_equal":
        return "\\ne "
    if kind == "escaped":
        return CURRENCY if text[-1] == "$" else text[1]
    if kind == "thousands":
        return THOUSANDS
    if kind == "row":
        return text
    if kind == "styled":
        return _styled(found)
    return "" if kind in ("size", "style") else " "


def _styled(found: re.Match[str]) -> str:
    """Letters set upright or bold: several are a word, one is itself."""
    content, command = _SPACING.sub(" ", found["content"]), found.group()
    if not content.strip().isalnum() and len(content.strip()) == 1:
        return content
    if content.strip().isalnum() and found.string.startswith("_", found.end()):
        return content
    if content.strip()[:1].isdecimal() or "=" in content:
        return "{" + content + "}"
    if len(content.strip()) == 1 or content.strip().isdigit() or "\\" in content:
        return "{" + content + "}"
    return "\\text{" + content + "}" if "math" in command or "rm" in command else "{" + content + "}"
