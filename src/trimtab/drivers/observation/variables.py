"""Environment variables that the project's own code asks for.

``os.environ`` stays the object that it is and is given another class meanwhile: whoever holds it, holds the watched
one, and nothing has to be copied back. What a library asks for does not count, nor what Python asks for on its own
account, such as ``PATH`` to start a program.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any, ClassVar, Final

from trimtab.drivers.observation.hook import guarded, watching

_Environ: Final[Any] = type(os.environ)

_VIA: Final = frozenset(
    {"collections.abc", "collections", "contextlib", "functools", "genericpath", "os", "pathlib", "pathlib._local",
     "posixpath", "string"}
)  # fmt: skip
"""Modules of Python that ask for whom they are called by."""

_VIEWS: Final = frozenset({"ItemsView.__iter__", "ValuesView.__iter__"})


class _Watched(_Environ):  # type: ignore[misc]  # its class has no public name
    """``os.environ`` while a watch is on."""

    def __getitem__(self, key: Any) -> Any:
        try:
            value = super().__getitem__(key)
        except KeyError:
            _asked(key, None, sys._getframe(1))
            raise
        _asked(key, value, sys._getframe(1))
        return value

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        _set(key)

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        _set(key)

    def __iter__(self) -> Iterator[Any]:
        _asked_for_all(sys._getframe(1))
        return super().__iter__()  # type: ignore[no-any-return]


class _Bulk:
    """The instruction that reads all variables just now: ``dict(os.environ)`` asks for the names, then for each."""

    place: ClassVar[tuple[int, int, int]] = (0, 0, 0)


def watch_variables() -> None:
    """From now on the environment tells who asks."""
    os.environ.__class__ = _Watched
    if os.supports_bytes_environ:
        os.environb.__class__ = _Watched


def leave_variables() -> None:
    """The environment is as before."""
    os.environ.__class__ = _Environ
    if os.supports_bytes_environ:
        os.environb.__class__ = _Environ


def _asked(key: object, value: object, frame: FrameType) -> None:
    watches = watching()
    if not watches or not isinstance(key, str | bytes):
        return
    name = os.fsdecode(key)
    if all(watch.variables.knows(name) for watch in watches) or _is_bulk(frame):
        return
    text = os.fsdecode(value) if isinstance(value, str | bytes) else None
    guarded(lambda watch: watch.variables.ask(name, text) if watch.callers.asks(frame, _VIA) else None)


def _asked_for_all(frame: FrameType) -> None:
    if watching():
        _Bulk.place = _place(frame)
        what = "reads all environment variables"
        guarded(lambda watch: watch.sighted("surroundings", what, frame) if watch.callers.asks(frame, _VIA) else None)


def _is_bulk(frame: FrameType) -> bool:
    return frame.f_code.co_qualname in _VIEWS or _Bulk.place == _place(frame)


def _place(frame: FrameType) -> tuple[int, int, int]:
    """The instruction that asks, looked for behind the views of a mapping."""
    while frame.f_back is not None and frame.f_globals.get("__name__") == "collections.abc":
        frame = frame.f_back
    return id(frame), id(frame.f_code), frame.f_lasti


def _set(key: object) -> None:
    if isinstance(key, str | bytes):
        guarded(lambda watch: watch.variables.set(os.fsdecode(key)))
