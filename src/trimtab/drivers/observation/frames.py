"""Whose code is asking: the nearest frame that is not Python's own says it.

A frame is told by its file's name alone; each name is judged once.
"""

from __future__ import annotations

import os
from enum import Enum
from types import FrameType, ModuleType
from typing import Final

from trimtab.drivers.observation.path_rules import PathRules, absolute


class Whose(Enum):
    """Whose code a frame runs; the project's is also code from elsewhere that is no package."""

    PROJECT = "project"
    PYTHON = "python"
    TRIMTAB = "trimtab"
    LIBRARY = "library"


_PYTHON: Final = os.path.dirname(os.__file__) + "/"  # noqa: PTH120 - compared with frames' names as text
_TRIMTAB: Final = __file__.rsplit("/", 3)[0] + "/"
_IMPORTER: Final = f"{_TRIMTAB}drivers/user_code/from_source.py"
"""Stands in for Python's importer, on behalf of whoever imports."""


class Callers:
    """Who is behind a frame, for one project."""

    def __init__(self, rules: PathRules) -> None:
        self._rules = rules
        self._known: dict[str, Whose] = {}

    def whose(self, frame: FrameType) -> Whose:
        """Whose code this frame runs."""
        name = frame.f_code.co_filename
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._judge(name)
        return found

    def nearest(self, frame: FrameType | None) -> Whose:
        """Whose code the nearest frame runs that is not Python's own; Python's, where there is no other."""
        while frame is not None:
            found = self.whose(frame)
            if found is not Whose.PYTHON:
                return found
            frame = frame.f_back
        return Whose.PYTHON

    def asks(self, frame: FrameType | None, via: frozenset[str]) -> FrameType | None:
        """The project's frame that asks, directly or through the named modules of Python; None if another does."""
        while frame is not None:
            found = self.whose(frame)
            if found is Whose.PROJECT:
                return frame
            if found is not Whose.PYTHON or frame.f_globals.get("__name__") not in via:
                return None
            frame = frame.f_back
        return None

    def passes(self, frame: FrameType | None, modules: frozenset[str]) -> bool:
        """Whether one of these modules of Python is between here and the nearest other code."""
        while frame is not None and self.whose(frame) is Whose.PYTHON:
            if frame.f_globals.get("__name__") in modules:
                return True
            frame = frame.f_back
        return False

    def imports(self, frame: FrameType | None) -> bool:
        """Whether a library does this while it is imported, and not when the project calls it."""
        while frame is not None and self.whose(frame) is not Whose.PROJECT:
            if frame.f_globals.get("__name__") == "importlib._bootstrap":
                return True
            frame = frame.f_back
        return False

    def place(self, frame: FrameType | None) -> str:
        """``file.py:12``, relative to the project where it is inside, of the nearest frame of its code; else empty."""
        while frame is not None:
            if self.whose(frame) is Whose.PROJECT:
                name = absolute(frame.f_code.co_filename)
                return f"{name.removeprefix(f'{self._rules.project}/')}:{frame.f_lineno}"
            frame = frame.f_back
        return ""

    def _judge(self, name: str) -> Whose:
        if name.startswith("<frozen ") or (name.startswith(_PYTHON) and "-packages/" not in name) or name == _IMPORTER:
            return Whose.PYTHON
        if name.startswith("<"):
            return Whose.LIBRARY  # made from text: dataclasses, templates
        path = absolute(name)
        if self._rules.is_code(path) or self._rules.is_code_elsewhere(path):
            return Whose.PROJECT
        return Whose.TRIMTAB if name.startswith(_TRIMTAB) else Whose.LIBRARY


def file_of(module: ModuleType | None) -> str | None:
    """The file of a module, asked of its plain attributes: a lazy module may import a library when asked for more."""
    try:
        file = object.__getattribute__(module, "__dict__").get("__file__")
    except AttributeError:
        return None
    return file if isinstance(file, str) else None
