"""How sure each statement about a table's columns has to be."""

from __future__ import annotations

import numpy as np
import pytest

from trimtab.base.verdict import Verdict
from trimtab.data import claims, effects
from trimtab.data.claims import Claim, settled
from trimtab.data.differences import ColumnDifference, Effect, Statistic
from trimtab.data.effects import Change, Sizes, judged
from trimtab.data.shares import ShareChange
from trimtab.stats.arrays import Floats

ERROR = 0.05


def changed(then: float, now: float, rows: float = 20_000.0) -> Change:
    return effects.share(Statistic.SHARE, ShareChange(name="are 'a'", then=then, now=now), Sizes(then=rows, now=rows))


def told(claim: Claim, asked: list[tuple[list[float], float]]) -> Claim:
    """The claim, noting how often it may err."""

    def effect(errors: Floats, pass_error: float) -> Effect:
        asked.append((errors.tolist(), pass_error))
        return claim.effect(errors, pass_error)

    return Claim(parts=claim.parts, margins=claim.margins, copies=claim.copies, effect=effect)


def column(*changes: Change) -> list[Claim]:
    return [claims.of_change(change, 1.0 / len(changes), tolerance=0.02, level=0.95) for change in changes]


def errors_of(columns: dict[str, list[Claim]]) -> dict[str, tuple[list[float], float]]:
    """By column, the errors of its statements and that of its PASS."""
    found = {}
    noted: dict[str, list[tuple[list[float], float]]] = {name: [] for name in columns}
    settled({n: [told(one, noted[n]) for one in own] for n, own in columns.items()}, ERROR, among=len(columns))
    for name, asked in noted.items():
        found[name] = [error for errors, _ in asked for error in errors], asked[0][1]
    return found


def test_a_column_may_pass_wrongly_as_often_as_all_its_statements_fail_wrongly() -> None:
    columns = {f"c{place}": column(changed(0.1, 0.1), changed(0.2, 0.2), changed(0.5, 0.5)) for place in range(30)}
    found = errors_of(columns)
    assert sum(sum(errors) for errors, _ in found.values()) == pytest.approx(ERROR, rel=0.01)
    for errors, pass_error in found.values():
        assert pass_error == pytest.approx(sum(errors))


def test_a_column_alone_in_doubt_may_fail_by_half_of_the_error_and_pass_by_a_tenth() -> None:
    columns = {f"c{place}": column(changed(0.001, 0.001)) for place in range(29)} | {"hard": column(changed(0.5, 0.5))}
    (error,), pass_error = errors_of(columns)["hard"]
    assert error == pytest.approx(ERROR / 2, rel=0.1)
    assert pass_error == pytest.approx(ERROR / 10)


def test_of_many_changes_the_one_that_decides_is_told() -> None:
    def found(*changes: Change) -> ColumnDifference:
        claim = claims.of_changes([(change, 1) for change in changes], 1.0, tolerance=0.02, level=0.95)
        return settled({"x": [claim]}, ERROR, among=1)[0]

    small_but_sure, large_in_doubt, calm = changed(0.001, 0.04), changed(0.5, 0.54, 400.0), changed(0.1, 0.1)
    assert found(calm, large_in_doubt, small_but_sure).strongest.size.estimate == pytest.approx(0.039)
    assert found(calm, large_in_doubt).strongest.size.estimate == pytest.approx(0.04)
    assert found(calm, changed(0.1, 0.101)).verdict is Verdict.PASS


def test_a_change_picked_from_many_is_held_to_the_error_of_one() -> None:
    claim = claims.of_changes([(changed(0.1, 0.1), 1), (changed(0.1, 0.1), 99)], 1.0, tolerance=0.02, level=0.95)
    assert claim.parts == pytest.approx(np.array([0.01, 0.99]))
    asked: list[tuple[list[float], float]] = []
    settled({"x": [told(claim, asked)]}, ERROR, among=1)
    ((one, other), _) = asked[0]
    assert one == pytest.approx(other)
    assert one + 99 * other == pytest.approx(ERROR, rel=0.01)


def test_what_cannot_err_takes_nothing_from_the_others() -> None:
    still = changed(0.0, 0.0, 1e12)
    found = errors_of({"still": column(still), "hard": column(changed(0.5, 0.5))})
    assert found["hard"][0][0] == pytest.approx(0.75 * ERROR, rel=0.02)


def test_no_columns_are_no_verdicts() -> None:
    assert settled({}, ERROR, among=0) == []


def test_the_verdicts_are_those_of_the_errors() -> None:
    change = changed(0.3, 0.33)
    (found,) = settled({"x": column(change)}, ERROR, among=1)
    bar = effects.Bar(tolerance=0.02, error=ERROR, level=0.95, pass_error=ERROR / 10)
    assert found.effects[0].size.high == pytest.approx(judged(change, bar).size.high)
    assert found.effects[0].size.low == pytest.approx(judged(change, bar).size.low, rel=0.01)
