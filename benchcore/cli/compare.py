"""`benchcore compare`: runs side by side in one table."""

import sys
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, ArgumentCollection, Parameter
from cyclopts.config import Dict

from benchcore.cli import app as program
from benchcore.cli.output import show_table
from benchcore.config import CompareConfig
from benchcore.errors import BenchcoreError, ConfigError, RunIncomplete, nearest

DEFAULT = CompareConfig()
KEYS = ("runs", "labels", *(flag.name for flag in fields(CompareConfig)))


class NothingComparable(BenchcoreError):
    """No run can be compared with the baseline (exit 5)."""

    exit_code = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The settings of the file that --table names; a flag on the command line wins over it.

    Its `out` is for the format that it declares: where another is asked for, it does not count.
    """

    def __call__(self, app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
        """Give `arguments` what the file declares; cyclopts calls it. Raises `ConfigError` as `read_table` does."""
        given = {name: argument.tokens for argument in arguments for name in argument.names}
        if not given["--table"]:
            return
        path = given["--table"][-1].value
        other = ["out"] if given["--format"] or given["--json"] else []
        table = {key: value for key, value in read_table(Path(path)).items() if key not in ("labels", *other)}
        Dict({"compare": table}, source=path)(app, commands, arguments)


compare = App(name="compare", help="Compare runs problem by problem in one table.")
compare.config = (Declared(), *program.config, Declared())  # the last for a table that a settings file names


@compare.default
def show(
    runs: tuple[str, ...] = (),
    *,
    config: Annotated[CompareConfig, Parameter(name="*")] = DEFAULT,
    table: Path | None = None,
    json: bool = False,
) -> int:
    """Compare runs problem by problem: differences from a baseline, and the best in bold where it is significant.

    Parameters
    ----------
    runs
        Run folders, directories of them, patterns such as 'runs/slm-*', or names that runs accept gave.
    table
        A TOML file that declares the table: its keys are title, runs, labels and the flags of this command.
    json
        Print one JSON document: the same as --format json.
    """
    from benchcore.api.comparing import compare as compare_runs
    from benchcore.report.comparison import comparison_table
    from benchcore.report.published import read_published, render_beside

    published = [one for file in config.published for one in read_published(Path(file))]
    found = compare_runs(runs, config, read_table(table).get("labels") if table else None)
    made = comparison_table(found, config.layout, config.title, seeds=config.seeds)
    style = "json" if json else config.format
    if config.out is not None:
        config.out.write_text(render_beside(made, published, style), encoding="utf-8")
    elif style == "terminal":
        show_table(made)
        for one in published:
            print()
            show_table(one)
    else:
        sys.stdout.write(render_beside(made, published, style))
    if found.baseline is not None and not found.comparable:
        raise NothingComparable(f"nothing can be compared with {found.baseline}", "the table says why")
    if found.unfinished:
        raise RunIncomplete(f"not complete: {', '.join(found.unfinished)}", "run benchcore eval on them again")
    return 0


def read_table(path: Path) -> dict[str, Any]:
    """What a file such as reports/tables/rho1.toml declares. Raises `ConfigError` for what cannot be meant."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no table file {path}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    for key in found:
        if key not in KEYS:
            raise ConfigError(f"{path} has the unknown key {key!r}", nearest(key, KEYS))
    labels = found.get("labels", {})
    if not isinstance(labels, dict) or not all(isinstance(shown, str) for shown in labels.values()):
        raise ConfigError(f"{path}: labels must be a table of texts, such as {{run = 'Our recipe'}}")
    return found
