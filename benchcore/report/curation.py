"""A corpus on its way through the stages of a recipe, and how well its filter tells good from bad, as tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchcore.report.table import Cell, Column, Row, Table

MOST = 4  # reasons of a stage that are named
AREAS = "area under the ROC curve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A finished stage: counts of documents by the reason why they were kept or dropped, `bytes` of text that came in.

    `figures` are those of its manifest. Of a model that was trained there is nothing but the `bill`.
    """

    name: str
    command: str
    kept: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    documents: int = 0
    bytes: int = 0
    seconds: float = 0.0
    figures: Mapping[str, Any] = field(default_factory=dict)
    bill: Mapping[str, float] = field(default_factory=dict)


def pipeline_tables(title: str, stages: Sequence[Passed]) -> list[Table]:
    """A row for each stage; after it, for each filter, the area under its ROC curve, in all and by length."""
    return [_stages(title, stages), *(_areas(one) for one in stages if AREAS in one.figures)]


def _stages(title: str, stages: Sequence[Passed]) -> Table:
    titles = ("stage", "command", "documents", "kept", "dropped", "MB", "s", "MB/s")
    rows = [Row(cells=tuple(Cell(content=cell or None) for cell in _cells(one))) for one in stages]
    notes = [note for one in stages for note in (*_trained(one), *_reasons(one), *_findings(one))]
    columns = tuple(Column(title=each, align="left" if at < 2 else "right") for at, each in enumerate(titles))
    return Table(title=title, columns=columns, rows=tuple(rows), notes=tuple(notes))


def _cells(one: Passed) -> tuple[str, ...]:
    if one.bill:
        return one.name, one.command, "", "", "", "", f"{one.bill.get('seconds', 0):,.1f}", ""
    kept, dropped = sum(one.kept.values()), sum(one.dropped.values())
    size, speed = one.bytes / 1e6, f"{one.bytes / 1e6 / one.seconds:,.2f}" if one.seconds else ""
    counts = (f"{count:,}" for count in (one.documents, kept, dropped))
    return one.name, one.command, *counts, f"{size:,.2f}", f"{one.seconds:,.1f}", speed


def _trained(one: Passed) -> Iterator[str]:
    if one.bill:
        tokens, flops = one.bill.get("forwarded", 0), one.bill.get("flops", 0)
        yield f"{one.name}: a model trained on {tokens:,.0f} tokens, {flops / 1e12:,.3g} TFLOP."


def _reasons(one: Passed) -> Iterator[str]:
    most = sorted(one.dropped.items(), key=lambda reason: -reason[1])
    if most:
        more = f", {len(most) - MOST} more reasons" if len(most) > MOST else ""
        yield f"{one.name} dropped: {', '.join(f'{reason} {count:,}' for reason, count in most[:MOST])}{more}."


def _findings(one: Passed) -> Iterator[str]:
    """What a stage measured, but for what has a table of its own."""
    found = [f"{key} {_short(value)}" for key, value in one.figures.items() if not isinstance(value, dict)]
    if found:
        yield f"{one.name}: {', '.join(found)}."
    for key, value in one.figures.items():
        if isinstance(value, dict) and key != AREAS:
            parts = ", ".join(f"{part} {_short(each)}" for part, each in value.items() if not isinstance(each, dict))
            if parts:
                yield f"{one.name}, {key}: {parts}."


def _areas(one: Passed) -> Table:
    areas = one.figures[AREAS]
    first = next(iter(areas.values()))
    held = areas["held out"]
    rows = tuple(
        Row(
            cells=(
                Cell(content=bucket),
                *(Cell(content=_interval(each[bucket])) for each in areas.values()),
                Cell(content=f"{held[bucket]['n']:,}"),
                Cell(content=f"{held[bucket]['good']:,}"),
            )
        )
        for bucket in first
    )
    columns = (
        Column(title="length"),
        *(Column(title=name) for name in areas),
        Column(title="n, held out", align="right"),
        Column(title="good", align="right"),
    )
    notes = (
        "With 95 % intervals of Hanley and McNeil 1982. Lengths are cut at the quartiles of the labelled documents.",
        "By length alone: another forest, which knows nothing but the number of bytes.",
    )
    return Table(title=f"Area under the ROC curve of {one.name}", columns=columns, rows=rows, notes=notes)


def _interval(area: Mapping[str, Any]) -> str | None:
    return None if area["value"] is None else f"{area['value']:.3f} [{area['low']:.3f}, {area['high']:.3f}]"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
