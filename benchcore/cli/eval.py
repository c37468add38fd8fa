"""`benchcore eval`: checkpoints x tasks -> figures."""

from typing import Annotated

from cyclopts import Parameter

from benchcore.cli.output import ProgressLine, only_results, print_json, show_table, tell
from benchcore.config import EvalConfig
from benchcore.errors import RunIncomplete

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
    progress = ProgressLine()
    with only_results() as results:
        try:
            evaluation = api.evaluate(checkpoints, config, watch=progress)
        finally:
            progress.close()
        for skipped in evaluation.skipped:
            tell(f"benchcore: skipped {skipped.path}: {skipped.reason}")
        if config.json:
            print_json(evaluation, results)
        else:
            show_table(results_table(evaluation.records), results)
    if incomplete := [record.run for record in evaluation.records if not record.complete]:
        raise RunIncomplete(
            f"not complete: {', '.join(incomplete)}", "run the same command again; what is there is kept"
        )
    return 0
