"""MAWPS: 2,065 word problems of four older collections; the final number decides.

Koncel-Kedziorski et al. 2016 (NAACL, N16-1136); no licence is stated for the data. The parts SingleEq, SingleOp,
AddSub and MultiArith, as Rho-1 (arXiv 2404.07965) took them. Prompts as for `gsm8k` (lm-eval 0.4.13 `gsm8k_cot`,
eight shots). 77 problems occur more than once, 84 rows too many. Of the answers 58 are fractions printed with ten
decimals (0.6666666667 for 2/3), which stand for the numbers that round to them; one, 3.33333, is printed with fewer and
is 10/3.
"""

from dataclasses import replace

from benchcore import Decode, LmEval, Row, Sample, Task, accuracy, numbers, source

COT = LmEval(file="gsm8k/gsm8k-cot.yaml")
CUT_SHORT = {"3.33333": "10/3"}


def sample(row: Row) -> Sample:
    published = str(row["target"]).removesuffix(".0")
    return Sample(
        id=str(row["idx"]),
        prompt=COT.text({"question": row["input"].strip()}),
        target=CUT_SHORT.get(published, published),
        group=row["type"],
        facts={"meh": published} if published in CUT_SHORT else {},
    )


def instruct(row: Row) -> Sample:
    return replace(sample(row), prompt=COT.chat({"question": row["input"].strip()}))


TASK = Task(
    version=1,
    rows=source("mawps/test.jsonl"),
    sample=sample,
    decode=Decode(max_tokens=512, stop=("Q:", "</s>", "<|im_end|>")),
    grader=numbers(),
    metrics=(accuracy(),),
)

VARIANTS = {"instruct": replace(TASK, sample=instruct)}
