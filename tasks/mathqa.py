"""MathQA: 1,000 test questions with five options, five shots with their rationales; the letter decides.

Amini et al. 2019 (arXiv 1905.13319), Apache-2.0; the thousand of the 2,985 test questions that Rho-1
(arXiv 2404.07965) drew. lm-eval 0.4.13 `mathqa` has no shots and compares likelihoods, so the shots are questions of
this very file, never the one asked. Options are written in two ways in the data, and in 22 questions an option's
letter stands before it twice; the last option of question 843 is "of these". In 15 questions two options are equal, in
four of them (169, 182, 199, 840) one of the two is the right one, and the other is graded wrong.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

from benchcore import Decode, Row, Sample, Task, accuracy, chat, choice, source
from benchcore.data.shots import WithShots

SHOTS = (57, 39, 40, 146, 138, 172)  # one of each letter, and one more for when a shot itself is asked
LETTERS = "ABCDE"
OPTIONS = re.compile(r" , ".join(rf"{letter} \) (.*)" for letter in LETTERS.lower()))
STATED = re.compile(r"[ .]*(?:correct )?answer[^.]*$")
ROWS = source("mathqa/test.jsonl")


def options(row: Row) -> list[str]:
    text = row["options"].strip()
    if text.startswith("["):  # the print of a Python list
        text = " , ".join(ast.literal_eval(text))
    found = OPTIONS.fullmatch(text)
    if found is None:
        raise ValueError(f"five options are expected, found {text!r}")
    return [one.removeprefix(f"{letter} ) ") for letter, one in zip(LETTERS.lower(), found.groups(), strict=True)]


def question(row: Row) -> str:
    listed = " ".join(f"({letter}) {one}" for letter, one in zip(LETTERS, options(row), strict=True))
    return f"{row['problem']}\nOptions: {listed}"


def answer(row: Row) -> str:
    rationale = STATED.sub("", row["rationale"].strip('"'))
    return f"{rationale} . The answer is ({row['correct'].upper()})."


def sample(row: Row) -> Sample:
    shots: Sequence[Row] = row["shots"]
    shown = [f"Question: {question(shot)}\nAnswer: {answer(shot)}\n\n" for shot in shots]
    return Sample(
        id=str(row["row_number"]),
        prompt="".join(shown) + f"Question: {question(row)}\nAnswer:",
        target=row["correct"].upper(),
        group=row["type"],
        facts={"choices": options(row)},
    )


def instruct(row: Row) -> Sample:
    prompt = chat([(question(shot), answer(shot)) for shot in row["shots"]], question(row))
    return replace(sample(row), prompt=prompt)


TASK = Task(
    version=1,
    rows=WithShots(rows=ROWS, shots=ROWS, picked=SHOTS, count=len(LETTERS)),
    sample=sample,
    decode=Decode(max_tokens=512, stop=("Question:", "</s>", "<|im_end|>")),
    grader=choice(),
    metrics=(accuracy(),),
)

VARIANTS = {"instruct": replace(TASK, sample=instruct)}
