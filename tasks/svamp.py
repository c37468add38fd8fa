"""SVAMP: 1,000 one-step word problems varied so that shallow patterns fail; the final number decides.

Patel et al. 2021 (arXiv 2103.07191), MIT licence; all of the data set, there is no training part. Prompts as for
`gsm8k` (lm-eval 0.4.13 `gsm8k_cot`, eight shots), as Rho-1 (arXiv 2404.07965) asked them too. One type is spelt
"Common-Divison" in the data and counted with "Common-Division".
"""

from dataclasses import replace

from benchcore import Decode, LmEval, Row, Sample, Task, accuracy, numbers, source

COT = LmEval(file="gsm8k/gsm8k-cot.yaml")


def question(row: Row) -> str:
    body = row["Body"].strip()
    # a third of the bodies lack their full stop
    return f"{body}{'' if body.endswith('.') else '.'} {row['Question'].strip()}"


def sample(row: Row) -> Sample:
    return Sample(
        id=row["ID"],
        prompt=COT.text({"question": question(row)}),
        target=f"{row['Answer']:.0f}",
        group=row["Type"].replace("Divison", "Division"),
    )


def instruct(row: Row) -> Sample:
    return replace(sample(row), prompt=COT.chat({"question": question(row)}))


TASK = Task(
    version=1,
    rows=source("svamp/test.jsonl"),
    sample=sample,
    decode=Decode(max_tokens=512, stop=("Q:", "</s>", "<|im_end|>")),
    grader=numbers(),
    metrics=(accuracy(),),
)

VARIANTS = {"instruct": replace(TASK, sample=instruct)}
