"""HumanEval+: the 164 problems of HumanEval with some 750 tests each instead of 9.

Liu et al. 2023 (arXiv 2305.01210), in the form that has HumanEval's fields. Prompts and stop strings as lm-eval
0.4.13 `humaneval_plus` (and `humaneval_instruct` for @instruct). Two repairs make the tests judge as EvalPlus's own
evaluator does: the published test of HumanEval/32 fails its own reference, and a result that is compared with a
tolerance must have the type and shape of the expected one (published, [5] passes for []). Twenty seconds of CPU,
EvalPlus's factor of four on the slowest reference: that of problem 139 takes four to five itself.
"""

from dataclasses import replace

from benchcore import Decode, LmEval, Row, Sample, Task, code, pass_at, source

CPU_SECONDS = 20.0
INSTRUCT = LmEval(file="humaneval/humaneval_instruct.yaml")
REPAIRS = (
    # numpy broadcasts: one element against none, or against many, is compared as if the shapes were equal
    ("assert np.allclose(", "assert type(out) is type(exp) and np.shape(out) == np.shape(exp) and np.allclose("),
    # HumanEval/32: the root unpacked where the coefficients belong, and a value far below zero let pass
    ("assert _poly(*candidate(*inp), inp) <= 0.0001", "assert abs(_poly(*inp, candidate(*inp))) <= 0.0001"),
)


def tests(row: Row) -> str:
    test = str(row["test"])
    for published, repaired in REPAIRS:
        test = test.replace(published, repaired)
    return test


def sample(row: Row) -> Sample:
    return Sample(
        id=row["task_id"],
        prompt=row["prompt"],
        # not the tests, which are 10 MB in all: a run's record pins the file that they come from
        target=f"check({row['entry_point']})",
        facts={
            "prompt": row["prompt"],
            "test": tests(row),
            "entry_point": row["entry_point"],
            "reference": row["canonical_solution"],
        },
    )


def instruct(row: Row) -> Sample:
    return replace(sample(row), prompt=INSTRUCT.chat(row))


TASK = Task(
    version=1,
    rows=source("humanevalplus/HumanEvalPlus-OriginFmt.jsonl.gz", dataset="evalplus/humanevalplus"),
    sample=sample,
    decode=Decode(max_tokens=1024, stop=("\nclass", "\ndef", "\n#", "\nif", "\nprint")),
    grader=code(cpu_seconds=CPU_SECONDS),
    metrics=(pass_at(),),
)

VARIANTS = {"instruct": replace(TASK, sample=instruct, grader=code(cpu_seconds=CPU_SECONDS, fenced=True))}
