"""`trimtab data` for Python: the same use cases under the same names, with keywords for options.

    >>> import polars as pl
    >>> import trimtab
    >>> payments = pl.DataFrame({"amount": [9.5, 12.0, None], "country": ["DE", "FR", "DE"]})
    >>> profile = trimtab.profile(payments)
    >>> profile.columns["amount"].nulls
    1
    >>> contract = trimtab.infer(payments)
    >>> trimtab.check(payments, contract).verdict
    <Verdict.PASS: 'PASS'>

A table is a path, a glob, a Polars, pandas or Arrow object, or anything that gives Arrow batches; where a profile is
enough, one will do, in memory or stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trimtab.app import data, data_contract_files, data_contracts
from trimtab.app.data_opening import Reading, one_must_have, opened
from trimtab.app.data_report import full_report
from trimtab.base.instants import Instant
from trimtab.data.contract_diff import Change, diff_contracts
from trimtab.data.differences import Differences
from trimtab.data.drift import Judging
from trimtab.data.infer import Roles
from trimtab.data.profile import Profile
from trimtab.data.schema import Contract, DriftLimits

Table = Any
"""A path, a glob, a Polars, pandas or Arrow object; see `trimtab.drivers.sources.open_table`."""


def profile(
    table: Table, *, key: str | Sequence[str] = (), time: str | None = None, sensitive: Sequence[str] = ()
) -> Profile:
    """What is in a table: one pass, bounded memory; two profiles add up (``a + b``) to that of all their rows.

    Args:
        key: the columns that name a row; rows that repeat one are counted exactly.
        time: the column of the rows' own time; whether rows follow it is noted.
        sensitive: columns whose values are not to be readable in the profile.

    Raises:
        InputError: there is no such table or column, or it cannot be read.
    """
    names = (key,) if isinstance(key, str) else tuple(key)
    return data.profile(table, Reading(key=names, time=time, sensitive=tuple(sensitive))).profile


def infer(
    table: Table,
    *,
    time: str | None = None,
    label: str | None = None,
    key: str | None = None,
    zone: str | None = None,
    sensitive: Sequence[str] = (),
) -> Contract:
    """The contract that a table, or its profile, suggests: structure refuses, what was merely seen is noted.

    Raises:
        InputError: no contract can be made of it, with all the reasons.
    """
    roles = Roles(time=time, label=label, key=key, zone=zone, sensitive=tuple(sensitive))
    return data_contracts.propose(table, roles).contract


def check(
    table: Table,
    contract: Contract | str | Path,
    *,
    reference: Table = None,
    now: Instant | None = None,
    aside: Path | None = None,
    kept: Path | None = None,
) -> data.Checked:
    """A table against a contract: all violations together, and what drifted where there is a reference.

    Args:
        contract: the contract, or its file, whose own reference is used where none is given.
        reference: a table or a profile to compare with.
        now: the moment (UTC microseconds) by which freshness is judged; None leaves it unjudged.
        aside: the file for rows that are set aside; ``kept`` the one for those that go on.
    """
    if isinstance(contract, str | Path):
        path = Path(contract)
        contract = data_contract_files.read_contract(path)
        reference = data_contract_files.reference_of(contract, path) if reference is None else reference
    return data.check(table, contract, data.Setting(reference=reference, now=now, aside=aside, kept=kept))


def drift(  # noqa: PLR0913 - keywords, each an option of the command
    reference: Table,
    current: Table,
    *,
    limits: DriftLimits | None = None,
    columns: Mapping[str, DriftLimits] | None = None,
    without: Sequence[str] = (),
    sensitive: Sequence[str] = (),
    level: float = 0.95,
) -> Differences:
    """What differs between two tables or profiles, with effect sizes, bands and verdicts, the strongest first.

    Args:
        limits: what every column may differ by; ``columns`` has other limits for some.
        without: columns that are not judged.
        sensitive: columns no value of which is to be in what is told; those that a profile hides are such anyway.
        level: the confidence of all verdicts together.

    Raises:
        InputError: there is no such table, or neither has a column that is named.
    """
    sides = opened(reference), opened(current)
    one_must_have(sides, (*(columns or {}), *without, *sensitive))
    judging = Judging(limits=limits or DriftLimits(), columns=columns or {}, without=without, level=level)
    return data.drift(*sides, judging, Reading(lean=True, sensitive=tuple(sensitive))).differences


def diff(old: Contract | str | Path, new: Contract | str | Path) -> tuple[Change, ...]:
    """How a newer contract differs from an older one, rule by rule."""
    one, two = (
        contract if isinstance(contract, Contract) else data_contract_files.read_contract(Path(contract))
        for contract in (old, new)
    )
    return diff_contracts(one, two)


def report(
    table: Table,
    *,
    contract: Contract | str | Path | None = None,
    reference: Table = None,
    time: str | None = None,
    sensitive: Sequence[str] = (),
) -> str:
    """A page about a table as HTML that needs nothing else: violations, what changed most, every column."""
    from trimtab.generate.data_page import page

    if isinstance(contract, str | Path):
        path = Path(contract)
        contract = data_contract_files.read_contract(path)
        reference = data_contract_files.reference_of(contract, path) if reference is None else reference
    found = full_report(table, contract, reference, Reading(time=time, sensitive=tuple(sensitive)))
    text: str = page(found)
    return text
