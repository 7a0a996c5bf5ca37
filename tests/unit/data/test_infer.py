"""What a first table says of the rows to come, and what it does not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest

from trimtab.base.errors import ProblemsError
from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.infer import infer, infer_contract, infer_task
from trimtab.data.kinds import ColumnType, Severity
from trimtab.data.problems import TableError
from trimtab.data.profiler import profile_frame
from trimtab.data.schema import Column
from trimtab.spec.project import Task

ROWS = 400
START = datetime(2026, 3, 1, tzinfo=UTC)
TIMES = [START + timedelta(minutes=30 * row) for row in range(ROWS)]
CHANCE = np.random.default_rng(1)


def table(**columns: object) -> pl.DataFrame:
    return pl.DataFrame({"ts": TIMES, **columns, "y": [row % 2 for row in range(ROWS)]}, strict=False)


def column(values: object) -> Column:
    return infer(table(x=values), time="ts", label="y").column("x")


def test_structure_is_refused_and_what_was_seen_is_noted() -> None:
    amounts = CHANCE.uniform(0.01, 0.98, ROWS)
    amounts[[3, 7]] = 0.01, 0.98
    found = column(amounts)
    assert (found.type, found.nullable) == (ColumnType.FLOAT, False)
    assert found.range is not None
    assert (found.range.minimum, found.range.maximum, found.range.outside) == (0.0, 1.0, Severity.NOTE)
    assert found.range.because == (
        "seen 0.01 to 0.98 in 400 rows, down to 0 as none was negative, up to 1 as shares end there"
    )


def test_a_constant_column_gets_no_limits() -> None:
    found = column([0.003467] * ROWS)
    assert (found.range, found.values) == (None, None)
    assert found.because == "always 0.003467 in 400 rows, so no limits were inferred"
    assert column(["one"] * ROWS).values is None
    assert column([5] * ROWS).range is None


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(list(range(ROWS)), id="a counter"),
        pytest.param([-float(row) for row in range(ROWS)], id="a falling counter"),
        pytest.param([f"customer {row}" for row in range(ROWS)], id="names"),
        pytest.param([f"note {row % 60}" for row in range(ROWS)], id="free text"),
        pytest.param(TIMES, id="times"),
        pytest.param([row % 3 == 0 for row in range(ROWS)], id="truth values"),
    ],
)
def test_what_is_new_in_every_row_gets_no_limits(values: object) -> None:
    found = column(values)
    assert (found.range, found.values) == (None, None)


def test_numbers_that_are_names_get_no_range_where_they_are_called_so() -> None:
    numbers = CHANCE.permutation(10**6)[:ROWS].tolist()
    contract = infer(table(order_id=numbers, quantity=numbers), time="ts", label="y")
    assert contract.column("order_id").range is None
    assert "called as names are" in contract.column("order_id").because
    assert contract.column("quantity").range is not None


def test_few_texts_are_known_values() -> None:
    found = column([("DE", "FR", "IT", None)[row % 4] for row in range(ROWS)])
    assert found.values is not None
    assert (found.values.allowed, found.values.outside) == (("DE", "FR", "IT"), Severity.NOTE)
    assert found.values.because == "3 values seen in 300 rows, each 100 times at least"
    assert found.nullable
    assert found.nulls is not None
    assert (found.nulls.share, found.nulls.outside) == (0.37, Severity.NOTE)
    assert found.nulls.because == "null in 100 rows of 400 (25%); chance alone makes no more of 1,000 rows"


def test_gaps_make_a_column_nullable_and_do_not_change_its_type() -> None:
    integers = column([None, *(row % 9 for row in range(ROWS - 1))])
    assert (integers.type, integers.nullable) == (ColumnType.INTEGER, True)
    floats = column([float("nan"), *CHANCE.normal(size=ROWS - 1)])
    assert (floats.type, floats.nullable) == (ColumnType.FLOAT, True)
    nothing = column(pl.Series([None] * ROWS, dtype=pl.Float32))
    assert (nothing.nullable, nothing.because) == (True, "null in all 400 rows")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pl.Series([1, 2] * 200, dtype=pl.UInt8), ColumnType.INTEGER),
        (pl.Series([1.5, 2] * 200, dtype=pl.Float32), ColumnType.FLOAT),
        (pl.Series([Decimal("1.10"), Decimal("2.20")] * 200), ColumnType.FLOAT),
        (pl.Series(["a", "b"] * 200, dtype=pl.Categorical), ColumnType.TEXT),
        (pl.Series(["a", "b"] * 200, dtype=pl.Enum(["a", "b"])), ColumnType.TEXT),
        (pl.Series([START, START] * 200, dtype=pl.Datetime("ns", "UTC")), ColumnType.TIME),
    ],
)
def test_widths_and_encodings_are_not_types(values: pl.Series, kind: ColumnType) -> None:
    assert column(values).type is kind


def test_the_label_gets_its_classes() -> None:
    found = infer(table(), time="ts", label="y")
    values = found.column("y").values
    assert found.task is Task.BINARY
    assert values is not None
    assert (values.allowed, values.outside) == ((0, 1), Severity.REFUSE)
    three = table().with_columns(y=pl.Series([("a", "b", "c")[row % 3] for row in range(ROWS)]))
    values = infer(three, time="ts", label="y").column("y").values
    assert values is not None
    assert (values.allowed, values.outside) == (("a", "b", "c"), Severity.NOTE)


@pytest.mark.parametrize(
    ("label", "task"),
    [
        ([True, False, None], Task.BINARY),
        ([True, True], Task.BINARY),
        (["yes", "no", None], Task.BINARY),
        ([0.0, 1.0, float("nan")], Task.BINARY),
        (["a", "b", "c"], Task.CLASSES),
        ([1, 2, 3], Task.CLASSES),
        (list(range(21)), Task.REGRESSION),
        ([0.5, 1.5, 2.5], Task.REGRESSION),
    ],
)
def test_the_label_says_the_task(label: list[object], task: Task) -> None:
    assert infer_task(pl.Series("y", label)) is task


def test_the_project_has_the_last_word_on_the_task() -> None:
    counts = table().with_columns(y=pl.Series([row % 3 for row in range(ROWS)]))
    found = infer(counts, time="ts", label="y", task=Task.REGRESSION)
    assert found.task is Task.REGRESSION
    assert found.column("y").values is None


def test_the_key_gets_no_limits() -> None:
    found = infer(table(k=[row % 5 for row in range(ROWS)]), time="ts", label="y", key="k")
    assert found.key == "k"
    assert found.column("k").range is None


def test_times_may_be_text_or_microseconds() -> None:
    texts = table().with_columns(ts=pl.Series([moment.isoformat() for moment in TIMES]))
    assert infer(texts, time="ts", label="y").column("ts").type is ColumnType.TIME
    counts = table().with_columns(pl.col("ts").to_physical())
    assert infer(counts, time="ts", label="y").column("ts").type is ColumnType.TIME


def test_what_was_inferred_is_written_and_read() -> None:
    found = infer(table(x=CHANCE.normal(size=ROWS), z=["a", "b"] * 200), time="ts", label="y", zone="UTC")
    assert parse_contract(format_contract(found)) == found


def test_a_table_without_rows_says_so() -> None:
    with pytest.raises(TableError, match="no rows"):
        infer(table().clear(), time="ts", label="y")


def test_all_that_is_wrong_with_a_table_is_said_at_once() -> None:
    naive = [moment.replace(tzinfo=None) for moment in TIMES]
    wrong = table(naive=naive, nothing=[None] * ROWS, listed=[[1]] * ROWS, amount=[float("inf")] * ROWS)
    with pytest.raises(ProblemsError, match="TT1203") as caught:
        infer(wrong, time="tz", label="yy", key="amout")
    said = [problem.problem for problem in caught.value.problems]
    assert said[:3] == [
        "the table has no column 'tz', which [data] time names",
        "the table has no column 'yy', which [data] label names",
        "the table has no column 'amout', which [data] key names",
    ]
    assert caught.value.problems[2].fix == "did you mean 'amount'?"
    assert "'naive' holds 400 values without a time zone, for example 2026-03-01 00:00:00" in said[3]
    assert "Set [data] zone" in caught.value.problems[3].fix
    assert "'nothing' has no value at all" in said[4]
    assert "'listed' is stored as List" in said[5]
    assert "'amount' holds 400 values that no float column can have, for example Infinity" in said[6]


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ([None, *TIMES[1:]], "the time column 'ts' is null in 1 row"),
        ([moment.replace(tzinfo=None) for moment in TIMES], "without a time zone"),
        ([date(2026, 3, 1)] * ROWS, "without a time zone"),
        ([int(moment.timestamp()) for moment in TIMES], "that no time column can have, for example 1772323200"),
        (["yesterday"] * ROWS, "that no time column can have, for example 'yesterday'"),
    ],
)
def test_times_that_are_none_are_named(times: list[object], said: str) -> None:
    with pytest.raises(ProblemsError, match=said):
        infer(table().with_columns(ts=pl.Series(times)), time="ts", label="y")


@pytest.mark.parametrize(
    ("label", "said"),
    [([1] * ROWS, "has 1 value, so nothing can be learned"), (TIMES, "is stored as Datetime")],
)
def test_a_label_that_cannot_be_learned_is_named(label: list[object], said: str) -> None:
    with pytest.raises(ProblemsError, match=said):
        infer(table().with_columns(y=pl.Series(label)), time="ts", label="y")


def test_a_column_without_a_name_is_left_out_with_a_note() -> None:
    profile = profile_frame(pl.DataFrame({"": [0, 1, 2], "x": [1.0, 2.0, 4.0]}))
    found = infer_contract(profile)
    assert [column.name for column in found.contract.columns] == ["x"]
    assert found.notes == ("column '' is not in the contract, which lets it pass: it has no name",)


@pytest.mark.parametrize("table", [{"x": [None, None]}, {"x": [[1], [2]]}, {"": [1, 2]}])
def test_a_table_that_no_contract_can_speak_of_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(TableError, match="no column that a contract can speak of") as found:
        infer_contract(profile_frame(pl.DataFrame(table)))
    assert found.value.fix.startswith("Give a table with a named column")
