"""The `step` decorator: what a function cannot say with its name and signature alone.

Plain functions are steps without it. It changes nothing about the function, which stays callable in a test and in
a debugger; it hangs a note on it that the graph reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeVar, overload

F = TypeVar("F", bound=Callable[..., object])
RowKind = Literal["polars", "pandas", "numpy"]
ROW_KINDS: Final[tuple[RowKind, ...]] = ("polars", "pandas", "numpy")

MARK: Final = "__trimtab_step__"
"""The attribute under which a marked function carries its `StepMark`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMark:
    """What the decorator says of a function; ``rows`` is None where the annotation is to say it."""

    rows: RowKind | None = None


@overload
def step(function: F) -> F: ...
@overload
def step(*, rows: RowKind | None = None) -> Callable[[F], F]: ...
def step(function: F | None = None, *, rows: RowKind | None = None) -> F | Callable[[F], F]:
    """The same function, known as a step of the pipeline even where it is imported from another module.

    Args:
        rows: the type in which it receives the table's rows, for a function whose annotation does not say it.

    Example:
        >>> @step(rows="pandas")
        ... def features(payments):
        ...     return payments[["amount"]]
    """

    def mark(marked: F) -> F:
        setattr(marked, MARK, StepMark(rows=rows))
        return marked

    return mark if function is None else mark(function)


def mark_of(function: object) -> StepMark | None:
    """What the decorator said of a function; None for a plain one."""
    found = getattr(function, MARK, None)
    return found if isinstance(found, StepMark) else None
