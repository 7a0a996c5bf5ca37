"""A digest is believed for as long as the file is what it was, and not a moment longer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from trimtab.base.digest import digest_bytes
from trimtab.base.errors import DriverError, ProblemsError
from trimtab.disk.reading import FileChangedError, FileGoneError, NotAFileError, settled, stamp_clock
from trimtab.drivers.file_index import FileIndex

FileSizeLimit = Callable[[int], AbstractContextManager[None]]
Eventually = Callable[..., None]


@pytest.fixture
def index(tmp_path: Path) -> FileIndex:
    return FileIndex(tmp_path / "state" / "files")


@pytest.fixture
def settle(eventually: Eventually) -> Callable[[Path], None]:
    """Waits until a file's last change is clearly older than now, so that its digest may be remembered."""

    def wait(path: Path) -> None:
        eventually(lambda: settled(path.stat(), stamp_clock()), what=f"{path.name} is older than a tick")

    return wait


def again(index: FileIndex) -> FileIndex:
    """What another process would know."""
    index.save()
    return FileIndex(index.path)


def is_known(index: FileIndex, path: Path) -> bool:
    return index.known(str(path)) is not None


def test_a_file_is_read_once_and_believed_by_the_next_process(
    tmp_path: Path, index: FileIndex, settle: Callable[[Path], None]
) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(b"a,b\n")
    settle(file)
    assert index.digest(file) == digest_bytes(b"a,b\n")
    later = again(index)
    assert is_known(later, file)
    assert later.digest(file) == digest_bytes(b"a,b\n")


def copy_with_times(file: Path, other: Path) -> None:
    subprocess.run(["cp", "-p", other, file], check=True)


def rewrite_and_set_the_time_back(file: Path, other: Path) -> None:
    before = file.stat()
    with file.open("r+b") as opened:
        opened.write(other.read_bytes())
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def move_over(file: Path, other: Path) -> None:
    other.replace(file)


def replace_by_a_link(file: Path, other: Path) -> None:
    file.unlink()
    file.symlink_to(other)


def link_to_the_same_bytes_elsewhere_then_change(file: Path, other: Path) -> None:
    file.unlink()
    os.link(other, file)


def remove_and_make_anew(file: Path, other: Path) -> None:
    before = file.stat()
    file.unlink()
    file.write_bytes(other.read_bytes())
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "change",
    [
        copy_with_times,
        rewrite_and_set_the_time_back,
        move_over,
        replace_by_a_link,
        link_to_the_same_bytes_elsewhere_then_change,
        remove_and_make_anew,
    ],
)
def test_other_content_of_the_same_size_and_time_is_seen(
    tmp_path: Path, index: FileIndex, settle: Callable[[Path], None], change: Callable[[Path, Path], None]
) -> None:
    file, other = tmp_path / "rows.csv", tmp_path / "other.csv"
    file.write_bytes(b"old content")
    other.write_bytes(b"new content")
    for each in (file, other):
        os.utime(each, ns=(10**18, 10**18))
    settle(other)
    assert index.digest(file) == digest_bytes(b"old content")
    assert is_known(index, file)
    change(file, other)
    assert file.stat().st_size == len(b"old content")
    assert index.digest(file) == digest_bytes(b"new content")
    assert again(index).digest(file) == digest_bytes(b"new content")


def test_a_touched_file_is_read_again_and_is_the_same(
    tmp_path: Path, index: FileIndex, settle: Callable[[Path], None]
) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(b"content")
    settle(file)
    digest = index.digest(file)
    file.touch()
    assert not is_known(index, file)
    assert index.digest(file) == digest


def test_a_change_behind_a_link_is_seen(tmp_path: Path, index: FileIndex, settle: Callable[[Path], None]) -> None:
    target, other, link = tmp_path / "v1.csv", tmp_path / "v2.csv", tmp_path / "latest.csv"
    target.write_bytes(b"one")
    other.write_bytes(b"two")
    link.symlink_to("v1.csv")
    settle(other)
    assert index.digest(link) == digest_bytes(b"one")
    assert is_known(index, link)
    target.write_bytes(b"eno")
    assert index.digest(link) == digest_bytes(b"eno")
    settle(target)
    index.digest(link)
    link.unlink()
    link.symlink_to("v2.csv")
    assert index.digest(link) == digest_bytes(b"two")


