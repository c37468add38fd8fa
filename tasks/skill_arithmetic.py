"""Arithmetic skill probe: sums, differences and products of one to three digits, five shots, generated.

Fifty items a group (operation x digits); the shots of a group are fixed and never among its items, so every
item of a group shares one prompt prefix.
"""

import random
from collections.abc import Callable
from dataclasses import replace

from benchcore import Decode, Row, Sample, Task, accuracy, chat, generated, numbers

OPERATIONS: dict[str, tuple[str, Callable[[int, int], int]]] = {
    "addition": ("+", lambda a, b: a + b),
    "subtraction": ("-", lambda a, b: a - b),
    "multiplication": ("*", lambda a, b: a * b),
}
ITEMS, SHOTS = 50, 5


def rows(seed: int) -> list[Row]:
    made: list[Row] = []
    for operation in OPERATIONS:
        for digits in (1, 2, 3):
            rng = random.Random(f"{seed}/{operation}/{digits}")
            low, high = (0 if digits == 1 else 10 ** (digits - 1)), 10**digits
            pairs = rng.sample([(a, b) for a in range(low, high) for b in range(low, high)], SHOTS + ITEMS)
            shots = [[a, b] for a, b in pairs[:SHOTS]]
            for number, (a, b) in enumerate(pairs[SHOTS:]):
                name = f"{operation}-{digits}-{number}"
                made.append({"id": name, "operation": operation, "digits": digits, "a": a, "b": b, "shots": shots})
    return made


def question(operation: str, a: int, b: int) -> str:
    return f"What is {a} {OPERATIONS[operation][0]} {b}?"


def answer(operation: str, a: int, b: int) -> str:
    return str(OPERATIONS[operation][1](a, b))


def sample(row: Row) -> Sample:
    operation = row["operation"]
    shots = [f"Q: {question(operation, a, b)}\nA: {answer(operation, a, b)}\n\n" for a, b in row["shots"]]
    return Sample(
        id=row["id"],
        prompt="".join(shots) + f"Q: {question(operation, row['a'], row['b'])}\nA:",
        target=answer(operation, row["a"], row["b"]),
        group=f"{operation}, {row['digits']} digit" + ("s" if row["digits"] > 1 else ""),
    )


def instruct(row: Row) -> Sample:
    operation = row["operation"]
    shots = [(question(operation, a, b), answer(operation, a, b)) for a, b in row["shots"]]
    return replace(sample(row), prompt=chat(shots, question(operation, row["a"], row["b"])))


TASK = Task(
    version=1,
    rows=generated(rows),
    sample=sample,
    decode=Decode(max_tokens=16, stop=("\n",)),
    grader=numbers(),
    metrics=(accuracy(),),
)

VARIANTS = {"instruct": replace(TASK, sample=instruct, decode=Decode(max_tokens=32))}
