"""TFDV's schemas and contracts, there and back; what is not carried over is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.kinds import ColumnType, DriftLimits, Of, Severity
from trimtab.data.schema import Column, Condition, Contract, Nulls, Pattern, Range, RowCount, Unique, Values

pytest.importorskip("tensorflow_metadata", reason="needs tensorflow-metadata: install the extra tfdv")

from trimtab.drivers.tfdv import read_anomalies, read_tfdv_schema, write_tfdv_schema
from trimtab.drivers.tfdv.anomalies import RULES
from trimtab.drivers.tfdv.float_ends import outward
from trimtab.drivers.tfdv.messages import TfdvSchemaError, definitions

REFUSE = Severity.REFUSE
UNJUDGED = DriftLimits(location=None, scale=None, shape=None, share=None)
SCHEMA = """
feature { name: "amount" type: FLOAT presence { min_fraction: 0.9 min_count: 1 } value_count { min: 1 max: 1 }
          float_domain { min: 0.0 max: 9.5 } }
feature { name: "country" type: BYTES domain: "countries" presence { min_fraction: 1.0 min_count: 1 }
          distribution_constraints { min_domain_mass: 0.95 }
          drift_comparator { infinity_norm { threshold: 0.01 } } skew_comparator { infinity_norm { threshold: 0.1 } } }
