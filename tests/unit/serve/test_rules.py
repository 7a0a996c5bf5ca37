"""A row's key and a label's key meet in the log, whatever form either was sent in."""

from __future__ import annotations

import pytest

from trimtab.data.kinds import ColumnType
from trimtab.data.request import CheckedRow
from trimtab.data.scalar import Fault
from trimtab.data.schema import Column, Contract
from trimtab.serve.served import Rules


def rules(kind: ColumnType | None) -> Rules:
    columns = [Column(name="ts", type=ColumnType.TIME), Column(name="y", type=ColumnType.BOOLEAN)]
    if kind is not None:
        columns.insert(1, Column(name="id", type=kind))
    return Rules(Contract(time="ts", label="y", key=None if kind is None else "id", columns=tuple(columns)))


@pytest.mark.parametrize(
    ("kind", "sent", "labelled"),
    [
        (ColumnType.TEXT, b'"a"', "a"),
        (ColumnType.TEXT, b'"7"', 7),
        (ColumnType.INTEGER, b"7", "7"),
        (ColumnType.INTEGER, b"7.0", 7),
        (ColumnType.INTEGER, b"-7", "-7"),
        (ColumnType.TIME, b'"2026-01-01T00:30:00Z"', "2026-01-01T01:30:00+01:00"),
        (ColumnType.TIME, b'"2026-01-01T00:30:00.000000+00:00"', 1_767_227_400_000_000),
    ],
)
def test_a_labels_key_is_the_text_that_its_rows_key_has_in_the_log(
    kind: ColumnType, sent: bytes, labelled: object
) -> None:
    found = rules(kind)
    row = found.check(b'{"ts": "2026-01-01T00:30:00Z", "id": %s}' % sent)

    assert isinstance(row, CheckedRow)
    assert row.key == found.label_key(labelled)


def test_a_label_without_a_possible_key_is_told_why() -> None:
    assert isinstance(rules(ColumnType.INTEGER).label_key("seven"), Fault)
    assert isinstance(rules(ColumnType.TIME).label_key("soon"), Fault)
    assert rules(None).label_key("anything") == "anything"


def test_the_key_of_a_refused_row_is_kept_where_it_can_be_read() -> None:
    assert rules(ColumnType.TEXT).key(b'{"id": "a", "ts": 5}') == "a"
    assert rules(ColumnType.INTEGER).key({"id": 7}) == "7"
    assert rules(ColumnType.TEXT).key(b"{") is None
    assert rules(None).key(b'{"id": "a"}') is None
