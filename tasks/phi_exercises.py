"""Writing a function of two operations in a row, of pairs that no generated textbook or exercise is of; tests decide.

The problems are of `benchcore.data.exercises`: half in the format of its exercises with other sentences, half in
another format. Pairs that something shown could stand in for are left out, and the tests tell a pair from all that is
shown. The variant `seen` asks for pairs that exercises are of, and `shots` shows two solved problems first, for models
that were not trained on such texts.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from benchcore import Decode, Row, Sample, Task, code, generated, pass_at
from benchcore.data.exercises import UNSEEN_DOCSTRINGS, Pair, other_problem, pairs, problem, telling, unshown

ITEMS = 100  # each pair in both formats
SHOTS = 2
FORMATS = ("same format", "other format")


def rows(seed: int, *, held_out: bool = True) -> list[Row]:
    draw = random.Random(f"problems {seed}").random
    known = unshown() if held_out else pairs(held_out=False)
    order = [pair for _, pair in sorted(((draw(), pair) for pair in known), key=lambda one: one[0])]
    return [row(order[number // 2], number, draw) for number in range(ITEMS)]


def row(pair: Pair, number: int, draw: Callable[[], float]) -> Row:
    group = FORMATS[number % 2]
    found = problem(pair, draw, UNSEEN_DOCSTRINGS) if number % 2 == 0 else other_problem(pair, draw)
    # no docstring says what the largest of no numbers is
    drawn = [(given, right) for given, right in found.tests if given or found.pair[0].takes == "int"]
    checks = [f"    assert candidate({given!r}) == {right!r}" for given, right in (*drawn, *telling(pair))]
    return {
        "id": f"{pair[0].name}-{pair[1].name}-{number}",
        "group": group,
        "prompt": found.prompt,
        "name": found.name,
        "test": "\n".join(["def check(candidate):", *checks]) + "\n",
        "reference": found.solution,
    }


def sample(row: Row) -> Sample:
    return Sample(
        id=row["id"],
        prompt=row["prompt"],
        target=f"{row['test']}\ncheck({row['name']})",
        group=row["group"],
        facts={
            "prompt": row["prompt"],
            "test": row["test"],
            "entry_point": row["name"],
            "reference": row["reference"],
        },
    )


def shown(row: Row) -> Sample:
    return replace(sample(row), prompt=f"{solved(row['group'])}{row['prompt']}")


def solved(group: str) -> str:
    """Two problems of a format with their solutions, on pairs that are not held out."""
    draw = random.Random(f"shots {group}").random
    known: Sequence[Pair] = pairs(held_out=False)
    texts = []
    for _ in range(SHOTS):
        pair = known[int(draw() * len(known))]
        found = problem(pair, draw, UNSEEN_DOCSTRINGS) if group == FORMATS[0] else other_problem(pair, draw)
        texts.append(f"{found.prompt}{found.solution}\n\n")
    return "".join(texts)


TASK = Task(
    version=1,
    rows=generated(rows),
    sample=sample,
    decode=Decode(max_tokens=96, stop=("\ndef", "\nclass", "\n#", "\nif", "\nprint")),
    grader=code(),
    metrics=(pass_at(),),
)

VARIANTS = {
    "seen": replace(TASK, rows=generated(lambda seed: rows(seed, held_out=False))),
    "shots": replace(TASK, sample=shown),
}
