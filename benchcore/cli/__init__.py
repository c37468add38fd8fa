"""The command line: one module a verb, imported when it is called."""

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError

from benchcore import __version__
from benchcore.cli.output import give_up, tell
from benchcore.cli.settings import Settings
from benchcore.errors import BenchcoreError, MachineError, nearest

INTERRUPTED = 130
USAGE = 2

app = App(
    name="benchcore",
    help="Evaluate language-model checkpoints: is this recipe better, and by how much?",
    version=__version__,
    version_flags=["--version"],
    default_parameter=Parameter(negative=()),
    help_format="plaintext",  # the others import a Markdown parser, a quarter of the time that --help takes
    suppress_keyboard_interrupt=False,
)
app.config = (
    Settings(program=app, file="benchcore.toml"),
    Settings(program=app, file="pyproject.toml", root=("tool", "benchcore")),
)
app.command("benchcore.cli.eval:evaluate", name="eval", help="Evaluate checkpoints on tasks; run again to go on.")
app.command("benchcore.cli.compare:compare", name="compare", help="Compare runs problem by problem in one table.")
app.command("benchcore.cli.gate:gate", name="gate", help="Is a candidate not worse than a baseline by a margin?")
app.command("benchcore.cli.grade:grade", name="grade", help="Grade a run again, or completions made elsewhere.")
app.command(
    "benchcore.cli.report:report", name="report", help="Write a page to look at runs and the samples they disagree on."
)
app.command("benchcore.cli.runs:app", name="runs", help="List run folders, and accept one as a baseline.")
app.command("benchcore.cli.train:train", name="train", help="Train a model, or the arms of a recipe; run to go on.")
app.command("benchcore.cli.law:app", name="law", help="Find the policy that learns fastest on a small problem.")
app.command("benchcore.cli.skills:app", name="skills", help="Show which skills help which.")
app.command("benchcore.cli.data:app", name="data", help="Clean a corpus to train on.")
app.command("benchcore.cli.doctor:doctor", name="doctor", help="Say what works on this machine, and why.")
app.command("benchcore.cli.demo:demo", name="demo", help="Evaluate a small real checkpoint, start to end.")
app.command("benchcore.cli.tasks:app", name="tasks", help="List, check and show tasks.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what goes wrong is one sentence on standard error."""
    try:
        result = app(
            sys.argv[1:] if arguments is None else list(arguments),
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
        sys.stdout.flush()
    except CycloptsError as error:
        return _say(_sentence(error), USAGE)
    except BenchcoreError as error:
        return _say(error, error.exit_code)
    except KeyboardInterrupt:
        return _say("interrupted; run the same command again to go on", INTERRUPTED)
    except (BrokenPipeError, SystemExit) as error:
        # the reader has left, as in `benchcore tasks | head`; rich, which prints --help, makes an exit of it
        if isinstance(error, SystemExit) and not isinstance(error.__context__, BrokenPipeError):
            raise
        give_up(sys.stdout)
        return 0
    except OSError as error:
        give_up(sys.stdout)
        return _say(f"the machine refused: {error}", MachineError.exit_code)
    return result if isinstance(result, int) else 0


def _sentence(error: CycloptsError) -> str:
    error.verbose = False
    if isinstance(error, UnusedCliTokensError) and error.app is not None and error.unused_tokens:
        commands = [name for name in error.app if not name.startswith("-")]
        hint = nearest(error.unused_tokens[0], commands) or "see --help"
        return f"unexpected argument {error.unused_tokens[0]!r}; {hint}"
    return str(error).rstrip(".")


def _say(what: BenchcoreError | str, code: int) -> int:
    from benchcore.report.table import one_line

    tell(f"benchcore: {one_line(str(what))}")  # it may quote what a program said, control characters and all
    return code
