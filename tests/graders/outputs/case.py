"""One whole output, and whether a careful reader who sees the gold answer would accept it."""

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """`span` is what the reader takes as the final answer ("" where there is none); no test depends on it."""

    kind: str
    style: str
    gold: str
    right: bool
    span: str
    text: str
    choices: tuple[str, ...] = ()


def number(style: str, gold: str, right: bool, span: str, text: str) -> Output:
    """An output for a numeric task; its text may be written indented."""
    return Output(kind="numbers", style=style, gold=gold, right=right, span=span, text=plain(text))


def formula(style: str, gold: str, right: bool, span: str, text: str) -> Output:
    """An output for MATH; its text may be written indented."""
    return Output(kind="maths", style=style, gold=gold, right=right, span=span, text=plain(text))


def letter(style: str, gold: str, choices: str, right: bool, span: str, text: str) -> Output:
    """An output for a task with options, which are written "20 | 24 | 30"; its text may be written indented."""
    options = tuple(option.strip() for option in choices.split("|"))
    return Output(kind="choice", style=style, gold=gold, right=right, span=span, text=plain(text), choices=options)


def plain(text: str) -> str:
    return textwrap.dedent(text).strip("\n")
