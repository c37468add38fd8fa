"""benchcore: the referee for language-model training recipes.

Public names are resolved on first touch (PEP 562), so that importing the package costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchcore.api import (
        accept,
        check_tasks,
        compare,
        doctor,
        dry_run,
        evaluate,
        gate,
        grade,
        grade_samples,
        runs,
        show_task,
        tasks,
    )
    from benchcore.catalog import load_task
    from benchcore.config import CompareConfig, EvalConfig, GateConfig, ReportConfig
    from benchcore.data.source import Packaged, Source, generated, source
    from benchcore.data.texts import Texts, document, texts
    from benchcore.errors import BenchcoreError
    from benchcore.graders.choice import choice
    from benchcore.graders.code import code, humaneval_program, mbpp_program
    from benchcore.graders.exact import exact
    from benchcore.graders.likeliest import likeliest
    from benchcore.graders.loss import loss
    from benchcore.graders.maths import maths
    from benchcore.graders.numbers import numbers
    from benchcore.graders.sandbox.program import Program
    from benchcore.metrics.loss import bits_per_byte, nats_per_answer, nats_per_token
    from benchcore.metrics.pass_at import pass_at
    from benchcore.metrics.rates import accuracy
    from benchcore.prompts import LmEval, chat
    from benchcore.records import (
        Completion,
        Curve,
        Decode,
        Figure,
        Generation,
        Grade,
        Message,
        Request,
        RunRecord,
        Sample,
        Score,
        Scoring,
        Verdict,
    )
    from benchcore.task import Row, Task

__version__ = "0.1.0"

_HOME = {
    "api": (
        "accept",
        "check_tasks",
        "compare",
        "doctor",
        "dry_run",
        "evaluate",
        "gate",
        "grade",
        "grade_samples",
        "runs",
        "show_task",
        "tasks",
    ),
    "catalog": ("load_task",),
    "config": ("CompareConfig", "EvalConfig", "GateConfig", "ReportConfig"),
    "data.source": ("Packaged", "Source", "generated", "source"),
    "data.texts": ("Texts", "document", "texts"),
    "errors": ("BenchcoreError",),
    "graders.choice": ("choice",),
    "graders.code": ("code", "humaneval_program", "mbpp_program"),
    "graders.exact": ("exact",),
    "graders.likeliest": ("likeliest",),
    "graders.loss": ("loss",),
    "graders.maths": ("maths",),
    "graders.numbers": ("numbers",),
    "graders.sandbox.program": ("Program",),
    "metrics.loss": ("bits_per_byte", "nats_per_answer", "nats_per_token"),
    "metrics.pass_at": ("pass_at",),
    "metrics.rates": ("accuracy",),
    "prompts": ("LmEval", "chat"),
    "records": (
        "Completion",
        "Curve",
        "Decode",
        "Figure",
        "Generation",
        "Grade",
        "Message",
        "Request",
        "RunRecord",
        "Sample",
        "Score",
        "Scoring",
        "Verdict",
    ),
    "task": ("Row", "Task"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "BenchcoreError",
    "CompareConfig",
    "Completion",
    "Curve",
    "Decode",
    "EvalConfig",
    "Figure",
    "GateConfig",
    "Generation",
    "Grade",
    "LmEval",
    "Message",
    "Packaged",
    "Program",
    "ReportConfig",
    "Request",
    "Row",
    "RunRecord",
    "Sample",
    "Score",
    "Scoring",
    "Source",
    "Task",
    "Texts",
    "Verdict",
    "accept",
    "accuracy",
    "bits_per_byte",
    "chat",
    "check_tasks",
    "choice",
    "code",
    "compare",
    "doctor",
    "document",
    "dry_run",
    "evaluate",
    "exact",
    "gate",
    "generated",
    "grade",
    "grade_samples",
    "humaneval_program",
    "likeliest",
    "load_task",
    "loss",
    "maths",
    "mbpp_program",
    "nats_per_answer",
    "nats_per_token",
    "numbers",
    "pass_at",
    "runs",
    "show_task",
    "source",
    "tasks",
    "texts",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module 'benchcore' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"benchcore.{_MODULE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
