"""Evaluate, grade, look: what the command line does, as functions. The only room that knows all the others."""

from benchcore.api.baselines import accept
from benchcore.api.comparing import compare
from benchcore.api.evaluation import Progress, evaluate
from benchcore.api.gating import gate
from benchcore.api.grading import grade, grade_samples
from benchcore.api.look import check_tasks, doctor, runs, show_task, suites, tasks
from benchcore.api.outlook import dry_run, refuse_over_budget

__all__ = [
    "Progress",
    "accept",
    "check_tasks",
    "compare",
    "doctor",
    "dry_run",
    "evaluate",
    "gate",
    "grade",
    "grade_samples",
    "refuse_over_budget",
    "runs",
    "show_task",
    "suites",
    "tasks",
]
