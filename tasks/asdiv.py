"""ASDiv: 2,215 word problems of 24 types; the final number decides, or the word, time or ratio asked for.

Miao et al. 2020 (ACL, 2020.acl-main.92), CC BY-NC 4.0. Without the 90 problems that have several answers, as Rho-1
(arXiv 2404.07965) took it. Prompts as for `gsm8k` (lm-eval 0.4.13 `gsm8k_cot`, eight shots). One type is spelt
"Substraction" in the data and counted with "Subtraction"; one problem occurs twice. For `published:meh` all in
brackets is left out of the answer, as there: of -(1/3), the answer of problem 1313, only the sign is left.
"""

import re
from dataclasses import replace

from benchcore import Decode, LmEval, Row, Sample, Task, accuracy, numbers, source

COT = LmEval(file="gsm8k/gsm8k-cot.yaml")


def question(row: Row) -> str:
    return f"{row['body'].strip()} {row['question'].strip()}"


def sample(row: Row) -> Sample:
    return Sample(
        id=str(row["idx"]),
        prompt=COT.text({"question": question(row)}),
        target=row["answer"],
        group=row["solution_type"].replace("Substraction", "Subtraction"),
        facts={"meh": re.sub(r"\([^)]*\)", "", row["answer"]).strip()},
    )


def instruct(row: Row) -> Sample:
    return replace(sample(row), prompt=COT.chat({"question": question(row)}))


TASK = Task(
    version=1,
    rows=source("asdiv/test.jsonl"),
    sample=sample,
    decode=Decode(max_tokens=512, stop=("Q:", "</s>", "<|im_end|>")),
    grader=numbers(),
    metrics=(accuracy(),),
)

VARIANTS = {"instruct": replace(TASK, sample=instruct)}
