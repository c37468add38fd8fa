"""Textbooks and exercises on small Python functions, generated: two operations one after the other, with tests.

A share of the pairs of operations is held out: no text here is of them, so that problems on them ask for what was never
shown. Textbooks, exercises and problems to evaluate on have templates of their own.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from benchcore.data.documents import Document
from benchcore.data.operations import OPERATIONS, Kind, Operation
from benchcore.errors import ConfigError

HELD_OUT = 0.2  # share of pairs that are kept for evaluation
TESTS = 5
WORDS = ("red", "Apple", "two", "Fish", "tree", "OWL", "sea", "moon", "Ice", "ant")
KINDS: dict[Kind, str] = {"list": "a list of integers", "int": "an integer", "str": "a string"}
ARGUMENTS: dict[Kind, tuple[str, ...]] = {
    "list": ("numbers", "values", "items"),
    "int": ("number", "n", "k"),
    "str": ("text", "s", "line"),
}
NAMES = ("solve", "compute", "process", "convert", "answer", "evaluate")
# {A} and {B} begin a sentence, {a} and {b} do not; {x} is the argument
DOCSTRINGS = (
    "{A}, then {b}.",
    "First {a}. After that, {b}.",
    "Take {x}, {a}, and {b}.",
    "Given {x}: {a}; {b}.",
    "{A}. {B}.",
)
UNSEEN_DOCSTRINGS = ("{A} and then {b}.", "For the argument {x}, {a}. Finally, {b}.")

Item = TypeVar("Item")
Pair = tuple[Operation, Operation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A function to write: the prompt up to its body, a body that is right, and (input, output) of its tests.

    The line end before the body is the body's: tokens of white space reach from one line into the next.
    """

    pair: Pair
    name: str
    prompt: str
    solution: str
    tests: tuple[tuple[Any, Any], ...]


def pairs(*, held_out: bool) -> list[Pair]:
    """The pairs of operations of which the second takes what the first gives: those held out, or all others.

    Pairs of which one operation alone would do are neither.
    """
    fitting = ((one, other) for one in OPERATIONS for other in OPERATIONS if one.gives == other.takes)
    return [pair for pair in fitting if _is_held_out(pair) == held_out and _takes_both(pair)]


def unshown() -> list[Pair]:
    """The held-out pairs that nothing shown stands in for, by code or by what it gives for `telling` inputs.

    Shown are all other pairs, in whatever order, every operation alone, and an argument that is given back as it is.
    """
    shown = pairs(held_out=False)
    codes = {_code(pair) for pair in shown}
    given: dict[Kind, set[str]] = {}
    for kind in KINDS:
        known: list[Callable[[Any], Any]] = [lambda value: value]
        known += [operation.of for operation in OPERATIONS if operation.takes == kind]
        known += [partial(_both, pair) for pair in shown if pair[0].takes == kind]
        given[kind] = {_outputs(kind, function) for function in known}
    return [
        pair
        for pair in pairs(held_out=True)
        if _code(pair) not in codes and _outputs(pair[0].takes, partial(_both, pair)) not in given[pair[0].takes]
    ]


def telling(pair: Pair) -> tuple[tuple[Any, Any], ...]:
    """(input, output) of `pair` for the same inputs of its kind whatever the pair; none is empty."""
    return tuple((value, _both(pair, value)) for value in _probes(pair[0].takes))


def exercises(*, documents: int, seed: int = 0, held_out: int = 0) -> Iterator[Document]:
    """Functions with a docstring, each a prompt and its solution, in the group "exercises".

    With `held_out` 1 they are of the pairs that no other text is of. Raises `ConfigError` for no documents,
    and for another number.
    """
    _check(documents)
    if held_out not in (0, 1):
        raise ConfigError(f"held_out={held_out} of generated exercises", "give 0 or 1")
    draw = random.Random(f"exercises {seed}").random  # noqa: S311
    known = pairs(held_out=bool(held_out))
    for _ in range(documents):
        found = problem(_one(draw, known), draw, DOCSTRINGS)
        yield Document(text=found.prompt + found.solution, group="exercises", prompt=len(found.prompt))


def textbook(*, documents: int, seed: int = 0) -> Iterator[Document]:
    """Sections that explain an operation, or two in a row, with code and what it gives, in the group "textbook".

    Raises `ConfigError` for no documents.
    """
    _check(documents)
    draw = random.Random(f"textbook {seed}").random  # noqa: S311
    known = pairs(held_out=False)
    for number in range(documents):
        text = _on_one(_one(draw, OPERATIONS), draw) if number % 2 else _on_two(_one(draw, known), draw)
        yield Document(text=text, group="textbook")


