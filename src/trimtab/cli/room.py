"""Room for a command's calls on one piece of the interpreter's stack.

CPython keeps the frames of calls in pieces of 16 kB, asks the kernel for each, and gives it back as the last frame on
it returns. A loop that runs just below the end of a piece pays for that at every call it makes: a comparison of two
tables did so 5,000 times, a fourteenth of its time (python/cpython#142183, mended in newer ones). A piece for
a large frame is a large piece, and the frames that follow use the rest of it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Final

_SLOTS: Final = 1 << 15
"""Of eight bytes each. CPython asks for the next power of two above these and 1,000 more: of 512 kB nearly half is for
the frames that follow. What is not touched takes no memory."""


def with_room(function: Callable[[], None]) -> Callable[[], None]:
    """The function, called so that some thousand calls within it stay on one piece of the stack."""

    def call() -> None:
        function()

    return FunctionType(call.__code__.replace(co_stacksize=_SLOTS), globals(), closure=call.__closure__)
