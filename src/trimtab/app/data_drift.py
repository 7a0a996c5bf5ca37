"""Two tables laid beside each other, as a command line asks for it.

A module of its own, since a comparison needs neither contracts nor what infers and checks them, whose import would take
as long as the smallest of tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from trimtab.app.data import Compared, drift, drift_by_season
from trimtab.app.data_opening import Reading, beside_each_other, one_must_have, opened, sensitive_in, to_profile
from trimtab.base.errors import InputError
from trimtab.data.drift import Judging
from trimtab.data.kinds import DriftLimits
from trimtab.data.seasons import Season
from trimtab.spec.problems import did_you_mean

_TOLERANCES: Final = ("location", "scale", "shape", "share", "joint")


def judging_for(
    tolerances: Sequence[str],
    *,
    level: float,
    only: Sequence[str],
    without: Sequence[str],
    contract: Path | None,
) -> Judging:
    """What a comparison is held to, from what a command line says.

    Raises:
        InputError: a tolerance of nothing that is compared, or that is no number.
    """
    judging = Judging(level=level, only=only or None, without=without)
    if contract is not None:
        from trimtab.app.data_contract_files import read_contract

        kept = read_contract(contract)
        own = {column.name: column.drift for column in kept.columns if column.drift is not None}
        hidden = tuple(name for name in (kept.key,) if name)
        judging = replace(judging, limits=kept.drift, columns=own, without=(*without, *hidden))
    for said in tolerances:
        judging = _tolerated(judging, said)
    return judging


def hidden_by(path: Path | None) -> frozenset[str]:
    """The columns whose values the contract in a file hides; none without a file."""
    if path is None:
        return frozenset()
    from trimtab.app.data_contract_files import read_contract

    return sensitive_in(read_contract(path))


def compared(
    tables: tuple[Any, Any],
    judging: Judging,
    reading: Reading,
    *,
    season: str | None = None,
    named: Sequence[str] = (),
    contract: Path | None = None,
) -> Compared:
    """What differs between two tables, season by season where one is named.

    Args:
        tables: the reference and the table of today.
        named: columns that one of the tables must have.
        contract: the file of a contract, which types the columns of a CSV.

    Raises:
        InputError: one of the tables cannot be read, or neither has a column that is named.
    """
    sides = opened(tables[0]), opened(tables[1])
    if contract is None:
        sides = beside_each_other(*sides)
    else:
        from trimtab.app.data_contract_files import read_contract

        kept = read_contract(contract)
        sides = to_profile(sides[0], kept), to_profile(sides[1], kept)
    one_must_have(sides, (*named, *reading.sensitive))
    if season is not None:
        return drift_by_season(*sides, Season(season), judging, reading)
    return drift(*sides, judging, reading)


def _tolerated(judging: Judging, said: str) -> Judging:
    name, _, size = said.partition("=")
    if name not in _TOLERANCES:
        problem = f"nothing called {name!r} is compared"
        raise InputError(problem, fix=did_you_mean(name, _TOLERANCES) or f"It is one of {', '.join(_TOLERANCES)}.")
    try:
        limit = None if size == "off" else float(size.removesuffix("%")) / (100.0 if size.endswith("%") else 1.0)
    except ValueError:
        problem = f"the tolerance {size!r} of {name} is no number"
        raise InputError(problem, fix=f"Write {name}=0.1, or {name}=off to leave it out.") from None
    if name == "joint":
        return replace(judging, joint=limit)
    changed: dict[str, Any] = {name: limit}
    columns: dict[str, DriftLimits] = {column: replace(own, **changed) for column, own in judging.columns.items()}
    return replace(judging, limits=replace(judging.limits, **changed), columns=columns)
