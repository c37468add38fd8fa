"""Composition: the colour of a word, of two words mixed, and of three, by tables in the prompt; five shots, generated.

Each item and shot has classes and a table of its own, so that nothing can be known beforehand. The variants `bare`
and `bare-loss` are another test of the same three skills: a text of `benchcore.data.composition` (source 0) alone, for
models that were trained on such texts and hold its hidden classes and tables in their weights.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchcore import Decode, Row, Sample, Task, accuracy, chat, exact, generated, likeliest, loss, nats_per_answer
from benchcore.data.composition import ANSWERS, composition

ITEMS, SHOTS = 50, 5
SEEDS = 1_000_000  # from here on, apart from those that a training is likely to take
GROUPS = ("lookup", "one step", "two steps")
COLOURS = ("red", "blue", "green", "white")
WORDS = ("lamp", "fork", "ship", "tree", "moon", "sock", "door", "bird")
CHANCE = 0.25
BARE_CHANCE = {"lookup": 0.125, "one step": 0.20, "two steps": 0.18}  # the share of the commonest letter


def shuffled(rng: random.Random, values: Sequence[str]) -> list[str]:
    return [value for _, value in sorted((rng.random(), value) for value in values)]


def drawn(seed: int, group: str, items: int) -> Iterator[tuple[str, str]]:
    """Questions of `group` with their answers, which are equally often each of the colours."""
    rng = random.Random(f"{seed}/{group}")
    size = len(COLOURS)
    for _ in range(items):
        words = shuffled(rng, WORDS)
        colour_of = {word: COLOURS[number % size] for number, word in enumerate(shuffled(rng, WORDS))}
        results = shuffled(rng, COLOURS * size)
        pairs = [(one, other) for one in COLOURS for other in COLOURS]
        mixed = dict(zip(pairs, results, strict=True))
        asked = [WORDS[int(rng.random() * len(WORDS))] for _ in range(GROUPS.index(group) + 1)]
        answer = colour_of[asked[0]]
        for word in asked[1:]:
            answer = mixed[answer, colour_of[word]]
        colours = ", ".join(f"{word} {colour_of[word]}" for word in words)
        mixes = ", ".join(f"{one} + {other} = {result}" for (one, other), result in mixed.items())
        yield f"Colours: {colours}. Mixes: {mixes}. What is {' + '.join(asked)}?", answer


def rows(seed: int) -> list[Row]:
    made: list[Row] = []
    for group in GROUPS:
        pairs = list(drawn(seed, group, SHOTS + ITEMS))
        for number, (asked, answer) in enumerate(pairs[SHOTS:]):
            name = f"{group.replace(' ', '-')}-{number}"
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


def bare_drawn(seed: int, group: str, items: int) -> Iterator[tuple[str, str]]:
    """Texts of the corpus of source 0 up to the answer, with their answers; some may be the same."""
    for found in composition(documents=items, seed=SEEDS + seed, source=0, skill=GROUPS.index(group) + 1):
        yield found.text[: found.prompt], found.text[found.prompt]


def bare_rows(seed: int) -> list[Row]:
    made: list[Row] = []
    for group in GROUPS:
        pairs = list(dict.fromkeys(bare_drawn(seed, group, 2 * ITEMS)))[:ITEMS]
        for number, (asked, answer) in enumerate(pairs):
            made.append({"id": f"{group.replace(' ', '-')}-{number}", "group": group, "text": asked, "answer": answer})
    return made


def bare(row: Row) -> Sample:
    options = tuple(ANSWERS)
    return Sample(id=row["id"], prompt=row["text"], target=row["answer"], group=row["group"], continuations=options)


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
BARE = replace(
    TASK,
    rows=generated(bare_rows),
    sample=bare,
    decode=None,
    grader=likeliest(),
    metrics=(accuracy(chance=BARE_CHANCE),),
)

VARIANTS = {
    "instruct": replace(TASK, sample=instruct, decode=Decode(max_tokens=16)),
    "loss": LOSS,
    "bare": BARE,
    "bare-loss": replace(LOSS, rows=BARE.rows, sample=bare_scored),
}
