# ruff: noqa: RUF001 - mathematics has its own characters
"""Characters that LaTeX has a name for, and two private ones for what it has none for."""

THOUSANDS = "\ue000"  # private characters: none of them survives in a text that comes from outside
CURRENCY = "\ue001"

SUPERSCRIPT = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱˣ", "0123456789+-()nix", strict=True))
SUBSCRIPT = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎", "0123456789+-()", strict=True))
_FRACTIONS = {
    "¼": "1 4", "½": "1 2", "¾": "3 4", "⅐": "1 7", "⅑": "1 9", "⅒": "1 10", "⅓": "1 3", "⅔": "2 3", "⅕": "1 5",
    "⅖": "2 5", "⅗": "3 5", "⅘": "4 5", "⅙": "1 6", "⅚": "5 6", "⅛": "1 8", "⅜": "3 8", "⅝": "5 8", "⅞": "7 8",
}  # fmt: skip
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega phi epsilon"
)
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩϕϵ",
        _GREEK_NAMES.split(),
        strict=True,
    )
)
_CHARACTERS = {
    **dict.fromkeys("−‐‑‒–—﹣－", "-"),
    **dict.fromkeys("\xa0\u2002\u2003\u2009\u200a\u202f\u3000\ufeff", " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\u2061\u2062\u2063", ""),
    **dict.fromkeys("‘’′", "'"),
    **dict.fromkeys("“”″", '"'),
    **{mark: rf"\frac{{{pair.split()[0]}}}{{{pair.split()[1]}}}" for mark, pair in _FRACTIONS.items()},
    **{mark: rf"\{name} " for mark, name in _GREEK.items()},
    **{mark: rf"\{name} " for mark, name in {
        "×": "times", "⋅": "cdot", "·": "cdot", "∙": "cdot", "•": "cdot", "∗": "cdot", "÷": "div", "±": "pm",
        "∓": "mp", "√": "sqrt", "∞": "infty", "≤": "le", "⩽": "le", "≥": "ge", "⩾": "ge", "≠": "ne", "≈": "approx",
        "≃": "approx", "≅": "cong", "∈": "in", "∪": "cup", "∩": "cap", "∅": "emptyset", "∖": "setminus",
        "⌀": "emptyset", "⟨": "langle", "⟩": "rangle", "⌊": "lfloor", "⌋": "rfloor", "⌈": "lceil", "⌉": "rceil",
        "∠": "angle",
        "△": "triangle", "ℝ": "R", "ℤ": "Z", "ℚ": "Q", "ℕ": "N", "ℂ": "C", "…": "ldots", "⋯": "ldots", "°": "degree",
        "º": "degree", "˚": "degree", "∣": "mid", "¬": "neg", "→": "to", "∑": "sum", "∏": "prod", "∫": "int",
    }.items()},
    "¢": r"\text{ cents}",
    "∛": r"\sqrt[3]", "∜": r"\sqrt[4]", "∕": "/", "⁄": "/", "∶": ":", "（": "(", "）": ")", "，": ",", "。": ".",
    "［": "[", "］": "]", "＄": "$", THOUSANDS: "\ufffd", CURRENCY: "\ufffd",
}  # fmt: skip
TRANSLATION = str.maketrans(_CHARACTERS)
