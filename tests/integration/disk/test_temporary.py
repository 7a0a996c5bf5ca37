"""What a killed process left in its temporary folder is removed by the next that makes one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from trimtab.disk.temporary import temporary_folder

MAKES = """
import time
from trimtab.disk.temporary import temporary_folder

with temporary_folder("rows") as folder:
    (folder / "rows").write_text("of customers")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


def age(folder: Path) -> None:
    then = time.time() - 3600
    os.utime(folder / "alive.lock", (then, then))


def test_a_folder_is_there_in_its_block_alone(tmp_path: Path) -> None:
    with temporary_folder("rows") as folder:
        assert folder.is_relative_to(tmp_path.resolve())
        assert list(folder.iterdir()) == []
        (folder / "rows").write_text("of customers")
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_by_a_killed_process_goes_and_what_a_living_one_has_stays(tmp_path: Path) -> None:
    makers = [subprocess.Popen([sys.executable, "-c", MAKES], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        killed, living = (Path(maker.stdout.readline().strip()).parent for maker in makers if maker.stdout is not None)
        makers[0].kill()
        makers[0].wait()
        with temporary_folder("rows"):
            assert killed.exists()  # it is young: its maker may be about to take its lock
        age(killed)
        age(living)
        strangers = tmp_path / "trimtab-of-somebody"
        strangers.mkdir()
        with temporary_folder("rows"):
            assert not killed.exists()
            assert (living / "files/rows").read_text() == "of customers"
            assert strangers.exists()  # nothing says that it is one of ours
    finally:
        for maker in makers:
            maker.kill()
            maker.communicate()
