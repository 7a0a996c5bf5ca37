"""The contract as a file: TOML that people read, review and edit.

The reasons (``because``) are keys and not comments, so that they survive a round trip and can be shown in the note
that a value outside gets. Everything written here is checked on reading; all mistakes come together, each with its
line, since nobody enjoys a file that has one more mistake every time.
"""

from __future__ import annotations

import re
import tomllib

from trimtab.base.errors import ProblemsError, UnknownVersionError
from trimtab.data.contract_reader import SCHEMA, ContractReader
from trimtab.data.contract_writer import format_contract
from trimtab.data.problems import ContractSyntaxError
from trimtab.data.schema import Contract
from trimtab.spec.locate import locate

__all__ = ["SCHEMA", "Contract", "format_contract", "parse_contract"]


def parse_contract(text: str, *, at: str = "") -> Contract:
    """The contract that a TOML text says; ``at`` is the file's name, for the places in messages.

    Raises:
        ContractSyntaxError: it is not TOML.
        UnknownVersionError: its schema is not the one that this Trimtab reads.
        ProblemsError: all its mistakes, each with its line.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(error, at) from error
    if content.get("schema", SCHEMA) != SCHEMA:
        raise UnknownVersionError(
            f"this contract says schema {content['schema']!r}, and this Trimtab reads {SCHEMA!r}",
            fix="Read it with the Trimtab that wrote it; before version 0.1 contracts are not migrated.",
            at=at,
        )
    reader = ContractReader(locate(text), at)
    contract = reader.contract(content)
    if reader.problems or contract is None:
        raise ProblemsError(reader.problems, at=at)
    return contract


def _not_toml(error: tomllib.TOMLDecodeError, at: str) -> ContractSyntaxError:
    told = re.fullmatch(r"(.*) \(at line (\d+), column \d+\)", str(error))
    problem, place = (told[1], f"{at}:{told[2]}" if at else f"line {told[2]}") if told else (str(error), at)
    return ContractSyntaxError(f"this is not TOML: {problem}", fix="Correct the text at that place.", at=place)
