"""A recipe's bill as columns of a table: amounts in a unit that suits the largest of its kind, named in the heading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchcore.report.table import Cell, Column

HOUR = 3600.0
DIGITS = 4  # of the largest amount of a kind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """Amounts that share a unit: key of the bill -> heading; `units` are symbol -> how much it is, the least first."""

    headings: Mapping[str, str]
    units: Mapping[str, float]


KINDS = (
    _Kind(
        headings={"forwarded": "{}tokens forwarded", "in loss": "{}tokens in loss"},
        units={"": 1.0, "k ": 1e3, "M ": 1e6, "B ": 1e9, "T ": 1e12},
    ),
    _Kind(
        headings={"flops": "train {}FLOP", "prepare flops": "prepare {}FLOP"},
        units={"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18, "Z": 1e21, "Y": 1e24},
    ),
    _Kind(
        headings={"seconds": "train {}", "prepare seconds": "prepare {}"},
        units={"s": 1.0, "h": HOUR},
    ),
)
# Part of the FLOPs of preparation; run.json has them.
LEFT_OUT = ("prepare forwarded", "prepare in loss")


def bill_columns(bills: Sequence[Mapping[str, float | None]]) -> tuple[list[Column], list[list[Cell]]]:
    """The columns for `bills`, one a row of the table, and each row's cells.

    `bills` are name -> amount; "tokens", which the checkpoint was trained on, is a column where the bill has not the
    tokens forwarded. Amounts of another trainer's own names stand as they are.
    """
    known = [{name: amount for name, amount in bill.items() if amount is not None} for bill in bills]
    names = dict.fromkeys(name for bill in known for name in bill)
    titles = {"tokens": "tokens"} if "tokens" in names and "forwarded" not in names else {}
    texts = [{name: _amount(amount) for name, amount in bill.items()} for bill in known]
    for kind in KINDS:
        amounts = [amount for bill in known for name, amount in bill.items() if name in kind.headings]
        symbol, unit = _unit(max(amounts, default=0), kind.units)
        decimals = max(0, DIGITS - len(str(int(max(amounts, default=0) / unit))))
        titles |= {name: heading.format(symbol) for name, heading in kind.headings.items() if name in names}
        for row, bill in zip(texts, known, strict=True):
            row |= {
                name: f"{amount / unit:.{decimals}f}" if amount else "0"
                for name, amount in bill.items()
                if name in kind.headings
            }
    titles |= {name: name for name in names if name not in (*titles, *LEFT_OUT, "tokens")}
    columns = [Column(title=title, align="right", spills=True) for title in titles.values()]
    return columns, [[Cell(content=row.get(name)) for name in titles] for row in texts]


def is_heading(title: str, bills: Sequence[Mapping[str, float]]) -> bool:
    """Whether `title` is that of a column of `bills`, in whatever unit."""
    known = {heading.format(symbol) for kind in KINDS for heading in kind.headings.values() for symbol in kind.units}
    return title in known or title == "tokens" or any(title in bill for bill in bills)


def _unit(largest: float, units: Mapping[str, float]) -> tuple[str, float]:
    """The largest of `units` of which there is one at least; hours from two of them."""
    fitting = [(symbol, unit) for symbol, unit in units.items() if largest >= (2 * unit if unit == HOUR else unit)]
    return fitting[-1] if fitting else next(iter(units.items()))


def _amount(amount: float) -> str:
    """An amount such as 1,000,000 or 1.234e+18: exact where it is a whole number that can be read."""
    if amount == int(amount) and abs(amount) < 1e12:
        return f"{int(amount):,}"
    return f"{amount:.4g}"
