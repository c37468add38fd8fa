"""Evaluate, grade, look: what the command line does, as functions. The only room that knows all the others."""

from benchcore.api.evaluation import Progress, evaluate
from benchcore.api.grading import grade, grade_samples
from benchcore.api.look import check_tasks, doctor, runs, show_task, suites, tasks
from benchcore.api.outlook import dry_run, refuse_over_budget

__all__ = [
    "Progress",
    "check_tasks",
    "doctor",
    "dry_run",
    "evaluate",
    "grade",
    "grade_samples",
    "refuse_over_budget",
    "runs",
    "show_task",
    "suites",
    "tasks",
]
