"""A pattern as Python reads it, but for its ``$``; apart from `matching`, so that requests need no Polars."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_ENDS: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\$", re.DOTALL)
"""What is escaped, a class of characters, or an end."""


def searcher(pattern: str) -> Callable[[str], object]:
    """Finds the pattern in a text; None where it is not there.

    ``$`` is the end of the text. Python's is also before a last line break, so that ``^[0-9]{5}$`` would let one pass.

    Example:
        >>> bool(searcher("^a$")("a")), bool(searcher("^a$")("a\\n"))
        (True, False)
    """
    compiled = re.compile(pattern)
    if "$" not in pattern or compiled.flags & re.MULTILINE:
        return compiled.search
    return re.compile(_ENDS.sub(lambda found: r"\Z" if found[0] == "$" else found[0], pattern)).search
