"""What can be wrong with the project's table."""

from __future__ import annotations

from trimtab.base.errors import InputError


class SourceError(InputError):
    """The project's table is not there, is not a table, or cannot be read without guessing."""

    code = "TT1331"


class SourceColumnError(SourceError):
    """A column that ``trimtab.toml`` names is not in the table, or is not what it is named for.

    ``setting`` is the key of ``[data]`` that names it.
    """

    code = "TT1332"

    def __init__(self, problem: str, *, setting: str, fix: str = "", at: str = "") -> None:
        super().__init__(problem, fix=fix, at=at)
        self.setting = setting
