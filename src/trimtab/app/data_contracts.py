"""Contracts of files: proposed from a profile, kept beside their reference, checked, compared with newer proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from trimtab.app.data import (
    Compared,
    Progress,
    Reading,
    Setting,
    check,
    drift,
    drift_by_season,
    is_stored,
    open_rows,
    profile,
    sensitive_in,
    with_repeats,
)
from trimtab.app.data_defaults import must_be_named
from trimtab.app.data_report import full_report, of_check
from trimtab.base.errors import InputError, NotFoundError
from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.contract_diff import Change, diff_contracts
from trimtab.data.drift import Judging
from trimtab.data.infer import Roles, infer_contract, may_name_rows
from trimtab.data.profile import Profile
from trimtab.data.schema import Contract, DriftLimits
from trimtab.data.seasons import Season
from trimtab.data.wording import closest, counted
from trimtab.disk.atomic import write_bytes
from trimtab.disk.faults import explained
from trimtab.drivers.clocks import RealClock
from trimtab.drivers.profile_files import ENDING, is_profile, write_profile
from trimtab.generate.data_report import DataReport
from trimtab.spec.problems import did_you_mean

_TOLERANCES: Final = ("location", "scale", "shape", "share", "joint")


class ContractThereError(InputError):
    """A contract is kept already, and nothing replaces it without being told to."""

    code = "TT1373"


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """A contract that a table suggests, and what was noticed on the way."""

    source: str
    contract: Contract
    profile: Profile
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The contract's file."""
        return format_contract(self.contract)


class KeptContract(msgspec.Struct, frozen=True, kw_only=True):
    """A contract that was written, with its reference."""

    contract: str
    reference: str
    rows: int
    columns: int
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What was written, for a person."""
        return (
            f"a contract of {counted(self.columns, 'column')} inferred from {counted(self.rows, 'row')}, for you to "
            f"read and edit; its reference is {self.reference}"
        )


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


def read_contract(path: Path) -> Contract:
    """The contract in a file.

    Raises:
        NotFoundError: there is no such file.
        ProblemsError: all its mistakes, each with its line.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no contract {path}", fix="Make one: `trimtab data infer FILE -o CONTRACT`.")
    return parse_contract(read_text(path), at=str(path))


def read_text(path: Path) -> str:
    """The text in a file, without a mark of its byte order.

    Raises:
        InputError: it is not UTF-8.
        DriverError: the disk refused.
    """
    with explained(f"read {path.name}", path):
        content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text (byte {error.start + 1})", fix="Write it anew as UTF-8.") from error


def kept_hidden(path: Path) -> tuple[str, ...]:
    """The columns that a contract which is there already hides; none without one."""
    if not path.is_file():
        return ()
    return tuple(column.name for column in read_contract(path).columns if column.sensitive)


def propose(what: Any, roles: Roles, *, progress: Progress | None = None) -> Proposed:
    """The contract that a table, or a stored profile, suggests.

    A column that is called as names of rows are is read a second time where only counting shows that no name repeats.
    """
    scan = None if is_stored(what) else open_rows(what)
    key = (roles.key,) if roles.key else ()
    reading = Reading(key=key, time=roles.time, sensitive=roles.sensitive, progress=progress)
    found = profile(what if scan is None else scan, reading)
    named = may_name_rows(found.profile, roles)
    counted_profile = found.profile
    if scan is not None and named is not None:
        counted_profile = with_repeats(found.profile, scan, (named,))
    proposal = infer_contract(counted_profile, roles)
    return Proposed(
        source=found.name,
        contract=proposal.contract,
        profile=found.profile,
        notes=(*found.notes, *proposal.notes),
    )


def keep_contract(proposal: Proposed, path: Path, *, replace: bool) -> KeptContract:
    """Write a proposed contract and, beside it, the profile that it was inferred from, as its reference.

    Raises:
        ContractThereError: there is a contract, and it is not to be replaced.
    """
    if path.exists() and not replace:
        raise ContractThereError(
            f"{path} is there already",
            fix=f"`trimtab data diff {path} FILE` shows how a new proposal differs; --force replaces it.",
        )
    reference = path.with_suffix(ENDING)
    write_profile(reference, proposal.profile)
    contract = _with_reference(proposal.contract, reference.name)
    write_bytes(path, format_contract(contract).encode())
    return KeptContract(
        contract=str(path),
        reference=str(reference),
        rows=proposal.profile.rows,
        columns=len(contract.columns),
        notes=proposal.notes,
    )


