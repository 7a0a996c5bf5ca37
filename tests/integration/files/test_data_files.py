"""What a run read is kept, found again, and laid out as it was, or its absence is said."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import DriverError, IntegrityError, ProblemsError
from trimtab.disk.reading import FileChangedError, FileGoneError, NotAFileError, settled, stamp_clock
from trimtab.drivers.data_files import DataChangedError, lay_out, missing, snapshot_files
from trimtab.drivers.file_index import FileIndex
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.records.run import FileRead

FileSizeLimit = Callable[[int], AbstractContextManager[None]]
Eventually = Callable[..., None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for name, content in {
        "data/x.csv": b"x,y\n",
        "data/deep/y.parquet": b"PAR1",
        "z.bin": b"",
        "same.csv": b"x,y\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "state" / "blobs"


@pytest.fixture
def index(tmp_path: Path) -> FileIndex:
    return FileIndex(tmp_path / "state" / "files")


def all_files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def kept_files(store: Path) -> dict[str, Path]:
    """Digest → file of everything in a store, whatever its name."""
    return {
        "sha256:" + "".join(path.relative_to(store / "sha256").parts): path
        for path in store.rglob("*")
        if path.is_file()
    }


def assert_is_whole(store: Path) -> None:
    """Every name in the store is that of the content behind it, and nobody may change it."""
    for digest, path in kept_files(store).items():
        if ".partial" in str(path):
            continue
        assert digest_bytes(path.read_bytes()) == digest
        assert stat.S_IMODE(path.stat().st_mode) == 0o400


def settle(paths: list[Path], eventually: Eventually) -> None:
    eventually(
        lambda: all(settled(path.stat(), stamp_clock()) for path in paths), what="the files are older than a tick"
    )


# ── taking ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_files_are_named_by_the_project_and_kept_once_by_content(root: Path, store: Path, index: FileIndex) -> None:
    files = snapshot_files(all_files(root), root, index, store)
    assert list(files) == ["data/deep/y.parquet", "data/x.csv", "same.csv", "z.bin"]
    assert files["data/x.csv"] == FileRead(content=digest_bytes(b"x,y\n"), size=4, kept=True)
    assert kept_files(store).keys() == {file.content for file in files.values()}
    assert len(kept_files(store)) == 3
    assert_is_whole(store)
    assert LocalBlobs(store).get(files["data/deep/y.parquet"].content) == b"PAR1"


def test_a_reference_keeps_nothing_but_digests(root: Path, store: Path, index: FileIndex) -> None:
    files = snapshot_files(all_files(root), root, index, None)
    assert files["data/x.csv"] == FileRead(content=digest_bytes(b"x,y\n"), size=4, kept=False)
    assert not store.exists()


def test_a_name_is_the_same_however_the_path_is_written(
    root: Path, index: FileIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(root)
    (root / "in").symlink_to("data")
    outside = tmp_path / "elsewhere.csv"
    outside.write_bytes(b"outside")
    monkeypatch.chdir(root)
    ways = [Path("data/x.csv"), root / "data/x.csv", root / "data/deep/../x.csv", tmp_path / "link/data/x.csv"]
    for way in [*map(str, ways), f"{root}//data/./x.csv"]:
        assert list(snapshot_files([Path(way)], root, index, None)) == ["data/x.csv"]
        assert list(snapshot_files([way], root, index, None)) == ["data/x.csv"]
    assert list(snapshot_files([*ways, root / "data/x.csv"], root, index, None)) == ["data/x.csv"]
    assert list(snapshot_files([Path("data/x.csv")], tmp_path / "link", index, None)) == ["data/x.csv"]
    assert list(snapshot_files([Path("in/x.csv")], Path(), index, None)) == ["in/x.csv"]
    assert list(snapshot_files([Path("../elsewhere.csv")], root, index, None)) == [str(outside)]


def test_a_link_is_a_file_with_the_content_that_it_leads_to(root: Path, index: FileIndex, tmp_path: Path) -> None:
    (tmp_path / "lake.csv").write_bytes(b"a lake")
    (root / "data/lake.csv").symlink_to(tmp_path / "lake.csv")
    files = snapshot_files([root / "data/lake.csv"], root, index, None)
    assert files == {"data/lake.csv": FileRead(content=digest_bytes(b"a lake"), size=6, kept=False)}


def test_all_that_cannot_be_read_is_named_at_once(root: Path, store: Path, index: FileIndex) -> None:
    os.mkfifo(root / "pipe")
    with pytest.raises(FileGoneError, match=r"csv: data/none\.csv is gone") as gone:
        snapshot_files([root / "data/x.csv", root / "data/none.csv"], root, index, store)
    assert gone.value.at == str(root / "data/none.csv")
    with pytest.raises(ProblemsError, match="3 problems found|is gone") as caught:
        snapshot_files([root / "none", root / "pipe", root / "data", root / "z.bin"], root, index, store)
    assert [problem.problem for problem in caught.value.problems] == [
        "data is a folder",
        "none is gone",
        "pipe is neither a file nor a folder",
    ]


def test_a_name_that_cannot_be_recorded_is_refused(root: Path, index: FileIndex) -> None:
    name = os.fsdecode(b"\xff.csv")
    (root / name).write_bytes(b"x")
    with pytest.raises(NotAFileError, match="is not UTF-8, and cannot be recorded"):
        snapshot_files([root / name], root, index, None)


def test_nothing_is_read_again_that_has_not_changed(
    root: Path, store: Path, index: FileIndex, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(all_files(root), eventually)
    first = snapshot_files(all_files(root), root, index, store)
    index.save()
    opened: list[str] = []
    armed = True

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if armed and event == "open":
            opened.append(str(arguments[0]))

    sys.addaudithook(note)
    again = snapshot_files(all_files(root), root, FileIndex(index.path), store)
    armed = False
    assert again == first
    assert opened == [str(index.path), str(store / "sha256")]


def test_only_what_changed_is_read_and_kept(root: Path, store: Path, index: FileIndex, eventually: Eventually) -> None:
    settle(all_files(root), eventually)
    first = snapshot_files(all_files(root), root, index, store)
    kept = kept_files(store)
    times = {path: path.stat().st_ctime_ns for path in kept.values()}
    (root / "data/x.csv").write_bytes(b"y,x\n")
    second = snapshot_files(all_files(root), root, index, store)
    assert {name for name in first if first[name] != second[name]} == {"data/x.csv"}
    assert kept_files(store).keys() - kept.keys() == {second["data/x.csv"].content}
    assert {path: path.stat().st_ctime_ns for path in kept.values()} == times


@pytest.mark.parametrize("harm", ["removed", "cut", "changed", "folder", "all"])
def test_a_kept_file_that_came_to_harm_is_put_right(
    root: Path, store: Path, index: FileIndex, eventually: Eventually, harm: str
) -> None:
    settle(all_files(root), eventually)
    files = snapshot_files(all_files(root), root, index, store)
    index.save()
    victim = kept_files(store)[files["data/deep/y.parquet"].content]
    if harm == "changed":
        victim.chmod(0o600)
        victim.write_bytes(b"1RAP")
        victim.chmod(0o400)
    elif harm == "cut":
        os.truncate(victim, 2)
    elif harm == "all":
        shutil.rmtree(store)
    else:
        victim.unlink()
        if harm == "folder":
            victim.mkdir()
            victim.rmdir()
    assert snapshot_files(all_files(root), root, FileIndex(index.path), store) == files
    assert kept_files(store).keys() == {file.content for file in files.values()}
    assert_is_whole(store)


def test_files_that_were_known_by_reference_are_kept_when_that_is_asked(
    root: Path, store: Path, index: FileIndex, eventually: Eventually
) -> None:
    settle(all_files(root), eventually)
    referenced = snapshot_files(all_files(root), root, index, None)
    kept = snapshot_files(all_files(root), root, index, store)
    assert {name: file.content for name, file in kept.items()} == {
        name: file.content for name, file in referenced.items()
    }
    assert kept_files(store).keys() == {file.content for file in kept.values()}


def test_what_other_blobs_keep_already_is_not_copied(
    root: Path, store: Path, index: FileIndex, eventually: Eventually
) -> None:
    settle(all_files(root), eventually)
    snapshot_files(all_files(root), root, index, None)
    path = LocalBlobs(store).path(LocalBlobs(store).put(b"x,y\n"))
    before = path.stat()
    snapshot_files(all_files(root), root, index, store)
    assert (path.stat().st_ino, path.stat().st_ctime_ns) == (before.st_ino, before.st_ctime_ns)


def test_a_file_that_changes_while_it_is_kept_is_refused_and_nothing_of_it_stays(
    root: Path, store: Path, index: FileIndex
) -> None:
    (root / "large.bin").touch()
    os.truncate(root / "large.bin", 1 << 27)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with (root / "large.bin").open("r+b") as opened:
                opened.write(os.urandom(8))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(FileChangedError, match=r"bin: large\.bin changed while it was read"):
            snapshot_files([root / "large.bin"], root, index, store)
    finally:
        stop.set()
        writer.join()
    assert kept_files(store) == {}


def test_memory_does_not_grow_with_a_file(root: Path, store: Path, tmp_path: Path) -> None:
    (root / "large.bin").touch()
    os.truncate(root / "large.bin", 1 << 28)
    program = (
        "import sys; from pathlib import Path\n"
        "from trimtab.drivers.data_files import lay_out, snapshot_files\n"
        "from trimtab.drivers.file_index import FileIndex\n"
        "root, store = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "files = snapshot_files([root / 'large.bin'], root, FileIndex(store.parent / 'files'), store)\n"
        "lay_out(files, store.parent / 'out', store, root=None)\n"
        "from trimtab.app.run_settings import peak_bytes\n"
        "print(peak_bytes() // 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, root, store], check=True, capture_output=True, text=True)
    assert int(done.stdout) < 100_000
    assert (store.parent / "out/large.bin").stat().st_size == 1 << 28


# ── what the disk and the world do ───────────────────────────────────────────────────────────────────────────────────


def test_a_file_that_does_not_fit_leaves_nothing(
    root: Path, store: Path, index: FileIndex, file_size_limit: FileSizeLimit
) -> None:
    (root / "large.bin").write_bytes(bytes(100_000))
    with file_size_limit(50_000), pytest.raises(DriverError, match="the file would pass the size limit"):
        snapshot_files(all_files(root), root, index, store)
    assert list(store.rglob("*.partial*")) == []
    assert_is_whole(store)
    assert "large.bin" in snapshot_files(all_files(root), root, index, store)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("this user cannot mount a disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_said_and_what_was_kept_before_is_whole(root: Path, index: FileIndex, small_disk: Path) -> None:
    for number in range(30):
        (root / f"{number}.bin").write_bytes(bytes([number]) * 100_000)
    with pytest.raises(DriverError, match="the disk is full"):
        snapshot_files(all_files(root), root, index, small_disk / "blobs")
    assert list(small_disk.rglob("*.partial*")) == []
    assert_is_whole(small_disk / "blobs")
    few = [root / "data/x.csv", root / "0.bin"]
    shutil.rmtree(small_disk / "blobs")
    assert len(snapshot_files(few, root, index, small_disk / "blobs")) == 2


KEEP_ALL = """
import os, signal, sys
from pathlib import Path
from trimtab.drivers.data_files import snapshot_files
from trimtab.drivers.file_index import FileIndex
root, state, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
seen = 0

