"""What a run has fixed before its interpreter starts, because it cannot be set later: hash order and locale.

Imported by the command line before anything else, so it imports next to nothing itself.
"""

from __future__ import annotations

import _locale
import os

HASH_SEED = "PYTHONHASHSEED"
LOCALE = "LC_ALL"
_NEUTRAL = "C.UTF-8"


def to_fix() -> dict[str, str]:
    """The variables that are to be set, with their values: those that neither the user nor a process before has set."""
    wanted = {HASH_SEED: "0", LOCALE: _NEUTRAL}
    lacking = {name: value for name, value in wanted.items() if name not in os.environ}
    if LOCALE in lacking and not _is_known(_NEUTRAL):
        del lacking[LOCALE]
    return lacking


def _is_known(name: str) -> bool:
    """Whether the system has the locale. `locale` is not asked: it imports regular expressions."""
    before = _locale.setlocale(_locale.LC_CTYPE, None)
    try:
        _locale.setlocale(_locale.LC_CTYPE, name)
    except _locale.Error:  # type: ignore[attr-defined]  # typeshed does not list it
        return False
    _locale.setlocale(_locale.LC_CTYPE, before)
    return True
