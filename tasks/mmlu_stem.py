"""MMLU-STEM: 3,018 questions of 18 subjects with four options, four shots of the subject; the letter decides.

Hendrycks et al. 2021 (arXiv 2009.03300), MIT licence. Prompts as lm-eval 0.4.13 `mmlu_flan_cot_fewshot_*`, the
chain-of-thought shots of Chung et al. 2022 (arXiv 2210.11416); 1024 tokens instead of its 256, and a new question
ends the text. Twelve questions occur twice. Two options are equal in four: electrical_engineering/317,
high_school_chemistry/1573, high_school_physics/2070, and elementary_mathematics/2553, where one of the two is the
answer and the other is graded wrong.

The variant `likelihood` is lm-eval's `mmlu_*` as it runs by default: its prompt without shots, right when " A", " B",
" C" or " D", the likeliest to follow, is the answer. The usual five shots are the set's dev part, which this data does
not have, so scores are not those of published five-shot tables.
"""

from dataclasses import replace

from benchcore import Decode, LmEval, Row, Sample, Task, accuracy, choice, likeliest, source


def shots(row: Row) -> LmEval:
    return LmEval(file=f"mmlu/flan_cot_fewshot/mmlu_{row['type']}.yaml")


def sample(row: Row) -> Sample:
    return Sample(
        id=f"{row['type']}/{row['row_number']}",
        prompt=shots(row).text(row),
        target="ABCD"[row["answer"]],
        group=row["type"].replace("_", " "),
        facts={"choices": list(row["choices"])},
    )


def instruct(row: Row) -> Sample:
    return replace(sample(row), prompt=shots(row).chat(row))


def letter(row: Row) -> Sample:
    return replace(
        sample(row),
        prompt=LmEval(file=f"mmlu/default/mmlu_{row['type']}.yaml").text(row),
        target=f" {'ABCD'[row['answer']]}",
        continuations=(" A", " B", " C", " D"),
    )


TASK = Task(
    version=1,
    rows=source("mmlu_stem/test.jsonl"),
    sample=sample,
    decode=Decode(max_tokens=1024, stop=("\nQ:", "</s>")),
    grader=choice(),
    metrics=(accuracy(),),
)

VARIANTS = {
    "instruct": replace(TASK, sample=instruct),
    "likelihood": replace(TASK, sample=letter, decode=None, grader=likeliest()),
}
