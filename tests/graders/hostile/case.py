"""One hostile answer: how its text is built, and what may be said of it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

MILLION = 1_000_000
LONG = 100_000  # enough that a scanner whose time is quadratic shows by seconds
BOTH = ("maths", "numbers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`build` makes the whole completion. `right` is what rules `value` must say for `kinds`; None: either will do."""

    name: str
    gold: str
    right: bool | None
    build: Callable[[], str]
    kinds: tuple[str, ...]


def case(
    name: str, build: Callable[[], str], *, gold: str = "7", right: bool | None = False, kinds: tuple[str, ...] = BOTH
) -> Case:
    return Case(name=name, gold=gold, right=right, build=build, kinds=kinds)


def boxed(answer: str, gold: str = "7", right: bool | None = False, name: str = "") -> Case:
    """The answer in a box at the end of a sentence."""
    return case(
        name or shown(answer, gold), lambda: f"So we find $\\boxed{{{answer}}}$.", gold=gold, right=right, kinds=MATHS
    )


def said(answer: str, gold: str = "7", right: bool | None = False, name: str = "") -> Case:
    """The answer in plain words, for numeric tasks too."""
    return case(name or f"said: {shown(answer, gold)}", lambda: f"The answer is {answer}", gold=gold, right=right)


def final(answer: str, gold: str = "7", right: bool | None = False, name: str = "") -> Case:
    """The answer in the sentence that the few-shot prompts of MATH teach."""
    text = f"Final Answer: The final answer is ${answer}$. I hope it is correct."
    return case(name or f"final: {shown(answer, gold)}", lambda: text, gold=gold, right=right, kinds=MATHS)


def repeated(unit: str, *, before: str = "", after: str = "", size: int = LONG, right: bool | None = None) -> Case:
    """`unit` over and over, about `size` characters of it."""
    name = f"{before!r} + {unit!r} to {size} + {after!r}"
    return case(name, lambda: before + unit * (size // len(unit)) + after, right=right)


def shown(answer: str, gold: str) -> str:
    return f"{answer[:60]} against {gold[:40]}"


def distinct(cases: Iterable[Case]) -> tuple[Case, ...]:
    """The cases, after a check that no name is used twice."""
    found = tuple(cases)
    counts = Counter(one.name for one in found)
    assert max(counts.values()) == 1, counts.most_common(3)
    return found


MATHS = ("maths",)
