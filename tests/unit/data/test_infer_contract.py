"""What a profile alone says of the rows to come: the contract of any file, with or without a project."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from trimtab.base.errors import ProblemsError
from trimtab.data.check import check_table
from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.infer import Proposal, Roles, infer_contract
from trimtab.data.kinds import ColumnType, Direction, Severity
from trimtab.data.problems import TableError
from trimtab.data.profile import Profile, Repeats
from trimtab.data.profiler import Depth, profile_frame
from trimtab.data.schema import Column
from trimtab.spec.project import Task

ROWS = 2_000
START = datetime(2026, 3, 1, tzinfo=UTC)
TIMES = [START + timedelta(minutes=row) for row in range(ROWS)]


def chance() -> np.random.Generator:
    return np.random.default_rng(7)


def proposal(table: pl.DataFrame, **roles: Any) -> Proposal:
    """The proposal for a table, which is kept by the table and survives its file."""
    said = Roles(**roles)
    profile = profile_frame(table, Depth(time=said.time, sensitive=frozenset(said.sensitive)))
    if said.key is not None and said.key in table.columns:
        named = table[said.key].drop_nulls()
        profile = with_repeats(profile, said.key, len(named) - named.n_unique())
    found = infer_contract(profile, said)
    assert parse_contract(format_contract(found.contract)) == found.contract
    assert [each for each in check_table(table, found.contract) if each.severity is Severity.REFUSE] == []
    return found


def with_repeats(profile: Profile, key: str, rows: int) -> Profile:
    import msgspec

    return msgspec.structs.replace(profile, repeats=Repeats(columns=(key,), rows=rows))


def column(values: Any, name: str = "x", **roles: Any) -> Column:
    return proposal(pl.DataFrame({name: values}), **roles).contract.column(name)


# ── any file ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_needs_no_roles() -> None:
    found = proposal(pl.DataFrame({"a": chance().normal(size=ROWS), "b": ["x", "y"] * (ROWS // 2)}))
    contract = found.contract
    assert (contract.time, contract.label, contract.key, contract.task, contract.zone) == (None,) * 5
    assert (contract.rows, contract.fresh, contract.unique, contract.unexpected) == (None, None, (), Severity.REFUSE)
    assert found.notes == ()


def test_the_roles_are_taken_over() -> None:
    table = pl.DataFrame({"ts": TIMES, "no": range(ROWS), "y": [row % 2 for row in range(ROWS)]})
    contract = proposal(table, time="ts", key="no", label="y", zone="Europe/Berlin", sensitive=("no",)).contract
    assert (contract.time, contract.key, contract.label, contract.task) == ("ts", "no", "y", Task.BINARY)
    assert (contract.zone, contract.column("no").sensitive) == ("Europe/Berlin", True)
    values = contract.column("y").values
    assert values is not None
    assert (values.allowed, values.outside) == ((0, 1), Severity.REFUSE)


def test_what_no_contract_can_speak_of_is_left_out_and_said() -> None:
    table = pl.DataFrame({"a": [1.5, 2.5], "listed": [[1], [2]], "nothing": [None, None], "far": ["x" * 70_000, ""]})
    found = proposal(table)
    assert [each.name for each in found.contract.columns] == ["a"]
    assert found.contract.unexpected is Severity.REFUSE
    assert found.contract.ignored == ("listed", "nothing", "far")
    assert check_table(table, found.contract) == ()
    assert [each.column for each in check_table(table.with_columns(new=1), found.contract)] == ["new"]
    assert len(found.notes) == 3
    assert "'listed' is not in the contract" in found.notes[0]
    assert "stored as List" in found.notes[0]
    assert "it has no value at all" in found.notes[1]
    assert "more than 65,536 characters" in found.notes[2]


def test_a_table_without_rows_says_so() -> None:
    with pytest.raises(TableError, match="no rows"):
        infer_contract(profile_frame(pl.DataFrame({"a": []})))


def test_roles_that_columns_cannot_have_are_all_named() -> None:
    table = pl.DataFrame({"when": ["noon"] * 3, "share": [0.5] * 3, "listed": [[1]] * 3})
    with pytest.raises(ProblemsError, match="TT1203") as caught:
        infer_contract(profile_frame(table), Roles(time="when", key="share", label="listed"))
    assert [problem.problem for problem in caught.value.problems] == [
        "column 'when' cannot be the time: it holds texts such as 'noon', which are no ISO 8601 times",
        "column 'listed' cannot be the label: it is stored as List(Int64), which no contract has a type for",
        "column 'share' cannot be the key: it is of type float",
    ]
    with pytest.raises(ProblemsError, match="no column 'wen', which is named as the time"):
        infer_contract(profile_frame(table), Roles(time="wen"))


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ([None, *TIMES[1:]], "null in 1 row"),
        ([int(moment.timestamp()) for moment in TIMES], "no microseconds since 1970"),
        ([0.5] * ROWS, "no whole microseconds"),
        ([True] * ROWS, "of type boolean"),
    ],
)
def test_a_time_column_has_a_time_in_every_row(times: list[Any], said: str) -> None:
    with pytest.raises(ProblemsError, match=said):
        infer_contract(profile_frame(pl.DataFrame({"ts": times})), Roles(time="ts"))


def test_a_label_that_cannot_be_learned_leaves_the_task_open() -> None:
    found = proposal(pl.DataFrame({"y": [1] * ROWS}), label="y")
    assert found.contract.task is None
    assert found.notes == (
        "what is to be predicted is left open: the label 'y' has 1 value, so nothing can be learned",
    )


def test_classes_are_listed_and_a_new_one_is_noted() -> None:
    found = proposal(pl.DataFrame({"y": ["a", "b", "c", None] * (ROWS // 4)}), label="y").contract
    values = found.column("y").values
    assert found.task is Task.CLASSES
    assert values is not None
    assert (values.allowed, values.outside, values.because) == (
        ("a", "b", "c"),
        Severity.NOTE,
        "the classes of 1,500 rows",
    )
    assert proposal(pl.DataFrame({"y": ["x" * 99, "y" * 99] * 20}), label="y").contract.column("y").values is None


# ── structure ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_naive_times_are_read_as_utc_and_that_is_said() -> None:
    days = [date(2026, 3, 1 + row % 28) for row in range(ROWS)]
    found = proposal(pl.DataFrame({"day": days, "ts": [moment.replace(tzinfo=None) for moment in TIMES]}))
    assert found.contract.zone == "UTC"
    assert found.notes == (
        "times without a zone are read as UTC: 'day', 'ts'; write zone = \"Europe/Berlin\", say, if they are not",
    )
    texts = proposal(pl.DataFrame({"ts": ["2026-03-01T10:00:00", "2026-03-02 10:00:00"]}), time="ts")
    assert (texts.contract.zone, texts.contract.column("ts").type) == ("UTC", ColumnType.TIME)
    assert proposal(pl.DataFrame({"ts": TIMES}), time="ts").notes == ()


def test_infinities_are_set_aside_and_the_table_still_passes() -> None:
    values = [1.0, 2.5, *chance().normal(size=ROWS - 2)]
    table = pl.DataFrame({"x": [*values[:-100], *[float("inf")] * 100]})
    contract = proposal(table).contract
    assert (contract.column("x").outside, contract.quarantine) == (Severity.QUARANTINE, 0.1)
    assert contract.column("x").because == "100 rows of 2,000 hold an infinity, which is no number"
    assert {each.severity for each in check_table(table, contract)} == {Severity.QUARANTINE}


def test_integers_beyond_64_bits_are_numbers_all_the_same() -> None:
    found = column(pl.Series([2**64 - 1, 5] * 50, dtype=pl.UInt64))
    assert found.type is ColumnType.FLOAT


def test_nan_is_a_gap() -> None:
    found = column([float("nan"), *chance().normal(size=ROWS - 1)])
    assert found.nullable
    assert found.nulls is not None
    assert found.nulls.because.startswith("null in 1 row of 2,000 (0.05%)")


def test_the_share_of_nulls_has_room_for_chance_and_not_more() -> None:
    draws = chance()
    values = pl.Series(draws.normal(size=10_000)).set(pl.Series(draws.random(10_000) < 0.02), None)
    nulls = column(values).nulls
    assert nulls is not None
    assert 0.025 < nulls.share < 0.05
    mostly = column([1.0, 2.0, *[None] * 500])
    assert mostly.nullable
    assert mostly.nulls is None
    nothing = column(pl.Series([None] * ROWS, dtype=pl.Float64))
    assert (nothing.nulls, nothing.because) == (None, "null in all 2,000 rows")


def test_few_rows_do_not_excuse_a_column_that_is_mostly_null() -> None:
    for gaps, rows, most in ((1, 63, 0.15), (1, 300, 0.05), (3, 100, 0.2), (1, 20, 0.4)):
        nulls = column([*[None] * gaps, *chance().normal(size=rows - gaps)]).nulls
        assert nulls is not None
        assert gaps / rows < nulls.share <= most
        assert nulls.because.endswith("chance alone makes no more of 1,000 rows")
    assert column([None, *chance().normal(size=10)]).nulls is None


def test_the_order_of_time_is_noted_where_it_was_kept() -> None:
    order = proposal(pl.DataFrame({"ts": TIMES}), time="ts").contract.column("ts").order
    assert order is not None
    assert (order.direction, order.strictly, order.outside) == (Direction.INCREASING, False, Severity.NOTE)
    assert order.because.startswith("no row of 2,000 is earlier than the one before, from 2026-03-01T00:00:00Z")
    assert proposal(pl.DataFrame({"ts": TIMES[::-1]}), time="ts").contract.column("ts").order is None


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def unique(table: pl.DataFrame, **roles: Any) -> dict[str, str]:
    found = proposal(table, **roles).contract.unique
    assert {rule.outside for rule in found} <= {Severity.REFUSE}
    return {rule.columns[0]: rule.because for rule in found}


def test_a_declared_key_is_unique_unless_it_repeats() -> None:
    names = [f"k{row}" for row in range(ROWS)]
    assert unique(pl.DataFrame({"k": names}), key="k") == {"k": "the key, different in all 2,000 rows"}
    found = proposal(pl.DataFrame({"k": [*names[1:], names[1]]}), key="k")
    assert found.contract.unique == ()
    assert found.notes == ("the key 'k' is not asked to be unique: it repeats an earlier row's in 1 rows",)


def test_whether_a_key_repeats_may_not_be_in_a_profile() -> None:
    profile = profile_frame(pl.DataFrame({"k": [f"k{row}" for row in range(10_000)]}))
    found = infer_contract(profile, Roles(key="k"))
    assert found.contract.unique == ()
    assert found.notes[0].startswith("whether the key 'k' repeats is not in this profile")


@pytest.mark.parametrize("name", ["id", "tx_id", "orderNo", "uuid", "row number", "ORDER_ID", "userID"])
def test_what_is_all_different_and_called_a_name_is_unique(name: str) -> None:
    scattered = chance().permutation(10**6)[:ROWS]
    assert unique(pl.DataFrame({name: scattered})) == {name: "different in all 2,000 rows, and called as names are"}


@pytest.mark.parametrize("name", ["valid", "notes", "amount", "keyboard", "paid", "x"])
def test_what_is_all_different_by_chance_is_not_unique(name: str) -> None:
    assert unique(pl.DataFrame({name: chance().permutation(10**6)[:ROWS]})) == {}
    assert unique(pl.DataFrame({name: chance().normal(size=ROWS)})) == {}


def test_numbers_that_count_the_rows_are_unique() -> None:
    for rows in (60, 200_000):
        found = unique(pl.DataFrame({"x": chance().permutation(rows) + 5}))
        assert found == {"x": f"the whole numbers from 5 to {rows + 4}, each once"}
    twice = pl.DataFrame({"x": [*range(1, 20_000), 7, 20_001]})
    assert unique(twice) == {}


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "values", "because"),
    [
        ("x", [5] * ROWS, "always 5 in 2,000 rows, so no limits were inferred"),
        ("x", [1.5, 2.5] * 9, "seen in 18 rows only, so no limits were inferred"),
        ("x", range(3, 2 * ROWS, 2), "whole numbers of which none is there twice"),
        ("customer_id", [row * row for row in range(ROWS)], "called as names are"),
        ("created_at", [1_772_323_200 + row % 900 * 61 for row in range(ROWS)], "times in numbers, 1772323200 to"),
    ],
)
def test_numbers_that_say_nothing_of_the_next_ones_get_no_range(name: str, values: Any, because: str) -> None:
    found = column(list(values), name=name)
    assert (found.range, found.values) == (None, None)
    assert because in found.because


def test_what_only_rises_with_time_gets_no_range() -> None:
    meter = np.cumsum(chance().exponential(size=ROWS))
    table = pl.DataFrame({"ts": TIMES, "meter": meter, "sunk": -meter, "load": chance().exponential(size=ROWS)})
    for roles in ({}, {"time": "ts"}):
        found = proposal(table, **roles).contract
        assert found.column("meter").range is None
        assert "only rising or only falling with time" in found.column("sunk").because
        assert found.column("load").range is not None


def test_codes_with_gaps_are_listed_and_codes_without_are_a_range() -> None:
    codes = column([(1, 2, 5, 9)[row % 4] for row in range(ROWS)])
    assert codes.values is not None
    assert (codes.values.allowed, codes.range) == ((1, 2, 5, 9), None)
    grades = column([row % 6 for row in range(ROWS)])
    assert grades.range is not None
    assert (grades.range.minimum, grades.range.maximum, grades.values) == (0, 5, None)
    assert grades.range.because == "seen 0 to 5 in 2,000 rows"


@pytest.mark.parametrize(
    ("values", "because"),
    [
        pytest.param([row % 10 == 0 for row in range(40)], "seen 0 to 1 in 40 rows", id="a flag"),
        pytest.param(
            [*[52] * 500, *range(5, 45)], "seen 5 to 52 in 540 rows, down to 0 as none was negative", id="weeks"
        ),
        pytest.param(
            [*[-52] * 500, *range(-44, -4)], "seen -52 to -5 in 540 rows, up to 0 as none was positive", id="mirrored"
        ),
        pytest.param(
            [*range(1, 90), *[300] * 30], "seen 1 to 300 in 119 rows, down to 0 as none was negative", id="capped"
        ),
        pytest.param(
            [*[0] * 50, *range(1, 30), 77], "seen 0 to 77 in 80 rows, and room for its upper tail", id="amounts"
        ),
        pytest.param(
            [*[0] * 50, *range(-30, 0), -77], "seen -77 to 0 in 81 rows, and room for its lower tail", id="debts"
        ),
    ],
)
def test_a_range_says_which_end_lies_elsewhere_than_what_was_seen_and_why(values: list[int], because: str) -> None:
    found = column(pl.Series(values, dtype=pl.Int64))
    assert found.range is not None
    assert found.range.because == because


def test_only_an_end_that_was_moved_out_is_said_to_have_room() -> None:
    draws = chance()
    tables = [draws.poisson(0.3, 400), draws.normal(size=60).round(1), draws.integers(1, 7, 90), draws.beta(2, 2, 300)]
    tables += [draws.choice([0, 1], 30), -draws.exponential(3, 50), draws.binomial(9, 0.9, 200), 100 * draws.random(99)]
    for values in tables:
        found = column(values).range
        assert found is not None
        assert found.minimum is not None
        assert found.maximum is not None
        ends = "down to" in found.because or "lower tail" in found.because or "both tails" in found.because
        assert ends == (found.minimum < values.min())
        ends = "up to" in found.because or "upper tail" in found.because or "both tails" in found.because
        assert ends == (found.maximum > values.max())


def test_a_sensitive_column_shows_no_value() -> None:
    draws = chance()
    table = pl.DataFrame(
        {
            "salary": draws.lognormal(8, 0.5, ROWS),
            "illness": draws.choice(["a", "b"], ROWS),
            "passport": [f"AB{number:06}" for number in draws.integers(0, 10**6, ROWS)],
        }
    )
    contract = proposal(table, sensitive=("salary", "illness", "passport")).contract
    assert all(column.sensitive for column in contract.columns)
    salary = contract.column("salary").range
    assert salary is not None
    assert salary.maximum is not None
    assert salary.maximum > float(table["salary"].max())  # type: ignore[arg-type]  # a number
    assert salary.because == "from 2,000 rows, known to a sixteenth of their size only"
    assert contract.column("illness").values is None
    passport = contract.column("passport")
    assert (passport.values, passport.pattern) == (None, None)
    assert passport.length is not None


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_closed_list_tolerates_nothing_and_a_list_with_rare_values_a_little() -> None:
    closed = column(chance().choice(["a", "b", "c", "d"], 10_000)).values
    assert closed is not None
    assert closed.share == 0.0
    assert closed.because.startswith("4 values seen in 10,000 rows, each 2,")
    rare = column([*["a", "b"] * 5_000, "c"]).values
    assert rare is not None
    assert 0.0 < rare.share < 0.005
    assert rare.because == "3 values seen in 10,001 rows, 1 of them once or twice, so there may be a few more"


def test_an_open_list_is_none() -> None:
    assert column([f"name {row % 400}" for row in range(ROWS)]).values is None
    often_new = [*["a"] * ROWS, *[f"b{row}" for row in range(60)]]
    assert column(often_new).values is None
    assert column(["one"] * ROWS).because == "always 'one' in 2,000 rows, so no limits were inferred"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("{letters}{number:06d}", "^[A-Z]{2}[0-9]{6}$"),
        ("{hash}-{hash}", "^[0-9a-f]{8}-[0-9a-f]{8}$"),
        ("INV-{row}", "^[A-Z]{3}-[0-9]+$"),
        ("10.0.{byte}.{byte}", r"^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$"),
        ("user{row}@example.org", r"^[a-z]{4}[0-9]+@[a-z]{7}\.[a-z]{3}$"),
        ("{word}", None),
        ("{row}", None),
        ("é{number:06d}", None),
    ],
)
def test_regular_texts_have_a_form(text: str, form: str | None) -> None:
    draws = chance()
    values = [
        text.format(
            letters=chr(65 + row % 26) + chr(65 + row // 26 % 26),
            number=int(draws.integers(0, 10**6)),
            hash=f"{int(draws.integers(0, 2**32)):08x}",
            row=row,
            byte=row % 256,
            word=["Anna", "Bert", "Christa-Maria", "de Vries"][row % 4] + "x" * (row % 30),
        )
        for row in range(ROWS)
    ]
    found = column(values)
    assert (found.pattern.matches if found.pattern else None) == form
    if found.pattern is not None:
        assert found.pattern.outside is Severity.NOTE
        assert "2,000 rows" in found.pattern.because


def test_a_form_says_on_how_many_rows_it_rests() -> None:
    many = column([f"{number:08d}-{row % 10}" for row, number in enumerate(chance().permutation(10**8 // 5_000))])
    assert many.pattern is not None
    assert many.pattern.because == "so are all 4,096 sampled rows of 20,000"


def test_few_rows_say_nothing_of_a_form() -> None:
    found = column([f"AB{row:06d}" for row in range(900)])
    assert (found.pattern, found.length) == (None, None)


def test_texts_of_one_length_and_no_form_keep_their_length() -> None:
    draws = chance()
    found = column(["".join(draws.choice(list("abAB09äß"), 7)) for _ in range(ROWS)])
    assert found.pattern is None
    assert found.length is not None
    assert (found.length.minimum, found.length.maximum) == (7, 7)
    assert found.length.because == "7 characters in all 2,000 rows"


def test_texts_that_read_as_times_stay_texts_and_say_so() -> None:
    found = column([f"2026-03-{1 + row % 28:02d}" for row in range(ROWS)])
    assert (found.type, found.values) == (ColumnType.TEXT, None)
    assert found.because == (
        'all 28 different texts of 2,000 rows read as times: type = "time" would refuse what is none'
    )
    assert found.pattern is not None


def test_truth_values_and_times_have_nothing_but_their_type() -> None:
    assert column([row % 3 == 0 for row in range(ROWS)]) == Column(name="x", type=ColumnType.BOOLEAN)
    assert column(TIMES) == Column(name="x", type=ColumnType.TIME)


# ── all together ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_profile_gives_the_same_contract() -> None:
    table = pl.DataFrame({"a": chance().normal(size=ROWS), "b": chance().choice(["x", "y", "z"], ROWS)})
    assert proposal(table) == proposal(table)
    assert proposal(table.sample(fraction=1.0, shuffle=True, seed=1)).contract == proposal(table).contract


def test_thousands_of_columns_are_no_burden() -> None:
    draws = chance()
    table = pl.DataFrame({f"c{place}": draws.integers(0, 9, 50) for place in range(5_000)})
    assert len(infer_contract(profile_frame(table, Depth(joint=False))).contract.columns) == 5_000
