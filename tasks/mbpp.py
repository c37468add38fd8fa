"""MBPP: the 500 test problems (ids 11-510), three shots; the three visible assertions decide.

Austin et al. 2021 (arXiv 2108.07732). Prompts as lm-eval 0.4.13 `mbpp` (and `mbpp_instruct` for @instruct);
1024 tokens instead of its 256, and the problem's set-up code is run, which lm-eval leaves out. Ten seconds of
CPU instead of three: the reference of problem 123 needs nearly three itself.
"""

from dataclasses import replace

from benchcore import Decode, LmEval, Row, Sample, Task, code, mbpp_program, pass_at, source

CPU_SECONDS = 10.0
BASE = LmEval(file="mbpp/mbpp.yaml")
INSTRUCT = LmEval(file="mbpp/mbpp_instruct.yaml")


def is_test(row: Row) -> bool:
    return 11 <= int(row["task_id"]) <= 510


def sample(row: Row) -> Sample:
    return Sample(
        id=str(row["task_id"]),
        prompt=BASE.text(row),
        target="\n".join(row["test_list"]),
        facts={
            "tests": list(row["test_list"]),
            "setup": row.get("test_setup_code", ""),
            "reference": row["code"],
        },
    )


def instruct(row: Row) -> Sample:
    return replace(sample(row), prompt=INSTRUCT.chat(row))


TASK = Task(
    version=1,
    rows=source("mbpp/mbpp.jsonl", dataset="google-research-datasets/mbpp", config="full", keep=is_test),
    sample=sample,
    decode=Decode(max_tokens=1024, stop=("[DONE]",)),
    grader=code(program=mbpp_program, cpu_seconds=CPU_SECONDS),
    metrics=(pass_at(),),
)

VARIANTS = {
    "instruct": replace(
        TASK,
        sample=instruct,
        decode=Decode(max_tokens=1024),
        grader=code(program=mbpp_program, cpu_seconds=CPU_SECONDS, fenced=True),
    )
}
