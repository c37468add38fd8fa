"""A bill as columns: units that suit the largest amount, each number as it was, and what has no column."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from benchcore.report.bill import bill_columns, is_heading

UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18, "Z": 1e21, "Y": 1e24}


def shown(*bills: Mapping[str, float | None]) -> tuple[list[str], list[list[str]]]:
    columns, rows = bill_columns(bills)
    return [column.title for column in columns], [[cell.text for cell in row] for row in rows]


def test_a_whole_bill_is_in_the_order_and_the_units_of_a_papers_table() -> None:
    clm = {"flops": 6.4e15, "prepare flops": 0.0, "seconds": 5400.0, "prepare seconds": 0.0, "forwarded": 2_000_000}
    slm = {"flops": 4.2e15, "prepare flops": 9.6e14, "seconds": 9000.0, "prepare seconds": 900.0, "forwarded": 500_000}
    titles, rows = shown({**clm, "in loss": 2_000_000, "tokens": 2_000_000}, {**slm, "in loss": 300_000})
    assert titles == [
        "M tokens forwarded", "M tokens in loss", "train PFLOP", "prepare PFLOP", "train h", "prepare h",
    ]  # fmt: skip
    assert rows == [
        ["2.000", "2.000", "6.400", "0", "1.500", "0"],
        ["0.500", "0.300", "4.200", "0.960", "2.500", "0.250"],
    ]


def test_what_is_absent_is_no_zero_and_other_trainers_names_stand_as_they_are() -> None:
    titles, rows = shown({"tokens": 80_000, "dollars": 12.5}, {"tokens": None, "seconds": 7199.0}, {})
    assert titles == ["tokens", "train s", "dollars"]
    assert rows == [["80,000", "-", "12.5"], ["-", "7199", "-"], ["-", "-", "-"]]
    assert shown({}, {}) == ([], [[], []])


def test_tokens_of_preparation_have_no_column() -> None:
    assert shown({"prepare forwarded": 5.0, "prepare in loss": 4.0, "forwarded": 10.0})[0] == ["tokens forwarded"]


@given(st.lists(st.floats(1, 1e26), min_size=1, max_size=5))
def test_the_largest_amount_has_four_digits_and_none_is_off_by_more_than_its_last(amounts: Sequence[float]) -> None:
    [title], rows = shown(*({"flops": amount} for amount in amounts))
    unit = UNITS[title.removeprefix("train ").removesuffix("FLOP")]
    largest = max(rows, key=lambda row: float(row[0]))[0]
    assert len(largest.replace(".", "")) >= 4
    decimals = len(largest.partition(".")[2])
    for amount, [text] in zip(amounts, rows, strict=True):
        assert abs(float(text) * unit - amount) <= 0.5001 * unit / 10**decimals


def test_a_heading_is_known_in_whatever_unit_it_is() -> None:
    bills = [{"flops": 3e12, "forwarded": 2e6, "seconds": 9e3, "grams": 5.0}]
    columns, _ = bill_columns(bills)
    assert len(columns) == 4
    assert all(is_heading(column.title, bills) for column in columns)
    assert not is_heading("value", bills)
