"""One tree of errors; each says what happened, where, and what to do next.

Every door (terminal, page, agent) renders the same four fields, so an error is written once, where the cause is
known. The class decides the exit code and the retry policy; the text is for a data scientist on a bad day.
Vendor exceptions are translated at the driver's edge with ``raise … from``.
"""

from __future__ import annotations

from typing import ClassVar


class TrimtabError(Exception):
    """An error that a user can act on.

    Args:
        problem: one sentence that says what is wrong, with the names and the values involved.
        fix: one sentence that says what to do next.
        at: where it is: ``trimtab.toml:41``, a file, a record id. Empty when there is no place.
    """

    code: ClassVar[str] = "TT1000"
    exit_code: ClassVar[int] = 4

    def __init__(self, problem: str, *, fix: str = "", at: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix
        self.at = at

    def __str__(self) -> str:
        where = f"{self.at}: " if self.at else ""
        first = f"{where}{self.problem} [{self.code}]"
        return f"{first}\n  {self.fix}" if self.fix else first


class InputError(TrimtabError):
    """What was given (an argument, a file, a value) cannot be used as it is."""

    code = "TT1001"
    exit_code = 2


class ProblemsError(TrimtabError):
    """Several problems of one thing, reported together so that one correction round is enough."""

    code = "TT1002"
    exit_code = 2

    def __init__(self, problems: tuple[TrimtabError, ...], *, fix: str = "", at: str = "") -> None:
        count = len(problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} found", fix=fix, at=at)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class IntegrityError(TrimtabError):
    """Content is not what its digest, its signature or its chain says it is."""

    code = "TT1003"


class UnknownVersionError(TrimtabError):
    """A stored record has a schema or a version that this Trimtab does not read."""

    code = "TT1004"


class EnvironmentMismatchError(TrimtabError):
    """The installed packages or the Python differ from the lock, so results could differ in silence."""

    code = "TT1005"


class DriverError(TrimtabError):
    """An outside system (disk, database, process, network) failed; trying again may help."""

    code = "TT1006"


class BusyError(TrimtabError):
    """Another live process holds the lease of the resource."""

    code = "TT1007"


class UserCodeError(TrimtabError):
    """The project's own code raised; the text shows the user's file and line first."""

    code = "TT1008"
    exit_code = 5


class NotFoundError(TrimtabError):
    """Nothing is stored under the name that was asked for."""

    code = "TT1009"
    exit_code = 2