def test_a_path_through_a_link_and_back_is_not_mistaken_for_the_shorter_one(tmp_path: Path, index: FileIndex) -> None:
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "deep")
    (tmp_path / "x.csv").write_bytes(b"here")
    (tmp_path / "elsewhere" / "x.csv").write_bytes(b"there")
    assert index.digest(tmp_path / "x.csv") == digest_bytes(b"here")
    assert index.digest(tmp_path / "link" / ".." / "x.csv") == digest_bytes(b"there")


def test_a_file_that_changes_as_often_as_the_clock_ticks_is_never_mistaken(tmp_path: Path, index: FileIndex) -> None:
    file = tmp_path / "rows.csv"
    for number in range(1_000):  # the same size, many times within one tick
        content = b"%06d" % number
        file.write_bytes(content)
        assert index.digest(file) == digest_bytes(content)
        if number % 100 == 0:
            index = again(index)


def test_what_has_just_changed_is_not_believed(tmp_path: Path, index: FileIndex) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(b"content")
    moment = file.stat().st_ctime_ns
    assert not settled(file.stat(), moment)
    assert not settled(file.stat(), moment + 9_999_999)
    assert settled(file.stat(), moment + 10**10)
    index.digest(file)
    assert is_known(index, file) <= settled(file.stat(), stamp_clock())


def test_a_time_of_whole_seconds_is_that_of_a_clock_that_ticks_seldom() -> None:
    whole = os.stat_result((0o100644, 1, 1, 1, 0, 0, 5, 0, 0, 0, 0.0, 1.0, 1.0, 0, 10**18, 10**18))
    assert not settled(whole, 10**18 + 2 * 10**9)
    assert settled(whole, 10**18 + 3 * 10**9)


def test_a_file_that_changes_while_it_is_read_has_no_digest(tmp_path: Path, index: FileIndex) -> None:
    file = tmp_path / "large.bin"
    file.touch()
    os.truncate(file, 1 << 28)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with file.open("r+b") as opened:
                opened.write(os.urandom(8))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(FileChangedError, match=r"large\.bin changed while it was read"):
            index.digest(file)
    finally:
        stop.set()
        writer.join()
    assert not is_known(index, file)


def test_files_that_are_gone_and_things_that_are_no_files_are_named(tmp_path: Path, index: FileIndex) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(FileGoneError, match=r"rows\.csv is gone"):
        index.digest(tmp_path / "rows.csv")
    with pytest.raises(FileGoneError, match=r"file/rows\.csv is gone"):
        index.digest(tmp_path / "file" / "rows.csv")
    with pytest.raises(NotAFileError, match="pipe is neither a file nor a folder"):
        index.digest(tmp_path / "pipe")
    with pytest.raises(NotAFileError, match="/dev/null is neither a file nor a folder"):
        index.digest(Path("/dev/null"))
    with pytest.raises(NotAFileError, match="is a folder"):
        index.digest(tmp_path)
    with pytest.raises(ProblemsError, match="2 problems found|is gone") as caught:
        index.digests([tmp_path / "a", tmp_path / "file", tmp_path / "b"])
    assert [problem.at for problem in caught.value.problems] == [str(tmp_path / "a"), str(tmp_path / "b")]


def test_a_loop_of_links_is_the_systems_own_sentence(tmp_path: Path, index: FileIndex) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(DriverError, match="cannot read"):
        index.digest(tmp_path / "a")


def test_many_files_are_each_their_own(tmp_path: Path, index: FileIndex, settle: Callable[[Path], None]) -> None:
    files = [tmp_path / f"{number}.bin" for number in range(300)]
    for number, file in enumerate(files):
        file.write_bytes(b"%d" % number * number)
    settle(files[-1])
    expected = {file: digest_bytes(file.read_bytes()) for file in files}
    assert index.digests(files) == expected
    later = again(index)
    assert all(is_known(later, file) for file in files)
    files[7].write_bytes(b"other")
    assert later.digests(files) == expected | {files[7]: digest_bytes(b"other")}


