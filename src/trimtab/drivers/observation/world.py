"""Another world for the same code: another clock, and folders whose names come in another order.

A step whose result differs there depends on what no key knows. To be entered in a fresh interpreter, before the
project's code and its libraries are imported; the hash seed is the starter's to set (``PYTHONHASHSEED``), for it cannot
be changed any more. What measures time (``monotonic``, ``perf_counter``, timeouts), times of files and certificates
stay as they are.

``datetime.now`` is replaced inside its class, in the dictionary that the class looks its methods up in: the class stays
the same object, so pickle, msgspec, Polars and pandas notice nothing, and neither does what imported it before.
Rejected: a subclass in its place, which is not the class that native code compares with; libfaketime, which is not
installed and moves the clocks of timeouts too.
"""

from __future__ import annotations

import ctypes
import datetime
import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, ClassVar, Final

from trimtab.base.errors import TrimtabError
from trimtab.base.instants import DAY, HOUR, MICROSECOND, MINUTE, SECOND, Span
from trimtab.drivers.observation.replaced import StandIn

OTHER_CLOCK: Final = Span(401 * DAY + 7 * HOUR + 13 * MINUTE + 17 * SECOND + 171_717 * MICROSECOND)
"""Another year, month, weekday, hour, minute and second, wherever the clock stands."""

_LEFT_ALONE: Final = frozenset({"posix", "builtins", __name__, "trimtab.drivers.observation.ledger"})
_NO_MOMENT: Final = {"localtime": 0, "gmtime": 0, "ctime": 0, "strftime": 1}
_SUPPORTS: Final = ("supports_dir_fd", "supports_fd", "supports_follow_symlinks")


class WorldError(TrimtabError):
    """The process cannot be moved into another world, so that a second run would prove nothing."""

    code = "TT1381"


class _Entered:
    """Whether this process lives in another world already."""

    yes: ClassVar[bool] = False


def enter_other_world(shift: Span = OTHER_CLOCK) -> None:
    """From now on this process's clock is ``shift`` ahead, and names of folders come in reverse order.

    There is no way back. Processes that it starts live in the real world, but for what they inherit.

    Raises:
        WorldError: it was entered before, or this Python does not let its clock be replaced.
    """
    if _Entered.yes:
        raise WorldError("this process is in another world already", fix="Start a fresh interpreter for each.")
    _Entered.yes = True
    stand_ins = {**_clocks(shift), **_listings()}
    for name, module in list(sys.modules.items()):
        if name not in _LEFT_ALONE and not name.startswith("importlib."):
            _replace_in(module, stand_ins)
    _shift_datetime(shift)
    _check()


class _Call(StandIn):
    """Calls something else than the builtin that it stands for."""

    def __init__(self, original: Callable[..., Any], module: str, act: Callable[..., Any]) -> None:
        super().__init__(original, module)
        self._act = act

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._act(*arguments, **named)


def _clocks(shift: Span) -> dict[int, StandIn]:
    """What stands in for the clocks of ``time``, by the identity of the original."""
    real, real_ns, seconds, nanoseconds = time.time, time.time_ns, shift / SECOND, shift * 1_000
    made = [
        _Call(real, "time", lambda: real() + seconds),
        _Call(real_ns, "time", lambda: real_ns() + nanoseconds),
        _Call(time.asctime, "time", _asctime(time.asctime, time.localtime, lambda: real() + seconds)),
    ]
    for name, position in _NO_MOMENT.items():
        made.append(_moment(getattr(time, name), position, lambda: real() + seconds))
    made += [_wall_clock(time.clock_gettime, seconds), _wall_clock(time.clock_gettime_ns, nanoseconds)]
    return {id(each.__wrapped__): each for each in made}


def _moment(original: Callable[..., Any], position: int, now: Callable[[], float]) -> _Call:
    """A clock that can also be given a moment at ``position``."""
    given = time.localtime if original is time.strftime else float

    def act(*arguments: Any) -> Any:
        if len(arguments) > position + 1 or (len(arguments) > position and arguments[position] is not None):
            return original(*arguments)
        if len(arguments) < position:
            return original(*arguments)  # raises as it always does
        return original(*arguments[:position], given(now()))

    return _Call(original, "time", act)


