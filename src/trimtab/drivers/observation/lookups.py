"""Paths that were looked for and not there, and links that were followed by name.

No audit event tells of either, so ``os.stat``, ``os.readlink`` and their like do.

``Path.exists``, ``os.path.isfile`` and all others of Python's own ask through them.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Final

from trimtab.drivers.observation.hook import guarded, watching
from trimtab.drivers.observation.path_rules import as_text
from trimtab.drivers.observation.replaced import Replaced, StandIn

_BY_EXCEPTION: Final = ("stat", "lstat")
_SUPPORTS: Final = ("supports_dir_fd", "supports_effective_ids", "supports_fd", "supports_follow_symlinks")


class _Looking(StandIn):
    """``os.stat`` or ``os.lstat``, which raise for what is not there."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        try:
            return self.__wrapped__(*arguments, **named)
        except (FileNotFoundError, NotADirectoryError):
            if watching():
                _missed(arguments, named, sys._getframe(1))
            raise


class _Asking(StandIn):
    """``os.access``, which says False for what is not there."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        allowed = self.__wrapped__(*arguments, **named)
        if not allowed and watching():
            _missed(arguments, named, sys._getframe(1))
        return allowed


class _Following(StandIn):
    """``os.readlink``, by which every other way of following a link asks."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        target = self.__wrapped__(*arguments, **named)
        if watching():
            frame = sys._getframe(1)
            text = as_text(arguments[0] if arguments else named.get("path"))
            if text is not None and named.get("dir_fd") is None:
                guarded(lambda watch: watch.follows(text, frame))
        return target


def _missed(arguments: tuple[Any, ...], named: dict[str, Any], frame: Any) -> None:
    text = as_text(arguments[0] if arguments else named.get("path"))
    if text is not None and named.get("dir_fd") is None:
        guarded(lambda watch: watch.looked_for(text, frame))


def replace_lookups(replaced: Replaced) -> None:
    """Puts what tells in the place of ``os.stat``, ``os.lstat``, ``os.access`` and ``os.readlink``."""
    for name in _BY_EXCEPTION:
        replaced.replace(os, name, lambda original: _like(_Looking(original, "os")))
    replaced.replace(os, "access", lambda original: _like(_Asking(original, "os")))
    replaced.replace(os, "readlink", lambda original: _like(_Following(original, "os")))


def _like(stand_in: StandIn) -> StandIn:
    """Listed wherever the original is: shutil asks there whether ``os.stat`` takes a file's number."""
    for name in _SUPPORTS:
        supporting = getattr(os, name)
        if stand_in.__wrapped__ in supporting:
            supporting.add(stand_in)
    return stand_in
