"""What `tomllib` leaves out: where a key stands (a mistake is shown as ``file:line``), and how a value is written.

The parsers that keep places are dependencies of their own weight. Every TOML statement is a text that can be parsed
alone, so the lines are grouped into statements and each is asked which keys it sets. Rejected: a hand-written TOML
grammar; searching for the key as text, which finds it in comments.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final

Path = tuple[str, ...]
"""Keys from the root to a value; an entry of an array of tables counts under its array's key."""

_BARE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


class Places:
    """The lines at which the keys of one text were written; the first one for a key that is reopened."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._lines: dict[Path, int] = {}
        table: Path = ()
        for line, statement in _statements(text):
            if statement.lstrip().startswith("["):
                found = list(_paths(tomllib.loads(statement)))
                table = found[-1]
                for path in found:
                    self._lines.setdefault(path, line)
            else:
                for path in _paths(tomllib.loads(statement)):
                    self._lines.setdefault(table + path, line)

    def at(self, *path: str) -> str:
        """``file:line`` of a key, or of the nearest table around it; only the file where neither was written."""
        for length in range(len(path), 0, -1):
            line = self._lines.get(path[:length])
            if line is not None:
                return f"{self._file}:{line}" if self._file else f"line {line}"
        return self._file


def toml_key(name: str) -> str:
    """A key as TOML writes it: bare where that is allowed, else in quotes."""
    return name if name and _BARE.issuperset(name) else toml_value(name)


def toml_value(value: bool | int | float | str | tuple[bool | int | str, ...]) -> str:
    """A value as TOML writes it; what cannot be seen in a text is escaped."""
    if isinstance(value, tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(_ESCAPES.get(letter) or _visible(letter) for letter in value) + '"'
    return repr(value)


def _visible(letter: str) -> str:
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """The first line and the text of each statement of a valid TOML text."""
    pending, start = "", 0
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not pending:
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            start = number
        pending = f"{pending}\n{line}" if pending else line
        try:
            tomllib.loads(pending)
        except tomllib.TOMLDecodeError:
            continue  # an array or a text that goes on in the next line
        yield start, pending
        pending = ""


def _paths(value: Mapping[str, Any]) -> Iterator[Path]:
    for key, inner in value.items():
        yield (key,)
        if isinstance(inner, dict):
            for path in _paths(inner):
                yield (key, *path)
        elif isinstance(inner, list) and inner and isinstance(inner[0], dict):
            for path in _paths(inner[0]):
                yield (key, *path)
