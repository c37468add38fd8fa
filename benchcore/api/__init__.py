"""Evaluate, grade, look: what the command line does, as functions. The only room that knows all the others."""

from benchcore.api.evaluation import Progress, dry_run, evaluate
from benchcore.api.grading import grade, grade_samples
from benchcore.api.look import check_tasks, doctor, runs, show_task, suites, tasks

__all__ = [
    "Progress",
    "check_tasks",
    "doctor",
    "dry_run",
    "evaluate",
    "grade",
    "grade_samples",
    "runs",
    "show_task",
    "suites",
    "tasks",
]
