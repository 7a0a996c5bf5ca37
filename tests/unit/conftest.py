"""Unit tests are pure: no file, no socket, no process, no mock. An audit hook says so of each while it runs."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def pure(no_outside: None) -> None:
    """Every test in this folder runs under the audit hook."""