def problem(pair: Pair, draw: Callable[[], float], docstrings: Sequence[str]) -> Problem:
    """A problem on `pair`, whose docstring is of one of `docstrings`."""
    argument, name = _one(draw, ARGUMENTS[pair[0].takes]), _one(draw, NAMES)
    told = _told(_one(draw, docstrings), pair, argument, draw)
    return Problem(
        pair=pair,
        name=name,
        prompt=f'def {name}({argument}):\n    """{told}"""',
        solution=_body(pair, argument),
        tests=_tests(pair, draw),
    )


def other_problem(pair: Pair, draw: Callable[[], float]) -> Problem:
    """A problem on `pair` in a format that no text here has: told in a comment before the function."""
    argument = _one(draw, ARGUMENTS[pair[0].takes])
    told = _told("{A}. With the result, {b}.", pair, argument, draw)
    return Problem(
        pair=pair,
        name="task",
        prompt=f"# Input: {KINDS[pair[0].takes]}. {told}\ndef task({argument}):",
        solution=_body(pair, argument),
        tests=_tests(pair, draw),
    )


def _is_held_out(pair: Pair) -> bool:
    return random.Random(f"pair {pair[0].name} {pair[1].name}").random() < HELD_OUT  # noqa: S311


def _both(pair: Pair, value: Any) -> Any:
    return pair[1].of(pair[0].of(value))


def _code(pair: Pair) -> str:
    return f"{pair[0].code}\n{pair[1].code}"


def _probes(kind: Kind) -> list[Any]:
    return [_value(kind, random.Random(f"probe {size}").random, size) for size in range(1, 10)]  # noqa: S311


def _outputs(kind: Kind, function: Callable[[Any], Any]) -> str:
    """What a function gives for the probes of a kind, in one text."""
    return repr([function(value) for value in _probes(kind)])


def _takes_both(pair: Pair) -> bool:
    """Whether some problem on `pair` is solved by neither of its operations alone."""
    first, second = pair
    values = [_value(first.takes, random.Random(f"{size}").random, size) for size in range(9)]  # noqa: S311
    alone = [first, *([second] if second.takes == first.takes else [])]
    return all(any(one.of(value) != second.of(first.of(value)) for value in values) for one in alone)


def _check(documents: int) -> None:
    if documents < 1:
        raise ConfigError(f"{documents} generated documents", "give 1 or more")


def _body(pair: Pair, argument: str) -> str:
    first, second = pair
    return f"\n    result = {first.code.format(x=argument)}\n    return {second.code.format(x='result')}\n"


def _told(template: str, pair: Pair, argument: str, draw: Callable[[], float]) -> str:
    one, other = (_one(draw, operation.phrases) for operation in pair)
    begun = {"A": one[0].upper() + one[1:], "B": other[0].upper() + other[1:]}
    return template.format(a=one, b=other, x=argument, **begun)


def _tests(pair: Pair, draw: Callable[[], float]) -> tuple[tuple[Any, Any], ...]:
    """Inputs with outputs; of lists and strings the first is empty."""
    first, second = pair
    inputs = [_value(first.takes, draw, size=0 if number == 0 else 2 + number) for number in range(TESTS)]
    return tuple((value, second.of(first.of(value))) for value in inputs)


def _value(kind: Kind, draw: Callable[[], float], size: int) -> Any:
    if kind == "list":
        return [int(draw() * 30) - 10 for _ in range(size)]
    if kind == "int":
        return int(draw() * 200) - 60
    return " ".join(_one(draw, WORDS) for _ in range(size))


def _on_one(operation: Operation, draw: Callable[[], float]) -> str:
    argument = _one(draw, ARGUMENTS[operation.takes])
    code = operation.code.format(x=argument)
    given, found = operation.example
    phrase, again = operation.phrases
    title, kind = operation.name.replace("_", " "), KINDS[operation.takes]
    return _one(
        draw,
        (
            f"Section: {title}\n\nSuppose {argument} is {kind} and we want to {phrase}. In Python the expression is\n\n"
            f"    {code}\n\nIf {argument} is {given!r}, its value is {found!r}. Another way to say it: {again}.\n",
            f"How do we {phrase}? We write {code}, where {argument} is {kind}. To {again} is the same.\n\n"
            f">>> {argument} = {given!r}\n>>> {code}\n{found!r}\n",
        ),
    )


def _on_two(pair: Pair, draw: Callable[[], float]) -> str:
    first, second = pair
    argument = _one(draw, ARGUMENTS[first.takes])
    one, other = (_one(draw, operation.phrases) for operation in pair)
    given, between = first.example
    return (
        f"Section: {first.name.replace('_', ' ')} before {second.name.replace('_', ' ')}\n\nTo {one} and afterwards"
        f" {other}, we go in two steps and give the value in between a name:\n{_body(pair, argument)}\n"
        f"With {argument} = {given!r} the first step makes {between!r}, and the second {second.of(between)!r}.\n"
    )


def _one(draw: Callable[[], float], values: Sequence[Item]) -> Item:
    # of `random` only the numbers in [0, 1) are the same in every version of Python
    return values[int(draw() * len(values))]
