"""Whole files or none, on a real disk with real faults."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from trimtab.base.errors import DriverError, InputError
from trimtab.disk.atomic import PARTIAL, clean_partial, write_bytes, write_dir

REWRITER = """
import sys
from pathlib import Path
from trimtab.disk.atomic import write_bytes
path = Path(sys.argv[1])
print("ready", flush=True)
for count in range(10_000_000):
    write_bytes(path, bytes([count % 256]) * 200_000, sync=False)
"""

HOLDER = """
import sys, time
from pathlib import Path
from trimtab.disk.atomic import write_dir
with write_dir(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("made")
    print("building", flush=True)
    time.sleep(60)
"""


FileSizeLimit = Callable[[int], AbstractContextManager[None]]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fill_and_fail(final: Path) -> None:
    with write_dir(final) as folder:
        (folder / "half").write_text("made")
        raise RuntimeError("the user's")


def partials(folder: Path) -> list[Path]:
    return list(folder.glob(f".*{PARTIAL}"))


@pytest.mark.parametrize("sync", [True, False])
def test_content_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path, sync: bool) -> None:
    path = tmp_path / "route.json"
    write_bytes(path, b"old", sync=sync)
    write_bytes(path, b"new", sync=sync)
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["route.json"]


def test_a_new_file_has_the_users_usual_mode_and_a_replaced_one_keeps_its_own(tmp_path: Path) -> None:
    path = tmp_path / "token"
    write_bytes(path, b"1")
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
    write_bytes(path, b"2", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    write_bytes(path, b"3")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_refused_write_leaves_the_old_content_and_no_partial_file(
    tmp_path: Path, file_size_limit: FileSizeLimit
) -> None:
    path = tmp_path / "route.json"
    write_bytes(path, b"old")
    with file_size_limit(1000), pytest.raises(DriverError, match=r"cannot write route\.json: the file would pass"):
        write_bytes(path, b"x" * 2000)
    assert path.read_bytes() == b"old"
    assert partials(tmp_path) == []


def test_a_missing_folder_and_a_folder_in_the_way_are_named(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match="the folder is not there"):
        write_bytes(tmp_path / "gone" / "file", b"")
    (tmp_path / "taken").mkdir()
    with pytest.raises(DriverError, match="a folder stands where a file should be"):
        write_bytes(tmp_path / "taken", b"")
    assert partials(tmp_path) == []


def test_a_long_name_still_fits_with_its_partial_ending(tmp_path: Path) -> None:
    write_bytes(tmp_path / ("n" * 250), b"kept")
    assert (tmp_path / ("n" * 250)).read_bytes() == b"kept"


def test_a_folder_appears_complete(tmp_path: Path) -> None:
    final = tmp_path / "release"
    with write_dir(final) as folder:
        (folder / "model").mkdir()
        (folder / "model" / "weights").write_bytes(b"w")
        assert not final.exists()
    assert (final / "model" / "weights").read_bytes() == b"w"
    assert names(tmp_path) == ["release"]


def test_a_folder_whose_making_failed_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="the user's"):
        fill_and_fail(tmp_path / "release")
    assert names(tmp_path) == []


def test_an_existing_folder_is_refused_or_kept_and_never_mixed(tmp_path: Path) -> None:
    final = tmp_path / "release"
    with write_dir(final) as folder:
        (folder / "first").touch()
    with pytest.raises(InputError, match="release is there already"), write_dir(final) as folder:
        (folder / "second").touch()
    with write_dir(final, keep_existing=True) as folder:
        (folder / "third").touch()
    assert names(final) == ["first"]
    assert names(tmp_path) == ["release"]


def test_leftovers_of_the_dead_are_removed_and_work_in_progress_is_not(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "release")], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    with child, child.stdout:
        assert child.stdout.readline() == "building\n"
        building = partials(tmp_path)
        assert len(building) == 1
        assert clean_partial(tmp_path) == ()
        assert building[0].is_dir()
        child.kill()
    assert clean_partial(tmp_path) == tuple(building)
    assert names(tmp_path) == []


def test_cleaning_leaves_other_files_alone(tmp_path: Path) -> None:
    for name in (".hidden", "report.partial", f".orphan.0a{PARTIAL}"):
        (tmp_path / name).touch()
    assert clean_partial(tmp_path) == (tmp_path / f".orphan.0a{PARTIAL}",)
    assert names(tmp_path) == [".hidden", "report.partial"]
    assert clean_partial(tmp_path / "nowhere") == ()


def test_a_reader_never_sees_half_a_file_while_its_writer_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "route.json"
    for _ in range(5):
        child = subprocess.Popen([sys.executable, "-c", REWRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        with child, child.stdout:
            assert child.stdout.readline() == "ready\n"
            reads = 0
            while reads < 30:
                if path.exists():
                    content = path.read_bytes()
                    assert len(content) == 200_000
                    assert len(set(content)) == 1
                    reads += 1
            child.send_signal(signal.SIGKILL)
        assert len(set(path.read_bytes())) == 1
    clean_partial(tmp_path)
    assert names(tmp_path) == ["route.json"]