feature { name: "currency" type: BYTES domain: "countries" presence { min_count: 1 } }
feature { name: "tries" type: INT int_domain { min: 1 } presence { min_fraction: 1.0 } shape { dim { size: 1 } } }
feature { name: "is_fraud" type: INT bool_domain { } presence { min_fraction: 1.0 } not_in_environment: "SERVING" }
feature { name: "words" type: BYTES value_count { min: 0 max: 9 } }
feature { name: "remark" type: BYTES natural_language_domain { } presence { min_count: 5 } }
feature { name: "old" type: FLOAT lifecycle_stage: DEPRECATED }
feature { name: "maybe" type: FLOAT unique_constraints { min: 2 max: 5 } }
string_domain { name: "countries" value: "DE" value: "FR" }
default_environment: "TRAINING" default_environment: "SERVING"
dataset_constraints { min_examples_count: 100 }
"""


def test_a_schema_becomes_a_contract_and_what_it_cannot_say_is_named() -> None:
    carried = read_tfdv_schema(SCHEMA)
    contract = carried.contract
    assert contract.column("amount") == Column(
        name="amount",
        type=ColumnType.FLOAT,
        nullable=True,
        nulls=Nulls(share=0.1, outside=REFUSE),
        range=Range(minimum=0.0, maximum=9.5, outside=REFUSE),
    )
    assert contract.column("country") == Column(
        name="country",
        type=ColumnType.TEXT,
        values=Values(allowed=("DE", "FR"), share=0.05, of=Of.VALUES, outside=REFUSE),
        drift=DriftLimits(location=None, scale=None, shape=None, share=0.01, outside=REFUSE),
    )
    assert contract.column("currency").values == Values(allowed=("DE", "FR"), outside=REFUSE)
    assert contract.column("tries").range == Range(minimum=1, maximum=None, outside=REFUSE)
    assert contract.column("is_fraud").values == Values(allowed=(0, 1), outside=REFUSE)
    assert (contract.label, contract.drift) == ("is_fraud", UNJUDGED)
    assert contract.rows == RowCount(minimum=100, maximum=None, outside=REFUSE)
    assert parse_contract(format_contract(contract)) == contract
    assert {(left.what, left.column) for left in carried.left} == {
        ("feature", "words"),
        ("feature", "old"),
        ("skew_comparator", "country"),
        ("natural_language_domain", "remark"),
        ("presence.min_count", "remark"),
        ("presence", "maybe"),
        ("unique_constraints", "maybe"),
    }


def test_a_column_that_is_left_out_is_no_stranger_in_a_table() -> None:
    assert read_tfdv_schema(SCHEMA).contract.unexpected is Severity.NOTE
    whole = 'feature { name: "x" type: INT presence { min_fraction: 1.0 } }'
    assert read_tfdv_schema(whole).contract.unexpected is REFUSE


def test_a_contract_comes_back_from_its_schema_but_for_what_is_named() -> None:
    contract = Contract(
        columns=(
            Column(name="ts", type=ColumnType.TIME),
            Column(
                name="amount",
                type=ColumnType.FLOAT,
                nullable=True,
                nulls=Nulls(share=0.02, outside=REFUSE),
                range=Range(minimum=0.5, maximum=9.5, outside=REFUSE),
            ),
            Column(name="tries", type=ColumnType.INTEGER, range=Range(minimum=1, maximum=9, outside=REFUSE)),
            Column(
                name="country",
                type=ColumnType.TEXT,
                values=Values(allowed=("DE", "FR"), share=0.05, of=Of.VALUES, outside=REFUSE),
                drift=DriftLimits(location=None, scale=None, shape=None, share=0.03, outside=REFUSE),
            ),
            Column(name="y", type=ColumnType.INTEGER, values=Values(allowed=(0, 1), outside=REFUSE)),
        ),
        label="y",
        zone="UTC",
        rows=RowCount(minimum=5, maximum=50, outside=REFUSE),
        drift=UNJUDGED,
    )
    text, left = write_tfdv_schema(contract)
    assert [out.what for out in left] == ["zone"]
    assert read_tfdv_schema(text).contract == contract


def ranged(minimum: float | None, maximum: float | None) -> Contract:
    limits = Range(minimum=minimum, maximum=maximum, outside=REFUSE)
    return Contract(columns=(Column(name="x", type=ColumnType.FLOAT, range=limits),))


def test_an_end_that_is_no_32_bit_float_is_rounded_outward_and_named() -> None:
    text, left = write_tfdv_schema(ranged(0.1, 1.7999999523))
    assert {out.what: out.why for out in left} == {
        "exact minimum of range": "TFDV's ends are 32-bit floats; 0.1 becomes 0.099999994, so that no more is refused",
        "exact maximum of range": "TFDV's ends are 32-bit floats; 1.7999999523 becomes 1.8, so that no more is refused",
    }
    limits = read_tfdv_schema(text).contract.column("x").range
    assert limits == Range(minimum=0.099999994, maximum=1.8, outside=REFUSE)


def test_an_end_beyond_all_32_bit_floats_stays_open() -> None:
    text, left = write_tfdv_schema(ranged(-1e300, 1e300))
    assert [(out.what, out.column) for out in left] == [
        ("exact minimum of range", "x"),
        ("exact maximum of range", "x"),
    ]
    assert read_tfdv_schema(text).contract.column("x").range is None


def test_an_end_is_read_as_it_is_written_where_this_lets_in_no_less() -> None:
    schema = 'feature { name: "x" type: FLOAT float_domain { min: 0.1 max: 0.1 } presence { min_fraction: 1.0 } }'
    limits = read_tfdv_schema(schema).contract.column("x").range
    assert limits == Range(minimum=0.1, maximum=0.10000000149011612, outside=REFUSE)


FINITE = st.floats(allow_nan=False, allow_infinity=False) | st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(st.lists(st.none() | FINITE, min_size=2, max_size=2))
def test_a_range_that_comes_back_accepts_every_value_that_it_did(ends: list[float | None]) -> None:
    low, high = ends
    if low is not None and high is not None:
        low, high = min(low, high), max(low, high)
    text, left = write_tfdv_schema(ranged(low, high))
    back = read_tfdv_schema(text).contract.column("x").range or Range(minimum=None, maximum=None)
    assert back.minimum is None or (low is not None and back.minimum <= low)
    assert back.maximum is None or (high is not None and back.maximum >= high)
    rounded = [
        f"exact {end} of range"
        for end, value, least in (("minimum", low, True), ("maximum", high, False))
        if value is not None and outward(value, least=least) != value
    ]
    assert [out.what for out in left] == rounded


def test_what_tfdv_has_no_word_for_is_named() -> None:
    contract = Contract(
        columns=(
            Column(
                name="iban",
                type=ColumnType.TEXT,
                pattern=Pattern(matches="^[A-Z]{2}"),
                outside=Severity.QUARANTINE,
                sensitive=True,
            ),
            Column(name="n", type=ColumnType.INTEGER, values=Values(allowed=(1, 5, 9))),
        ),
        key="iban",
        unique=(Unique(columns=("iban",)),),
        conditions=(Condition(then="n > 0"),),
        unexpected=Severity.NOTE,
    )
    _, left = write_tfdv_schema(contract)
    assert {(out.what, out.column) for out in left} == {
        ("pattern", "iban"),
        ("outside", "iban"),
        ("sensitive", "iban"),
        ("values", "n"),
        ("outside of values", "n"),
        ("key", ""),
        ("unique", "iban"),
        ("condition", ""),
        ("unexpected", ""),
    }


@pytest.mark.parametrize("read", [read_tfdv_schema, read_anomalies])
def test_a_text_that_is_no_message_is_refused_with_the_place(read: object) -> None:
    assert callable(read)
    with pytest.raises(TfdvSchemaError, match=r"1:1 : .*nonsense"):
        read("nonsense { }")


def test_every_kind_of_anomaly_that_has_a_rule_is_one_of_tfdvs() -> None:
    assert set(RULES) <= set(definitions("anomalies_pb2").AnomalyInfo.Type.keys())
