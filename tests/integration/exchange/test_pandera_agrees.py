"""Trimtab's verdict on a Pandera schema's contract and Pandera's own, and the source written from a contract."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.integration.exchange.faulty_batches import COUNTRIES, PATTERNS, WORDS, batch
from trimtab.data.check import check_scan
from trimtab.data.kinds import ColumnType, Severity
from trimtab.data.scan import TableScan
from trimtab.data.schema import Column, Condition, Contract, Length, Pattern, Range, Unique, Values
from trimtab.drivers.pandera import read_pandera, write_pandera

pa = pytest.importorskip("pandera.polars", reason="needs Pandera: install the extra pandera")

BATCHES = 100
TYPES: dict[str, Any] = {
    "amount": pl.Float64, "age": pl.Int64, "whole": pl.Int32, "country": pl.String, "word": pl.String, "id": pl.Int64,
}  # fmt: skip
NUMBERS = ["amount", "age", "whole"]

Drawn = tuple[str, Any]
"""A column and what is asked of it."""


def compared(chance: random.Random) -> Drawn:
    name = chance.choice(NUMBERS)
    form = chance.choice(["ge", "gt", "le", "lt", "eq", "ne"])
    return name, getattr(pa.Check, form)(chance.choice([0, 1, 4, 18, 90, 100]))


def in_range(chance: random.Random) -> Drawn:
    ends = {"include_min": chance.random() < 0.5, "include_max": chance.random() < 0.5}
    return chance.choice(NUMBERS), pa.Check.in_range(0, chance.choice([4, 90, 100]), **ends)


def listed(chance: random.Random) -> Drawn:
    form = chance.choice([pa.Check.isin, pa.Check.notin])
    name = chance.choice(["country", "word", "age", "whole"])
    known: dict[str, list[Any]] = {"country": COUNTRIES, "word": WORDS[:5], "age": [*range(18, 90)], "whole": [0, 1, 2]}
    return name, form(known[name])


def matched(chance: random.Random) -> Drawn:
    form = chance.choice([pa.Check.str_matches, pa.Check.str_contains])
    return chance.choice(["country", "word"]), form(chance.choice(PATTERNS))


def affixed(chance: random.Random) -> Drawn:
    form = chance.choice([pa.Check.str_startswith, pa.Check.str_endswith])
    return chance.choice(["country", "word"]), form(chance.choice(["a", "D", "", "-3"]))


def long(chance: random.Random) -> Drawn:
    return chance.choice(["country", "word"]), pa.Check.str_length(chance.choice([None, 2]), chance.choice([2, 4]))


FORMS: list[Callable[[random.Random], Drawn]] = [compared, compared, in_range, listed, matched, affixed, long]


def failures(table: pl.DataFrame, schema: Any) -> int:
    """How many values Pandera finds against the schema."""
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return int(errors.failure_cases.height)
    return 0


def found(table: pl.DataFrame, contract: Contract) -> int:
    """How many rows Trimtab finds against the contract."""
    violations = check_scan(TableScan(table), contract).violations
    return sum(found.count for found in violations if found.severity is Severity.REFUSE)


@pytest.mark.filterwarnings("ignore")
def test_every_builtin_check_finds_as_many_values_here_as_in_pandera() -> None:
    wrong, failed = [], 0
    for seed in range(BATCHES):
        chance, table = random.Random(seed), batch(seed).table
        for form in FORMS:
            name, check = form(chance)
            schema = pa.DataFrameSchema({name: pa.Column(TYPES[name], check, nullable=True)})
            carried = read_pandera(schema)
            theirs, ours = failures(table, schema), found(table, carried.contract)
            failed += bool(theirs)
            left = [left.what for left in carried.left if left.what != "width of types"]
            if theirs != ours or left:
                wrong.append(f"batch {seed}: {name} {check}: {theirs} there, {ours} here, left {left}")
    assert wrong == []
    assert failed > 200, "batches with too few faults"


@pytest.mark.filterwarnings("ignore")
def test_nullable_unique_strict_and_missing_columns_are_judged_as_in_pandera() -> None:
    for seed in range(BATCHES):
        table = batch(seed).table.select("id", "whole", "amount")
        schemas = [
            pa.DataFrameSchema({"amount": pa.Column(pl.Float64, nullable=False)}),
            pa.DataFrameSchema({"id": pa.Column(pl.Int64, unique=True)}),
            pa.DataFrameSchema({"id": pa.Column(pl.Int64), "whole": pa.Column(pl.Int32)}, unique=["id", "whole"]),
            pa.DataFrameSchema({"id": pa.Column(pl.Int64)}, strict=True),
            pa.DataFrameSchema({"id": pa.Column(pl.Int64), "gone": pa.Column(pl.Int64)}),
            pa.DataFrameSchema({"id": pa.Column(pl.String)}),
        ]
        for schema in schemas:
            contract = read_pandera(schema).contract
            assert (found(table, contract) == 0) is (failures(table, schema) == 0), (seed, schema)


CONTRACT = Contract(
    columns=(
        Column(name="id", type=ColumnType.INTEGER, range=Range(minimum=0, maximum=None, outside=Severity.REFUSE)),
        Column(
            name="amount",
            type=ColumnType.FLOAT,
            nullable=True,
            range=Range(minimum=0.0, maximum=100.0, outside=Severity.REFUSE),
        ),
        Column(
            name="country",
            type=ColumnType.TEXT,
            nullable=True,
            values=Values(allowed=(*COUNTRIES, *WORDS), outside=Severity.REFUSE),
            pattern=Pattern(matches=r"^[A-Za-z0-9\"-ï]*$", outside=Severity.REFUSE),
            length=Length(minimum=0, maximum=30, outside=Severity.REFUSE),
        ),
        Column(
            name="ts",
            type=ColumnType.TIME,
            nullable=True,
            range=Range(
                minimum=int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000,
                maximum=None,
                outside=Severity.REFUSE,
            ),
        ),
        Column(name="whole", type=ColumnType.INTEGER),
        Column(
            name="age",
            type=ColumnType.INTEGER,
            nullable=True,
            range=Range(minimum=17, maximum=None, share=0.1, outside=Severity.REFUSE),
        ),
    ),
    unique=(Unique(columns=("id", "whole")),),
    conditions=(
        Condition(then="amount < 99.5", outside=Severity.REFUSE),
        Condition(then="country not in ['XX', 'é']", outside=Severity.REFUSE),
        Condition(then="amount > age", outside=Severity.REFUSE),
    ),
)


@pytest.mark.filterwarnings("ignore")
def test_the_source_that_is_written_runs_and_finds_what_the_contract_finds() -> None:
    source, left = write_pandera(CONTRACT)
    names: dict[str, Any] = {}
    exec(compile(source, "schema", "exec"), names)
    assert [(out.what, out.column) for out in left] == [("condition", ""), ("range", "age")]
    without = Contract(
        columns=(*CONTRACT.columns[:5], Column(name="age", type=ColumnType.INTEGER, nullable=True)),
        unique=CONTRACT.unique,
        conditions=CONTRACT.conditions[:2],
    )
    verdicts = set()
    for seed in range(BATCHES):
        table = batch(seed).table.select(column.name for column in CONTRACT.columns)
        table = table.with_columns(pl.col("ts").dt.replace_time_zone("UTC"), pl.col("whole").cast(pl.Int64))
        kept = found(table, without) == 0
        assert kept is (failures(table, names["schema"]) == 0), seed
        verdicts.add(kept)
    assert verdicts == {True, False}


def test_of_the_types_that_are_written_none_is_said_to_be_lost() -> None:
    names: dict[str, Any] = {}
    exec(compile(write_pandera(CONTRACT)[0], "schema", "exec"), names)
    assert "width of types" not in {out.what for out in read_pandera(names["schema"]).left}


def test_a_width_that_is_lost_is_named_as_the_schema_has_it() -> None:
    types = {"a": pl.Int16, "b": pl.Int64, "c": pl.Float32, "d": pl.Int16, "e": pl.Datetime("ms", "UTC")}
    schema = pa.DataFrameSchema({name: pa.Column(dtype) for name, dtype in types.items()})
    (left,) = read_pandera(schema).left
    assert left.why == (
        "a contract knows five types and no widths: Int16 becomes integer, Float32 becomes float, "
        "Datetime(time_unit='ms', time_zone='UTC') becomes time"
    )


def test_the_source_that_is_written_is_laid_out_as_a_formatter_does(tmp_path: Path) -> None:
    source, _ = write_pandera(CONTRACT)
    file = tmp_path / "schema.py"
    file.write_text(source, encoding="utf-8")
    ruff = Path(sys.executable).with_name("ruff")
    done = subprocess.run([ruff, "format", "--diff", "--isolated", file], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_a_schema_of_pandas_says_is_read_like_one_of_polars() -> None:
    pandas = pytest.importorskip("pandera.pandas", reason="needs Pandera: install the extra pandera")

    class Payments(pandas.DataFrameModel):  # type: ignore[misc,name-defined]  # Pandera is found at run time
        amount: float = pandas.Field(ge=0, le=10, nullable=True)
        country: str = pandas.Field(isin=["DE", "FR"], str_length={"min_value": 2})
        tries: int = pandas.Field(gt=0, coerce=True)

        @pandas.check("tries")  # type: ignore[untyped-decorator]
        def even(cls, tries: Any) -> Any:  # noqa: N805  # Pandera's own form
            return tries % 2 == 0

        class Config:
            strict = True
            unique = ["country", "tries"]  # noqa: RUF012  # Pandera's own form

    carried = read_pandera(Payments)
    amount, country, tries = carried.contract.columns
    assert amount.range == Range(minimum=0.0, maximum=10.0, outside=Severity.REFUSE)
    assert (amount.nullable, country.nullable) == (True, False)
    assert country.values == Values(allowed=("DE", "FR"), outside=Severity.REFUSE)
    assert country.length == Length(minimum=2, maximum=None, outside=Severity.REFUSE)
    assert tries.type is ColumnType.INTEGER
    assert [condition.then for condition in carried.contract.conditions] == ["tries > 0"]
    assert carried.contract.unexpected is Severity.REFUSE
    assert carried.contract.unique == (Unique(columns=("country", "tries")),)
    assert [(out.what, out.column) for out in carried.left] == [
        ("coerce", "tries"),
        ("check even", "tries"),
    ]
