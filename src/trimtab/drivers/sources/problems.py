"""What can be wrong with the project's table."""

from __future__ import annotations

from collections.abc import Iterable

from trimtab.base.errors import InputError
from trimtab.data.wording import show


class SourceError(InputError):
    """The project's table is not there, is not a table, or cannot be read without guessing."""

    code = "TT1331"


def refuse_patterns(names: Iterable[str], where: str) -> None:
    """Raises `SourceError` for the first column whose name Polars takes for a pattern, wherever it computes by it: it
    would find other columns by that, or none."""
    for name in names:
        if name.startswith("^") and name.endswith("$"):
            problem = f"a column of {where} is called {show(name)}, which Polars reads as a pattern for names"
            raise SourceError(problem, fix="Rename it: no name both begins with ^ and ends with $.")


class SourceColumnError(SourceError):
    """A column that ``trimtab.toml`` names is not in the table, or is not what it is named for.

    ``setting`` is the key of ``[data]`` that names it.
    """

    code = "TT1332"

    def __init__(self, problem: str, *, setting: str, fix: str = "", at: str = "") -> None:
        super().__init__(problem, fix=fix, at=at)
        self.setting = setting
