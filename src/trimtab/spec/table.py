"""Reading a table of the file: every mistake is kept with its place, and reading goes on.

A value that does not fit is replaced by the default, so that the rest of the file can still be checked; the
project made from it is not handed out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trimtab.base.errors import TrimtabError
from trimtab.spec.locate import KeyPath
from trimtab.spec.problems import MissingSettingError, SpecError, UnknownSettingError, did_you_mean
from trimtab.spec.secret import names_secret
from trimtab.spec.values import Read, T, Unfit, show, table_of


class Findings:
    """The mistakes of one file; ``lines`` says where its keys are."""

    def __init__(self, file: str, lines: Mapping[KeyPath, int]) -> None:
        self._file = file
        self._lines = lines
        self._found: list[tuple[int, SpecError]] = []
        self._places: set[KeyPath] = set()

    def line(self, path: KeyPath) -> int:
        """The line of a key, or of the nearest table around it; 1 for what is nowhere in the file."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 1

    def add(self, kind: type[SpecError], path: KeyPath, problem: str, *, fix: str = "") -> None:
        """Keep a mistake at the place of ``path``."""
        line = self.line(path)
        self._places.add(path)
        self._found.append((line, kind(problem, fix=fix, at=f"{self._file}:{line}")))

    def spoilt(self, path: KeyPath) -> bool:
        """Whether a mistake at this very key was found already, so that what follows from it is not said too."""
        return path in self._places

    def all(self) -> tuple[TrimtabError, ...]:
        """The mistakes in the order of their lines."""
        return tuple(problem for _, problem in sorted(self._found, key=lambda each: each[0]))


class Table:
    """One table while it is read; `close` says which of its keys nobody asked for."""

    def __init__(self, findings: Findings, path: KeyPath, values: Mapping[str, object]) -> None:
        self.findings = findings
        self.path = path
        self._values = values
        self._asked: list[str] = []

    @property
    def title(self) -> str:
        """How an error names the table: ``[gates]``, ``[gates] roc_auc``."""
        first, *rest = (str(part) for part in self.path)
        return " ".join([f"[{first}]", *rest])

    @property
    def asked(self) -> tuple[str, ...]:
        """The keys that were read, absent ones included: after a section's reader, all that it knows."""
        return tuple(self._asked)

    def keys(self) -> tuple[str, ...]:
        return tuple(self._values)

    def has(self, key: str) -> bool:
        return key in self._values

    def need(self, key: str, read: Read[T], instead: T, *, fix: str) -> T:
        """The value of a setting that has no default; ``instead`` stands in for it once the mistake is kept."""
        if key not in self._values:
            self._asked.append(key)
            self.findings.add(MissingSettingError, self.path, f"{self._name(key)} is missing", fix=fix)
            return instead
        return self.get(key, read, instead)

    def get(self, key: str, read: Read[T], default: T) -> T:
        """The value of a setting, or its default where it is absent or a mistake."""
        self._asked.append(key)
        path = (*self.path, key)
        if key not in self._values or self.findings.spoilt(path):
            return default
        raw = self._values[key]
        try:
            return read(raw)
        except Unfit as error:
            found = "" if names_secret(key) else f", and is {show(raw)}"
            self.findings.add(error.kind, path, f"{self._name(key)} must {error.must}{found}", fix=error.fix)
            return default

    def inner(self, key: str) -> Table:
        """The table under ``key``; an empty one where it is absent or no table."""
        nothing: Mapping[str, object] = {}
        return Table(self.findings, (*self.path, key), self.get(key, table_of, nothing))

    def _name(self, key: str) -> str:
        """How an error names a setting: ``[gates] level``; ``[gates]`` itself is a key of the file's root."""
        return f"{self.title} {key}" if self.path else f"[{key}]"

    def close(self, *, also: Iterable[str] = (), what: str = "setting") -> None:
        """Keep a mistake for each key that was never asked for; ``also`` names further ones that would have been."""
        known = dict.fromkeys([*self._asked, *also])
        for key in self._values:
            path = (*self.path, key)
            if key in self._asked or self.findings.spoilt(path):
                continue
            self.findings.add(
                UnknownSettingError, path, f'{self.title} has no {what} "{key}"', fix=did_you_mean(key, known)
            )
