"""MATH: 5,000 competition problems, four shots; the final answer decides, by mathematical equality.

Hendrycks et al. 2021 (arXiv 2103.03874), shots of Lewkowycz et al. 2022. Prompts as lm-eval 0.4.13
`minerva_math_*`; 1024 tokens instead of its 256, and no closing phrase is demanded of the answer.
"""

from dataclasses import replace

from benchcore import Decode, LmEval, Row, Sample, Task, accuracy, maths, source

MINERVA = LmEval(
    file="minerva_math/minerva_math_algebra.yaml",
    # lm-eval computes these two by functions; the labels are those of Lewkowycz et al. 2022, appendix D
    question="Problem:\n{{problem}}\n\nSolution:",
    target="{{solution}}",
)


def sample(row: Row) -> Sample:
    return Sample(
        id=row["unique_id"],
        prompt=MINERVA.text(row),
        target=row["answer"],
        group=row.get("type") or row["subject"],
        facts={"level": str(row["level"]).removeprefix("Level "), "reference": row["solution"]},
    )


def instruct(row: Row) -> Sample:
    return replace(sample(row), prompt=MINERVA.chat(row))


TASK = Task(
    version=1,
    rows=source("math/test.jsonl.gz"),
    sample=sample,
    decode=Decode(max_tokens=1024, stop=("Problem:",)),
    grader=maths(),
    metrics=(accuracy(),),
)

VARIANTS = {"instruct": replace(TASK, sample=instruct)}
