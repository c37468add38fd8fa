"""`benchcore eval`: checkpoints x tasks -> figures."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, TextIO

from cyclopts import Parameter

from benchcore.cli.output import only_results, print_json, run_progress, show_table, tell
from benchcore.config import EvalConfig, in_words
from benchcore.errors import RunIncomplete

if TYPE_CHECKING:
    from benchcore.api.evaluation import Evaluation
    from benchcore.api.outlook import Outlook

DEFAULT = EvalConfig()


def evaluate(*checkpoints: str, config: Annotated[EvalConfig, Parameter(name="*")] = DEFAULT) -> int:
    """Evaluate checkpoints on tasks and print the table; running the same command again goes on where it stopped.

    Parameters
    ----------
    checkpoints
        Folders in Hugging Face layout, directories of such folders, or hub ids.
    """
    from benchcore import api
    from benchcore.engines.choice import choose
    from benchcore.report.curves import curve_tables, last_results, trends

    if config.dry_run:
        with only_results() as results:
            outlook = api.dry_run(checkpoints, config)
            if config.json:
                print_json(outlook, results)
            else:
                _show_outlook(outlook, results)
        if config.budget is not None:
            api.refuse_over_budget(outlook, config.budget)
        return 0
    with only_results() as results:
        with run_progress() as progress:
            evaluation = api.evaluate(checkpoints, config, watch=progress)
        if config.engine == "auto" and evaluation.engine != choose("auto")[0]:
            # for these checkpoints another than this machine's usual one
            tell(f"benchcore: engine {evaluation.engine}: {evaluation.because}")
        for skipped in (*evaluation.skipped, *evaluation.failed):
            tell(f"benchcore: skipped {skipped.path}: {skipped.reason}")
        if config.json:
            print_json(evaluation, results)
        else:
            show_table(last_results(evaluation.records, evaluation.curves), results)
            for table in (*curve_tables(evaluation.curves), trends(evaluation.records)):
                if table is not None:
                    print(file=results)
                    show_table(table, results)
    check(evaluation)
    return 0


def _show_outlook(outlook: "Outlook", results: TextIO) -> None:
    from benchcore.report.table import text_table

    headings = ("run", "task", "requests", "answered", "prompt tokens", "tokens out", "at most", "time", "at most")
    rows = [
        (
            one.run,
            one.task,
            f"{one.requests:,}",
            f"{one.answered:,}",
            f"{one.tokens_in:,}",
            "-" if one.tokens_out is None else f"{one.tokens_out:,}",
            f"{one.most_tokens_out:,}",
            "-" if one.seconds is None else in_words(one.seconds),
            "-" if one.most_seconds is None else in_words(one.most_seconds),
        )
        for one in outlook.tasks
    ]
    table = text_table(f"Would ask the engine {outlook.engine} ({outlook.because})", headings, rows)
    notes = []
    if outlook.seconds is not None and outlook.most_seconds is not None and outlook.memory is not None:
        notes = [
            f"About {in_words(outlook.seconds)}, at most {in_words(outlook.most_seconds)}, by a probe of this machine;"
            f" grading comes on top. Memory in use after the probe: {outlook.memory / 2**30:.1f} GiB."
        ]
    show_table(replace(table, notes=tuple(notes)), results)


def check(evaluation: "Evaluation") -> None:
    """Raise `RunIncomplete` when something that was asked for has no figure."""
    if evaluation.failed:
        first = evaluation.failed[0]
        raise RunIncomplete(f"{len(evaluation.failed)} checkpoints were not evaluated ({first.path}: {first.reason})")
    if evaluation.unfinished:
        raise RunIncomplete(
            f"not complete: {', '.join(evaluation.unfinished)}", "run the same command again; what is there is kept"
        )
