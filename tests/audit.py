"""The third net around the pure core: while a unit or property test runs, nothing may open, connect or start anything.

Import contracts see modules and ruff sees names; an audit hook sees what happens, by whatever name it was reached. A
hook cannot be taken away again, so there is one per process, which only a running test arms. It raises at once, and is
told again when the test ends: code under test may have swallowed the first.

What it lets through is Python's own: the import machinery, sources read to print a traceback, time zone tables, and
the test tools. What it cannot see is native code that opens files by itself (Polars): ruff bans those names.
"""

from __future__ import annotations

import sys
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import ClassVar

FORBIDDEN = frozenset(
    {
        "glob.glob",
        "open",
        "os.chmod",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.kill",
        "os.link",
        "os.listdir",
        "os.mkdir",
        "os.posix_spawn",
        "os.putenv",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.scandir",
        "os.spawn",
        "os.symlink",
        "os.system",
        "os.truncate",
        "os.utime",
        "shutil.copyfile",
        "shutil.move",
        "shutil.rmtree",
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "socket.sendto",
        "sqlite3.connect",
        "subprocess.Popen",
        "tempfile.mkdtemp",
        "tempfile.mkstemp",
        "urllib.Request",
    }
)
# Modules that do Python's own errands: importing, looking for plug-ins (libraries do; the contracts keep the core from
# importlib) and reading sources for a traceback.
ERRANDS = frozenset({"importlib._bootstrap", "importlib._bootstrap_external", "importlib.metadata", "linecache"})
TOOLS = frozenset({"_hypothesis_pytestplugin", "_pytest", "execnet", "hypothesis", "pluggy", "pytest_timeout", "xdist"})
# ZoneInfo opens them in C, with our own frame next to it.
TIME_ZONE_TABLES = tuple(f"{folder}/" for folder in zoneinfo.TZPATH)


class NotPureError(AssertionError):
    """A unit or property test reached the outside."""


class _Watch:
    """What the one hook of this process knows: whether a test is running, and what it caught."""

    installed = False
    armed = False
    caught: ClassVar[list[str]] = []


def _top(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _is_ours(frame: FrameType) -> bool:
    """Whether a frame is of this repository: neither Python's own nor an installed distribution's."""
    return _top(frame) not in sys.stdlib_module_names and "site-packages" not in frame.f_code.co_filename


def _is_errand(frame: FrameType | None) -> bool:
    """Whether Python or the test tools reached out on their own account: our code is not nearer than they are."""
    while frame is not None and not _is_ours(frame):
        if frame.f_globals.get("__name__") in ERRANDS or _top(frame) in TOOLS:
            return True
        frame = frame.f_back
    return frame is None


def _caller(frame: FrameType | None) -> str:
    """``file.py:12`` of the nearest frame that is ours."""
    while frame is not None and not _is_ours(frame):
        frame = frame.f_back
    return "nowhere" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not _Watch.armed or event not in FORBIDDEN:
        return
    frame = sys._getframe(1)
    time_zone_table = event == "open" and str(arguments[0]).startswith(TIME_ZONE_TABLES)
    if time_zone_table or _is_errand(frame):
        return
    shown = ", ".join(repr(argument) for argument in arguments[:2])
    problem = (
        f"{event}({shown}) at {_caller(frame)}: the core does no I/O; a test of files belongs in tests/integration"
    )
    _Watch.caught.append(problem)
    raise NotPureError(problem)


@contextmanager
def nothing_leaves() -> Iterator[None]:
    """Inside, every attempt to open, connect or start raises NotPureError; swallowed ones raise at the end."""
    if not _Watch.installed:
        sys.addaudithook(_hook)
        _Watch.installed = True
    _Watch.caught.clear()
    _Watch.armed = True
    try:
        yield
    finally:
        _Watch.armed = False
    if _Watch.caught:
        raise NotPureError("\n".join(dict.fromkeys(_Watch.caught)))
