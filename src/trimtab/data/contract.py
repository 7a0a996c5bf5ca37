"""The contract as a file: TOML that people read, review and edit.

The reasons (``because``) are keys and not comments, so that they survive a round trip and can be shown in the note
that a value outside gets. Everything written here is checked on reading; all mistakes come together, each with its
line, since nobody enjoys a file that has one more mistake every time.
"""

from __future__ import annotations

import tomllib
from typing import Any, Final

from trimtab.base.errors import InputError, ProblemsError, UnknownVersionError
from trimtab.data.contract_reader import SCHEMA, ContractReader
from trimtab.data.schema import Column, Contract
from trimtab.data.toml import Places, toml_key, toml_value

__all__ = ["SCHEMA", "Contract", "format_contract", "parse_contract"]

_HEADER: Final = """\
# What a row must be: checked on every training table and on every request.
#
# Inferred from the first table, then yours: edit it, review it, keep it in Git. Nothing rewrites it.
#   type      integer, float, boolean, text or time; anything else is refused.
#   nullable  whether a row may say null. Every row names every column.
#   range     least and greatest value; values    the values that are known.
#   outside   "note": such a row is answered and the value is noted; "refuse": it gets no answer.
#   because   why the line before is as it is.
"""


def format_contract(contract: Contract) -> str:
    """The contract as TOML; `parse_contract` gives the same contract back, and formatting that the same text."""
    top = [("schema", SCHEMA), ("time", contract.time), ("key", contract.key), ("label", contract.label)]
    top += [("task", contract.task), ("zone", contract.zone)]
    lines = [_HEADER, *(f"{key} = {toml_value(value)}" for key, value in top if value is not None)]
    for column in contract.columns:
        lines += ["", *_column_lines(column, is_label=column.name == contract.label)]
    return "\n".join(lines) + "\n"


def parse_contract(text: str, *, at: str = "") -> Contract:
    """The contract that a TOML text says; ``at`` is the file's name, for the places in messages.

    Raises:
        InputError: it is not TOML.
        UnknownVersionError: its schema is not the one that this Trimtab reads.
        ProblemsError: all its mistakes, each with its line.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"this is not valid TOML: {error}", fix="Correct the text at that place.", at=at) from error
    if content.get("schema", SCHEMA) != SCHEMA:
        raise UnknownVersionError(
            f"this contract says schema {content['schema']!r}, and this Trimtab reads {SCHEMA!r}",
            fix="Read it with the Trimtab that wrote it; before version 0.1 contracts are not migrated.",
            at=at,
        )
    reader = ContractReader(Places(text, at))
    contract = reader.contract(content)
    if reader.problems or contract is None:
        raise ProblemsError(tuple(reader.problems), at=at)
    return contract


def _column_lines(column: Column, *, is_label: bool) -> list[str]:
    lines = [f"[columns.{toml_key(column.name)}]" + ("   # the label: in training tables only" if is_label else "")]
    lines.append(f"type = {toml_value(column.type)}")
    lines.append(f"nullable = {toml_value(column.nullable)}")
    if column.range is not None:
        seen = column.range
        limits = [("min", seen.minimum), ("max", seen.maximum)]
        lines.append("range = " + _inline([*limits, ("outside", seen.outside), ("because", seen.because)]))
    if column.values is not None:
        known = column.values
        lines.append(
            "values = " + _inline([("allowed", known.allowed), ("outside", known.outside), ("because", known.because)])
        )
    if column.because:
        lines.append(f"because = {toml_value(column.because)}")
    return lines


def _inline(pairs: list[tuple[str, Any]]) -> str:
    return "{ " + ", ".join(f"{key} = {toml_value(value)}" for key, value in pairs if value not in (None, "")) + " }"
