"""The audit hook of the unit and property tests catches what it should, and lets Python do its own errands."""

from __future__ import annotations

import linecache
import re
import subprocess
import sys
import zoneinfo
from contextlib import suppress
from pathlib import Path
from traceback import format_exc

import pytest

from tests.audit import NotPureError, nothing_leaves

ATTEMPTS = {
    "reads a file": "open('pyproject.toml').read()",
    "writes a file": "open('written', 'w')",
    "reads through a path": "__import__('pathlib').Path('pyproject.toml').read_bytes()",
    "lists a folder": "__import__('os').listdir('.')",
    "makes a folder": "__import__('os').mkdir('made')",
    "connects": "__import__('socket').create_connection(('127.0.0.1', 9))",
    "starts a process": "__import__('subprocess').run(['true'])",
    "runs a shell": "__import__('os').system('true')",
    "opens a database": "__import__('sqlite3').connect(':memory:')",
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_the_hook_refuses_code_that_reaches_out(attempt: str) -> None:
    with pytest.raises(NotPureError, match="the core does no I/O"), nothing_leaves():
        eval(attempt)


def test_an_attempt_that_the_code_swallowed_is_told_at_the_end() -> None:
    def swallow() -> None:
        with nothing_leaves(), suppress(AssertionError):
            Path("pyproject.toml").read_text()

    with pytest.raises(NotPureError, match=r"pyproject\.toml"):
        swallow()


def test_imports_tracebacks_and_time_zones_are_pythons_own_errands() -> None:
    sys.modules.pop("wave", None)
    linecache.clearcache()
    told = ""
    with nothing_leaves():
        import wave

        try:
            wave.Wave_read(3)  # type: ignore[arg-type]
        except AttributeError:
            told = format_exc()
        zone = zoneinfo.ZoneInfo.no_cache("Australia/Sydney")
    assert "wave.Wave_read(3)" in told
    assert zone.key == "Australia/Sydney"


def test_outside_of_a_test_nothing_is_refused(tmp_path: Path) -> None:
    with nothing_leaves():
        pass
    (tmp_path / "written").write_text("yes")
    assert (tmp_path / "written").read_text() == "yes"


IMPURE = """\
import os
import subprocess
import sys

def test_a_unit_test_that_opens_a_file():
    open(os.devnull).close()

def test_a_unit_test_that_starts_something():
    subprocess.Popen([sys.executable, "-c", "pass"])

def test_a_unit_test_that_only_computes():
    assert sum(range(4)) == 6
"""
LEAKY = """\
import subprocess

def test_something_that_leaves_a_process_behind():
    subprocess.run(["sh", "-c", "sleep 300 >/dev/null 2>&1 &"], check=True)
"""


def run_pytest(folder: Path, kind: str, text: str) -> str:
    """What pytest prints for one test file of a kind, under a copy of this repository's own conftests."""
    here = Path(__file__).parents[2]
    for name in ("audit.py", "conftest.py", f"{kind}/conftest.py"):
        if (here / name).is_file():
            target = folder / "tests" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text((here / name).read_text())
    (folder / "tools").symlink_to(here.parent / "tools")
    (folder / "pyproject.toml").write_text((here.parent / "pyproject.toml").read_text())
    (folder / "tests" / kind / "test_it.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", "tests"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("kind", ["unit", "property"])
def test_a_test_that_reaches_out_fails_by_its_name_and_its_neighbour_passes(kind: str, tmp_path: Path) -> None:
    told = run_pytest(tmp_path, kind, IMPURE)
    assert "2 failed, 1 passed" in told
    assert set(re.findall(r"FAILED .*::(\w+)", told)) == {
        "test_a_unit_test_that_opens_a_file",
        "test_a_unit_test_that_starts_something",
    }


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc (Linux)")
def test_a_process_left_behind_fails_the_session_by_the_name_of_its_test(tmp_path: Path) -> None:
    told = run_pytest(tmp_path, "integration", LEAKY)
    assert re.search(r"left running:\n\s+\d+ .*test_something_that_leaves_a_process_behind", told)
    assert "1 passed, 1 error" in told
