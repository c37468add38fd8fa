"""The report page as one HTML file: tables, figures and the samples, with nothing to load."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING

from benchcore.errors import MissingExtra
from benchcore.report import html_table
from benchcore.report.comparison import comparison_table
from benchcore.report.contributions import contributions_table
from benchcore.report.curves import curve_tables
from benchcore.report.gate import gate_table
from benchcore.report.html_table import Link, no_link
from benchcore.report.model import Page
from benchcore.report.page.embedded import embedded
from benchcore.report.page.facts import diagnostics_table, provenance_table, settings_table
from benchcore.report.page.links import links
from benchcore.report.page.verdict import verdict
from benchcore.report.results import results_table
from benchcore.report.table import Table

if TYPE_CHECKING:
    from markupsafe import Markup

_SCRIPTS = ("texts.js", "samples.js", "viewer.js")  # one module, in this order
# Beginning of a figure's name -> its section: anchor, heading, and how to read it.
_PARTS = {
    "forest": (
        "differences",
        "Differences",
        "Each point is a run less the baseline on the same problems, with its 95 % interval. Where the interval "
        "crosses the line at 0, the two cannot be told apart.",
    ),
    "curve": ("curves", "Learning curves", "A figure over the course of training, with the interval of each point."),
    "pass-at": ("pass-at-k", "pass@k", "The share of problems that at least one of k attempts solves."),
    "groups": ("groups", "By group", "The same figure for each subject or skill. Small groups have wide intervals."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    slug: str
    label: str
    svg: "Markup"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    anchor: str
    name: str
    lead: str
    figures: Sequence[_Drawn]
    tables: Sequence["Markup"]


def render(page: Page, served: bool = False) -> str:
    """`page` as one HTML file that asks for nothing: style, script, figures and samples are inside it.

    With `served` the samples are not, and the viewer asks the server that the page came from for them. Its policy
    (CSP) allows its own style and script alone. Where matplotlib is not installed the page has no figures and says so.
    """
    from jinja2 import Environment, StrictUndefined

    template, style, script = _read("page.html.j2"), _read("page.css"), "\n".join(map(_read, _SCRIPTS))
    link = links(page)
    parts, why_no_figures = _parts(page)
    tasks = list(page.samples)
    several = len(page.labels) > 1
    results = comparison_table(page.found) if several and page.found.contests else None
    called = zip(page.labels, page.records, strict=True)
    every = results_table([replace(record, run=label) for label, record in called])
    contents = [("results", "Results"), *((part.anchor, part.name) for part in parts)]
    contents += [("samples", "Samples")] if tasks else []
    contents += [("diagnostics", "Diagnostics"), ("provenance", "Provenance")]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(template).render(
        title=page.title,
        policy=_policy(style, script, served=served),
        style=_ours(style),
        script=_ours(script),
        labels=page.labels,
        baseline=page.found.baseline,
        complete=page.complete,
        contents=contents,
        verdict=verdict(page),
        gate=_html(gate_table(page.gate), link) if page.gate else None,
        results=_html(results or every, link),
        every=_html(every, link) if results else None,
        grouped=any(figure.group for record in page.records for task in record.tasks for figure in task.figures),
        parts=parts,
        why_no_figures=why_no_figures,
        tasks=tasks,
        served=served,
        about=_ours(_json({"labels": page.labels, "tasks": tasks, "groups": _groups(page), "served": served})),
        embedded=[] if served else [embedded(samples()) for samples in page.samples.values()],
        diagnostics=_html(diagnostics_table(page), link),
        provenance=_html(provenance_table(page)),
        settings=_html(settings_table(page)),
    )


def _parts(page: Page) -> tuple[list[_Part], str | None]:
    """The sections of figures, and why there are none where matplotlib is missing."""
    drawn: Mapping[str, _Drawn] = {}
    why = None
    try:
        drawn = {one.slug: one for one in _drawn(page)}
    except MissingExtra as missing:
        why = f"{missing}."
    tables = [_html(table) for table in (*curve_tables(page.curves), *map(contributions_table, page.contributions))]
    parts = []
    for start, (anchor, name, lead) in _PARTS.items():
        figures = [one for slug, one in drawn.items() if slug == start or slug.startswith(f"{start}-")]
        numbers = tables if start == "curve" else []
        if figures or numbers:
            parts.append(_Part(anchor=anchor, name=name, lead=lead, figures=figures, tables=numbers))
    return parts, why


def _drawn(page: Page) -> Iterator[_Drawn]:
    from benchcore.report.plots import figures, svg

    for slug, figure in figures(page).items():
        yield _Drawn(slug=slug, label=str(figure.get_label()), svg=_ours(svg(figure)))


def _groups(page: Page) -> list[list[str]]:
    """The groups of each task that a run has figures of, in the order of `page.samples`."""
    return [
        list(
            dict.fromkeys(
                figure.group
                for record in page.records
                for task in record.tasks
                if task.task == name
                for figure in task.figures
                if figure.group is not None
            )
        )
        for name in page.samples
    ]


def _read(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _html(table: Table, link: Link = no_link) -> "Markup":
    return _ours(html_table.render(table, link))


def _ours(text: str) -> "Markup":
    """`text` that we wrote, in which whatever came from elsewhere is escaped."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704


def _policy(style: str, script: str, *, served: bool) -> str:
    """The content security policy: what is not named by its digest does not run."""
    allowed = [
        "default-src 'none'",
        f"style-src '{_digest(style)}'",
        f"script-src '{_digest(script)}'",
        *(["connect-src 'self'"] if served else []),
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(allowed)


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _json(value: object) -> str:
    """`value` as JSON that cannot end the element it stands in."""
    return json.dumps(value).replace("<", "\\u003c")