def test_names_that_are_no_text_are_names(tmp_path: Path, index: FileIndex, settle: Callable[[Path], None]) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.csv"))
    file.write_bytes(b"x")
    plain = tmp_path / "plain.csv"
    plain.write_bytes(b"y")
    settle(plain)
    index.digests([file, plain])
    later = again(index)
    assert is_known(later, file)
    assert is_known(later, plain)


def test_a_file_of_the_systems_own_is_read_every_time(index: FileIndex) -> None:
    if not Path("/proc/uptime").is_file():
        pytest.skip("there is no /proc")
    index.digest(Path("/proc/uptime"))
    assert not is_known(index, Path("/proc/uptime"))


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "zeros", "text", "folder"])
def test_a_damaged_index_is_none_and_is_made_anew(
    tmp_path: Path, index: FileIndex, settle: Callable[[Path], None], damage: str
) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(b"content")
    settle(file)
    index.digest(file)
    index.save()
    content = index.path.read_bytes()
    if damage == "folder":
        index.path.unlink()
        index.path.mkdir()
    else:
        index.path.write_bytes(
            {
                "empty": b"",
                "cut": content[:-1],
                "flipped": content[:-3] + bytes([content[-3] ^ 1]) + content[-2:],
                "zeros": bytes(len(content)),
                "text": b"not an index",
            }[damage]
        )
    later = FileIndex(index.path)
    assert not is_known(later, file)
    assert later.digest(file) == digest_bytes(b"content")
    if damage != "folder":
        assert is_known(again(later), file)


def test_entries_of_files_that_are_gone_are_dropped(
    tmp_path: Path, index: FileIndex, settle: Callable[[Path], None]
) -> None:
    files = [tmp_path / f"{number}.bin" for number in range(1_500)]
    for file in files:
        file.write_bytes(b"x")
    settle(files[-1])
    index.digests(files)
    index.save()
    size = index.path.stat().st_size
    for file in files[:-1]:
        file.unlink()
    for _ in range(2):
        later = FileIndex(index.path)
        files[-1].touch()
        settle(files[-1])
        later.digest(files[-1])
        later.save()
    assert index.path.stat().st_size < size / 100
    assert is_known(FileIndex(index.path), files[-1])


def test_a_full_disk_leaves_the_index_as_it_was(
    tmp_path: Path, index: FileIndex, settle: Callable[[Path], None], file_size_limit: FileSizeLimit
) -> None:
    files = [tmp_path / f"{number}.bin" for number in range(50)]
    for file in files:
        file.write_bytes(b"x")
    settle(files[-1])
    index.digest(files[0])
    index.save()
    index.digests(files)
    with file_size_limit(1_000), pytest.raises(DriverError, match="the file would pass the size limit"):
        index.save()
    later = FileIndex(index.path)
    assert is_known(later, files[0])
    assert not is_known(later, files[1])
    assert [path.name for path in index.path.parent.iterdir()] == [index.path.name]


HASH_ALL = """
import sys
from pathlib import Path
from trimtab.drivers.file_index import FileIndex
for turn in range(20):
    index = FileIndex(Path(sys.argv[1]))
    index.digests(sorted(Path(sys.argv[2]).iterdir()))
    Path(sys.argv[3]).write_text(str(turn))
    index.digest(Path(sys.argv[3]))
    index.save()
"""


def test_two_processes_that_save_at_once_are_both_right(tmp_path: Path, index: FileIndex) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(50):
        (folder / f"{number}.bin").write_bytes(b"%d" % number)
    command = [sys.executable, "-c", HASH_ALL, str(index.path), str(folder)]
    own = [tmp_path / "one", tmp_path / "two"]
    both = [subprocess.Popen([*command, str(file)]) for file in own]
    assert [each.wait(60) for each in both] == [0, 0]
    files = [*folder.iterdir(), *own]
    assert FileIndex(index.path).digests(files) == {file: digest_bytes(file.read_bytes()) for file in files}


def test_an_index_that_a_copied_state_folder_brought_along_is_right(
    tmp_path: Path, index: FileIndex, settle: Callable[[Path], None]
) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(b"content")
    settle(file)
    index.digest(file)
    index.save()
    shutil.copytree(index.path.parent, tmp_path / "elsewhere")
    file.write_bytes(b"tnetnoc")
    assert FileIndex(tmp_path / "elsewhere" / "files").digest(file) == digest_bytes(b"tnetnoc")
