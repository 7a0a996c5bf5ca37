"""A table keeps the contract that it suggests, and so do ten times as many rows of the same kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.data.check import check_table
from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.contract_diff import diff_contracts
from trimtab.data.infer import Roles, infer_contract
from trimtab.data.kinds import Rule, Severity
from trimtab.data.profile import merge_all
from trimtab.data.profiler import Depth, profile_frame

Chance = np.random.Generator
START = datetime(2026, 3, 1)  # noqa: DTZ001  # some tables know no zone
KINDS: dict[str, Callable[[Chance, int], Any]] = {
    "normal": lambda draws, rows: draws.normal(3, 2, rows),
    "large": lambda draws, rows: draws.normal(1e15, 1e3, rows),
    "small": lambda draws, rows: draws.exponential(1e-12, rows),
    "lognormal": lambda draws, rows: draws.lognormal(0, 1.5, rows),
    "heavy": lambda draws, rows: draws.standard_cauchy(rows),
    "uniform": lambda draws, rows: pl.Series(draws.random(rows), dtype=pl.Float32),
    "zeros": lambda draws, rows: np.where(draws.random(rows) < 0.9, 0.0, draws.exponential(1, rows)),
    "money": lambda draws, rows: draws.lognormal(3, 1, rows).round(2),
    "counts": lambda draws, rows: pl.Series(draws.poisson(2, rows), dtype=pl.UInt8),
    "codes": lambda draws, rows: draws.choice([1, 2, 404], rows),
    "hashes": lambda draws, rows: draws.integers(-(2**63), 2**63 - 1, rows),
    "constant": lambda draws, rows: [7] * rows,
    "truth": lambda draws, rows: draws.random(rows) < 0.3,
    "texts": lambda draws, rows: draws.choice(["a", "b", "", "ü"], rows),
    "names": lambda draws, rows: [f"n{number}" for number in draws.integers(0, 10**9, rows)],
    "categories": lambda draws, rows: pl.Series(draws.choice(["x", "y"], rows), dtype=pl.Categorical),
    "naive": lambda draws, rows: [START + timedelta(seconds=int(at)) for at in draws.integers(0, 10**7, rows)],
    "days": lambda draws, rows: pl.Series([START] * rows).cast(pl.Date),
    "dated": lambda draws, rows: [f"2026-03-{day:02d}" for day in draws.integers(1, 29, rows)],
    "lists": lambda draws, rows: [[1, 2]] * rows,
    "nothing": lambda draws, rows: [None] * rows,
}
GAPS = (0.0, 0.0, 0.05, 0.5)
"""Shares of nulls: none, or so many that a table of a hundred rows has some."""


@st.composite
def recipes(draw: st.DrawFn) -> list[tuple[str, float]]:
    """Columns by their kind and their share of nulls."""
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=8))
    return [(kind, draw(st.sampled_from(GAPS))) for kind in kinds]


def drawn(recipe: list[tuple[str, float]], rows: int, seed: int, first: int = 0) -> pl.DataFrame:
    draws = np.random.default_rng(seed)
    columns = {"id": pl.Series(range(first, first + rows))}
    for place, (kind, gaps) in enumerate(recipe):
        series = pl.Series(KINDS[kind](draws, rows))
        null = pl.Series(draws.random(rows) < gaps)
        columns[f"{kind} {place}"] = series if kind == "lists" or not gaps else series.set(null, None)
    return pl.DataFrame(columns, strict=False)


def refused(table: pl.DataFrame, profile_of: pl.DataFrame | None = None) -> list[str]:
    """What is refused or set aside of a table by the contract of another, or of itself."""
    profile = profile_frame(table if profile_of is None else profile_of)
    found = check_table(table, infer_contract(profile).contract)
    return [str(each) for each in found if each.severity is not Severity.NOTE]


@given(recipes(), st.integers(1, 3_000), st.integers(0, 2**32))
def test_a_table_keeps_its_own_contract_to_the_last_rule(recipe: list[tuple[str, float]], rows: int, seed: int) -> None:
    table = drawn(recipe, rows, seed)
    proposal = infer_contract(profile_frame(table))
    assert [*check_table(table, proposal.contract)] == []
    # What the contract has no type for it leaves alone.
    assert len(proposal.contract.ignored) == len(table.columns) - len(proposal.contract.columns)


@settings(max_examples=40)
@given(recipes(), st.integers(200, 3_000), st.integers(0, 2**32))
def test_ten_times_as_many_fresh_rows_are_not_refused(recipe: list[tuple[str, float]], rows: int, seed: int) -> None:
    table = drawn(recipe, rows, seed)
    assert refused(drawn(recipe, 10 * rows, seed + 1, first=rows), table) == []


@given(recipes(), st.integers(1, 2_000), st.integers(0, 2**32))
def test_the_contract_is_the_same_for_any_parts_and_survives_its_file(
    recipe: list[tuple[str, float]], rows: int, seed: int
) -> None:
    table = drawn(recipe, rows, seed)
    whole = infer_contract(profile_frame(table)).contract
    cut = rows // 3
    parts = [part for part in (table[:cut], table[cut:]) if part.height]
    assert infer_contract(merge_all(profile_frame(part) for part in parts)).contract == whole
    assert parse_contract(format_contract(whole)) == whole
    assert diff_contracts(whole, whole) == ()


@settings(max_examples=40)
@given(recipes(), st.integers(30, 2_000), st.integers(0, 2**32))
def test_a_sensitive_column_keeps_its_contract_and_shows_no_value(
    recipe: list[tuple[str, float]], rows: int, seed: int
) -> None:
    table = drawn(recipe, rows, seed)
    hidden = tuple(table.columns)
    profile = profile_frame(table, Depth(sensitive=frozenset(hidden)))
    contract = infer_contract(profile, Roles(sensitive=hidden)).contract
    assert [each for each in check_table(table, contract) if each.rule is not Rule.UNEXPECTED] == []
    assert all(column.values is None and column.pattern is None for column in contract.columns)
