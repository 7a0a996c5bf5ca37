"""Contracts on disk: read, and kept with the profile that is their reference, of which none goes without the other.

Two files cannot be replaced at once. A contract that is there is therefore never left beside the reference of another:
its successor is first put in place with a reference of another name, then that gets the name that it is to have. A kill
between any two of these steps leaves a contract whose own reference is there, and running again ends like a run that
was not killed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from trimtab.app.data_outputs import ready_to_write
from trimtab.base.errors import InputError, NotFoundError, ProblemsError
from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.profile import Profile
from trimtab.data.schema import Contract
from trimtab.data.wording import counted
from trimtab.disk.faults import explained
from trimtab.disk.named import kind_of, write_named
from trimtab.drivers.profile_files import ENDING, is_profile, packed
from trimtab.drivers.sources.reading import NO_TABLES, looks_like


class ContractThereError(InputError):
    """A contract is kept already, and nothing replaces it without being told to."""

    code = "TT1373"


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """A contract that a table suggests, what was noticed on the way, and the files that it was read from."""

    source: str
    contract: Contract
    profile: Profile
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

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


def read_contract(path: Path) -> Contract:
    """The contract in a file.

    Raises:
        NotFoundError: there is no such file.
        InputError: it is a table or a profile, or not UTF-8.
        ProblemsError: all its mistakes, each with its line.
    """
    if not path.is_file():
        kind = kind_of(path)
        if kind:
            raise NotFoundError(f"{path} is {kind}, and a contract is read from a file", fix="Name the file itself.")
        raise NotFoundError(f"there is no contract {path}", fix="Make one: `trimtab data infer FILE -o CONTRACT`.")
    what = _other_than_text(path)
    if what:
        problem = f"{path} is {what}, and a contract is needed here"
        raise InputError(problem, fix="Name a contract; `trimtab data infer TABLE -o CONTRACT` makes one of a table.")
    return parse_contract(read_text(path), at=str(path))


def _other_than_text(path: Path) -> str:
    """What a file is by its first bytes, where that is no text."""
    if is_profile(path):
        return "a stored profile"
    with explained(f"read {path.name}", path), path.open("rb") as content:
        found = looks_like(content.read(16))
    if not found:
        return ""
    return f"a file of {found}" if found in NO_TABLES else f"a table ({found})"


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


def ready_to_keep(path: Path, *inputs: Any, replace: bool) -> None:
    """Raises where a contract and its reference cannot be kept, before the table is read.

    Raises:
        ContractThereError: there is a contract, and it is not to be replaced.
        InputError: one of the files is read for it, or cannot be written.
    """
    if path.suffix == ENDING:
        problem = f"{path} is the name that the contract's reference is to have, which is written beside it"
        raise InputError(problem, fix=f"Name the contract {path.with_suffix('.toml')}, say.")
    ready_to_write((path, path.with_suffix(ENDING)), *inputs)
    if path.exists() and not replace:
        raise ContractThereError(
            f"{path} is there already",
            fix=f"`trimtab data diff {path} FILE` shows how a new proposal differs; --force replaces it.",
        )


def keep_contract(proposal: Proposed, path: Path, *, replace: bool) -> KeptContract:
    """Write a proposed contract and, beside it, the profile that it was inferred from, as its reference.

    Raises:
        ContractThereError: there is a contract, or a reference of other rows, and it is not to be replaced.
        InputError: one of the files was read for it, or cannot be written.
    """
    ready_to_keep(path, proposal, replace=replace)
    reference, profile = path.with_suffix(ENDING), packed(proposal.profile)
    written = reference.is_file() and reference.read_bytes() == profile
    if reference.exists() and not written and not replace:
        fix = "Name another contract, or say --force to replace it."
        raise ContractThereError(f"{reference} is there already, the profile of other rows", fix=fix)
    beside = path.with_suffix(f".next{ENDING}")
    if not written:
        if _names(path, reference.name):
            write_named(beside, profile)
            _write(path, proposal.contract, beside.name)
        write_named(reference, profile)
    _write(path, proposal.contract, reference.name)
    beside.unlink(missing_ok=True)
    return KeptContract(
        contract=str(path),
        reference=str(reference),
        rows=proposal.profile.rows,
        columns=len(proposal.contract.columns),
        notes=proposal.notes,
    )


def with_reference(contract: Contract, reference: str) -> Contract:
    """The contract with the name of its reference."""
    return replace(contract, reference=reference)


def _write(path: Path, contract: Contract, reference: str) -> None:
    write_named(path, format_contract(with_reference(contract, reference)).encode())


def _names(path: Path, reference: str) -> bool:
    """Whether the contract that is there has this reference, or may have: one that cannot be read."""
    if not path.is_file():
        return False
    try:
        return read_contract(path).reference == reference
    except (InputError, ProblemsError):
        return True
