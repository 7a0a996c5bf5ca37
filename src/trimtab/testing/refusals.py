"""Expecting an error without a test framework, so that the suites run under any."""

from __future__ import annotations

import re
from types import TracebackType

from trimtab.base.errors import TrimtabError


class Refused:
    """A block that must raise ``kind`` with a text that contains the pattern ``match``; else an `AssertionError`."""

    def __init__(self, kind: type[TrimtabError], match: str) -> None:
        self._kind = kind
        self._match = match

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            raise AssertionError(f"expected {self._kind.__name__} ({self._match!r}), and nothing was raised")
        if not isinstance(error, self._kind):
            return False
        if not re.search(self._match, str(error)):
            raise AssertionError(f"expected {self._match!r} in the error, and it says: {error}") from error
        return True
