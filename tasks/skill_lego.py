"""LEGO chains: the bit of one of five variables, each given by the one before it, five shots, generated.

The texts are those of Skill-It's code (arXiv 2307.14430), as `benchcore.data.lego` makes them; group i asks for the
i-th variable of the chain, which takes i clauses. The variants `bare` and `bare-loss` ask with the text alone, for
models that were trained on such texts: `bare` which of the two bits is likelier.
"""

from collections.abc import Iterator
from dataclasses import replace

from benchcore import Decode, Row, Sample, Task, accuracy, chat, exact, generated, likeliest, loss, nats_per_answer
from benchcore.data.lego import lego

ITEMS, SHOTS = 50, 5
SEEDS = 1_000_000  # from here on, apart from those that a training is likely to take
CHANCE = {f"variable {place}": 0.5 for place in range(1, 6)}


def drawn(seed: int, group: str, items: int) -> Iterator[tuple[str, str]]:
    """Questions of `group` with their answers, each once."""
    for found in lego(documents=items, seed=SEEDS + seed, variables=5, skill=int(group.split()[-1])):
        yield found.text[: found.prompt], found.text[found.prompt]


def rows(seed: int) -> list[Row]:
    made: list[Row] = []
    for group in CHANCE:
        pairs = list(drawn(seed, group, SHOTS + ITEMS))
        for number, (asked, answer) in enumerate(pairs[SHOTS:]):
            name = f"{group.replace(' ', '-')}-{number}"
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
    return replace(sample(row), prompt=row["question"], continuations=("0", "1"))


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
