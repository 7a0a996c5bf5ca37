"""What came of one try of a step, as a value that can cross from one process to another."""

from __future__ import annotations

import msgspec

from trimtab.base.digest import Digest
from trimtab.base.errors import ProblemsError, TrimtabError, UserCodeError
from trimtab.records.kept import Kept


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An error's four fields and its exit code; `error` makes one of them again."""

    problem: str
    fix: str
    at: str
    code: str
    exit_code: int


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a step: its value as it was ``kept``, or a ``problem``, and whether trying ``again`` may help.

    ``reads`` and ``variables`` are what it was seen to read beyond what it declares; ``unstable`` why its result would
    not be the same again; ``meanwhile`` what others changed of what it read, while it ran; ``left`` what it changed in
    the project's modules, which was put back; ``replaced`` files that lay where a
    command writes and that no run had made, and ``replaced_in`` where they are now; ``log`` what it logged.
    """

    kept: Kept | None
    problem: Problem | None
    seconds: float
    attempts: int
    peak_bytes: int
    reads: dict[str, Digest] = {}
    variables: dict[str, Digest] = {}
    unstable: tuple[str, ...] = ()
    meanwhile: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    replaced_in: str = ""
    log: bytes | None = None
    again: bool = False


class StepJob(msgspec.Struct, frozen=True, kw_only=True):
    """A step for a process of its own: everything by value or by path, nothing by reference.

    ``inputs`` are opened from the cache in ``cache``; ``params`` are those of the whole project, as on the command
    line; ``contents`` is the source of its Python files, by path. ``task`` and ``rows`` are those of the training
    table; empty and 0 in a pipeline alone.
    """

    folder: str
    cache: str
    step: str
    inputs: dict[str, Kept]
    declared: tuple[str, ...]
    named: tuple[str, ...]
    reached: tuple[str, ...] | None
    params: dict[str, str | int | float | bool]
    contents: dict[str, bytes]
    logs: str
    task: str
    rows: int


class StepTimeoutError(UserCodeError):
    """A step took longer than its time limit, and was ended."""

    code = "TT1391"


class StepLostError(UserCodeError):
    """The process of a step ended without saying how: it was killed, or ran out of memory."""

    code = "TT1392"


def problem_of(error: TrimtabError) -> Problem:
    """The error's fields; of several problems together, each one's text."""
    fix = "\n  ".join(map(str, error.problems)) if isinstance(error, ProblemsError) else error.fix
    return Problem(problem=error.problem, fix=fix, at=error.at, code=error.code, exit_code=error.exit_code)


def error_of(problem: Problem) -> TrimtabError:
    """An error that reads, and ends the command, as the one that the fields are of, whose class may not be loaded."""
    told = TrimtabError(problem.problem, fix=problem.fix, at=problem.at)
    vars(told).update(code=problem.code, exit_code=problem.exit_code)
    return told


def lost(step: str, code: int, said: str) -> Problem:
    """The process of a step ended with ``code`` and left no answer."""
    fix = "It may have run out of memory: try fewer rows, or a machine with more."
    return problem_of(StepLostError(f"the process of the step {step} {ended(code)}", fix=fix + said_last(said)))


def ended(code: int) -> str:
    """How a process ended, by its exit code or the negative number of a signal."""
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"


def timed_out(step: str, limit: str, said: str) -> Problem:
    """A step that was ended at its limit."""
    fix = "Raise its time_limit, or give it less to do."
    return problem_of(
        StepTimeoutError(f"the step {step} took longer than its limit of {limit}", fix=fix + said_last(said))
    )


def stopped(step: str) -> Problem:
    """A step that was ended, or not begun, since the run ends."""
    return problem_of(StepLostError(f"the step {step} was ended with the run", fix="Run again."))


def said_last(said: str) -> str:
    """The end of what a program said, to be put behind an error's advice; empty if it said nothing."""
    return "".join(("\n  It said last:", *(f"\n    {line}" for line in said.splitlines()))) if said else ""
