"""GSM8K: 1,319 grade-school word problems, eight chain-of-thought shots; the final number decides.

Cobbe et al. 2021 (arXiv 2110.14168), shots of Wei et al. 2022. Prompts as lm-eval 0.4.13 `gsm8k_cot`; 512 tokens
instead of its 256, and the answer is found and compared by value, not by one pattern.
"""

from dataclasses import replace

from benchcore import Decode, LmEval, Row, Sample, Task, accuracy, numbers, source

COT = LmEval(file="gsm8k/gsm8k-cot.yaml")


def sample(row: Row) -> Sample:
    return Sample(
        id=str(row["row_number"]),
        prompt=COT.text(row),
        target=row["answer"].rsplit("####", 1)[-1].strip(),
    )


def instruct(row: Row) -> Sample:
    return replace(sample(row), prompt=COT.chat(row))


TASK = Task(
    version=1,
    rows=source("gsm8k/test.jsonl", dataset="openai/gsm8k", config="main"),
    sample=sample,
    decode=Decode(max_tokens=512, stop=("Q:", "</s>", "<|im_end|>")),
    grader=numbers(),
    metrics=(accuracy(),),
)

VARIANTS = {"instruct": replace(TASK, sample=instruct)}
