"""One contract, one verdict: for a table, for each of its rows sent as a request, and for what a model is given."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from trimtab.data.check import check_table
from trimtab.data.columns import storage_type
from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.infer import infer
from trimtab.data.request import CheckedRow, Refusal, RowChecker
from trimtab.data.schema import Column, ColumnType, Contract, Range, Rule, Severity, Values
from trimtab.data.table import columns_from_rows, digest_table, to_columns

MOMENTS = st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001
AWARE = MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC))
INTEGERS = st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1))
FLOATS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -2.0, math.nan, math.inf, -math.inf, 2.0**53, 2.0**53 + 2, 1e300, 5e-324]),
    st.floats(),
)
TEXTS = st.one_of(
    st.sampled_from(["", "a", "b", "1", "true", "null", '"', "\\", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)
STORAGES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (pl.Int8(), st.integers(-3, 3)),
    (pl.UInt64(), st.integers(0, 2**64 - 1)),
    (pl.Int64(), INTEGERS),
    (pl.Float32(), st.floats(width=32)),
    (pl.Float64(), FLOATS),
    (pl.Boolean(), st.booleans()),
    (pl.String(), TEXTS),
    (pl.Categorical(), st.sampled_from(["a", "b", "c"])),
    (pl.Datetime("us", "UTC"), AWARE),
    (pl.Datetime("ms"), MOMENTS.map(lambda moment: moment.replace(microsecond=0))),
    (pl.Date(), MOMENTS.map(lambda moment: moment.date())),
    (pl.Decimal(10, 2), st.decimals(-10, 10, places=2)),
    (pl.Null(), st.none()),
]
HEIGHTS = st.integers(1, 5)


@st.composite
def columns(draw: st.DrawFn, name: str) -> Column:
    kind = draw(st.sampled_from(ColumnType))
    limits = known = None
    outside = draw(st.sampled_from(Severity))
    if kind in (ColumnType.INTEGER, ColumnType.FLOAT) and draw(st.booleans()):
        number = float if kind is ColumnType.FLOAT else int
        low, high = draw(st.sampled_from([(-1, 1), (0, None), (None, 2)]))
        limits = Range(
            minimum=None if low is None else number(low),
            maximum=None if high is None else number(high),
            outside=outside,
        )
    if kind in (ColumnType.INTEGER, ColumnType.TEXT) and draw(st.booleans()):
        known = Values(allowed=(0, 1) if kind is ColumnType.INTEGER else ("a", "b", ""), outside=outside)
    return Column(name=name, type=kind, nullable=draw(st.booleans()), range=limits, values=known)


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    features = [draw(columns(name)) for name in draw(st.lists(st.sampled_from("abcde"), unique=True, max_size=4))]
    return Contract(
        time="ts",
        label="y",
        zone=draw(st.sampled_from([None, "UTC", "Europe/Berlin"])),
        columns=(
            Column(name="ts", type=ColumnType.TIME),
            *features,
            Column(name="y", type=ColumnType.INTEGER, nullable=True),
        ),
    )


@st.composite
def series(draw: st.DrawFn, name: str, height: int, kind: ColumnType | None) -> pl.Series:
    # JSON has no times: a time sent for a text is a text, and only the table can tell that it was none.
    storages = [storage for storage in STORAGES if kind is not ColumnType.TEXT or not storage[0].is_temporal()]
    dtype, values = draw(st.sampled_from(storages))
    return pl.Series(name, draw(st.lists(st.none() | values, min_size=height, max_size=height)), dtype=dtype)


@st.composite
def tables(draw: st.DrawFn, contract: Contract) -> pl.DataFrame:
    """A table that has most of a contract's columns, stored in any way, and sometimes one that it has not."""
    height = draw(HEIGHTS)
    made = [pl.Series("ts", draw(st.lists(AWARE, min_size=height, max_size=height)), dtype=pl.Datetime("us", "UTC"))]
    kinds = {column.name: column.type for column in contract.features[1:]} | draw(st.sampled_from([{}, {"z": None}]))
    made += [draw(series(name, height, kind)) for name, kind in kinds.items() if draw(st.integers(0, 9))]
    return pl.DataFrame([*made, pl.Series("y", [0] * height)])


@st.composite
def right_tables(draw: st.DrawFn, contract: Contract) -> pl.DataFrame:
    """A table that keeps a contract, stored as one likes."""
    height = draw(HEIGHTS)
    numbers = FLOATS.filter(math.isfinite)
    kinds: dict[ColumnType, st.SearchStrategy[Any]] = {
        ColumnType.INTEGER: INTEGERS,
        ColumnType.FLOAT: numbers,
        ColumnType.BOOLEAN: st.booleans(),
        ColumnType.TEXT: TEXTS,
        ColumnType.TIME: AWARE,
    }
    made = []
    for column in contract.columns:
        values = kinds[column.type]
        cells = st.none() | values if column.nullable else values
        drawn = draw(st.lists(cells, min_size=height, max_size=height))
        made.append(pl.Series(column.name, drawn, dtype=storage_type(column.type)))
    return pl.DataFrame(made)