def count(event, arguments):
    global seen
    if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.scandir", "os.listdir", "fcntl.flock"):
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

files = sorted(path for path in root.rglob("*") if path.is_file())
sys.addaudithook(count)
index = FileIndex(state / "files")
snapshot_files(files, root, index, state / "blobs")
index.save()
print(seen)
"""


def run_until(root: Path, state: Path, last: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", KEEP_ALL, root, state, str(last)], capture_output=True, text=True)


def test_whatever_step_a_kill_minus_nine_comes_before_nothing_is_half_kept(root: Path, tmp_path: Path) -> None:
    whole = run_until(root, tmp_path / "whole", 0)
    steps = int(whole.stdout)
    assert steps > 20
    state = tmp_path / "state"
    for last in range(1, steps + 1):
        died = run_until(root, state, last)
        assert_is_whole(state / "blobs")
        if died.returncode == 0 or last % 5 == 0:  # otherwise the next one goes on from what this one left
            shutil.rmtree(state, ignore_errors=True)
            (root / "data/x.csv").write_bytes(b"%d" % last)
        else:
            assert died.returncode == -signal.SIGKILL, died.stderr
    assert run_until(root, state, 0).returncode == 0
    index = FileIndex(state / "files")
    files = snapshot_files(all_files(root), root, index, state / "blobs")
    assert kept_files(state / "blobs").keys() >= {file.content for file in files.values()}
    assert list(state.rglob("*.partial*")) == []
    for name, file in files.items():
        assert file.content == digest_bytes((root / name).read_bytes())


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_at_any_moment_of_the_writing_leaves_whole_files(root: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(60):
        (root / f"{number}.bin").write_bytes(chance.randbytes(300_000))
    store = tmp_path / "state" / "blobs"
    for _ in range(4):
        with subprocess.Popen([sys.executable, "-c", KEEP_ALL, root, tmp_path / "state", "0"]) as child:
            while not store.exists() and child.poll() is None:
                time.sleep(0.001)
            time.sleep(chance.uniform(0.0, 0.03))  # the moment to be killed at, not a wait for something
            child.kill()
        assert_is_whole(store)
        shutil.rmtree(store, ignore_errors=True)
    index = FileIndex(tmp_path / "state" / "files")
    files = snapshot_files(all_files(root), root, index, store)
    assert missing(files, store, None, index) == ()


def test_two_processes_that_keep_the_same_files_at_once_are_both_right(root: Path, tmp_path: Path) -> None:
    for number in range(200):
        (root / f"{number}.bin").write_bytes(b"%d" % (number // 2) * 10_000)
    state = tmp_path / "state"
    command = [sys.executable, "-c", KEEP_ALL, str(root), str(state), "0"]
    for _ in range(3):
        both = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(3)]
        assert [each.wait(60) for each in both] == [0, 0, 0]
        assert_is_whole(state / "blobs")
        assert list(state.rglob("*.partial*")) == []
    index = FileIndex(state / "files")
    files = snapshot_files(all_files(root), root, index, state / "blobs")
    assert missing(files, state / "blobs", None, index) == ()


# ── laying out ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_kept_files_are_laid_out_without_the_project(root: Path, store: Path, index: FileIndex, tmp_path: Path) -> None:
    files = snapshot_files(all_files(root), root, index, store)
    expected = {path.relative_to(root): path.read_bytes() for path in all_files(root)}
    shutil.rmtree(root)
    assert missing(files, store, None, index) == ()
    lay_out(files, tmp_path / "again", store, root=None)
    assert {
        path.relative_to(tmp_path / "again"): path.read_bytes() for path in all_files(tmp_path / "again")
    } == expected
    assert os.access(tmp_path / "again/data/x.csv", os.W_OK)
    (tmp_path / "again/data/x.csv").write_bytes(b"changed by the run")
    assert_is_whole(store)


def test_referenced_files_are_taken_from_the_project_if_they_are_what_they_were(
    root: Path, store: Path, index: FileIndex, tmp_path: Path
) -> None:
    files = snapshot_files(all_files(root), root, index, None)
    assert missing(files, store, root, index) == ()
    lay_out(files, tmp_path / "again", store, root=root)
    assert (tmp_path / "again/data/deep/y.parquet").read_bytes() == b"PAR1"
    (root / "data/x.csv").write_bytes(b"y,x\n")
    (root / "z.bin").unlink()
    (root / "same.csv").unlink()
    (root / "same.csv").mkdir()
    was, now = digest_bytes(b"x,y\n")[7:19], digest_bytes(b"y,x\n")[7:19]
    sentences = (f"data/x.csv has changed since: it was {was}, and is {now}", "same.csv is a folder", "z.bin is gone")
    assert missing(files, store, root, index) == sentences
    with pytest.raises(ProblemsError, match="3 problems found|has changed since") as caught:
        lay_out(files, tmp_path / "third", store, root=root)
    assert tuple(problem.problem for problem in caught.value.problems) == sentences
    assert (tmp_path / "third/data/deep/y.parquet").read_bytes() == b"PAR1"
    assert not (tmp_path / "third/data/x.csv").exists()
    only = {"data/x.csv": files["data/x.csv"]}
    with pytest.raises(DataChangedError, match=r"x\.csv has changed since"):
        lay_out(only, tmp_path / "fourth", store, root=root)
    with pytest.raises(DataChangedError, match="is not here, and no copy of it"):
        lay_out(only, tmp_path / "fifth", store, root=None)


def test_a_kept_file_that_is_damaged_is_taken_from_the_project_or_named(
    root: Path, store: Path, index: FileIndex, tmp_path: Path
) -> None:
    files = snapshot_files([root / "data/x.csv"], root, index, store)
    victim = kept_files(store)[files["data/x.csv"].content]
    victim.chmod(0o600)
    victim.write_bytes(b"y,x\n")
    assert missing(files, store, root, index) == ()
    lay_out(files, tmp_path / "again", store, root=root)
    assert (tmp_path / "again/data/x.csv").read_bytes() == b"x,y\n"
    (root / "data/x.csv").unlink()
    assert missing(files, store, root, index) == ("data/x.csv is gone (its kept copy is gone or damaged)",)
    assert missing(files, store, None, index) == (
        "data/x.csv is not here, and no copy of it (its kept copy is gone or damaged)",
    )
    with pytest.raises(DataChangedError, match=r"data/x\.csv is gone"):
        lay_out(files, tmp_path / "third", store, root=root)


def test_a_file_outside_the_project_is_checked_where_it_is(
    root: Path, store: Path, index: FileIndex, tmp_path: Path
) -> None:
    lake = tmp_path / "lake.csv"
    lake.write_bytes(b"a lake")
    files = snapshot_files([lake], root, index, store)
    assert list(files) == [str(lake)]
    assert missing(files, store, root, index) == ()
    lay_out(files, tmp_path / "again", store, root=root)
    assert all_files(tmp_path / "again") == []
    lake.write_bytes(b"a pond")
    assert missing(files, store, None, index)[0].startswith(f"{lake} has changed since: it was ")
    assert missing(files, store, None, index)[0].endswith("(code reads it where it is)")
    with pytest.raises(DataChangedError, match=r"lake\.csv has changed since"):
        lay_out(files, tmp_path / "third", store, root=None)


@pytest.mark.parametrize("name", ["../x.csv", "data/../../x.csv"])
def test_a_record_that_leads_outside_is_refused(store: Path, tmp_path: Path, name: str) -> None:
    file = FileRead(content=LocalBlobs(store).put(b"x"), size=1, kept=True)
    with pytest.raises(IntegrityError, match="outside the project"):
        lay_out({name: file}, tmp_path / "a" / "b", store, root=None)
    assert list(tmp_path.rglob("x.csv")) == []


def test_what_is_no_digest_reaches_no_file(store: Path, tmp_path: Path, index: FileIndex) -> None:
    file = FileRead(content=Digest("sha256:../../secret"), size=1, kept=True)
    with pytest.raises(IntegrityError, match="is not a digest"):
        lay_out({"x.csv": file}, tmp_path / "again", store, root=None)
    with pytest.raises(IntegrityError, match="is not a digest"):
        missing({"x.csv": file}, store, None, index)


def test_a_disk_that_is_full_while_laying_out_leaves_nothing_half_made(
    root: Path, store: Path, index: FileIndex, tmp_path: Path, file_size_limit: FileSizeLimit
) -> None:
    (root / "large.bin").write_bytes(bytes(100_000))
    files = snapshot_files(all_files(root), root, index, store)
    with file_size_limit(50_000), pytest.raises(DriverError, match="the file would pass the size limit"):
        lay_out(files, tmp_path / "again", store, root=None)
    assert not (tmp_path / "again/large.bin").exists()
    assert list(tmp_path.rglob("*.partial*")) == []


def test_many_files_do_not_need_many_open_ones(root: Path, store: Path, index: FileIndex, tmp_path: Path) -> None:
    for number in range(300):
        (root / f"{number}.bin").write_bytes(b"%d" % number)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    here = max(int(each.name) for each in Path("/dev/fd").iterdir())  # other tests may not have closed theirs yet
    resource.setrlimit(resource.RLIMIT_NOFILE, (here + 40, before[1]))
    try:
        files = snapshot_files(all_files(root), root, index, store)
        lay_out(files, tmp_path / "again", store, root=None)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert len(all_files(tmp_path / "again")) == 304
