"""Contracts from and for the tools that a team has: Great Expectations, TFDV, Pandera."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from trimtab.app.data_contract_files import ContractThereError, read_contract, read_text
from trimtab.app.data_outputs import ready_to_write
from trimtab.base.errors import InputError, NotFoundError, UserCodeError
from trimtab.data.contract import format_contract
from trimtab.data.exchange import Carried, LeftOut
from trimtab.data.wording import counted
from trimtab.disk.named import write_named

TOOLS: Final = ("great-expectations", "tfdv", "pandera")


class Exchanged(msgspec.Struct, frozen=True, kw_only=True):
    """What was carried over: into which file, how much, and what was not."""

    source: str
    target: str
    columns: int
    left: tuple[str, ...]

    def lines(self) -> list[str]:
        """What to tell a person."""
        told = [f"wrote {self.target}: {counted(self.columns, 'column')} of {self.source}"]
        if self.left:
            verb = "is" if len(self.left) == 1 else "are"
            told.append(f"{counted(len(self.left), 'rule')} {verb} not carried over, or not quite:")
        return [*told, *(f"  {line}" for line in self.left)]


def import_contract(what: str, tool: str, path: Path, *, replace: bool) -> Exchanged:
    """Write the contract that another tool's rules make.

    Args:
        what: a suite's JSON, a ``schema.pbtxt``, or ``module:Name`` of a Pandera schema, found from this folder.

    Raises:
        InputError: it cannot be read, or is not of that tool.
        ContractThereError: there is a contract, and it is not to be replaced.
        InputError: the contract cannot be written there, or would replace what it is made of.
    """
    if path.exists() and not replace:
        raise ContractThereError(f"{path} is there already", fix="Name another file, or say --force to replace it.")
    ready_to_write((path,), what)
    carried = _read(what, tool, path)
    write_named(path, format_contract(carried.contract).encode())
    return _exchanged(what, str(path), len(carried.contract.columns), carried.left)


def export_contract(source: Path, tool: str, path: Path) -> Exchanged:
    """Write a contract as another tool's rules.

    Raises:
        InputError: they cannot be written there, or would replace the contract or its reference.
    """
    contract = read_contract(source)
    ready_to_write((path,), source, source.parent / contract.reference if contract.reference else None)
    match tool:
        case "great-expectations":
            from trimtab.drivers.great_expectations import write_suite

            text, left = write_suite(contract, source.stem)
        case "tfdv":
            from trimtab.drivers.tfdv import write_tfdv_schema

            text, left = write_tfdv_schema(contract)
        case _:
            from trimtab.drivers.pandera import write_pandera

            text, left = write_pandera(contract)
    write_named(path, text.encode())
    return _exchanged(str(source), str(path), len(contract.columns), left)


def tool_of(what: str) -> str:
    """The tool that a file's name speaks of.

    Raises:
        InputError: it speaks of none.
    """
    if what.endswith(".json"):
        return "great-expectations"
    if what.endswith((".pbtxt", ".textproto")):
        return "tfdv"
    if ":" in what:
        return "pandera"
    fix = "Say --from great-expectations (JSON), tfdv (schema.pbtxt) or pandera (module:Name)."
    raise InputError(f"the name {what!r} does not say which tool's rules it has", fix=fix)


def _read(what: str, tool: str, target: Path) -> Carried:
    if tool == "pandera":
        from trimtab.drivers.pandera import read_pandera

        found = _object(what)
        module = sys.modules[what.partition(":")[0]]
        ready_to_write((target,), getattr(module, "__file__", None))
        return read_pandera(found)
    path = Path(what)
    if not path.is_file():
        raise NotFoundError(f"there is no file {what}", fix="Name the file with the rules.")
    text = read_text(path)
    if tool == "tfdv":
        from trimtab.drivers.tfdv import read_tfdv_schema

        return read_tfdv_schema(text)
    from trimtab.drivers.great_expectations import read_suite

    return read_suite(text)


def _object(what: str) -> Any:
    """The object ``module:Name``; the module is looked for in this folder first, as `python -m` does."""
    module, _, name = what.partition(":")
    if not module or not name:
        raise InputError(f"{what!r} names no schema", fix="Write module:Name, such as checks.payments:PaymentsSchema.")
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise NotFoundError(f"there is no module {error.name}", fix="Run this in the folder that has it.") from error
    except Exception as error:  # the user's own module: whatever it raises is theirs, and is told as that
        problem = f"{module} could not be imported: {type(error).__name__}: {error}"
        raise UserCodeError(problem, fix="Correct that module, and try again.") from error
    finally:
        sys.path.remove(here)
    for part in name.split("."):
        if not hasattr(found, part):
            raise NotFoundError(f"{module} has no {name}", fix="Name the schema as it is called there.")
        found = getattr(found, part)
    return found


def _exchanged(source: str, target: str, columns: int, left: tuple[LeftOut, ...]) -> Exchanged:
    return Exchanged(source=source, target=target, columns=columns, left=tuple(map(str, left)))
