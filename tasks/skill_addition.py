"""Addition digit by digit: one digit of the sum of two numbers of one to three digits, five shots, generated.

The texts are those of Skill-It's code (arXiv 2307.14430), as `benchcore.data.addition` makes them. The variants
`bare` and `bare-loss` ask with the text alone, for models that were trained on such texts: `bare` which of the ten
digits is likeliest. Nothing keeps a pair of operands out of such a training: of one digit there are 81.
"""

from collections.abc import Iterator
from dataclasses import replace

from benchcore import Decode, Row, Sample, Task, accuracy, chat, exact, generated, likeliest, loss, nats_per_answer
from benchcore.data.addition import addition

ITEMS, SHOTS = 50, 5
SEEDS = 1_000_000  # from here on, apart from those that a training is likely to take
DRAWN = 1_000  # for 55 that differ, of the 81 of one digit
CHANCE = {
    "1 digit, digit 0": 0.11,  # an 8 ends 9 of the 81 sums, the others 8
    "2 digits, digit 0": 0.10,
    "2 digits, digit 1": 0.10,
    "3 digits, digit 0": 0.10,
    "3 digits, digit 1": 0.10,
    "3 digits, digit 2": 0.10,
}


def drawn(seed: int, group: str, items: int) -> Iterator[tuple[str, str]]:
    """Questions of `group` with their answers; some may be the same."""
    digits, asked = int(group.split()[0]), int(group.split()[-1])
    for found in addition(documents=items, seed=SEEDS + seed, digits=digits, skill=asked):
        yield found.text[: found.prompt], found.text[found.prompt]


def rows(seed: int) -> list[Row]:
    made: list[Row] = []
    for group in CHANCE:
        pairs = list(dict.fromkeys(drawn(seed, group, DRAWN)))[: SHOTS + ITEMS]
        for number, (asked, answer) in enumerate(pairs[SHOTS:]):
            name = f"{group.replace(', ', '-').replace(' ', '-')}-{number}"
            made.append({"id": name, "group": group, "question": asked, "answer": answer, "shots": pairs[:SHOTS]})
    return made


def sample(row: Row) -> Sample:
    shots = "".join(f"{asked}{answer}\n" for asked, answer in row["shots"])
    # a blank that ends a prompt is a token of its own, which no text has there
    return Sample(id=row["id"], prompt=shots + row["question"].rstrip(), target=row["answer"], group=row["group"])


def scored(row: Row) -> Sample:
    return replace(sample(row), continuations=(f" {row['answer']}",))


def instruct(row: Row) -> Sample:
    shots = [(asked.rstrip(), answer) for asked, answer in row["shots"]]
    return replace(sample(row), prompt=chat(shots, row["question"].rstrip()))


def bare(row: Row) -> Sample:
    return replace(sample(row), prompt=row["question"], continuations=tuple("0123456789"))


def bare_scored(row: Row) -> Sample:
    return replace(bare(row), continuations=(row["answer"],))


TASK = Task(
    version=1,
    rows=generated(rows),
    sample=sample,
    decode=Decode(max_tokens=8, stop=("\n",)),
    grader=exact(),
    metrics=(accuracy(chance=CHANCE),),
)
LOSS = replace(TASK, sample=scored, decode=None, grader=loss(), metrics=(nats_per_answer(),))

VARIANTS = {
    "instruct": replace(TASK, sample=instruct, decode=Decode(max_tokens=16)),
    "loss": LOSS,
    "bare": replace(TASK, sample=bare, decode=None, grader=likeliest()),
    "bare-loss": replace(LOSS, sample=bare_scored),
}
