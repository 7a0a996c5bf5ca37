"""Property tests are pure, as unit tests are, and the same on every machine that checks a change.

No example database: it would be a file, and a failure that only one machine remembers. In CI the examples are derived
from the test alone, so that a red run is red again; elsewhere they are new each time, so that more is seen.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# Two workers share two cores with others: a deadline per example would measure the machine.
# The audit hook is armed once around all the examples of a test, which is what function_scoped_fixture warns of.
settings.register_profile(
    "default",
    max_examples=100,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, max_examples=200)
settings.register_profile("soak", settings.get_profile("default"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default"))


@pytest.fixture(autouse=True)
def pure(no_outside: None) -> None:
    """Every test in this folder runs under the audit hook."""