def check_with_contract(
    what: Any,
    path: Path | None,
    *,
    reference: Any = True,
    aside: Path | None = None,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> DataReport:
    """A table against the contract in a file.

    Args:
        reference: what to compare with: a profile or a table; True for the contract's own, if it names one; None.
    """
    if path is None:
        raise must_be_named("contract")
    contract = read_contract(path)
    against = reference_of(contract, path) if reference is True else reference
    setting = Setting(reference=against, now=RealClock().now(), aside=aside, kept=kept, progress=progress)
    return of_check(check(what, contract, setting), contract)


def check_with_suite(what: Any, path: Path | None) -> DataReport:
    """A table against a Great Expectations suite, run by the library itself, which wants the whole table in memory."""
    from trimtab.drivers.great_expectations import run_suite

    if path is None:
        raise InputError("no suite is named", fix="Name it: --suite suite.json.")
    if not path.is_file():
        raise NotFoundError(f"there is no suite {path}", fix="Name the JSON file that Great Expectations wrote.")
    import polars as pl

    scan = open_rows(what)
    batches = list(scan.batches())
    table = pl.concat(batches) if batches else pl.DataFrame(schema=scan.schema)
    return DataReport(source=scan.name, check=run_suite(table, read_text(path)))


def difference(old: Path, new: str) -> ContractDifference:
    """How a newer contract differs from one that is kept; a table or a profile is proposed from with the same roles."""
    kept = read_contract(old)
    if Path(new).suffix == ".toml" and not is_profile(Path(new)):
        return ContractDifference(old=str(old), new=new, changes=diff_contracts(kept, read_contract(Path(new))))
    hidden = tuple(column.name for column in kept.columns if column.sensitive)
    roles = Roles(time=kept.time, label=kept.label, key=kept.key, zone=kept.zone, task=kept.task, sensitive=hidden)
    proposed = propose(new, roles)
    contract = _with_reference(proposed.contract, kept.reference)
    return ContractDifference(old=str(old), new=proposed.source, changes=diff_contracts(kept, contract))


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
    kept = read_contract(contract) if contract is not None else None
    judging = Judging(level=level, only=only or None, without=without)
    if kept is not None:
        own = {column.name: column.drift for column in kept.columns if column.drift is not None}
        hidden = tuple(name for name in (kept.key,) if name)
        judging = replace(judging, limits=kept.drift, columns=own, without=(*without, *hidden))
    for said in tolerances:
        judging = _tolerated(judging, said)
    return judging


def hidden_by(path: Path | None) -> frozenset[str]:
    """The columns whose values the contract in a file hides; none without a file."""
    return sensitive_in(read_contract(path)) if path is not None else frozenset()


def compared(
    reference: Any,
    current: Any,
    judging: Judging,
    reading: Reading,
    *,
    season: str | None = None,
    named: Sequence[str] = (),
) -> Compared:
    """What differs between two tables, season by season where one is named.

    Raises:
        InputError: one of the tables cannot be read, or neither has a column that is ``named``.
    """
    if season is not None:
        found = drift_by_season(reference, current, Season(season), judging, reading)
    else:
        found = drift(reference, current, judging, reading)
    known = list({**found.reference.profile.columns, **found.current.profile.columns})
    for name in named:
        if name not in known:
            fix = closest(name, known) or f"They have {', '.join(map(repr, known[:20]))}."
            raise InputError(f"neither table has a column {name!r}", fix=fix)
    return found


def report_on(what: Any, path: Path | None, reference: Any, reading: Reading) -> DataReport:
    """Everything about a table; the reference is the contract's own where none is named."""
    contract = read_contract(path) if path is not None else None
    if reference is None and contract is not None and path is not None:
        reference = reference_of(contract, path)
    return full_report(what, contract, reference, reading)


def reference_of(contract: Contract, path: Path) -> Path | None:
    """The file of the contract's own reference, None if it names none.

    Raises:
        NotFoundError: it names one that is not there.
    """
    if not contract.reference:
        return None
    found = path.parent / contract.reference
    if not found.is_file():
        raise NotFoundError(
            f"the contract's reference {contract.reference} is not there",
            fix="Make it with `trimtab data profile FILE --output …`, name another with --reference, or say "
            "--no-reference.",
            at=str(path),
        )
    return found


def _with_reference(contract: Contract, reference: str) -> Contract:
    return replace(contract, reference=reference)


def _tolerated(judging: Judging, said: str) -> Judging:
    name, _, size = said.partition("=")
    if name not in _TOLERANCES:
        problem = f"nothing called {name!r} is compared"
        raise InputError(problem, fix=did_you_mean(name, _TOLERANCES) or f"It is one of {', '.join(_TOLERANCES)}.")
    try:
        limit = None if size == "off" else float(size)
    except ValueError:
        problem = f"the tolerance {size!r} of {name} is no number"
        raise InputError(problem, fix=f"Write {name}=0.1, or {name}=off to leave it out.") from None
    if name == "joint":
        return replace(judging, joint=limit)
    changed: dict[str, Any] = {name: limit}
    columns: dict[str, DriftLimits] = {column: replace(own, **changed) for column, own in judging.columns.items()}
    return replace(judging, limits=replace(judging.limits, **changed), columns=columns)