def as_json(value: object) -> object:
    """A table's value as its owner sends it: NaN is what JSON calls null, a decimal is a number."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and math.isnan(value):
        return None
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def as_requests(table: pl.DataFrame) -> list[bytes]:
    rows = table.drop("y").to_dicts()
    return [json.dumps({name: as_json(value) for name, value in row.items()}).encode() for row in rows]


def soft(contract: Contract, column: str, rule: Rule) -> bool:
    if rule not in (Rule.RANGE, Rule.VALUES):
        return False
    found = contract.column(column)
    limits = found.range if rule is Rule.RANGE else found.values
    return limits is not None and limits.outside is Severity.NOTE


@given(st.data())
def test_a_table_and_its_rows_get_the_same_verdict(data: st.DataObject) -> None:
    contract = data.draw(contracts())
    table = data.draw(tables(contract))
    checker = RowChecker(contract)
    counted: dict[tuple[str, Rule], int] = {}
    for row, body in enumerate(as_requests(table)):
        found = {(violation.column, violation.rule) for violation in check_table(table[row : row + 1], contract)}
        for key in found:
            counted[key] = counted.get(key, 0) + 1
        answer = checker.row(body)
        refused = {key for key in found if not soft(contract, *key)}
        if isinstance(answer, Refusal):
            hard = {(problem.column, problem.rule) for problem in answer.problems}
            read = {key for key in refused if key[1] not in (Rule.RANGE, Rule.VALUES)}
            # A row is judged by what it says once it can be read, so limits are not among what is wrong before.
            assert hard == (read or refused)
        else:
            assert not refused
            assert len(answer.notes) == len(found)
    assert {(found.column, found.rule): found.count for found in check_table(table, contract)} == counted


@given(st.data())
def test_a_model_is_given_the_same_bits_at_training_and_at_serving(data: st.DataObject) -> None:
    contract = data.draw(contracts())
    table = data.draw(right_tables(contract))
    checker = RowChecker(contract)
    rows = [row for row in map(checker.row, as_requests(table)) if isinstance(row, CheckedRow)]
    if len(rows) < table.height:
        return  # a limit refuses one of them
    trained = to_columns(table, contract)
    served = columns_from_rows(contract.features, [row.values for row in rows])
    assert list(trained) == list(served)
    for name, array in trained.items():
        assert array.dtype == served[name].dtype
        if array.dtype == object:
            assert array.tolist() == served[name].tolist()
        else:
            assert array.tobytes() == served[name].tobytes()


@given(st.data())
def test_the_quick_way_accepts_nothing_that_the_slow_way_would_not(data: st.DataObject) -> None:
    contract = data.draw(contracts())
    cells = st.one_of(st.none(), st.booleans(), INTEGERS, FLOATS.filter(math.isfinite), TEXTS, AWARE.map(str))
    row = {column.name: data.draw(cells) for column in contract.features}
    checker = RowChecker(contract)
    quick, slow = checker.row(json.dumps(row).encode()), checker.mapping(row)
    assert quick == slow
    if isinstance(quick, CheckedRow) and isinstance(slow, CheckedRow):
        assert list(map(repr, quick.values)) == list(map(repr, slow.values))


@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_any_bytes_get_an_answer(body: bytes) -> None:
    contract = Contract(
        time="ts",
        label="y",
        columns=(Column(name="ts", type=ColumnType.TIME), Column(name="y", type=ColumnType.INTEGER)),
    )
    assert isinstance(RowChecker(contract).row(body), Refusal)


@given(st.data())
def test_a_contract_survives_its_file(data: st.DataObject) -> None:
    drawn = data.draw(contracts())
    names = data.draw(
        st.lists(TEXTS.filter(bool), min_size=len(drawn.columns), max_size=len(drawn.columns), unique=True)
    )
    because = data.draw(TEXTS)
    renamed = {column.name: name for column, name in zip(drawn.columns, names, strict=True)}
    contract = Contract(
        time=renamed["ts"],
        label=renamed["y"],
        zone=drawn.zone,
        columns=tuple(
            Column(
                name=renamed[column.name],
                type=column.type,
                nullable=column.nullable,
                range=column.range,
                values=column.values,
                because=because,
            )
            for column in drawn.columns
        ),
    )
    text = format_contract(contract)
    assert parse_contract(text) == contract
    assert format_contract(parse_contract(text)) == text


@given(st.data())
def test_a_table_keeps_the_contract_that_it_suggested(data: st.DataObject) -> None:
    drawn = data.draw(contracts())
    start = data.draw(AWARE)
    table = data.draw(right_tables(drawn))
    table = pl.concat([table] * 30).with_columns(
        ts=pl.Series([start + timedelta(minutes=row) for row in range(30 * table.height)]),
        y=pl.Series([row % 2 for row in range(30 * table.height)]),
    )
    contract = infer(table, time="ts", label="y", zone=drawn.zone)
    assert check_table(table, contract) == ()
    answers = [RowChecker(contract).row(body) for body in as_requests(table[:2])]
    assert all(isinstance(answer, CheckedRow) and not answer.notes for answer in answers)


@given(st.data())
def test_a_digest_knows_the_rows_and_not_their_storage(data: st.DataObject) -> None:
    table = data.draw(right_tables(data.draw(contracts())))
    digest = digest_table(table)
    cut = data.draw(st.integers(0, table.height))
    assert digest_table(pl.concat([table[:cut], table[cut:]], rechunk=False)) == digest
    assert digest_table(pl.concat([table, table])[table.height :]) == digest
    assert digest_table(pl.concat([table, table])) != digest
