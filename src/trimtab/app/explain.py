"""``trimtab explain``: what a code means and what to do, without a network and without the packages that raised it.

The texts are data beside this module. Reading them out of the classes would import every module of Trimtab, the
optional libraries of some included, to show two sentences; instead a test holds the data against the classes.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Final

import msgspec

from trimtab.base.errors import InputError

_TEXTS: Final = Path(__file__).with_name("error_codes.toml")


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """One code. ``exit`` is the exit code of a command that ends with it, ``status`` the HTTP status of an answer."""

    code: str
    means: str
    do: str
    name: str = ""
    exit: int | None = None
    status: str = ""

    @property
    def ends(self) -> str:
        """How what raised it ends: ``exit code 2``, ``HTTP 422``."""
        return f"HTTP {self.status}" if self.exit is None else f"exit code {self.exit}"


def explanations() -> tuple[Explanation, ...]:
    """Every code, in order."""
    stored = tomllib.loads(_TEXTS.read_text(encoding="utf-8"))
    return tuple(msgspec.convert({"code": code, **stored[code]}, Explanation) for code in sorted(stored))


def explain_code(code: str) -> Explanation:
    """What ``code`` means; ``TT1305``, ``tt1305`` and ``1305`` are one code.

    Raises:
        InputError: there is no such code.
    """
    known = {each.code: each for each in explanations()}
    asked = code.strip().strip("[]").upper()
    asked = f"TT{asked}" if asked.isdecimal() else asked
    if asked in known:
        return known[asked]
    asked = asked[:2] + asked[2:].replace("O", "0")  # a letter that looks like the digit
    alike = difflib.get_close_matches(asked, known, n=len(known))
    near = max(alike, key=lambda each: sum(map(str.__eq__, asked, each)), default="")
    hint = f"Did you mean {near}? " if near else ""
    raise InputError(f"there is no error code {code!r}", fix=f"{hint}`trimtab explain` lists every code.")
