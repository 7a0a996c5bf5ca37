"""What every kind of test stands on: a home of its own, waiting by polling, and nothing left running."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.audit import nothing_leaves
from tools.machine import missing_openmp

KINDS_WITH_A_HOME = {"conformance", "integration", "e2e"}
# Every process that a test starts inherits it, however deep and however orphaned.
SESSION_MARK = "TRIMTAB_TEST_SESSION"

Eventually = Callable[..., None]


def pytest_configure(config: pytest.Config) -> None:
    """Gives this process, a worker of xdist or the only one, a mark that its descendants inherit."""
    os.environ[SESSION_MARK] = uuid.uuid4().hex
    # Nothing may depend on the order of a set: every child draws its own seed, whatever was set outside.
    os.environ.pop("PYTHONHASHSEED", None)
    # And byte code is written, as on most machines: what must not lie beside some code is then found by a test.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips by name what needs LightGBM's shared library where the machine lacks it, and says what brings it."""
    lack = missing_openmp()
    if lack is None:
        return
    for item in items:
        if item.get_closest_marker("lightgbm"):
            item.add_marker(pytest.mark.skip(reason=f"{lack.problem} {lack.fix}"))


@pytest.fixture(autouse=True)
def trimtab_home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path | None:
    """The folder of this test's own keys and tokens, where it is of a kind that may have files; None elsewhere.

    No test reads or writes the keys of the person who runs it, and none depends on a state folder set outside.
    """
    monkeypatch.delenv("TRIMTAB_STATE", raising=False)
    if KINDS_WITH_A_HOME.isdisjoint(request.path.parts):
        monkeypatch.delenv("TRIMTAB_HOME", raising=False)
        return None
    folder: Path = request.getfixturevalue("tmp_path_factory").mktemp("home")
    monkeypatch.setenv("TRIMTAB_HOME", str(folder))
    return folder


@pytest.fixture
def no_outside() -> Iterator[None]:
    """The test fails if anything it runs opens a file, connects or starts a process."""
    with nothing_leaves():
        yield


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    """``eventually(condition, within=10.0, what="the worker is ready")``: polls, or fails with that sentence."""

    def wait(condition: Callable[[], object], *, within: float = 10.0, what: str) -> None:
        end = time.monotonic() + within
        while not condition():
            if time.monotonic() > end:
                pytest.fail(f"not within {within} s: {what}")
            time.sleep(0.01)

    return wait


@pytest.fixture(scope="session", autouse=True)
def nothing_left_running() -> Iterator[None]:
    """After the last test no process that a test started is alive; one that is fails the session by its test's name."""
    yield
    end = time.monotonic() + 5.0
    while (left := _left_running()) and time.monotonic() < end:
        time.sleep(0.05)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if left:
        pytest.fail("left running:\n" + "\n".join(f"  {pid}  {told}" for pid, told in left.items()), pytrace=False)


def _left_running() -> dict[int, str]:
    """Processes that carry this session's mark, with their command and the test that started them. Linux only."""
    mark = f"{SESSION_MARK}={os.environ[SESSION_MARK]}".encode()
    found: dict[int, str] = {}
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            surroundings = (process / "environ").read_bytes().split(b"\0")
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue  # another user's, or gone in the meantime
        # joblib and multiprocessing keep one of these per interpreter until it ends; it ends with us.
        if mark in surroundings and "resource_tracker" not in command:
            test = next((part[20:].decode() for part in surroundings if part.startswith(b"PYTEST_CURRENT_TEST=")), "?")
            found[int(process.name)] = f"{command}  started by {test}"
    return found
