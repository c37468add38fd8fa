"""Reading code: what a Python program of two to nine lines prints, by construct and length; five shots, generated.

Answers are worked out beside the program as it is written, never by running it.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from benchcore import Decode, Row, Sample, Task, accuracy, chat, exact, generated, loss, nats_per_answer

ITEMS, SHOTS = 50, 5
ASKED = "What does this program print?"
WORDS = (
    "apple", "banana", "bottle", "butter", "coffee", "cotton", "dinner", "garden", "letter", "mirror", "narrow",
    "orange", "pepper", "planet", "rabbit", "ribbon", "school", "summer", "ticket", "tomato", "tunnel", "window",
)  # fmt: skip

Item = TypeVar("Item")
Made = tuple[list[str], str]
"""The lines of a program, and what it prints."""


# of `random` only the numbers in [0, 1) are the same in every version of Python


def number(rng: random.Random, low: int, high: int) -> int:
    return low + int(rng.random() * (high - low + 1))


def several(rng: random.Random, values: Sequence[Item], count: int) -> list[Item]:
    order = sorted((rng.random(), place) for place in range(len(values)))
    return [values[place] for _, place in order[:count]]


def one(rng: random.Random, values: Sequence[Item]) -> Item:
    return values[number(rng, 0, len(values) - 1)]


def assignment(rng: random.Random, *, long: bool) -> Made:
    names = several(rng, "abcdxyz", 4 if long else 2)
    values = dict(zip(names, several(rng, range(10), len(names)), strict=True))
    lines = [f"{name} = {value}" for name, value in values.items()]
    for _ in range(3 if long else 1):
        into, of = several(rng, names, 2)
        values[into] = values[of]
        lines.append(f"{into} = {of}")
    shown = one(rng, names)
    return [*lines, f"print({shown})"], str(values[shown])


def arithmetic(rng: random.Random, *, long: bool) -> Made:
    value = number(rng, 1, 9)
    lines = [f"x = {value}"]
    for _ in range(4 if long else 2):
        sign, by = one(rng, "+-*"), number(rng, 2, 9)
        value = {"+": value + by, "-": value - by, "*": value * by}[sign]
        lines.append(f"x = x {sign} {by}")
    return [*lines, "print(x)"], str(value)


def indexing(rng: random.Random, *, long: bool) -> Made:
    size = 7 if long else 4
    values = [number(rng, 0, 99) for _ in range(size)]
    if long:
        first = number(rng, 0, size - 3)
        last = first + number(rng, 2, 3)
        shown, printed = f"{first}:{last}", str(values[first:last])
    else:
        at = number(rng, -size, size - 1)
        shown, printed = str(at), str(values[at])
    return [f"xs = {values}", f"print(xs[{shown}])"], printed


def loop(rng: random.Random, *, long: bool) -> Made:
    values = [number(rng, 1, 9) for _ in range(5 if long else 3)]
    by = number(rng, 2, 4) if long else 1
    start = number(rng, 0, 9)
    added = f"n * {by}" if long else "n"
    lines = [f"total = {start}", f"for n in {values}:", f"    total = total + {added}", "print(total)"]
    return lines, str(start + by * sum(values))


def branch(rng: random.Random, *, long: bool) -> Made:
    value, bound, less, more = (number(rng, 2, 20) for _ in range(4))
    if not long:
        lines = [f"x = {value}", f"if x > {bound}:", f"    x = x - {less}", "else:", f"    x = x + {more}", "print(x)"]
        return lines, str(value - less if value > bound else value + more)
    same = number(rng, 2, 20)
    lines = [f"x = {value}", f"y = {bound}", "if x > y:", f"    x = x - {less}"]
    lines += ["elif x + 5 > y:", f"    x = x + {same}"]
    lines += ["else:", f"    x = x + y + {more}", "print(x)"]
    found = value - less if value > bound else value + same if value + 5 > bound else value + bound + more
    return lines, str(found)


def method(rng: random.Random, text: str) -> tuple[str, str]:
    """A call that turns `text` into another, and that other."""
    letter, other = one(rng, text), one(rng, "eiou")
    at = number(rng, 2, 4)
    calls = [
        (".upper()", text.upper()),
        (".capitalize()", text[0].upper() + text[1:]),
        (f'.replace("{letter}", "{other}")', "".join(other if each == letter else each for each in text)),
        (f'.removeprefix("{text[:at]}")', text[at:]),
        (f'.removesuffix("{text[at:]}")', text[:at]),
    ]
    return one(rng, calls)


def string(rng: random.Random, *, long: bool) -> Made:
    text = one(rng, WORDS)
    lines = [f's = "{text}"']
    if long:
        letter = one(rng, text)
        text = "".join("a" if each == letter else each for each in text)
        lines.append(f's = s.replace("{letter}", "a")')
    call, printed = method(rng, text)
    return [*lines, f"print(s{call})"], printed


def function(rng: random.Random, *, long: bool) -> Made:
    by, plus, value = number(rng, 2, 5), number(rng, 1, 9), number(rng, 2, 9)
    lines = ["def f(x):", f"    return x * {by} + {plus}"]
    if not long:
        return [*lines, f"print(f({value}))"], str(value * by + plus)
    minus = number(rng, 1, 9)
    lines += ["def g(x, y):", f"    return x - y - {minus}"]
    other = number(rng, 2, 9)
    return [*lines, f"print(g(f({value}), {other}))"], str(value * by + plus - other - minus)


CONSTRUCTS: dict[str, Callable[..., Made]] = {
    "assignment": assignment,
    "arithmetic": arithmetic,
    "list": indexing,
    "loop": loop,
    "branch": branch,
    "string": string,
    "function": function,
}
# the share of the commonest answer among 10,000
CHANCE = {
    "assignment, short": 0.11,
    "assignment, long": 0.11,
    "arithmetic, short": 0.03,
    "arithmetic, long": 0.02,
    "list, short": 0.01,
    "list, long": 0.00,
    "loop, short": 0.07,
    "loop, long": 0.02,
    "branch, short": 0.04,
    "branch, long": 0.03,
    "string, short": 0.02,
    "string, long": 0.01,
    "function, short": 0.04,
    "function, long": 0.04,
}


def drawn(seed: int, group: str, items: int) -> Iterator[tuple[str, str]]:
    """Questions of `group` with their answers; some may be the same."""
    construct, length = group.split(", ")
    rng = random.Random(f"{seed}/{group}")
    for _ in range(items):
        lines, printed = CONSTRUCTS[construct](rng, long=length == "long")
        yield "\n".join((ASKED, *lines)), printed


def rows(seed: int) -> list[Row]:
    made: list[Row] = []
    for group in CHANCE:
        # a program that is drawn again is no new item
        pairs = list(dict.fromkeys(drawn(seed, group, 4 * (SHOTS + ITEMS))))[: SHOTS + ITEMS]
        for place, (asked, answer) in enumerate(pairs[SHOTS:]):
            name = f"{group.replace(', ', '-').replace(' ', '-')}-{place}"
            made.append({"id": name, "group": group, "question": asked, "answer": answer, "shots": pairs[:SHOTS]})
    return made


def sample(row: Row) -> Sample:
    shots = "".join(f"Q: {asked}\nA: {answer}\n\n" for asked, answer in row["shots"])
    prompt = f"{shots}Q: {row['question']}\nA:"
    return Sample(id=row["id"], prompt=prompt, target=row["answer"], group=row["group"])


def scored(row: Row) -> Sample:
    return replace(sample(row), continuations=(f" {row['answer']}",))


def instruct(row: Row) -> Sample:
    return replace(sample(row), prompt=chat(row["shots"], row["question"]))


TASK = Task(
    version=1,
    rows=generated(rows),
    sample=sample,
    decode=Decode(max_tokens=32, stop=("\n",)),
    grader=exact(),
    metrics=(accuracy(chance=CHANCE),),
)

VARIANTS = {
    "instruct": replace(TASK, sample=instruct, decode=Decode(max_tokens=48)),
    "loss": replace(TASK, sample=scored, decode=None, grader=loss(), metrics=(nats_per_answer(),)),
}
