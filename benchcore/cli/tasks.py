"""`benchcore tasks`: list, check and show tasks."""

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from cyclopts import App

from benchcore.cli.output import only_results, print_json, show_table
from benchcore.errors import BenchcoreError

if TYPE_CHECKING:
    from benchcore.api.look import Check

app = App(name="tasks", help="List, check and show tasks.")
NAMED = 5  # failing samples named in one line


class CheckFailed(BenchcoreError):
    """A task did not pass its oracle check (exit 1)."""

    exit_code = 1


@app.default
def list_tasks(*, json: bool = False) -> int:
    """List every task with its variants, then the suites.

    Parameters
    ----------
    json
        Print one JSON document instead of a table.
    """
    from benchcore import api
    from benchcore.report.table import text_table

    found, suites = api.tasks(), api.suites()
    if json:
        print_json([*found, *suites])
        return 0
    rows = [(one.name, ", ".join(f"@{variant}" for variant in one.variants), one.about) for one in found]
    show_table(text_table("Tasks", ("task", "variants", "about"), rows))
    print()
    rows = [(suite.name, suite.rules or "", f"{suite.about} {', '.join(suite.tasks)}.") for suite in suites]
    show_table(text_table("Suites", ("suite", "rules", "about"), rows))
    return 0


@app.command
def check(
    *names: str,
    rules: str | None = None,
    data: Path | None = None,
    limit: int | None = None,
    unsafe_code: bool = False,
    json: bool = False,
) -> int:
    """Prove tasks: ids are unique, the reference answer is graded right, an empty one wrong.

    Parameters
    ----------
    names
        Tasks or suites to check; all tasks and variants when none is named.
    rules
        The rule set to check them under; without it a task's own, or its suite's.
    data
        Folder with data sets, or a file of texts for the task loss; BENCHCORE_DATA when not given.
    limit
        Check only the first N samples of each task.
    unsafe_code
        Run the tasks' programs even where nothing can confine them.
    json
        Print one JSON document instead of lines.
    """
    from benchcore import api

    found = []
    with only_results() as results:
        for one in api.check_tasks(names, rules=rules, data=data, limit=limit, unsafe_code=unsafe_code):
            found.append(one)
            if not json:
                _print_check(one, results)
        if json:
            print_json(found, results)
    failed = [one.task for one in found if not one.passed]
    if failed:
        raise CheckFailed(f"not proved: {', '.join(failed)}")
    return 0


def _print_check(one: "Check", results: TextIO) -> None:
    from benchcore.report.table import one_line

    if one.trouble is not None:
        print(f"{one.task}: not checked: {one_line(one.trouble)}", file=results, flush=True)
    elif one.passed:
        every = "every reference right" if one.scored else "every reference right, every empty answer wrong"
        print(f"{one.task}: {one.samples} samples by {one.grader}, {every}", file=results, flush=True)
    for what, failing in (
        ("references not right", one.reference_not_right),
        ("empty answers not wrong", one.empty_not_wrong),
    ):
        if failing:
            more = ", ..." if len(failing) > NAMED else ""
            named = ", ".join(failing[:NAMED]) + more
            where = f"{one.task}: {len(failing)} of {one.samples} samples by {one.grader}"
            print(f"{where}, {what}: {named}", file=results, flush=True)


@app.command
def show(name: str, /, *, limit: int | None = None, data: Path | None = None, json: bool = False) -> int:
    """Print a task's requests as they would be asked of an engine.

    Parameters
    ----------
    name
        The task, or task@variant.
    limit
        Show only the first N samples.
    data
        Folder with data sets, or a file of texts for the task loss; BENCHCORE_DATA when not given.
    json
        Print one JSON document instead of text.
    """
    from benchcore import api

    with only_results() as results:  # a task file may print
        requests = list(api.show_task(name, limit=limit, data=data))
        if json:
            print_json(requests, results)
            return 0
    for request in requests:
        prompt = request["prompt"]
        text = (
            prompt if isinstance(prompt, str) else "\n".join(f"[{turn['role']}]\n{turn['content']}" for turn in prompt)
        )
        if "continuations" in request:
            print(f"--- {request['id']} (likelihood of {len(request['continuations'])} continuations)")
            print(text, end="\n" if text else "")
            print("\n".join(f"--- continuation: {continuation}" for continuation in request["continuations"]))
        else:
            print(f"--- {request['id']} (at most {request['max_tokens']} tokens, stop {request['stop']})")
            print(text)
        print(f"--- target: {request['target']}\n")
    return 0
