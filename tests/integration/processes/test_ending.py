"""A command on tables ends at once, with all that it said and with what was to be done at its end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

BEGIN = "import atexit, sys, threading\nfrom trimtab.cli.ending import end_at_once\n"


def ended(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BEGIN + code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_what_was_said_and_what_was_to_be_done_is_done() -> None:
    done = ended("atexit.register(print, 'bye')\nsys.stdout.write('said, ')\nend_at_once(3)\nprint('after')\n")
    assert (done.returncode, done.stdout, done.stderr) == (3, "said, bye\n", "")


def test_another_thread_is_waited_for() -> None:
    code = "threading.Thread(target=lambda: (threading.main_thread().join(), print('done'))).start()\n"
    code += "end_at_once(3)\nsys.exit(5)\n"
    done = ended(code)
    assert (done.returncode, done.stdout) == (5, "done\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_output_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    pl.DataFrame({"x": [1, 2]}).write_parquet(tmp_path / "t.parquet")
    command = [sys.executable, "-m", "trimtab", "data", "profile", str(tmp_path / "t.parquet")]
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode not in (0, 1, 3)
    assert "No space left" in done.stderr


def test_a_command_leaves_its_verdict_and_no_half_a_document(tmp_path: Path) -> None:
    pl.DataFrame({f"c{n}": range(3_000) for n in range(60)}).write_parquet(tmp_path / "t.parquet")
    command = [sys.executable, "-m", "trimtab", "data", "drift", "t.parquet", "t.parquet", "--json"]
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe:
        running = subprocess.Popen(command, cwd=tmp_path, stdout=writing)
        os.close(writing)
        said = pipe.read()  # a slow reader gets all of it
    assert running.wait(60) in (0, 3)
    assert said.rstrip().endswith(b"}")
