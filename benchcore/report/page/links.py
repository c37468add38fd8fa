"""Where the numbers on a page lead: to what they were made from.

The address of samples is "#samples?task=T&a=RUN&b=RUN&show=...&group=...", which `viewer.js` reads.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from benchcore.records import Figure, is_rate
from benchcore.report.bill import is_heading
from benchcore.report.html_table import Link
from benchcore.report.model import Page
from benchcore.report.table import Cell

DIFFERENCES = frozenset({"difference", "gain", "p", "p fail", "p pass"})
TEXTS = frozenset({"answered", "baseline", "candidate", "n", "p", "p fail", "p pass", "verdicts"})  # of numbers


def samples_address(page: Page, task: str, run: str, *, differ: bool = False, group: str | None = None) -> str | None:
    """The address of the samples of `task` in the baseline and `run`, or in `run` alone where there is no other.

    With `differ` those that only one of the two is right on. None where the page has no such samples.
    """
    if task not in page.samples or run not in page.labels:
        return None
    asked = {"task": task, "a": page.found.baseline or run, "b": run}
    asked |= {"show": "differ"} if differ else {}
    asked |= {"group": group} if group is not None else {}
    return f"#samples?{urlencode(asked, errors='replace')}"


def links(page: Page) -> Link:
    """The links of the tables of `page`: the samples of a row's task, run and group; of a rate's difference, its own.

    Figures of a curve lead to the curves, amounts of a recipe's bill to where the run comes from, and the mean of
    several tasks to their results.
    """
    bills = [record.bill for record in page.records]

    def link(row: Mapping[str, Cell], title: str) -> str | None:
        content = row[title].content
        if content is None:
            return None
        if title in TEXTS or (title in ("value", *DIFFERENCES) and isinstance(content, Figure)):
            return _samples(page, row, title)
        if isinstance(content, Figure):
            return "#curves" if page.curves else None
        return "#provenance" if is_heading(title, bills) else None

    return link


def _samples(page: Page, row: Mapping[str, Cell], title: str) -> str | None:
    task = _text(row, "task", "what")
    run = page.labels[0] if title == "baseline" else _text(row, "run", "checkpoint") or page.labels[-1]
    value = row["value"].content if "value" in row else None
    if "what" in row and task not in page.samples:
        return "#results"
    return samples_address(
        page,
        task,
        run,
        differ=title in DIFFERENCES and is_rate(_text(row, "figure")),
        group=value.group if isinstance(value, Figure) else None,
    )


def _text(row: Mapping[str, Cell], *titles: str) -> str:
    """The text of the first of the columns `titles` that there is."""
    return next((str(row[title].content) for title in titles if title in row), "")
