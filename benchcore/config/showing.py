"""What the commands that show runs are told: compare and report."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchcore.config.values import split_names
from benchcore.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareConfig:
    """What `benchcore compare` shows of runs."""

    baseline: str | None = None
    """The run or recipe that the others are compared with: its folder or name, or a name that runs accept gave."""

    tasks: tuple[str, ...] = ()
    """Tasks and suites to show, separated by commas; all that any run has when not given."""

    figures: tuple[str, ...] = ()
    """Figures to show, separated by commas, such as bits per byte; all of the tasks' when not given."""

    across: tuple[str, ...] = ()
    """Settings that may differ because they are what is compared, such as temperature."""

    seeds: bool = False
    """Show each run of a recipe below the mean over its seeds."""

    diagnostics: bool = False
    """Show of each learning curve its compression ratio, scaling law and contribution similarity."""

    subsets: Path | None = None
    """File of benchcore data similar: problems that a corpus has something like are shown apart from the others."""

    layout: Literal["long", "wide"] = "long"
    """A row for each run of each task, or a row for each run with a column for each task."""

    title: str | None = None
    """The table's title."""

    published: tuple[str, ...] = ()
    """Files of figures that papers printed, separated by commas, whose tables follow ours."""

    format: Literal["terminal", "markdown", "latex", "csv", "json"] = "terminal"
    """How the table is written."""

    out: Path | None = None
    """File for the table, instead of standard output."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tasks", split_names(self.tasks))
        object.__setattr__(self, "figures", split_names(self.figures))
        object.__setattr__(self, "across", split_names(self.across))
        object.__setattr__(self, "published", split_names(self.published))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportConfig:
    """What `benchcore report` shows of runs, and where."""

    baseline: str | None = None
    """The run that the others are compared with: its folder, or a name that runs accept gave."""

    tasks: tuple[str, ...] = ()
    """Tasks and suites to show, separated by commas; all that any run has when not given."""

    across: tuple[str, ...] = ()
    """Settings that may differ because they are what is compared, such as temperature."""

    margin: str | None = None
    """The drop from the baseline that a run is judged by, as for benchcore gate: 2pt is two points of a rate."""

    margins: dict[str, str] = field(default_factory=dict)
    """Margins of single tasks, such as --margins.wikitext2 0.01; a figure that is no rate needs its own."""

    graph: Path | None = None
    """JSON file with a graph of skills, {"skills": [...], "weights": [[...]]}, that is drawn beside the groups."""

    title: str | None = None
    """The page's title."""

    out: Path | None = None
    """File for the page; report.html when neither --plots nor --serve asks for something else."""

    plots: Path | None = None
    """Folder for the figures as files of their own, for a paper."""

    format: Literal["svg", "pdf", "png"] = "svg"
    """How the figures in --plots are written."""

    watch: bool = False
    """Write again whenever a run has gone on, until all are complete or it is interrupted."""

    serve: bool = False
    """Serve the page on this machine alone, with the runs' journals behind it, until interrupted."""

    port: int = 8377
    """Port that --serve takes; 0 is any that is free."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tasks", split_names(self.tasks))
        object.__setattr__(self, "across", split_names(self.across))
        if self.serve and self.watch:
            raise ConfigError("a page that is served is always up to date", "leave --watch or --serve away")
        if not 0 <= self.port < 1 << 16:
            raise ConfigError(f"port must be from 0 to 65535, got {self.port}")
