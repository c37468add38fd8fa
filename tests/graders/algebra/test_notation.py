"""Notation: one spelling for what is written in several, in time linear in the text, no letter lost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.graders.algebra.characters import CURRENCY, THOUSANDS
from benchcore.graders.algebra.notation import tidy

REWRITTEN = [
    (r"$\frac12$", r"\frac12"),
    (r"$$5$$", "5"),
    (r"\(5\)", "5"),
    (r"\[ 5 \]", "5"),
    (r"\boxed{5}", "5"),
    (r"$\boxed{\frac{1}{2}}$.", r"\frac{1}{2}"),
    (r"\dfrac{1}{2}", r"\frac{1}{2}"),
    (r"\tfrac12", r"\frac12"),
    (r"\left( 1, 2 \right]", "( 1, 2 ]"),
    (r"1,\!234", f"1{THOUSANDS}234"),
    (r"1{,}234", f"1{THOUSANDS}234"),
    (r"2{,}5", "2{,}5"),
    (r"4\!:\!30", "4:30"),
    (r"5\,\text{cm}", r"5 \text{cm}"),
    (r"5\mbox{ cm}", r"5\text{ cm}"),
    (r"5\ \mathrm{cm}", r"5 \text{cm}"),
    (r"\mathbf{2340}", "{2340}"),
    (r"\$5", f"{CURRENCY}5"),
    ("$5", f"{CURRENCY}5"),
    (r"50\%", "50%"),
    ("**5**", "5"),
    ("2**3", "2^3"),
    ("5.", "5"),
    ("0.333...", "0.333..."),
    ("\u22123", "-3"),
    ("x²", "x^{2}"),
    ("x₁₂", "x_{12}"),
    ("½", r"\frac{1}{2}"),
    ("√5", r"\sqrt 5"),
    ("\uff11\uff12", "12"),
    (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"),
    (r"\text{A5}_{11}", "A5_{11}"),
]


@pytest.mark.parametrize(("text", "expected"), REWRITTEN)
def test_one_spelling(text: str, expected: str) -> None:
    assert tidy(text) == expected


def test_private_characters_from_outside_do_not_pass_for_ours() -> None:
    assert CURRENCY not in tidy(CURRENCY + "5") and THOUSANDS not in tidy(f"1{THOUSANDS}234")


@given(st.text(alphabet="abcxyzst 0123456789+-=()[]{}^_,.$%\\", max_size=60))
def test_no_letter_is_lost(text: str) -> None:
    """But for those of commands, which are not letters of the answer."""
    plain = re.sub(r"\\[A-Za-z]*", " ", text)
    assert re.sub("[^abcxyzst]", "", re.sub(r"\\[A-Za-z]*", " ", tidy(plain))) == re.sub("[^abcxyzst]", "", plain)
