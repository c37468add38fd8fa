"""The command line: one module a verb, imported when it is called."""

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter
from cyclopts.config import Toml

from benchcore import __version__
from benchcore.errors import BenchcoreError

INTERRUPTED = 130
USAGE = 2

app = App(
    name="benchcore",
    help="Evaluate language-model checkpoints: is this recipe better, and by how much?",
    version=__version__,
    version_flags=["--version"],
    default_parameter=Parameter(negative=()),
    config=[
        Toml("benchcore.toml", must_exist=False, search_parents=False),
        Toml("pyproject.toml", root_keys=["tool", "benchcore"], must_exist=False, search_parents=False),
    ],
)
app.command("benchcore.cli.eval:evaluate", name="eval", help="Evaluate checkpoints on tasks; run again to go on.")
app.command("benchcore.cli.grade:grade", name="grade", help="Grade a run again, or completions made elsewhere.")
app.command("benchcore.cli.runs:runs", name="runs", help="List the run folders below a folder.")
app.command("benchcore.cli.doctor:doctor", name="doctor", help="Say what works on this machine, and why.")
app.command("benchcore.cli.demo:demo", name="demo", help="Evaluate a small real checkpoint, start to end.")
app.command("benchcore.cli.tasks:app", name="tasks", help="List, check and show tasks.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what goes wrong is one sentence on standard error."""
    try:
        result = app(
            sys.argv[1:] if arguments is None else list(arguments),
            exit_on_error=False,
            print_error=True,
            result_action="return_value",
        )
    except CycloptsError:
        return USAGE
    except BenchcoreError as error:
        print(f"benchcore: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("benchcore: interrupted; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # the reader has left, as in `benchcore tasks | head`: keep the interpreter from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0
