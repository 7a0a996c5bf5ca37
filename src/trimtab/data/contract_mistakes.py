"""What is wrong with a contract's file, gathered while it is read, each mistake with its line."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from trimtab.data.kinds import Of, Severity
from trimtab.data.problems import ContractError
from trimtab.data.wording import show
from trimtab.spec.locate import KeyPath
from trimtab.spec.problems import did_you_mean
from trimtab.spec.values import Unfit, span

E = TypeVar("E", bound=StrEnum)
Table = Mapping[str, Any]

ROW_SEVERITIES: Final = tuple(Severity)
TABLE_SEVERITIES: Final = (Severity.REFUSE, Severity.NOTE)
"""What may happen where the table as a whole, or its rows together, break a rule: there is no row to set aside."""
_PERCENT: Final = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*%\s*")


class Mistakes:
    """Gathers what is wrong, and reads the keys that many tables share."""

    def __init__(self, lines: Mapping[KeyPath, int], file: str) -> None:
        self._found: list[tuple[int, ContractError]] = []
        self._lines = lines
        self._file = file

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def problems(self) -> tuple[ContractError, ...]:
        """What is wrong so far, in the order of the file; what is missing in it comes first."""
        return tuple(problem for _, problem in sorted(self._found, key=lambda found: found[0]))

    def wrong(self, path: KeyPath, problem: str, fix: str = "") -> None:
        """Notes a problem at a key, or at the nearest table around it that was written."""
        line = next((self._lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self._lines), 0)
        place = f"{self._file}:{line}" if self._file else f"line {line}"
        self._found.append((line, ContractError(problem, fix=fix, at=place if line else self._file)))

    def known(self, table: Table, known: tuple[str, ...], path: KeyPath, what: str) -> None:
        """Every key of the table is one of these."""
        for name in table:
            if name not in known:
                fix = did_you_mean(name, known)
                self.wrong((*path, name), f"{what} says {name!r}, which no contract knows", fix)

    def table(self, table: object, path: KeyPath, what: str, example: str) -> Table | None:
        """A table, or None if it is something else."""
        if isinstance(table, dict):
            return table
        self.wrong(path, f"{what} is {show(table)}", f"Write {example}.")
        return None

    def word(self, table: Table, key: str, words: type[E], path: KeyPath) -> E | None:
        """One of an enumeration's words."""
        word = table[key]
        try:
            return words(word)
        except ValueError:
            fix = did_you_mean(str(word), words)
            self.wrong((*path, key), f"{key} is {show(word)}, which is not a {key} that contracts know", fix)
            return None

    def outside(
        self,
        table: Table,
        path: KeyPath,
        allowed: tuple[Severity, ...] = ROW_SEVERITIES,
        default: Severity = Severity.NOTE,
        key: str = "outside",
    ) -> Severity:
        """What happens to what breaks a rule."""
        severity = self.word(table, key, Severity, path) if key in table else default
        if severity is not None and severity not in allowed:
            fix = f"Write {' or '.join(f'{each!r}' for each in map(str, allowed))}."
            self.wrong((*path, key), f'{key} = "{severity}" has no meaning here', fix)
        return severity or default

    def text(self, table: Table, key: str, path: KeyPath) -> str:
        """A text; empty where it is not written."""
        text = table.get(key, "")
        if not isinstance(text, str):
            self.wrong((*path, key), f"{key} is {show(text)}, not text", "Write it in quotes.")
            return ""
        return text

    def flag(self, table: Table, key: str, path: KeyPath, what: str) -> bool:
        """True or false; false where it is not written."""
        flag = table.get(key, False)
        if not isinstance(flag, bool):
            self.wrong((*path, key), f"{key} of {what} is {show(flag)}", "Write true or false.")
        return flag is True

    def share(self, table: Table, key: str, path: KeyPath, default: float = 0.0) -> float:
        """A share of rows, 0-1, from ``"2%"`` or ``0.02``."""
        written = table.get(key, default)
        share = _share(written)
        if share is None:
            self.wrong((*path, key), f"{key} is {show(written)}", 'Write a share of the rows such as "2%" or 0.02.')
        return default if share is None else share

    def span(self, table: Table, key: str, path: KeyPath) -> int | None:
        """A length of time in microseconds."""
        try:
            return span(table.get(key))
        except Unfit as unfit:
            self.wrong((*path, key), f"{key} is {show(table.get(key))}; it must {unfit.must}", unfit.fix)
            return None

    def whole(self, table: Table, key: str, path: KeyPath) -> int | None:
        """A whole number from zero on; None where it is not written."""
        number = table.get(key)
        if number is not None and (type(number) is not int or number < 0):
            self.wrong((*path, key), f"{key} is {show(number)}", "Write a whole number from 0 on.")
            return None
        return number


def row_rule(mistakes: Mistakes, table: Table, path: KeyPath) -> dict[str, Any]:
    """``share``, ``of``, ``outside`` and ``because`` of a rule over single rows."""
    share, severity = mistakes.share(table, "share", path), mistakes.outside(table, path)
    if share > 0 and severity is Severity.QUARANTINE:
        problem = "a rule that tolerates a share sets no row aside: which rows are too many is known too late"
        mistakes.wrong((*path, "share"), problem, "Leave the share out; [table] quarantine limits what is set aside.")
    of = table.get("of", Of.ROWS)
    if of not in tuple(Of):
        mistakes.wrong((*path, "of"), f"of is {show(of)}", 'Write "rows" or "values": what the share counts.')
        of = Of.ROWS
    elif "of" in table and not share:
        fix = "Write the share too, or leave this out."
        mistakes.wrong((*path, "of"), f'of = "{of}" says what a share counts, and there is none', fix)
    return {"share": share, "of": Of(of), "outside": severity, "because": mistakes.text(table, "because", path)}


def check_ends(mistakes: Mistakes, table: Table, path: KeyPath, what: str, limits: tuple[Any, Any]) -> None:
    """Of ``min`` and ``max`` one is there at least, and they are not the wrong way round."""
    low, high = limits
    if "min" not in table and "max" not in table:
        mistakes.wrong(path, f"{what} has neither min nor max", "Write one of them, or remove it.")
    if low is not None and high is not None and low > high:
        problem = f"{what} is empty: min {show(table['min'])} is above max {show(table['max'])}"
        mistakes.wrong(path, problem, "Swap them.")


def _share(written: object) -> float | None:
    if isinstance(written, str):
        percent = _PERCENT.fullmatch(written)
        # 4.4 / 100 is not the number that 0.044 is: a share must be the same, whichever way it is written.
        share = float(f"{percent[1]}e-2") if percent else math.nan
    elif isinstance(written, float) or (type(written) is int and written == 0):  # is 1 the whole, or one percent?
        share = float(written)
    else:
        return None
    return share if 0 <= share <= 1 else None
