"""What a killed process left half-made goes when the next one starts; what a live one writes stays."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from trimtab.app.doors import open_home
from trimtab.app.new import create_project

HANGS = """
import sys, time
from pathlib import Path
from trimtab.disk import atomic
atomic.write_all = lambda *_: (print("writing", flush=True), time.sleep(600))
atomic.write_bytes(Path(sys.argv[1]), b"x")
"""


@pytest.mark.parametrize(
    "place", ["endpoints/main/horizon.json", "tables/a.parquet", "blobs/sha256/ab/cd", "../contract.toml"]
)
def test_half_made_files_of_a_killed_process_are_cleared_and_those_of_a_live_one_stay(
    tmp_path: Path, place: str
) -> None:
    home = open_home(create_project("card-fraud", tmp_path))
    target = (home.state / place).resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    writer = subprocess.Popen([sys.executable, "-c", HANGS, str(target)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    try:
        assert writer.stdout.readline() == "writing\n"
        home.clean()
        assert len(list(target.parent.glob(".*.partial"))) == 1
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
    home.clean()
    assert list(target.parent.glob(".*.partial")) == []
