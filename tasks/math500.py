"""MATH-500: the 500 test problems of Lightman et al. 2023; otherwise exactly the task `math`.

Lightman et al. 2023 (arXiv 2305.20050). Prompts as lm-eval 0.4.13 `minerva_math500`.
"""

from dataclasses import replace

from benchcore import load_task, source

ROWS = source("math500/test.jsonl", dataset="HuggingFaceH4/MATH-500")
TASK = replace(load_task("math"), rows=ROWS)
VARIANTS = {"instruct": replace(load_task("math@instruct"), rows=ROWS)}
