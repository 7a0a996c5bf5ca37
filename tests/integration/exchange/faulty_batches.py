"""Tables with faults of every kind, and expectations about them, drawn from a seed.

It imports nothing of Trimtab: what is compared with Trimtab must not come from it. Each batch is drawn as a table that
keeps its rules, and then some of its values are broken: nulls, values out of range, unknown words, broken patterns,
repeated keys, rows out of order.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

COUNTRIES = ["DE", "FR", "IT", "ES"]
WORDS = ["alpha", "beta", "gamma", "delta", "x1", "y22", "z-3", "", "ALPHA", "naïve"]
PATTERNS = [r"^[a-z]+$", r"^[A-Z]{2}$", r"\d", "a", r"^.{1,4}$", r"^(al|be)", r"[0-9]$", r"^[^x]", r"-"]
START = datetime(2026, 1, 1)  # noqa: DTZ001  # naive on purpose: most of these tools' tables are

Expectation = dict[str, Any]


@dataclass(frozen=True)
class Batch:
    """A table and the expectations that it is held against."""

    seed: int
    table: pl.DataFrame
    expectations: list[Expectation]


def batch(seed: int, count: int = 12) -> Batch:
    """The batch of a seed; the same seed gives the same batch."""
    chance = random.Random(seed)
    table = _table(chance, chance.choice([1, 2, 7, 40, 150]))
    forms = chance.sample(FORMS, count)
    return Batch(seed=seed, table=table, expectations=[_with_options(form(chance), chance) for form in forms])


def _table(chance: random.Random, rows: int) -> pl.DataFrame:
    faults = chance.choice([0.0, 0.01, 0.05, 0.3])
    nulls = chance.choice([0.0, 0.0, 0.02, 0.2, 1.0 if chance.random() < 0.1 else 0.5])

    def column(sound: Callable[[int], Any], broken: Callable[[], Any], *, may_be_null: bool = True) -> list[Any]:
        values = [broken() if chance.random() < faults else sound(row) for row in range(rows)]
        return [None if may_be_null and chance.random() < nulls else value for value in values]

    step = chance.choice([0, 1])
    table: dict[str, tuple[Any, list[Any]]] = {
        "id": (pl.Int64, column(lambda row: row, lambda: chance.randrange(rows), may_be_null=False)),
        "amount": (pl.Float64, column(lambda _: round(chance.uniform(0, 100), 2), lambda: chance.uniform(-50, 200))),
        "age": (pl.Int64, column(lambda _: chance.randrange(18, 90), lambda: chance.choice([-1, 0, 17, 90, 200]))),
        "whole": (pl.Int32, column(lambda _: chance.randrange(5), lambda: chance.randrange(-9, 9), may_be_null=False)),
        "country": (pl.String, column(lambda _: chance.choice(COUNTRIES), lambda: chance.choice([*WORDS, "XX"]))),
        "word": (pl.String, column(lambda _: chance.choice(WORDS), lambda: chance.choice(["q" * 40, "é", "x y"]))),
        "flag": (pl.Boolean, column(lambda _: chance.random() < 0.5, lambda: False)),
        "ts": (pl.Datetime("us"), column(lambda row: START + timedelta(hours=row), lambda: START)),
        "rising": (pl.Float64, column(lambda row: float(row * step), lambda: chance.uniform(0, rows))),
        "low": (pl.Int64, column(lambda _: chance.randrange(10), lambda: chance.randrange(30))),
        "high": (pl.Int64, column(lambda _: chance.randrange(10, 20), lambda: chance.randrange(30))),
        "left part": (pl.Int64, column(lambda _: 4, lambda: chance.randrange(9))),
        "right part": (pl.Int64, column(lambda _: 6, lambda: chance.randrange(9))),
        "copy": (pl.Int64, column(lambda _: 4, lambda: chance.randrange(9))),
    }
    return pl.DataFrame({name: pl.Series(values, dtype=dtype) for name, (dtype, values) in table.items()})


def _with_options(expectation: Expectation, chance: random.Random) -> Expectation:
    kind, kwargs = expectation["type"], expectation["kwargs"]
    if kind in CAN_BE_MOSTLY and chance.random() < 0.4:
        kwargs["mostly"] = chance.choice([0.5, 0.9, 0.95, 0.99, 0.0])
    if kind in CAN_BE_PICKED and chance.random() < 0.3:
        kwargs |= chance.choice(ROW_CONDITIONS)
    return expectation


def _of(kind: str, **kwargs: Any) -> Expectation:
    return {"type": f"expect_{kind}", "kwargs": kwargs}


def _between(chance: random.Random) -> Expectation:
    column = chance.choice(["amount", "age", "whole", "rising", "ts"])
    ends: list[Any] = sorted([chance.uniform(-5, 50), chance.uniform(50, 120)])
    if column in ("age", "whole"):
        ends = [int(ends[0]), int(ends[1])]
    if column == "ts":
        ends = [
            (START + timedelta(hours=hours)).isoformat() for hours in (chance.randrange(2), chance.randrange(9, 99))
        ]
    kwargs: dict[str, Any] = dict(zip(["min_value", "max_value"], ends, strict=True))
    drop = chance.choice(["", "min", "max"])
    kwargs.pop(f"{drop}_value", None)
    for end in ("min", "max"):
        if f"{end}_value" in kwargs and chance.random() < 0.25:
            kwargs[f"strict_{end}"] = True
    return _of("column_values_to_be_between", column=column, **kwargs)


def _set_of(chance: random.Random) -> dict[str, Any]:
    column = chance.choice(["country", "word", "age", "whole", "flag", "amount"])
    known: dict[str, list[Any]] = {
        "country": [*COUNTRIES],
        "word": WORDS[: chance.randrange(1, 10)],
        "age": list(range(18, 90)),
        "whole": [0, 1, 2, 3, 4],
        "flag": [True, False][: chance.choice([1, 2])],
        "amount": [1.5, 2.5, 0.0],
    }
    return {"column": column, "value_set": known[column]}


def _lengths(chance: random.Random) -> Expectation:
    kwargs: dict[str, Any] = {"min_value": chance.randrange(4), "max_value": chance.randrange(4, 9)}
    if chance.random() < 0.3:
        kwargs["strict_min"] = True
    kwargs.pop(chance.choice(["", "min_value", "max_value"]), None)
    if "min_value" not in kwargs:
        kwargs.pop("strict_min", None)
    return _of("column_value_lengths_to_be_between", column=chance.choice(["word", "country"]), **kwargs)


def _pair(chance: random.Random, kind: str, **more: Any) -> Expectation:
    ignored = chance.choice([None, "both_values_are_missing", "either_value_is_missing", "neither"])
    return _of(kind, **more, **({} if ignored is None else {"ignore_row_if": ignored}))


def _several(chance: random.Random, kind: str, **more: Any) -> Expectation:
    ignored = chance.choice([None, "all_values_are_missing", "any_value_is_missing", "never"])
    return _of(kind, **more, **({} if ignored is None else {"ignore_row_if": ignored}))


def _end(chance: random.Random, which: str) -> Expectation:
    kwargs: dict[str, Any] = {"min_value": chance.choice([-60, 0, 1])} if which == "min" else {}
    if which == "max":
        kwargs["max_value"] = chance.choice([99, 100, 250])
    if chance.random() < 0.3:
        kwargs[f"strict_{which}"] = True
    return _of(f"column_{which}_to_be_between", column=chance.choice(["amount", "age"]), **kwargs)


def _rows(chance: random.Random) -> Expectation:
    if chance.random() < 0.3:
        return _of("table_row_count_to_equal", value=chance.choice([1, 7, 40, 150]))
    kwargs: dict[str, Any] = {"min_value": chance.choice([1, 2, 7, 39]), "max_value": chance.choice([40, 150, 1000])}
    if chance.random() < 0.3:
        kwargs["strict_min"] = True
    return _of("table_row_count_to_be_between", **kwargs)


def _patterns(chance: random.Random, form: str) -> Expectation:
    column = chance.choice(["word", "country"])
    if form.endswith("_list"):
        kwargs: dict[str, Any] = {"regex_list": chance.sample(PATTERNS, chance.randrange(1, 4))}
        if form == "match_regex_list":
            kwargs["match_on"] = chance.choice(["any", "all"])
        return _of(f"column_values_to_{form}", column=column, **kwargs)
    return _of(f"column_values_to_{form}", column=column, regex=chance.choice(PATTERNS))


SETS = ["column_values_to_be_in_set", "column_values_to_not_be_in_set", "column_distinct_values_to_be_in_set"]
COLUMNS = ["amount", "age", "whole", "country", "word", "flag", "ts", "id", "low"]
FORMS: list[Callable[[random.Random], Expectation]] = [
    _between,
    _between,
    _between,
    _lengths,
    _rows,
    lambda chance: _of("column_value_lengths_to_equal", column="country", value=2),
    *(lambda chance, kind=kind: _of(kind, **_set_of(chance)) for kind in SETS),
    lambda chance: _of("column_values_to_not_be_null", column=chance.choice(COLUMNS)),
    lambda chance: _of("column_values_to_be_null", column=chance.choice(COLUMNS)),
    lambda chance: _of("column_values_to_be_unique", column=chance.choice(["id", "ts", "word", "rising"])),
    *(
        lambda chance, way=way: _of(
            f"column_values_to_be_{way}",
            column=chance.choice(["id", "rising", "amount", "ts"]),
            strictly=chance.random() < 0.5,
        )
        for way in ("increasing", "decreasing")
    ),
    *(
        lambda chance, form=form: _patterns(chance, form)
        for form in ("match_regex", "not_match_regex", "match_regex_list", "not_match_regex_list")
    ),
    lambda chance: _end(chance, "min"),
    lambda chance: _end(chance, "max"),
    lambda chance: _pair(
        chance,
        "column_pair_values_a_to_be_greater_than_b",
        column_A="high",
        column_B="low",
        or_equal=chance.random() < 0.5,
    ),
    lambda chance: _pair(chance, "column_pair_values_to_be_equal", column_A="left part", column_B="copy"),
    lambda chance: _pair(
        chance,
        "column_pair_values_to_be_in_set",
        column_A="left part",
        column_B="right part",
        value_pairs_set=[[4, 6], [5, 5], [chance.randrange(9), 2]],
    ),
    lambda chance: _several(chance, "multicolumn_sum_to_equal", column_list=["left part", "right part"], sum_total=10),
    lambda chance: _several(
        chance, "multicolumn_values_to_be_equal", column_list=["left part", "copy", "whole"][: chance.choice([2, 3])]
    ),
    lambda chance: _several(
        chance, "select_column_values_to_be_unique_within_record", column_list=["low", "high", "left part"]
    ),
    lambda chance: _of(
        "compound_columns_to_be_unique",
        column_list=chance.choice([["id", "whole"], ["word", "country"]]),
        ignore_row_if="any_value_is_missing",
    ),
    lambda chance: _of("column_to_exist", column=chance.choice(["id", "amount"])),
    lambda chance: _of(
        "column_proportion_of_non_null_values_to_be_between", column="amount", min_value=chance.choice([1, 0.9, 0.5])
    ),
    lambda chance: _of("column_proportion_of_unique_values_to_be_between", column="id", min_value=1),
]
CAN_BE_MOSTLY = {
    f"expect_{kind}"
    for kind in (
        "column_values_to_be_between", "column_value_lengths_to_be_between", "column_value_lengths_to_equal",
        "column_values_to_be_in_set", "column_values_to_not_be_in_set", "column_values_to_not_be_null",
        "column_values_to_be_null", "column_values_to_match_regex", "column_values_to_not_match_regex",
        "column_values_to_match_regex_list", "column_values_to_not_match_regex_list",
        "column_pair_values_a_to_be_greater_than_b", "column_pair_values_to_be_equal",
        "column_pair_values_to_be_in_set", "multicolumn_sum_to_equal", "multicolumn_values_to_be_equal",
        "select_column_values_to_be_unique_within_record",
    )
}  # fmt: skip
CAN_BE_PICKED = CAN_BE_MOSTLY - {f"expect_column_values_to_{kind}" for kind in (
    "match_regex", "not_match_regex", "match_regex_list", "not_match_regex_list",
)}  # fmt: skip


def _column(name: str, operator: str, parameter: Any) -> dict[str, Any]:
    return {"type": "comparison", "column": {"name": name}, "operator": operator, "parameter": parameter}


def _joined(joint: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"row_condition": {"type": joint, "conditions": list(parts)}}


ROW_CONDITIONS: list[dict[str, Any]] = [
    {"row_condition": _column("country", "==", "DE")},
    {"row_condition": _column("country", "!=", "DE")},
    {"row_condition": _column("whole", ">=", 2)},
    {"row_condition": _column("amount", "<", 60.5)},
    {"row_condition": _column("country", "IN", ["DE", "FR"])},
    {"row_condition": _column("age", "NOT_IN", [18, 19, 20])},
    {"row_condition": {"type": "nullity", "column": {"name": "amount"}, "is_null": False}},
    _joined("and", _column("whole", ">", 0), _column("low", "!=", 3)),
    _joined("or", _column("left part", "==", 4), _column("amount", ">", 50)),
    {"row_condition": 'country == "DE" and whole > 1', "condition_parser": "pandas"},
    {"row_condition": "age != 30", "condition_parser": "pandas"},
    {"row_condition": "`left part` == 4 or amount.notnull()", "condition_parser": "pandas"},
]
