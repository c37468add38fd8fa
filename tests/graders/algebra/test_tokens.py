"""Tokens: numbers with their separators, bases, words against variables, functions."""

import pytest

from benchcore.graders.algebra.bounds import Limit, Unreadable
from benchcore.graders.algebra.tokens import tokenize


def texts(text: str, grouping: bool = True) -> list[str]:
    return [token[1] for token in tokenize(text, grouping)]


def kinds(text: str) -> list[str]:
    return [token[0] for token in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234", ["1,234"]),
        ("1,234,567.5", ["1,234,567.5"]),
        ("1,000,2", ["1,000", ",", "2"]),
        ("12,34", ["12", ",", "34"]),
        ("1, 234", ["1", ",", "234"]),
        ("0,123", ["0", ",", "123"]),
        ("1 000", ["1 000"]),
        ("6.72e-5", ["6.72e-5"]),
        (r"0.1\overline{6}", [r"0.1\overline{6}"]),
        ("1A2_{11}", ["1A2_{11}"]),
        ("2xy", ["2", "x", "y"]),
        ("5cm", ["5", "cm"]),
        ("sinx", ["sin", "x"]),
        ("4:30 p.m.", ["4", ":", "30", "pm"]),
        ("ABC", ["ABC"]),
        (r"\text{A, B}", ["A", ",", "B"]),
        (r"x \leq 3", ["x", "<=", "3"]),
    ],
)
def test_what_is_one_token(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_a_comma_groups_thousands_only_if_told_so_and_never_alone_in_brackets() -> None:
    assert texts("6,235") == ["6,235"]
    assert texts("6,235", grouping=False) == ["6", ",", "235"]
    assert texts("(6,235, 2)", grouping=True) == ["(", "6,235", ",", "2", ")"]
    for alone in ("(6,235)", "[-6,235]", r"\{6,235\}"):
        assert "6,235" not in texts(alone, grouping=True)


def test_letters_are_variables_words_or_units_by_where_they_stand() -> None:
    assert kinds("5 min") == ["number", "word"]
    assert kinds("min(1,2)")[0] == "function"
    assert kinds("km") == ["symbol", "symbol"]
    assert kinds("3 km") == ["number", "word"]
    assert kinds("even") == ["word"]
    assert kinds("x") == ["symbol"]


@pytest.mark.parametrize("text", [r"\input{x}", "a?b", "5 # 6", "\x00", "\ud800"])
def test_what_nothing_reads_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        tokenize(text)


def test_there_is_a_limit() -> None:
    with pytest.raises(Limit, match="tokens"):
        tokenize("1+" * 1900)
