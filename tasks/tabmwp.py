"""TabMWP: 1,000 questions on small tables (test1k), four shots; the number or the option's text decides.

Lu et al. 2023 (arXiv 2209.14610), CC BY-NC-SA 4.0. The authors' own sample of a thousand test questions; Rho-1
(arXiv 2404.07965) drew another, and asked with the shots of GSM8K. The shots here are four questions of dev1k with
their solutions: a sum, a price, an option and a yes or no.
"""

from collections.abc import Sequence
from dataclasses import replace

from benchcore import Decode, Row, Sample, Task, accuracy, chat, numbers, source
from benchcore.data.shots import WithShots

SHOTS = (8, 24, 37, 45)


def question(row: Row) -> str:
    title = f"Table: {row['table_title']}" if row["table_title"] else "Table:"
    options = f"\nOptions: {', '.join(row['choices'])}" if row["choices"] else ""
    return f"{title}\n{row['table']}\nQuestion: {row['question']}{options}"


def answer(row: Row) -> str:
    return f"{row['solution'].strip()} The answer is {row['answer']}."


def as_published(row: Row) -> str:
    """The answer as math-evaluation-harness prepares it: a number becomes a float."""
    if not row["ans_type"].endswith("number"):
        return str(row["answer"])
    over, _, under = row["answer"].replace(",", "").partition("/")
    return str(float(over) / float(under or 1)).removesuffix(".0")


def sample(row: Row) -> Sample:
    shots: Sequence[Row] = row["shots"]
    shown = [f"{question(shot)}\nAnswer: {answer(shot)}\n\n" for shot in shots]
    published = as_published(row)
    return Sample(
        id=row["id"],
        prompt="".join(shown) + f"{question(row)}\nAnswer:",
        target=row["answer"],
        group=row["ans_type"].replace("_", " "),
        facts={
            **({} if published == row["answer"] else {"meh": published}),
            **({"choices": row["choices"]} if row["choices"] else {}),
        },
    )


def instruct(row: Row) -> Sample:
    prompt = chat([(question(shot), answer(shot)) for shot in row["shots"]], question(row))
    return replace(sample(row), prompt=prompt)


TASK = Task(
    version=1,
    rows=WithShots(
        rows=source("tabmwp/test1k.jsonl"), shots=source("tabmwp/dev1k.jsonl"), picked=SHOTS, count=len(SHOTS)
    ),
    sample=sample,
    decode=Decode(max_tokens=512, stop=("Table:", "Question:", "</s>", "<|im_end|>")),
    grader=numbers(),
    metrics=(accuracy(),),
)

VARIANTS = {"instruct": replace(TASK, sample=instruct)}