def _asctime(
    original: Callable[..., str], localtime: Callable[[float], time.struct_time], now: Callable[[], float]
) -> Callable[..., str]:
    return lambda *arguments: original(*(arguments or (localtime(now()),)))


def _wall_clock(original: Callable[[int], Any], ahead: float) -> _Call:
    """``clock_gettime``, which has clocks that measure, too: those stay."""
    return _Call(original, "time", lambda which: original(which) + (ahead if which == time.CLOCK_REALTIME else 0))


def _listings() -> dict[int, StandIn]:
    """What stands in for ``os.listdir`` and ``os.scandir``, which all others of Python's own ask."""
    listdir, scandir = os.listdir, os.scandir
    made = [
        _Call(listdir, "os", lambda *arguments, **named: listdir(*arguments, **named)[::-1]),
        _Call(scandir, "os", lambda *arguments, **named: _Backwards(scandir(*arguments, **named))),
    ]
    for name in _SUPPORTS:
        supporting = getattr(os, name)
        supporting.update(each for each in made if each.__wrapped__ in supporting)
    return {id(each.__wrapped__): each for each in made}


class _Backwards:
    """The entries of a folder, the last first."""

    def __init__(self, entries: Any) -> None:
        with entries:
            self._entries = list(entries)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if not self._entries:
            raise StopIteration
        return self._entries.pop()

    def __enter__(self) -> _Backwards:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """No more entries come."""
        self._entries.clear()


def _replace_in(module: Any, stand_ins: dict[int, StandIn]) -> None:
    """Replaces originals in a module, by whatever name it has them."""
    names: Any = getattr(module, "__dict__", {})
    for name, value in list(names.items()):
        stand_in = stand_ins.get(id(value))
        if stand_in is not None and stand_in.__wrapped__ is value:
            names[name] = stand_in
        elif isinstance(value, type) and value.__module__ == module.__name__:
            _replace_in_class(value, stand_ins)


def _replace_in_class(kind: type, stand_ins: dict[int, StandIn]) -> None:
    """Replaces originals that a class keeps as static methods: Python 3.13's glob does."""
    for name, value in list(vars(kind).items()):
        stand_in = stand_ins.get(id(value.__func__)) if isinstance(value, staticmethod) else None
        if stand_in is not None:
            setattr(kind, name, staticmethod(stand_in))


def _shift_datetime(shift: Span) -> None:
    """Replaces ``now`` and ``utcnow`` inside their class."""
    kind, delta = datetime.datetime, datetime.timedelta(microseconds=shift)
    methods = next(each for each in gc.get_referents(kind.__dict__) if isinstance(each, dict))
    real_utcnow = methods["utcnow"]

    def now(cls: type[datetime.datetime], tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return cls.fromtimestamp(time.time(), tz)

    def utcnow(cls: type[datetime.datetime]) -> datetime.datetime:
        found: datetime.datetime = real_utcnow.__get__(None, cls)() + delta
        return found

    methods.update(now=classmethod(now), utcnow=classmethod(utcnow))
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def _check() -> None:
    """Whether all clocks agree, and are where they should be."""
    expected = datetime.datetime(1970, 1, 1) + datetime.timedelta(  # noqa: DTZ001 - compared with a naive one
        microseconds=time.clock_gettime_ns(time.CLOCK_REALTIME) // 1_000
    )
    told = {
        "datetime.utcnow": _naive_utc(),
        "datetime.now": datetime.datetime.now(datetime.UTC).replace(tzinfo=None),
        "time.gmtime": datetime.datetime(*time.gmtime()[:6]),  # noqa: DTZ001
        "datetime.fromtimestamp": datetime.datetime.fromtimestamp(time.time(), datetime.UTC).replace(tzinfo=None),
    }
    wrong = [name for name, moment in told.items() if abs(moment - expected) > datetime.timedelta(seconds=30)]
    if wrong or datetime.date.today() - datetime.date.fromtimestamp(time.time()) > datetime.timedelta(days=1):  # noqa: DTZ011, DTZ012
        raise WorldError(
            f"this Python's clock cannot be replaced: {', '.join(wrong) or 'date.today'} tells the real time",
            fix="Run it with CPython 3.11 to 3.14, or go without a second run.",
        )


def _naive_utc() -> datetime.datetime:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from 3.12 on; the step's own use of it is what counts
        return datetime.datetime.utcnow()  # noqa: DTZ003
