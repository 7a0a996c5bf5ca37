"""One contract, one verdict: for a table, for each of its rows sent as a request, and for what a model is given."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from trimtab.base.instants import Instant
from trimtab.data.check import TableCheck, check_table
from trimtab.data.columns import storage_type
from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.infer import infer
from trimtab.data.kinds import ColumnType, Direction, DriftLimits, Of, Rule, Severity
from trimtab.data.request import CheckedRow, Refusal, RowChecker
from trimtab.data.scan import TableScan
from trimtab.data.schema import (
    Column,
    Condition,
    Contract,
    Freshness,
    Length,
    Nulls,
    Order,
    Pattern,
    Range,
    RowCount,
    Unique,
    Values,
)
from trimtab.data.table import columns_from_rows, digest_table, to_columns
from trimtab.data.violation import Violation

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


RULES = (Rule.RANGE, Rule.VALUES, Rule.PATTERN, Rule.LENGTH, Rule.CONDITION)
"""What is asked of a row that can be read."""


@st.composite
def consequences(draw: st.DrawFn) -> dict[str, Any]:
    """What happens to rows that break a rule, and how many may."""
    outside = draw(st.sampled_from(Severity))
    share = 0.0 if outside is Severity.QUARANTINE else draw(st.sampled_from([0.0, 0.0, 0.25, 0.3333333333333333]))
    of = draw(st.sampled_from(Of)) if share else Of.ROWS
    return {"outside": outside, "share": share, "of": of, "because": draw(st.sampled_from(["", "a reason"]))}


@st.composite
def ranges(draw: st.DrawFn, kind: ColumnType) -> Range:
    low, high = draw(st.sampled_from([(-1, 1), (0, None), (None, 2)]))
    if kind is ColumnType.TIME:
        low, high = draw(st.sampled_from([(0, None), (None, 10**15), (-(10**14), 1_772_323_200_000_001)]))
    number = float if kind is ColumnType.FLOAT else int
    return Range(
        minimum=None if low is None else number(low),
        maximum=None if high is None else number(high),
        **draw(consequences()),
    )


@st.composite
def columns(draw: st.DrawFn, name: str) -> Column:
    kind = draw(st.sampled_from(ColumnType))
    limits = known = pattern = length = None
    if kind in (ColumnType.INTEGER, ColumnType.FLOAT, ColumnType.TIME) and draw(st.booleans()):
        limits = draw(ranges(kind))
    listed: dict[ColumnType, tuple[bool | int | str, ...]] = {
        ColumnType.INTEGER: (0, 1, -3),
        ColumnType.TEXT: ("a", "b", ""),
        ColumnType.BOOLEAN: (True,),
    }
    if kind in listed and draw(st.booleans()):
        known = Values(allowed=listed[kind], **draw(consequences()))
    if kind is ColumnType.TEXT and draw(st.booleans()):
        matches = draw(st.sampled_from(["^[ab1]*$", "a", "^$", r"^\d", "(?i)A|é", "^.$", r"[^\W_]", "$"]))
        pattern = Pattern(matches=matches, **draw(consequences()))
    if kind is ColumnType.TEXT and draw(st.booleans()):
        low, high = draw(st.sampled_from([(1, None), (None, 2), (0, 3), (2, 4)]))
        length = Length(minimum=low, maximum=high, **draw(consequences()))
    return Column(
        name=name,
        type=kind,
        nullable=draw(st.booleans()),
        range=limits,
        values=known,
        pattern=pattern,
        length=length,
        outside=draw(st.sampled_from([Severity.REFUSE, Severity.QUARANTINE])),
        sensitive=draw(st.booleans()),
    )


ASKED = {
    ColumnType.INTEGER: ("{} < 2", "{} / 3 > 0.1", "{} in [0, 1]", "{} != 9007199254740993"),
    ColumnType.FLOAT: ("{} >= 0.1", "{} + 1 != {} * 3", "abs({}) < 1e300", "not {} == 1"),
    ColumnType.BOOLEAN: ("{}", "not {}", "{} == false"),
    ColumnType.TEXT: ("len({}) < 3", "{} < 'b'", "{} not in ['a', '']", "{} is not null"),
    ColumnType.TIME: ("{} > '2026-03-01T00:00:00Z'", "{} is null"),
}


@st.composite
def conditions(draw: st.DrawFn, known: list[Column]) -> Condition:
    """A condition over columns of their types."""

    def asked() -> str:
        column = draw(st.sampled_from(known))
        return draw(st.sampled_from(ASKED[column.type])).replace("{}", column.name)

    when = draw(st.sampled_from(["", asked()]))
    then = " or ".join(asked() for _ in range(draw(st.integers(1, 2))))
    return Condition(when=when, then=then, name=draw(st.sampled_from(["", "one", "two"])), **draw(consequences()))


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """A contract that is served: what it says of rows, and nothing of tables."""
    features = [draw(columns(name)) for name in draw(st.lists(st.sampled_from("abcde"), unique=True, max_size=4))]
    label = Column(name="y", type=ColumnType.INTEGER, nullable=True)
    return Contract(
        time="ts",
        label="y",
        zone=draw(st.sampled_from([None, "UTC", "Europe/Berlin"])),
        columns=(Column(name="ts", type=ColumnType.TIME), *features, label),
        unexpected=draw(st.sampled_from([Severity.REFUSE, Severity.NOTE])),
        ignored=draw(st.sampled_from([(), ("a photo", "")])),
        conditions=tuple(draw(st.lists(conditions(features), max_size=2))) if features else (),
        quarantine=1.0,
    )


@st.composite
def whole_contracts(draw: st.DrawFn) -> Contract:
    """A contract with rules of every kind, those over rows together too."""
    drawn = draw(contracts())
    severities = st.sampled_from([Severity.REFUSE, Severity.NOTE])
    made = []
    for column in drawn.columns:
        order = nulls = drift = None
        if column.type is not ColumnType.BOOLEAN and draw(st.booleans()):
            direction, strictly = draw(st.sampled_from(Direction)), draw(st.booleans())
            order = Order(direction=direction, strictly=strictly, outside=draw(severities))
        if column.nullable and draw(st.booleans()):
            nulls = Nulls(share=draw(st.sampled_from([0.0, 0.3, 1.0])), outside=draw(severities))
        if draw(st.integers(0, 3)) == 0:
            drift = draw(limits())
        made.append(replace(column, order=order, nulls=nulls, drift=drift))
    names = st.sampled_from([column.name for column in made])
    keys = st.lists(st.lists(names, min_size=1, max_size=2, unique=True), max_size=2)
    return replace(
        drawn,
        columns=tuple(made),
        unique=tuple(Unique(columns=tuple(key), outside=draw(severities)) for key in draw(keys)),
        rows=draw(st.sampled_from([None, RowCount(minimum=2, maximum=None), RowCount(minimum=0, maximum=3)])),
        fresh=draw(st.sampled_from([None, Freshness(within=86_400_000_001, because="daily")])),
        quarantine=draw(st.sampled_from([0.0, 0.01, 0.5, 1.0])),
        drift=draw(limits()),
        reference=draw(st.sampled_from(["", "reference.json"])),
    )


@st.composite
def limits(draw: st.DrawFn) -> DriftLimits:
    number = st.sampled_from([None, 0.1, 0.25, 1.0, 0.02])
    return DriftLimits(
        location=draw(number),
        scale=draw(number),
        shape=draw(number),
        share=draw(number),
        outside=draw(st.sampled_from([Severity.REFUSE, Severity.NOTE])),
        because=draw(st.sampled_from(["", "so"])),
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


def tolerant(contract: Contract, found: Violation) -> bool:
    """Whether the broken rule tolerates a share of the rows, so that a single row is noted."""
    if found.rule is Rule.CONDITION:
        return any(found.problem.endswith("may be") and rule.share for rule in contract.conditions)
    if found.rule not in RULES:
        return False
    column = contract.column(found.column)
    rules = {
        Rule.RANGE: column.range,
        Rule.VALUES: column.values,
        Rule.PATTERN: column.pattern,
        Rule.LENGTH: column.length,
    }
    rule = rules[found.rule]
    return rule is not None and rule.share > 0


@given(st.data())
def test_a_table_and_its_rows_get_the_same_verdict(data: st.DataObject) -> None:
    contract = data.draw(contracts())
    table = data.draw(tables(contract))
    checker = RowChecker(contract)
    counts: Counter[tuple[str, Rule]] = Counter()
    tolerated = False
    for row, body in enumerate(as_requests(table)):
        found = check_table(table[row : row + 1], contract)
        counts += Counter((violation.column, violation.rule) for violation in found)
        tolerated |= any(tolerant(contract, violation) for violation in found)
        refusing = [each for each in found if each.severity is not Severity.NOTE and not tolerant(contract, each)]
        refused = sorted((each.column, each.rule) for each in refusing)
        answer = checker.row(body)
        if isinstance(answer, Refusal):
            hard = sorted((problem.column, problem.rule) for problem in answer.problems)
            read = [key for key in refused if key[1] not in RULES]
            # A row is judged by what it says once it can be read, so its rules are not among what is wrong before.
            assert hard == (read or refused)
        else:
            assert not refused
            assert len(answer.notes) == len(found)
    if not tolerated:
        together: Counter[tuple[str, Rule]] = Counter()
        for violation in check_table(table, contract):
            together[violation.column, violation.rule] += violation.count
        assert together == counts


@given(st.data())
def test_a_table_is_judged_the_same_in_any_batches(data: st.DataObject) -> None:
    contract = data.draw(whole_contracts())
    table = data.draw(tables(contract))
    table = pl.concat([table, table[: data.draw(st.integers(0, table.height))]])
    now = Instant(1_772_323_200_000_000)
    whole = TableCheck(contract, schema=table.schema, now=now)
    kept = whole.add(table)
    parts = TableCheck(contract, schema=table.schema, now=now)
    cut = data.draw(st.integers(0, table.height))
    pieces = [parts.add(piece) for piece in (table[:cut], table[cut:].rechunk())]
    scan = TableScan(table)
    assert whole.report(scan) == parts.report(scan)
    assert_frame_equal(pl.concat([piece.rows for piece in pieces]), kept.rows)
    assert_frame_equal(pl.concat([piece.aside for piece in pieces]), kept.aside)
    assert kept.rows.height + kept.aside.height == table.height
    assert whole.report(scan).quarantined == kept.aside.height


@given(st.data())
def test_a_table_is_judged_the_same_when_it_comes_a_few_columns_at_a_time(data: st.DataObject) -> None:
    contract = data.draw(whole_contracts())
    table = data.draw(tables(contract))
    now = Instant(1_772_323_200_000_000)
    whole = TableCheck(contract, schema=table.schema, now=now)
    parts = TableCheck(contract, schema=table.schema, now=now)
    for batch in (table, table[: data.draw(st.integers(0, table.height))]):
        whole.add(batch)
        cut = data.draw(st.integers(0, batch.width))
        names = [some for some in (batch.columns[:cut], batch.columns[cut:]) if some]
        seen = [*parts.seen(batch.select(some) for some in names)]
        assert [piece.columns for piece in seen] == names
    assert parts.rows == whole.rows
    assert whole.report(TableScan(table)) == parts.report(TableScan(table))


@given(st.data())
def test_exactly_the_rows_that_break_a_rule_of_quarantine_are_set_aside(data: st.DataObject) -> None:
    contract = data.draw(contracts())
    table = data.draw(tables(contract))
    aside = TableCheck(contract, schema=table.schema).add(table).aside
    alone = [
        row
        for row in range(table.height)
        if any(found.severity is Severity.QUARANTINE for found in check_table(table[row : row + 1], contract))
    ]
    assert aside["_row"].to_list() == alone
    assert all(aside["_reasons"].str.len_chars() > 0)


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
    contract = data.draw(whole_contracts())
    text = format_contract(contract)
    assert parse_contract(text) == contract
    assert format_contract(parse_contract(text)) == text


@given(st.data())
def test_names_and_reasons_survive_their_file(data: st.DataObject) -> None:
    names = data.draw(st.lists(TEXTS.filter(bool), min_size=1, max_size=5, unique=True))
    because = data.draw(TEXTS)
    matches = data.draw(TEXTS.filter(lambda text: bool(text) and text != "\\"))
    contract = Contract(
        columns=tuple(
            Column(
                name=name,
                type=ColumnType.TEXT,
                because=because,
                pattern=Pattern(matches=re.escape(matches), because=because),
                values=Values(allowed=("a", name)) if name != "a" else None,
            )
            for name in names
        ),
        unique=(Unique(columns=tuple(names), because=because),),
        conditions=(Condition(then=f"len(col({names[0]!r})) < 9", name=because, because=because),),
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
