"""What contracts are for: proposed from tables, checked, compared with newer ones; `data_contract_files` keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from trimtab.app.data import profile, with_repeats
from trimtab.app.data_check import Setting, check, hiding
from trimtab.app.data_contract_files import Proposed, read_contract, read_text, reference_of, with_reference
from trimtab.app.data_defaults import must_be_named
from trimtab.app.data_drift import hidden_by
from trimtab.app.data_opening import (
    Progress,
    Reading,
    Stored,
    must_have,
    open_rows,
    opened,
    time_in,
    with_time,
)
from trimtab.app.data_outputs import ready_to_write
from trimtab.app.data_report import full_report, of_check
from trimtab.base.errors import InputError, NotFoundError
from trimtab.data.contract_diff import Change, diff_contracts
from trimtab.data.infer import Roles, infer_contract, may_name_rows
from trimtab.data.schema import Contract
from trimtab.drivers.clocks import RealClock
from trimtab.drivers.profile_files import is_profile
from trimtab.generate.data_report import DataReport

Outputs = Sequence[Path | None]


class ContractDifference(msgspec.Struct, frozen=True, kw_only=True):
    """How a newer contract differs from the one that is kept."""

    old: str
    new: str
    changes: tuple[Change, ...]

    def lines(self) -> list[str]:
        """One line for each change."""
        if not self.changes:
            return [f"{self.new} says the same as {self.old}"]
        return [f"{change.direction:<9}  {change.words}" for change in self.changes]


def propose(what: Any, roles: Roles, *, progress: Progress | None = None) -> Proposed:
    """The contract that a table, or a stored profile, suggests.

    A column that is called as names of rows are is read a second time where only counting shows that no name repeats.

    Raises:
        InputError: there is no such table or column, or it cannot be read.
    """
    given = opened(what)
    reading = Reading(sensitive=roles.sensitive, progress=progress)
    if not isinstance(given, Stored):
        named = [name for name in (roles.time, roles.label, roles.key) if name is not None]
        must_have(given.name, given.schema, named)
        # Texts may be read as times; the order of rows is told of what is stored as such.
        key = (roles.key,) if roles.key else ()
        given = with_time(given, roles.time)
        reading = replace(reading, key=key, time=time_in(given, roles.time))
    found = profile(given, reading)
    counted_profile = found.profile
    naming = may_name_rows(found.profile, roles)
    if not isinstance(given, Stored) and naming is not None:
        counted_profile = with_repeats(found.profile, given, (naming,))
    proposal = infer_contract(counted_profile, roles)
    return Proposed(
        source=found.name,
        contract=proposal.contract,
        profile=found.profile,
        notes=(*found.notes, *proposal.notes),
        files=tuple(getattr(given, "files", ())),
    )


def check_with_contract(
    what: Any, path: Path | None, setting: Setting, *, own_reference: bool = True, outputs: Outputs = ()
) -> DataReport:
    """A table against the contract in a file, as of now.

    Args:
        setting: how; where it names no reference, the contract's ``own_reference`` is used, if it names one.
        outputs: files that the report is to be written to: they are none of those that are read.
    """
    if path is None:
        raise must_be_named("contract")
    contract = read_contract(path)
    reference = setting.reference
    if reference is None and own_reference:
        reference = reference_of(contract, path)
    scan, against = open_rows(what), opened(reference) if reference is not None else None
    ready_to_write((*outputs, setting.aside, setting.kept), path, scan, against)
    setting = replace(setting, reference=against, now=RealClock().now())
    return of_check(check(scan, contract, setting), hiding(contract, setting.sensitive))


def check_with_suite(
    what: Any, path: Path | None, *, sensitive: Sequence[str] = (), contract: Path | None = None, outputs: Outputs = ()
) -> DataReport:
    """A table against a Great Expectations suite, run by the library itself, which wants the whole table in memory.

    Args:
        sensitive: columns whose values are shown nowhere; the table has them.
        contract: the file of a contract that names such columns too, and is not checked.
    """
    from trimtab.drivers.great_expectations import run_suite

    if path is None:
        raise InputError("no suite is named", fix="Name it: --suite suite.json.")
    if not path.is_file():
        raise NotFoundError(f"there is no suite {path}", fix="Name the JSON file that Great Expectations wrote.")
    import polars as pl

    scan = open_rows(what)
    must_have(scan.name, scan.schema, sensitive)
    ready_to_write(outputs, path, contract, scan)
    hidden = hidden_by(contract).union(sensitive)
    batches = list(scan.batches())
    table = pl.concat(batches) if batches else pl.DataFrame(schema=scan.schema)
    report = run_suite(table, read_text(path), hidden=hidden)
    return DataReport(source=scan.name, check=report, sensitive=tuple(sorted(hidden)))


def difference(old: Path, new: str) -> ContractDifference:
    """How a newer contract differs from one that is kept; a table or a profile is proposed from with the same roles."""
    kept = read_contract(old)
    name, contract = newer(kept, new)
    return ContractDifference(old=str(old), new=name, changes=diff_contracts(kept, contract))


def newer(kept: Contract, what: Any) -> tuple[str, Contract]:
    """A contract to lay beside one that is kept, and its name: one in a file, or the one that a table or a profile
    suggests for the same roles."""
    if isinstance(what, str | Path) and Path(what).suffix == ".toml" and not is_profile(Path(what)):
        return str(what), read_contract(Path(what))
    hidden = tuple(column.name for column in kept.columns if column.sensitive)
    roles = Roles(time=kept.time, label=kept.label, key=kept.key, zone=kept.zone, task=kept.task, sensitive=hidden)
    proposed = propose(what, roles)
    return proposed.source, with_reference(proposed.contract, kept.reference)


def report_on(what: Any, path: Path | None, reference: Any, reading: Reading, *, outputs: Outputs = ()) -> DataReport:
    """Everything about a table, as of now; the reference is the contract's own where none is named.

    Args:
        outputs: files that the report is to be written to: they are none of those that are read.
    """
    contract = read_contract(path) if path is not None else None
    if reference is None and contract is not None and path is not None:
        reference = reference_of(contract, path)
    scan, against = opened(what), opened(reference) if reference is not None else None
    ready_to_write(outputs, scan, path, against)
    return full_report(scan, contract, against, reading, now=RealClock().now())
