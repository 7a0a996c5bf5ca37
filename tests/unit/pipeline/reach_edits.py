"""Small projects in one text, with an edit marked in it.

``# file: helpers.py`` begins another file, the first is ``main.py``; ``⟦1→2⟧`` stands for 1 before the edit and for 2
after it.
"""

from __future__ import annotations

import re
from textwrap import dedent

from trimtab.pipeline.reach.program import Program
from trimtab.pipeline.reach.values import Reach, digest_of

_EDIT = re.compile(r"⟦(.*?)→(.*?)⟧", re.DOTALL)
_FILE = re.compile(r"^# file: (\S+)\n", re.MULTILINE)


def files_of(text: str) -> dict[str, str]:
    """The files of a project that has no edit."""
    first, *rest = _FILE.split(dedent(text))
    return {"main.py": first, **dict(zip(rest[::2], rest[1::2], strict=True))}


def reach(text: str, name: str = "step", module: str = "main") -> Reach:
    """What a function of a project reaches."""
    return Program(files_of(text)).reach(module, name)


def reaches(text: str, name: str = "step", module: str = "main") -> tuple[Reach, Reach]:
    """What a function reaches before the edit and after it."""
    assert _EDIT.search(text), "no edit is marked"
    return reach(_EDIT.sub(r"\1", text), name, module), reach(_EDIT.sub(r"\2", text), name, module)


def counts(text: str, name: str = "step", module: str = "main") -> bool:
    """Whether the edit changes the digest of what a function reaches."""
    before, after = reaches(text, name, module)
    return digest_of(before) != digest_of(after)


def names(found: Reach) -> set[str]:
    """``module.name`` of all units."""
    return {f"{unit.module}.{unit.name}" for unit in found.units}
