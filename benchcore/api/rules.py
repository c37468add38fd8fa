"""Which rule set grades a task: the one asked for, else the one its run folder was graded under, else its own."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from benchcore.catalog import Named
from benchcore.errors import ConfigError
from benchcore.task import Grader, Task


@runtime_checkable
class HasRules(Protocol):
    """A grader that can decide by one of several named rule sets."""

    def under(self, rules: str) -> Grader:
        """The same grader under the rule set `rules`. Raises `ConfigError` where it knows none of that name."""
        ...


def under(task: Task, rules: str) -> Task:
    """`task` graded under `rules`. Raises `ConfigError` where its grader has no such rule set, or none at all."""
    if not isinstance(task.grader, HasRules):
        raise ConfigError(f"the task {task.name} has no rule sets to choose from: its grader is {task.grader.name}")
    return replace(task, grader=task.grader.under(rules))


def where_known(tasks: Sequence[Task], rules: str) -> list[Task | None]:
    """Each of `tasks` under `rules`; None where its grader does not know them.

    Raises `ConfigError` where none of the graders does.
    """
    found: list[Task | None] = []
    refusals: list[ConfigError] = []
    for task in tasks:
        try:
            found.append(under(task, rules))
        except ConfigError as error:
            found.append(None)
            refusals.append(error)
    if not any(found):
        # one that names rule sets helps more than one that says there are none
        raise max(refusals, key=lambda error: bool(error.hint))
    return found


def under_asked(tasks: Sequence[Task], named: Sequence[Named], rules: str | None) -> list[tuple[Task, str | None]]:
    """Each task under the rule set asked for, and its name: `rules`, else its suite's; None where none was asked for.

    A rule set asked of a task by name must be known to it, one asked of a suite to some of its tasks.
    """
    chosen: list[tuple[Task, str | None]] = [(task, None) for task in tasks]
    for suite in dict.fromkeys(one.suite for one in named):
        asked = rules or (suite and suite.rules)
        if not asked:
            continue
        places = [place for place, one in enumerate(named) if one.suite == suite]
        members = [tasks[place] for place in places]
        changed = [under(task, asked) for task in members] if suite is None else where_known(members, asked)
        for place, task in zip(places, changed, strict=True):
            if task is not None:
                chosen[place] = (task, asked)
    return chosen
