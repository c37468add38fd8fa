"""`benchcore eval`: checkpoints x tasks -> figures."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from benchcore.cli.output import only_results, print_json, run_progress, show_table, tell
from benchcore.config import EvalConfig
from benchcore.errors import RunIncomplete

if TYPE_CHECKING:
    from benchcore.api.evaluation import Evaluation

DEFAULT = EvalConfig()


def evaluate(*checkpoints: str, config: Annotated[EvalConfig, Parameter(name="*")] = DEFAULT) -> int:
    """Evaluate checkpoints on tasks and print the table; running the same command again goes on where it stopped.

    Parameters
    ----------
    checkpoints
        Folders in Hugging Face layout, directories of such folders, or hub ids.
    """
    from benchcore import api
    from benchcore.report.results import results_table
    from benchcore.report.table import text_table

    if config.dry_run:
        with only_results() as results:
            outlook = api.dry_run(checkpoints, config)
            if config.json:
                print_json(outlook, results)
            else:
                headings = ("run", "task", "requests", "answered", "prompt tokens", "at most out")
                rows = [(one.run, one.task, *(f"{number:,}" for number in one.counts)) for one in outlook.tasks]
                title = f"Would ask the engine {outlook.engine} ({outlook.because})"
                show_table(text_table(title, headings, rows), results)
        return 0
    with only_results() as results:
        with run_progress() as progress:
            evaluation = api.evaluate(checkpoints, config, watch=progress)
        for skipped in (*evaluation.skipped, *evaluation.failed):
            tell(f"benchcore: skipped {skipped.path}: {skipped.reason}")
        if config.json:
            print_json(evaluation, results)
        else:
            show_table(results_table(evaluation.records), results)
    check(evaluation)
    return 0


def check(evaluation: "Evaluation") -> None:
    """Raise `RunIncomplete` when something that was asked for has no figure."""
    if evaluation.failed:
        first = evaluation.failed[0]
        raise RunIncomplete(f"{len(evaluation.failed)} checkpoints were not evaluated ({first.path}: {first.reason})")
    if evaluation.unfinished:
        raise RunIncomplete(
            f"not complete: {', '.join(evaluation.unfinished)}", "run the same command again; what is there is kept"
        )
