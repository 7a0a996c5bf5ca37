"""``trimtab.log_metric`` and ``trimtab.log_param``: what a project's own code records of a run.

They find their run through an environment variable that is set while a step runs, so they work in threads, in child
processes and in a script that is a step. Where no run is recorded, in a notebook or a test, they check what they are
given, say once that nothing is kept, and do nothing: the same code runs in both. The names and the order of arguments
are MLflow's. Only the standard library is loaded: a step's first call is not slower than its thousandth.
"""

from __future__ import annotations

import os
import sys
import threading
from datetime import date
from json import dumps
from math import isfinite
from operator import index
from typing import TYPE_CHECKING, Any, Final, SupportsIndex

from trimtab.base.errors import InputError
from trimtab.drivers.run_log.writing import RUN_LOG, RUN_SECRETS, RunLog

if TYPE_CHECKING:
    from trimtab.records.secret_words import Scalar

LONGEST_NAME: Final = 250
LONGEST_TEXT: Final = 16_000
"""Characters of a parameter's text: it stands in the record itself, which is read whole."""

_STEPS: Final = 1 << 63
_NOTHING_KEPT: Final = (
    "trimtab: no run is recorded here, so log_metric and log_param keep nothing (this is said once)\n"
)


class LoggedValueError(InputError):
    """A name or a value that cannot be logged as a metric or a parameter."""

    code = "TT1378"


class _Open:
    """The log that this process writes to, and whether it was said that there is none."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.log: RunLog | None = None
        self.told = False

    def current(self) -> RunLog | None:
        """The log of the step that runs now, by the environment; None where there is none."""
        path = os.environ.get(RUN_LOG)
        log = self.log
        if log is not None and log.path == path:
            return log
        with self.turn:
            if self.log is not None and self.log.path != path:  # its file is closed when the last writer lets it go
                self.log = None
            if path and self.log is None:
                self.log = RunLog(path)
            if not path and not self.told:
                self.told = True
                sys.stderr.write(_NOTHING_KEPT)
            return self.log

    def after_fork(self) -> None:
        self.turn = threading.Lock()
        if self.log is not None:
            self.log.after_fork()


_open = _Open()
os.register_at_fork(after_in_child=_open.after_fork)


def log_metric(name: str, value: Any, step: SupportsIndex | None = None) -> None:
    """Record one value of a metric of this run; the last one is the metric, all of them are its curve.

    Args:
        name: any text of at most 250 characters on one line: ``auc``, ``val/loss``.
        value: a number, also one of NumPy or of a tensor of one element; NaN and infinity are part of the curve.
        step: where on the curve it is, a whole number; by default one more than the last.

    Raises:
        LoggedValueError: the value is no number, the step no whole number, or the name no name.
        RunLogError: the run's log cannot be written.

    Example:
        >>> log_metric("loss", 0.25, step=3)
    """
    number, place = _number(name, value), _step(name, step)
    _check_name(name)
    log = _open.current()
    if log is not None:
        log.metric(name, number, place)


def log_param(name: str, value: Any) -> None:
    """Record a parameter of this run: what it was given, where a metric is what came out.

    Args:
        name: any text of at most 250 characters on one line. What looks like a secret, or is declared as one
            (``[pipeline] secret``), is recorded as its digest.
        value: a text, a number, true, false or None; a list, tuple or dictionary of such is recorded as its JSON.

    Raises:
        LoggedValueError: the value is something else, or a text of more than 16,000 characters.
        RunLogError: the run's log cannot be written.

    Example:
        >>> log_param("layers", [64, 32])
    """
    _check_name(name)
    scalar = _scalar(name, value)
    log = _open.current()
    if log is not None:
        from trimtab.records.secret_words import hide

        declared = os.environ.get(RUN_SECRETS, "").split(",")
        log.parameter(name, hide("password" if name in declared else name, scalar))


def _check_name(name: str) -> None:
    if not isinstance(name, str):
        raise LoggedValueError(f"the name {name!r} is no text", fix='The name comes first: log_metric("auc", 0.81).')
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise LoggedValueError(
            f"{name[:60]!r} is no name for a metric or a parameter",
            fix=f"Use 1 to {LONGEST_NAME} characters on one line, such as val/loss.",
        )


def _number(name: str, value: Any) -> float:
    if type(value) is float:
        return value
    try:
        plain = value if isinstance(value, int | float) else value.item() if hasattr(value, "item") else value
        if not isinstance(plain, str | bytes | bytearray):
            return float(plain)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        pass
    raise LoggedValueError(
        f"the metric {name!r} is no number: {_shown(value)}",
        fix="Log one number at a time; a text, a list or a setting is a parameter: log_param.",
    )


def _step(name: str, step: Any) -> int | None:
    if step is None:
        return None
    try:
        place = index(step)
    except TypeError:
        place = _STEPS
    if not -_STEPS <= place < _STEPS:
        raise LoggedValueError(
            f"the step {_shown(step)} of the metric {name!r} is no whole number of 64 bits", fix="Count steps: 0, 1, 2."
        )
    return place


def _scalar(name: str, value: Any) -> Scalar:
    """The value as a record holds it; a float that is not finite, or a whole number beyond 64 bits, as its text."""
    if not isinstance(value, str | int | float | list | tuple | dict | None) and hasattr(value, "item"):
        try:
            value = value.item()
        except (TypeError, ValueError, RuntimeError):
            raise _unfit(name, value) from None
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        try:
            return int(value) if -_STEPS <= value < _STEPS else str(int(value))
        except ValueError:  # Python writes no number of more than 4,300 digits
            raise _unfit(name, value) from None
    if isinstance(value, float):
        return float(value) if isfinite(value) else str(float(value))
    return _text(name, value)


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        text = str(value)
    elif isinstance(value, date):
        text = value.isoformat()
    elif isinstance(value, os.PathLike):
        text = os.fsdecode(value)
    elif isinstance(value, list | tuple | dict):
        try:
            text = dumps(value, ensure_ascii=False, default=lambda inner: inner.item())
        except (TypeError, ValueError, AttributeError, RecursionError):
            raise _unfit(name, value) from None
    else:
        raise _unfit(name, value)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _unfit(name, value) from None
    if len(text) > LONGEST_TEXT:
        raise LoggedValueError(
            f"the parameter {name!r} has {len(text):,} characters",
            fix=f"At most {LONGEST_TEXT:,} are recorded: log its name or its digest, or write it to a file.",
        )
    return text


def _unfit(name: str, value: Any) -> LoggedValueError:
    return LoggedValueError(
        f"the parameter {name!r} cannot be recorded: {_shown(value)}",
        fix="Log a text, a number, true, false or None: str(...) of anything else.",
    )


def _shown(value: Any) -> str:
    """The value's type and the beginning of its text, without trusting it to have one."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - the user's own __repr__ may raise anything, and hides no mistake of theirs
        text = "…"
    return f"{type(value).__name__} {text[:60]}{'…' if len(text) > 60 else ''}"
