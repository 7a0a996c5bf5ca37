"""When the loop next has something to look at.

A decision is made at fixed moments of the endpoint's time (a window ends, a step has lasted long enough, an action
takes effect), never "whenever the process came round": otherwise the same history would be judged at other moments
on a slower machine.
"""

from __future__ import annotations

from collections.abc import Iterable

from trimtab.base.instants import Instant, Span, floor_to


def next_due(after: Instant, window: Span, moments: Iterable[Instant]) -> Instant:
    """The first moment after ``after`` at which there is something to decide: a window's end or one of ``moments``."""
    window_end = Instant(floor_to(after, window) + window)
    return min([window_end, *(moment for moment in moments if moment > after)])
