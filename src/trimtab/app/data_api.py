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

from trimtab.app import data, data_check, data_contract_files, data_contracts
from trimtab.app.data_opening import Reading, beside_each_other, one_must_have, opened
from trimtab.app.data_report import full_report
from trimtab.base.errors import InputError
from trimtab.base.instants import Instant
from trimtab.data.contract_diff import Change, diff_contracts
from trimtab.data.differences import Differences
from trimtab.data.drift import Judging
from trimtab.data.infer import Roles
from trimtab.data.kinds import DriftLimits
from trimtab.data.profile import Profile
from trimtab.data.schema import Contract

Table = Any
"""A path, a glob, a Polars, pandas or Arrow object; see `trimtab.drivers.sources.open_table`."""


def profile(
    table: Table, *, key: str | Sequence[str] = (), time: str | None = None, sensitive: str | Sequence[str] = ()
) -> Profile:
    """What is in a table: one pass, bounded memory; two profiles add up (``a + b``) to that of all their rows.

    Args:
        key: the columns that name a row; rows that repeat one are counted exactly.
        time: the column of the rows' own time; whether rows follow it is noted.
        sensitive: columns whose values are not to be readable in the profile.

    Raises:
        InputError: there is no such table or column, or it cannot be read.
    """
    return data.profile(table, Reading(key=_names(key), time=time, sensitive=_names(sensitive))).profile


def infer(
    table: Table,
    *,
    time: str | None = None,
    label: str | None = None,
    key: str | None = None,
    zone: str | None = None,
    sensitive: str | Sequence[str] = (),
) -> Contract:
    """The contract that a table, or its profile, suggests: structure refuses, what was merely seen is noted.

    Raises:
        InputError: no contract can be made of it, with all the reasons.
    """
    roles = Roles(time=time, label=label, key=key, zone=zone, sensitive=_names(sensitive))
    return data_contracts.propose(table, roles).contract


def check(  # noqa: PLR0913 - keywords, each an option of the command
    table: Table,
    contract: Contract | str | Path,
    *,
    reference: Table = None,
    now: Instant | None = None,
    aside: str | Path | None = None,
    kept: str | Path | None = None,
    strict: bool = False,
) -> data_check.Checked:
    """A table against a contract: all violations together, and what drifted where there is a reference.

    Args:
        contract: the contract, or its file, whose own reference is used where none is given.
        reference: a table or a profile to compare with.
        now: the moment (UTC microseconds) by which freshness is judged; None leaves it unjudged.
        aside: the file for rows that are set aside; ``kept`` the one for those that go on.
        strict: whether what the contract only notes refuses the table, too.

    Raises:
        InputError: there is no such table or contract, it cannot be read, or a file cannot be written.
    """
    held, against = _with_reference(contract, reference)
    setting = data_check.Setting(
        reference=against,
        now=now,
        aside=None if aside is None else Path(aside),
        kept=None if kept is None else Path(kept),
        strict=strict,
    )
    return data_check.check(table, held, setting)


def drift(  # noqa: PLR0913 - keywords, each an option of the command
    reference: Table,
    current: Table,
    *,
    limits: DriftLimits | None = None,
    columns: Mapping[str, DriftLimits] | None = None,
    without: str | Sequence[str] = (),
    sensitive: str | Sequence[str] = (),
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
    sides = beside_each_other(opened(reference), opened(current))
    left, hidden = _names(without), _names(sensitive)
    one_must_have(sides, (*(columns or {}), *left, *hidden))
    judging = Judging(limits=limits or DriftLimits(), columns=columns or {}, without=left, level=level)
    return data.drift(*sides, judging, Reading(lean=True, sensitive=hidden)).differences


def diff(old: Contract | str | Path, new: Contract | Table) -> tuple[Change, ...]:
    """How a newer contract differs from an older one, rule by rule.

    Args:
        new: a contract or its file (``.toml``), or a table or a profile that one is proposed from, as
            `trimtab data diff` does.

    Raises:
        InputError: there is no such contract or table, or it cannot be read.
    """
    one = _held(old)
    return diff_contracts(one, new if isinstance(new, Contract) else data_contracts.newer(one, new)[1])


def report(
    table: Table,
    *,
    contract: Contract | str | Path | None = None,
    reference: Table = None,
    time: str | None = None,
    now: Instant | None = None,
    sensitive: str | Sequence[str] = (),
) -> str:
    """A page about a table as HTML that needs nothing else: violations, what changed most, every column.

    Args:
        now: the moment (UTC microseconds) by which freshness is judged; None leaves it unjudged.
    """
    from trimtab.generate.data_page import page

    held, against = (None, reference) if contract is None else _with_reference(contract, reference)
    reading = Reading(time=time, sensitive=_names(sensitive))
    text: str = page(full_report(table, held, against, reading, now=now))
    return text


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    """Columns' names; a text alone is one of them, and not its letters."""
    return (given,) if isinstance(given, str) else tuple(given)


def _held(contract: Any) -> Contract:
    """A contract in memory or in a file; raises `InputError` for what is neither."""
    if isinstance(contract, Contract):
        return contract
    if isinstance(contract, str | Path):
        return data_contract_files.read_contract(Path(contract))
    given = "None" if contract is None else f"an object of {type(contract).__name__}"
    problem = f"a contract is needed, and {given} was given"
    raise InputError(problem, fix="Give `trimtab.infer(table)`, or the path of a contract's file.")


def _with_reference(contract: Any, reference: Table) -> tuple[Contract, Table]:
    """A contract, and what to compare with: by default the reference that its file names."""
    held = _held(contract)
    if reference is None and isinstance(contract, str | Path):
        reference = data_contract_files.reference_of(held, Path(contract))
    return held, reference
