"""Real faults that integration tests share."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

FileSizeLimit = Callable[[int], AbstractContextManager[None]]


@pytest.fixture
def file_size_limit() -> FileSizeLimit:
    """``with file_size_limit(1000):`` the kernel refuses to let a file of this process grow beyond 1,000 bytes."""

    @contextmanager
    def limited(size: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited
