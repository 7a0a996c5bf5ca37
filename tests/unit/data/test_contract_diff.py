"""How two contracts differ is said rule by rule, with what it means for who delivers rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from trimtab.data.contract_diff import Change, Consequence, Kind, diff_contracts
from trimtab.data.kinds import ColumnType, Direction, DriftLimits, Of, Severity
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
from trimtab.spec.project import Task

REFUSE = Severity.REFUSE
BREAKING, LOOSENING, NEUTRAL = Consequence.BREAKING, Consequence.LOOSENING, Consequence.NEUTRAL


def column(kind: ColumnType = ColumnType.FLOAT, **rules: Any) -> Contract:
    return Contract(columns=(Column(name="x", type=kind, **rules),))


def only(old: Contract, new: Contract) -> Change:
    (change,) = diff_contracts(old, new)
    return change


def table(**rules: Any) -> Contract:
    return replace(column(), **rules)


def test_two_contracts_that_say_the_same_do_not_differ() -> None:
    found = column(range=Range(minimum=0, maximum=1, because="seen"))
    assert diff_contracts(found, found) == ()


@pytest.mark.parametrize(
    ("kind", "rule", "old", "new", "words"),
    [
        ("float", "range", Range(minimum=0.0, maximum=982.5), Range(minimum=0.0, maximum=1240.0),
         "range 0..982.5 → 0..1,240"),
        ("float", "range", Range(minimum=0.0, maximum=9.0), Range(minimum=None, maximum=9.0), "range 0..9 → any..9"),
        ("time", "range", Range(minimum=0, maximum=10**15), Range(minimum=0, maximum=2 * 10**15),
         "range 1970-01-01T00:00:00Z..2001-09-09T01:46:40Z → 1970-01-01T00:00:00Z..2033-05-18T03:33:20Z"),
        ("float", "range", Range(minimum=0, maximum=1), Range(minimum=0, maximum=1, share=0.01),
         "tolerated up to 0% → 1%"),
        ("text", "values", Values(allowed=("DE", "FR")), Values(allowed=("DE", "FR", "PT", "RO")),
         "2 values new: 'PT', 'RO'"),
        ("text", "values", Values(allowed=("a",), share=0.01), Values(allowed=("a",), share=0.02),
         "tolerated up to 1% → 2%"),
        ("text", "values", Values(allowed=("a",), share=0.01, of=Of.VALUES), Values(allowed=("a",), share=0.01),
         "tolerated up to 1% of the values → 1%"),
        ("text", "length", Length(minimum=3, maximum=3), Length(minimum=2, maximum=4), "length 3..3 → 2..4"),
        ("text", "pattern", Pattern(matches="^a$"), Pattern(matches="^a$", share=0.1), "tolerated up to 0% → 10%"),
        ("float", "order", Order(strictly=True), Order(), "strictly increasing order → increasing order"),
        ("float", "drift", DriftLimits(), DriftLimits(location=None, share=0.05),
         "drift limit of location 0.1 → any; drift limit of share 2% → 5%"),
    ],
)  # fmt: skip
def test_a_rule_that_asks_for_less_is_looser_and_the_other_way_round_tighter(
    kind: str, rule: str, old: Any, new: Any, words: str
) -> None:
    here, there = column(ColumnType(kind), **{rule: old}), column(ColumnType(kind), **{rule: new})
    change = only(here, there)
    assert (change.column, change.rule, change.kind, change.direction) == ("x", rule, Kind.LOOSENED, LOOSENING)
    assert change.words == f"x: {words} (looser)"
    back = only(there, here)
    assert (back.kind, back.direction) == (Kind.TIGHTENED, NEUTRAL)
    binding = only(*(column(ColumnType(kind), **{rule: replace(each, outside=REFUSE)}) for each in (new, old)))
    assert (binding.kind, binding.direction) == (Kind.TIGHTENED, BREAKING)
    assert binding.words.endswith("(tighter)")


def test_shares_of_nulls_and_rules_of_the_table_have_a_direction_too() -> None:
    nulls = [column(nullable=True, nulls=Nulls(share=share)) for share in (0.01, 0.02)]
    assert only(*nulls).words == "x: nulls up to 1% → 2% (looser)"
    nearly = [column(nullable=True, nulls=Nulls(share=share)) for share in (0.044, 0.0440000001)]
    assert only(*nearly).words == "x: nulls up to 4.4% → 4.40000001% (looser)"
    rows = [table(rows=RowCount(minimum=least, maximum=None)) for least in (1_000, 100)]
    assert only(*rows).words == "rows 1,000..any → 100..any (looser)"
    fresh = [table(fresh=Freshness(within=days * 86_400_000_000, outside=REFUSE)) for days in (2, 1)]
    assert (only(*fresh).words, only(*fresh).direction) == ("fresh within 2d → fresh within 1d (tighter)", BREAKING)
    aside = only(table(), table(quarantine=0.05))
    assert (aside.words, aside.direction) == ("quarantine up to 1% → 5%", LOOSENING)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (Range(minimum=0, maximum=5), Range(minimum=2, maximum=9), "range 0..5 → 2..9 (other)"),
        (Range(minimum=0.1, maximum=0.30000000000000004), Range(minimum=0.1, maximum=0.3),
         "range 0.1..0.30000000000000004 → 0.1..0.3 (tighter)"),
    ],
)  # fmt: skip
def test_ends_are_shown_so_that_a_difference_is_seen(old: Range, new: Range, words: str) -> None:
    assert only(column(range=old), column(range=new)).words == f"x: {words}"


def test_another_list_of_values_names_what_is_new_and_what_is_gone() -> None:
    old = column(ColumnType.INTEGER, values=Values(allowed=(1, 2, 3), outside=REFUSE))
    new = column(ColumnType.INTEGER, values=Values(allowed=(2, 3, 4, 5, 6, 7, 8, 9), outside=REFUSE))
    change = only(old, new)
    assert change.words == "x: 6 values new: 4, 5, 6, 7, 8, …; 1 value gone: 1 (other)"
    assert (change.kind, change.direction) == (Kind.CHANGED, BREAKING)


def test_a_pattern_of_another_form_cannot_be_called_looser_or_tighter() -> None:
    old, new = (column(ColumnType.TEXT, pattern=Pattern(matches=form)) for form in ("^a$", "^b$"))
    assert only(old, new).words == "x: pattern '^a$' → pattern '^b$' (other)"
    assert (only(old, new).kind, only(old, new).direction) == (Kind.CHANGED, NEUTRAL)


@pytest.mark.parametrize(("outside", "added", "gone"), [("note", NEUTRAL, NEUTRAL), ("refuse", BREAKING, LOOSENING)])
def test_rules_come_and_go(outside: str, added: Consequence, gone: Consequence) -> None:
    ruled = column(range=Range(minimum=0, maximum=1, outside=Severity(outside)))
    change = only(column(), ruled)
    assert (change.kind, change.direction, change.words) == (Kind.ADDED, added, f"x: range 0..1 is new ({outside})")
    change = only(ruled, column())
    assert (change.kind, change.direction, change.words) == (Kind.REMOVED, gone, f"x: range 0..1 is gone ({outside})")


def test_uniqueness_and_conditions_are_told_apart_by_their_columns_and_names() -> None:
    assert only(table(), table(unique=(Unique(columns=("a", "b")),))).words == "unique a and b is new (refuse)"
    assert (
        diff_contracts(table(unique=(Unique(columns=("a", "b")),)), table(unique=(Unique(columns=("b", "a")),))) == ()
    )
    old, new = (table(conditions=(Condition(name="kept", then=then),)) for then in ("x > 0", "x > 1"))
    assert only(old, new).words == "condition kept (x > 0) → condition kept (x > 1) (other)"
    unnamed = diff_contracts(table(conditions=(Condition(then="x > 0"),)), table(conditions=(Condition(then="x > 1"),)))
    assert [change.kind for change in unnamed] == [Kind.REMOVED, Kind.ADDED]


def test_another_consequence_is_a_change_of_its_own() -> None:
    old = column(range=Range(minimum=0, maximum=1))
    new = column(range=Range(minimum=0, maximum=2, outside=REFUSE))
    severity, looser = diff_contracts(old, new)
    assert (severity.kind, severity.direction) == (Kind.SEVERITY, BREAKING)
    assert severity.words == "x: range means note → refuse"
    assert looser.kind is Kind.LOOSENED
    assert only(column(), column(outside=Severity.QUARANTINE)).words == (
        "x: a value of another type means refuse → quarantine"
    )
    assert only(table(), table(unexpected=Severity.NOTE)).direction is LOOSENING


def test_columns_come_go_and_change_their_type() -> None:
    one, two = Column(name="a", type=ColumnType.TEXT), Column(name="b", type=ColumnType.INTEGER, nullable=True)
    both, first = Contract(columns=(one, two)), Contract(columns=(one,))
    assert only(first, both).words == "b: a new column (integer, may be null)"
    assert only(first, both).direction is BREAKING
    assert only(both, first).words == "b: the column is no longer known (integer)"
    assert only(both, first).direction is BREAKING
    assert only(both, Contract(columns=(two, one))).words == "the columns stand in another order"
    wider = only(column(ColumnType.INTEGER), column(ColumnType.FLOAT))
    assert (wider.words, wider.direction) == ("x: type integer → float", LOOSENING)
    assert only(column(ColumnType.FLOAT), column(ColumnType.TEXT)).direction is BREAKING
    assert only(column(), column(nullable=True)).words == "x: may be null now"
    assert only(column(nullable=True), column()).words == "x: may no longer be null"
    assert only(column(), column(sensitive=True)).direction is NEUTRAL


def test_roles_are_compared() -> None:
    assert only(table(), table(key="x")).words == "key none → x"
    assert only(table(task=Task.BINARY), table(task=Task.CLASSES)).words == "task binary → classes"
    assert only(table(), table(reference="r.parquet")).direction is NEUTRAL


def test_reasons_count_only_where_nothing_else_is_different() -> None:
    old = column(range=Range(minimum=0, maximum=1, because="of 10 rows"), because="one")
    other = column(range=Range(minimum=0, maximum=1, because="of 20 rows"), because="one")
    change = only(old, other)
    assert (change.kind, change.direction) == (Kind.REASON, NEUTRAL)
    assert change.words == "x: the reason of range: of 10 rows → of 20 rows"
    assert (
        only(old, column(range=Range(minimum=0, maximum=2, because="of 20 rows"), because="two")).kind is Kind.LOOSENED
    )
    assert only(
        table(unique=(Unique(columns=("x",)),)), table(unique=(Unique(columns=("x",), because="a key"),))
    ).words == ("the reason of unique: none → a key")


def test_what_breaks_producers_comes_first_and_all_of_it_is_json() -> None:
    old = Contract(columns=(Column(name="a", type=ColumnType.FLOAT, range=Range(minimum=0, maximum=1)),))
    new = Contract(
        columns=(
            Column(name="a", type=ColumnType.FLOAT, range=Range(minimum=0, maximum=2)),
            Column(name="b", type=ColumnType.FLOAT),
        )
    )
    changes = diff_contracts(old, new)
    assert [change.direction for change in changes] == [BREAKING, LOOSENING]
    assert msgspec.json.decode(msgspec.json.encode(changes), type=tuple[Change, ...]) == changes


def test_directions_of_order_differ() -> None:
    old, new = column(order=Order()), column(order=Order(direction=Direction.DECREASING))
    assert only(old, new).words == "x: increasing order → decreasing order (other)"


def test_thousands_of_columns_are_compared_in_no_time() -> None:
    many = tuple(Column(name=f"c{place}", type=ColumnType.FLOAT) for place in range(5_000))
    assert only(Contract(columns=many), Contract(columns=many[1:])).column == "c0"
    assert len(
        diff_contracts(Contract(columns=many), Contract(columns=tuple(replace(each, because="b") for each in many)))
    )
