"""The contract as a file: TOML that people read, review and edit.

The reasons (``because``) are keys and not comments, so that they survive a round trip and can be shown in the note
that a value outside gets. Everything written here is checked on reading; all mistakes come together, each with its
line, since nobody enjoys a file that has one more mistake every time.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

from trimtab.base.errors import ProblemsError, UnknownVersionError
from trimtab.data.contract_reader import SCHEMA, ContractReader
from trimtab.data.problems import ContractSyntaxError
from trimtab.data.schema import Column, Contract
from trimtab.spec.locate import locate

__all__ = ["SCHEMA", "Contract", "format_contract", "parse_contract"]

_BARE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
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
    lines = [_HEADER, *(f"{key} = {_toml(value)}" for key, value in top if value is not None)]
    for column in contract.columns:
        lines += ["", *_column_lines(column, is_label=column.name == contract.label)]
    return "\n".join(lines) + "\n"


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


def _column_lines(column: Column, *, is_label: bool) -> list[str]:
    lines = [f"[columns.{_key(column.name)}]" + ("   # the label: in training tables only" if is_label else "")]
    lines.append(f"type = {_toml(column.type)}")
    lines.append(f"nullable = {_toml(column.nullable)}")
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
        lines.append(f"because = {_toml(column.because)}")
    return lines


def _inline(pairs: list[tuple[str, Any]]) -> str:
    return "{ " + ", ".join(f"{key} = {_toml(value)}" for key, value in pairs if value not in (None, "")) + " }"


def _key(name: str) -> str:
    """A key as TOML writes it: bare where that is allowed, else in quotes."""
    return name if name and _BARE.issuperset(name) else _toml(name)


def _toml(value: bool | int | float | str | tuple[bool | int | str, ...]) -> str:
    """A value as TOML writes it; what cannot be seen in a text is escaped."""
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(_ESCAPES.get(letter) or _visible(letter) for letter in value) + '"'
    return repr(value)


def _visible(letter: str) -> str:
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"
