"""Arrays and digests of tables."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from trimtab.data.kinds import ColumnType
from trimtab.data.problems import TableError
from trimtab.data.schema import Column, Contract
from trimtab.data.table import (
    Array,
    array_of,
    columns_from_rows,
    digest_table,
    dtype_of,
    event_times,
    label_of,
    to_columns,
)

AT = 1_772_375_400_000_000
CONTRACT = Contract(
    time="ts",
    label="y",
    columns=(
        Column(name="ts", type=ColumnType.TIME),
        Column(name="i", type=ColumnType.INTEGER),
        Column(name="i_gaps", type=ColumnType.INTEGER, nullable=True),
        Column(name="f", type=ColumnType.FLOAT),
        Column(name="b", type=ColumnType.BOOLEAN),
        Column(name="b_gaps", type=ColumnType.BOOLEAN, nullable=True),
        Column(name="s", type=ColumnType.TEXT, nullable=True),
        Column(name="t_gaps", type=ColumnType.TIME, nullable=True),
        Column(name="y", type=ColumnType.BOOLEAN),
    ),
)
TABLE = pl.DataFrame(
    {
        "y": [True, False],
        "ts": [datetime(2026, 3, 1, 14, 30, tzinfo=UTC)] * 2,
        "i": pl.Series([2**62, -1]),
        "i_gaps": pl.Series([1, None], dtype=pl.Int8),
        "f": pl.Series([-0.0, 1.5], dtype=pl.Float32),
        "b": [True, False],
        "b_gaps": [True, None],
        "s": pl.Series(["é", None], dtype=pl.Categorical),
        "t_gaps": [None, datetime(2026, 3, 1, 14, 30, tzinfo=UTC)],
    }
)
ROWS = [(AT, 2**62, 1, -0.0, True, True, "é", None), (AT, -1, None, 1.5, False, None, None, AT)]


def same(left: dict[str, Array], right: dict[str, Array]) -> None:
    assert list(left) == list(right)
    for name, array in left.items():
        assert array.dtype == right[name].dtype, name
        if array.dtype == object:
            assert array.tolist() == right[name].tolist()
        else:
            assert array.tobytes() == right[name].tobytes(), name


def test_a_table_and_its_rows_give_the_same_arrays() -> None:
    columns = to_columns(TABLE, CONTRACT)
    same(columns, columns_from_rows(CONTRACT.features, ROWS))
    assert {name: str(array.dtype) for name, array in columns.items()} == {
        "ts": "datetime64[us]",
        "i": "int64",
        "i_gaps": "float64",
        "f": "float64",
        "b": "bool",
        "b_gaps": "float64",
        "s": "object",
        "t_gaps": "datetime64[us]",
    }


def test_a_batch_without_gaps_has_the_types_of_one_with_gaps() -> None:
    same(to_columns(TABLE[:1], CONTRACT), columns_from_rows(CONTRACT.features, ROWS[:1]))
    for kind in ColumnType:
        for nullable in (True, False):
            assert array_of(kind, nullable=nullable, values=()).dtype == dtype_of(kind, nullable=nullable)


def test_no_rows_have_arrays_too() -> None:
    same(to_columns(TABLE[:0], CONTRACT), columns_from_rows(CONTRACT.features, []))


def test_labels_and_times_come_by_the_same_rules() -> None:
    assert label_of(TABLE, CONTRACT).tolist() == [True, False]
    assert event_times(TABLE, CONTRACT).tolist() == [AT, AT]
    assert event_times(TABLE, CONTRACT).dtype == np.int64


def test_arrays_may_be_written_to() -> None:
    for array in (*to_columns(TABLE, CONTRACT).values(), *columns_from_rows(CONTRACT.features, ROWS).values()):
        assert array.flags.writeable


def test_a_table_that_breaks_its_contract_gives_no_arrays() -> None:
    with pytest.raises(TableError, match="no column 'i'"):
        to_columns(TABLE.drop("i"), CONTRACT)
    with pytest.raises(TableError, match="'f' has 1 value that the contract refuses"):
        to_columns(TABLE.with_columns(f=pl.Series([1.0, None])), CONTRACT)
    with pytest.raises(TableError, match="'f' has 2 values that the contract refuses"):
        to_columns(TABLE.with_columns(f=pl.Series(["a", "b"])), CONTRACT)


def test_storage_does_not_change_a_digest() -> None:
    digest = digest_table(TABLE)
    assert digest_table(pl.concat([TABLE[:1], TABLE[1:]], rechunk=False)) == digest
    assert digest_table(TABLE.with_columns(pl.col("i_gaps").cast(pl.Int64), pl.col("f").cast(pl.Float64))) == digest
    assert digest_table(TABLE.with_columns(pl.col("s").cast(pl.String))) == digest
    assert digest_table(TABLE.with_columns(pl.col("ts").dt.convert_time_zone("Asia/Tokyo"))) == digest
    assert digest_table(TABLE.with_columns(pl.col("ts").dt.cast_time_unit("ns"))) == digest


@pytest.mark.parametrize(
    "other",
    [
        TABLE.select(reversed(TABLE.columns)),
        TABLE.rename({"f": "g"}),
        TABLE.reverse(),
        TABLE[:1],
        TABLE.with_columns(f=pl.Series([0.0, 1.5])),
        TABLE.with_columns(f=pl.Series([None, 1.5])),
        TABLE.with_columns(f=pl.Series([float("nan"), 1.5])),
        TABLE.with_columns(i=pl.Series([2.0**62, -1.0])),
        TABLE.with_columns(i_gaps=pl.Series([1, 0])),
        TABLE.with_columns(s=pl.Series(["é", ""])),
        TABLE.with_columns(pl.col("ts").dt.replace_time_zone(None)),
        TABLE.with_columns(b=pl.Series([1, 0])),
    ],
)
def test_another_schema_or_value_has_another_digest(other: pl.DataFrame) -> None:
    assert digest_table(other) != digest_table(TABLE)


def test_joined_texts_do_not_collide() -> None:
    tables = [pl.DataFrame({"s": texts}) for texts in (["ab", "c"], ["a", "bc"], ["abc", ""], ["abc", None])]
    assert len({digest_table(table) for table in tables}) == 4


def test_all_ways_to_write_nan_are_one() -> None:
    odd = struct.unpack("<d", struct.pack("<Q", 0xFFF8_0000_0000_0001))[0]
    assert digest_table(pl.DataFrame({"f": [odd]})) == digest_table(pl.DataFrame({"f": [float("nan")]}))


def test_a_digest_is_the_same_on_every_machine() -> None:
    assert digest_table(TABLE) == "sha256:c9757c73ae8980c7df6d4238933c817b38f1e8426bd9154fd470b227f315c632"
    assert digest_table(pl.DataFrame()) == "sha256:7b4f32549050a626edd234b11c8fdb525d0eafcb2719535b6ceeb6b67dcdfc48"


def test_dates_decimals_and_nothing_have_digests() -> None:
    days = pl.DataFrame({"d": [date(2026, 3, 1)]})
    assert digest_table(days) == digest_table(pl.DataFrame({"d": [datetime(2026, 3, 1)]}))  # noqa: DTZ001
    assert digest_table(pl.DataFrame({"d": [Decimal("1.5")]})) == digest_table(pl.DataFrame({"d": [1.5]}))
    assert digest_table(pl.DataFrame({"d": [None]})) != digest_table(days)


def test_what_no_contract_holds_has_no_digest() -> None:
    with pytest.raises(TableError, match="listed"):
        digest_table(pl.DataFrame({"listed": [[1]]}))
    with pytest.raises(TableError, match="beyond 64 bits"):
        digest_table(pl.DataFrame({"big": pl.Series([2**63], dtype=pl.UInt64)}))
