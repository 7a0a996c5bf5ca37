"""The `step` decorator: what a function cannot say with its name and signature alone.

Plain functions are steps without it. It changes nothing about the function, which stays callable in a test and in
a debugger; it hangs a note on it that the graph reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal, TypeVar, overload

import msgspec

F = TypeVar("F", bound=Callable[..., object])
RowKind = Literal["polars", "pandas", "numpy"]
ROW_KINDS: Final[tuple[RowKind, ...]] = ("polars", "pandas", "numpy")

MARK: Final = "__trimtab_step__"
"""The attribute under which a marked function carries its `StepMark`."""


class StepMark(msgspec.Struct, frozen=True, kw_only=True):
    """What the decorator says of a function; ``rows`` is None where the annotation is to say it.

    ``env``, ``retries``, ``time_limit`` (as text) and ``cache`` are as `step` takes them.
    """

    rows: RowKind | None = None
    env: tuple[str, ...] = ()
    retries: int = 0
    time_limit: str | None = None
    cache: bool | None = None


PLAIN: Final = StepMark()
"""A function of which the decorator says nothing."""


@overload
def step(function: F) -> F: ...
@overload
def step(
    *,
    rows: RowKind | None = None,
    env: Iterable[str] = (),
    retries: int = 0,
    time_limit: str | None = None,
    cache: bool | None = None,
) -> Callable[[F], F]: ...
def step(
    function: F | None = None,
    *,
    rows: RowKind | None = None,
    env: Iterable[str] = (),
    retries: int = 0,
    time_limit: str | None = None,
    cache: bool | None = None,
) -> F | Callable[[F], F]:
    """The same function, known as a step of the pipeline even where it is imported from another module.

    Args:
        rows: the type in which it receives the table's rows, for a function whose annotation does not say it.
        env: names of the environment variables that its result depends on: it runs again when one changes.
        retries: how often it is tried again after it raised.
        time_limit: how long one try may take, such as ``"10m"``; the step then runs in a process of its own.
        cache: False runs it every time; True keeps its result although it reads the clock or draws by chance, which
            otherwise makes it run every time.

    Example:
        >>> @step(rows="pandas")
        ... def features(payments):
        ...     return payments[["amount"]]
    """
    said = StepMark(
        rows=rows,
        env=(env,) if isinstance(env, str) else tuple(env),
        retries=retries,
        time_limit=time_limit,
        cache=cache,
    )

    def mark(marked: F) -> F:
        setattr(marked, MARK, said)
        return marked

    return mark if function is None else mark(function)


def mark_of(function: object) -> StepMark | None:
    """What the decorator said of a function; None for a plain one."""
    found = getattr(function, MARK, None)
    return found if isinstance(found, StepMark) else None
