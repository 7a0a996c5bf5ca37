"""How long the fits of a search took: no result, and never the same twice.

`GridSearchCV` and its like remember it beside the scores. Written as it is, no two fits of one search would have one
digest, no such release could be made again, and every step behind one would run each time. So it is written as 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_RESULTS: Final = "cv_results_"
_REFIT: Final = "refit_time_"
_TIMES: Final = frozenset({"mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time"})


@contextmanager
def without_times(estimator: Any) -> Iterator[None]:
    """Inside the block the searches in an estimator, itself or at any depth, took no time; then they are as before."""
    before = [(search, dict(search.__dict__)) for search in _searches(estimator, set())]
    try:
        for search, state in before:
            results = state[_RESULTS]
            search.__dict__[_RESULTS] = {
                name: value * 0.0 if name in _TIMES else value for name, value in results.items()
            }
            if _REFIT in state:
                search.__dict__[_REFIT] = 0.0
        yield
    finally:
        for search, state in before:
            search.__dict__.update(state)


def _searches(value: Any, met: set[int]) -> Iterator[Any]:
    if id(value) in met:
        return
    met.add(id(value))
    if isinstance(value, dict):
        parts = list(value.values())
    elif isinstance(value, list | tuple):
        parts = list(value)
    elif type(value).__module__.partition(".")[0] == "sklearn" and hasattr(value, "__dict__"):
        parts = list(value.__dict__.values())
        if isinstance(value.__dict__.get(_RESULTS), dict):
            yield value
    else:
        return
    for part in parts:
        yield from _searches(part, met)
