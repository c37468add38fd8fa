"""SAT maths: 32 questions of a school-leaving test with four options, four shots; the letter decides.

The questions that Rho-1 (arXiv 2404.07965) asked; no licence is stated for them. Prompts as for `mmlu_stem`: the four
chain-of-thought shots of lm-eval 0.4.13 `mmlu_flan_cot_fewshot_high_school_mathematics`.
"""

import re
from dataclasses import replace

from benchcore import Decode, LmEval, Row, Sample, Task, accuracy, choice, source

LETTERS = "ABCD"
OPTIONS = re.compile(r" ".join(rf"{letter}[).] (.*)" for letter in LETTERS))
COT = LmEval(file="mmlu/flan_cot_fewshot/mmlu_high_school_mathematics.yaml")


def asked(row: Row) -> Row:
    """The row with the fields that MMLU's have."""
    found = OPTIONS.fullmatch(row["options"].strip())
    if found is None:
        raise ValueError(f"four options are expected, found {row['options']!r}")
    return {"question": row["question"], "choices": list(found.groups())}


def sample(row: Row) -> Sample:
    return Sample(
        id=row["id"],
        prompt=COT.text(asked(row)),
        target=row["Answer"],
        facts={"choices": asked(row)["choices"]},
    )


def instruct(row: Row) -> Sample:
    return replace(sample(row), prompt=COT.chat(asked(row)))


TASK = Task(
    version=1,
    rows=source("sat_math/test.jsonl"),
    sample=sample,
    decode=Decode(max_tokens=1024, stop=("\nQ:", "</s>")),
    grader=choice(),
    metrics=(accuracy(),),
)

VARIANTS = {"instruct": replace(TASK, sample=instruct)}
