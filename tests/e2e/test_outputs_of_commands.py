"""What stands at the name of an output: a file is replaced whole, a link is followed, all else stays what it is."""

from __future__ import annotations

import os
import resource
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

ROWS = 5_000
COMMANDS = {
    "profile -o": "profile rows.parquet -o {}",
    "profile --html": "profile rows.parquet --html {}",
    "infer -o": "infer rows.parquet --force -o {}",
    "report -o": "report rows.parquet -o {}",
    "check --html": "check rows.parquet --contract rules.toml --html {}",
    "check --markdown": "check rows.parquet --contract rules.toml --markdown {}",
    "check --junit": "check rows.parquet --contract rules.toml --junit {}",
    "check --aside": "check rows.parquet --contract rules.toml --aside {}",
    "check --kept": "check rows.parquet --contract rules.toml --kept {}",
    "drift --html": "drift rows.parquet rows.profile --html {}",
    "export -o": "export rules.toml --to tfdv -o {}",
}


def trimtab(words: str, cwd: Path, before: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trimtab", "data", *words.split()],
        capture_output=True, text=True, cwd=cwd, timeout=120, check=False, preexec_fn=before,
    )  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table, its contract and its profile."""
    folder = tmp_path_factory.mktemp("desk")
    pl.DataFrame({"x": range(ROWS), "y": [place * 7919 % 1009 / 3 for place in range(ROWS)]}).write_parquet(
        folder / "rows.parquet"
    )
    for words in ("infer rows.parquet -o rules.toml", "profile rows.parquet -o rows.profile"):
        done = trimtab(words, folder)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_pipe_is_refused_by_name_and_stays_a_pipe(command: str, desk: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.parquet"
    os.mkfifo(pipe)
    done = trimtab(command.format(pipe), desk)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"{pipe} is a pipe, and only a file can be written [TT1001]" in done.stderr
    assert stat.S_ISFIFO(pipe.lstat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == [pipe.name]


@pytest.mark.parametrize("words", ["report --html", "runs compare one two --html"])
def test_the_pages_of_a_project_are_files_too_which_is_told_before_anything_is_read(words: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = subprocess.run(
        [sys.executable, "-m", "trimtab", *words.split(), "pipe"],
        capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "pipe is a pipe, and only a file can be written" in done.stderr
    assert stat.S_ISFIFO((tmp_path / "pipe").lstat().st_mode)


def test_a_device_and_a_socket_are_refused_too_also_behind_a_link(desk: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "s"))
        done = trimtab(f"profile rows.parquet -o {tmp_path / 's'}", desk)
    assert done.returncode == 2
    assert "is a socket" in done.stderr
    device = tmp_path / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")
    link = tmp_path / "link"
    link.symlink_to(device)
    for name in (device, link):
        done = trimtab(f"profile rows.parquet -o {name}", desk)
        assert done.returncode == 2
        assert f"{name} is a device" in done.stderr
    assert stat.S_ISCHR(device.lstat().st_mode)
    assert link.is_symlink()


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_link_goes_on_to_lead_where_it_led_and_the_file_there_is_replaced(
    command: str, desk: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    target = store / "written"
    old = "# old\n" + (desk / "rules.toml").read_text(encoding="utf-8")
    target.write_text(old, encoding="utf-8")
    target.chmod(0o640)
    link = tmp_path / "link.parquet"
    link.symlink_to("store/written")
    done = trimtab(command.format(link), desk)
    assert done.returncode == 0, done.stderr
    assert link.is_symlink()
    assert b"# old" not in target.read_bytes()
    assert [path.name for path in store.iterdir()] == ["written"]


def test_a_link_to_a_file_that_is_not_there_yet_has_it_made_and_one_in_a_circle_is_refused(
    desk: Path, tmp_path: Path
) -> None:
    link, circle = tmp_path / "link.profile", tmp_path / "circle"
    link.symlink_to("new.profile")
    circle.symlink_to("circle")
    assert trimtab(f"profile rows.parquet -o {link}", desk).returncode == 0
    assert link.is_symlink()
    assert (tmp_path / "new.profile").is_file()
    done = trimtab(f"profile rows.parquet -o {circle}", desk)
    assert done.returncode == 2
    assert "is a link that leads back to itself" in done.stderr


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_rows_that_a_disk_has_no_room_for_are_its_fault_and_leave_nothing(
    ending: str, desk: Path, tmp_path: Path
) -> None:
    """A limit on a file's size stands for a full disk: the system says no in the same place."""
    kept = tmp_path / f"kept.{ending}"
    done = trimtab(
        f"check rows.parquet --contract rules.toml --kept {kept}",
        desk,
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000)),
    )
    assert done.returncode == 4
    assert f"cannot write kept.{ending}: the file would pass the size limit of this process [TT1006]" in done.stderr
    assert not list(tmp_path.iterdir())
