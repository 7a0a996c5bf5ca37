"""The SQLite store among other processes and on disks that say no."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path

import msgspec
import pytest

from trimtab.base.errors import BusyError, DriverError, InputError, IntegrityError, UnknownVersionError
from trimtab.base.instants import MILLISECOND, Span
from trimtab.disk import network
from trimtab.drivers.sqlite_records import APPLICATION_ID, SqliteRecords
from trimtab.records.journal import Entry, verify
from trimtab.testing.conformance.records import Note, action, draft

LINUX = sys.platform == "linux"
FileSizeLimit = Callable[[int], AbstractContextManager[None]]

APPENDER = """
import sys
from pathlib import Path
from trimtab.drivers.sqlite_records import SqliteRecords
from trimtab.testing.conformance.records import draft
with SqliteRecords(Path(sys.argv[1])) as records:
    for number in range(25):
        with records.transaction():
            records.append(draft("intends"))
            records.append(draft("done"))
"""


def count(path: Path) -> int:
    with SqliteRecords(path) as records:
        return verify(records.journal(), msgspec.json.Decoder(Entry))[0]


def test_the_files_are_for_their_owner_only(tmp_path: Path) -> None:
    with SqliteRecords(tmp_path / "state" / "state.db") as records:
        records.append(draft("because"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
    assert modes == {"state.db": 0o600, "state.db-shm": 0o600, "state.db-wal": 0o600}
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["state.db"]


def test_several_processes_open_a_new_file_and_append_at_once(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    children = [subprocess.Popen([sys.executable, "-c", APPENDER, str(path)]) for _ in range(4)]
    assert [child.wait() for child in children] == [0] * 4
    assert count(path) == 4 * 25 * 2


def test_reading_goes_on_while_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with SqliteRecords(path) as writer, SqliteRecords(path, patience=Span(MILLISECOND)) as reader:
        writer.append(draft("first"))
        with writer.transaction():
            writer.append(draft("second"))
            assert len(list(reader.journal())) == 1
            with pytest.raises(BusyError, match=r"another process has kept state\.db locked for 1ms"):
                reader.append(draft("third"))
        assert reader.append(draft("third")).sequence == 3


def test_threads_that_come_and_go_share_a_few_connections(tmp_path: Path) -> None:
    with SqliteRecords(tmp_path / "state.db") as records:
        for number in range(30):
            thread = threading.Thread(target=records.put_document, args=(f"n/{number}", Note(text="x")))
            thread.start()
            thread.join()
        assert len(records.documents("n/", Note)) == 30
        assert not LINUX or open_files().count(str(tmp_path / "state.db")) <= 2


def open_files() -> list[str]:
    """What this process has open; other threads may close theirs meanwhile."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(link.readlink()))
    return found


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    with SqliteRecords(tmp_path / "state.db") as records:
        records.append(draft("because"))
    with pytest.raises(DriverError, match=r"state\.db is closed"):
        records.runs()


def test_a_store_that_nobody_holds_any_more_is_closed(tmp_path: Path) -> None:
    records = SqliteRecords(tmp_path / "state.db")
    records.append(draft("because"))
    assert (tmp_path / "state.db-wal").exists()
    del records
    gc.collect()
    assert [path.name for path in tmp_path.iterdir()] == ["state.db"]


def test_a_file_of_another_layout_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with SqliteRecords(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
    before = path.read_bytes()
    with pytest.raises(UnknownVersionError, match=r"state\.db has the layout 7, and this Trimtab knows the layout 2"):
        SqliteRecords(path)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(UnknownVersionError, match=r"state\.db is a database of another program"):
        SqliteRecords(path)
    assert path.read_bytes() == before


def test_the_file_is_marked_as_ours(tmp_path: Path) -> None:
    with SqliteRecords(tmp_path / "state.db"):
        pass
    assert int.from_bytes((tmp_path / "state.db").read_bytes()[68:72]) == APPLICATION_ID


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"not a database at all, but a text that somebody saved under this name" * 100)
    with pytest.raises(IntegrityError, match=r"state\.db is damaged \(file is not a database\)"):
        SqliteRecords(path)


def test_a_damaged_record_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with SqliteRecords(path) as records:
        records.put_action(action("train/1"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute('UPDATE action SET record = \'{"schema":"trimtab.action/1"}\'')
        connection.commit()
    with SqliteRecords(path) as records, pytest.raises(IntegrityError, match="action train/1: this is not a"):
        records.actions()


def test_a_changed_entry_breaks_the_journal_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with SqliteRecords(path) as records:
        for number in range(4):
            records.append(draft(f"because {number}"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "UPDATE journal SET entry = CAST(replace(entry, 'because 1', 'because 9') AS BLOB) WHERE sequence = 2"
        )
        connection.commit()
    with pytest.raises(IntegrityError, match=r"the journal is broken: entry 3 of .* does not follow"):
        count(path)


def test_a_network_file_system_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "mounts", lambda: network.parse_linux(f"filer:/x {tmp_path} nfs4 rw 0 0\n"))
    with pytest.raises(InputError, match=r"on a network file system \(nfs4\)"):
        SqliteRecords(tmp_path / "state" / "state.db")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_not_be_written_to_is_explained(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(DriverError, match=r"cannot make state\.db: a file"):
        SqliteRecords(tmp_path / "state" / "state.db")


def test_a_write_that_the_system_refuses_leaves_nothing_and_the_store_goes_on(
    tmp_path: Path, file_size_limit: FileSizeLimit
) -> None:
    path = tmp_path / "state.db"
    with SqliteRecords(path) as records:
        records.append(draft("first"))
        with (
            file_size_limit(200_000),
            pytest.raises(DriverError, match=r"cannot read or write state\.db: the system reported an error"),
        ):
            append_and_put(records, "x" * 500_000)
        assert records.document("big", Note) is None
        assert records.append(draft("second, again")).sequence == 2
    assert count(path) == 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB; only root may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    if shutil.which("mount") is None or not LINUX or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a small disk")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip("this machine does not let us mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_named_and_what_was_committed_stays(small_disk: Path) -> None:
    path = small_disk / "state.db"
    with SqliteRecords(path) as records:
        with pytest.raises(DriverError, match=r"cannot write state\.db: the disk is full"):
            append_for_ever(records)
        committed = len(list(records.journal()))
        assert committed > 5
    assert count(path) == committed


def append_for_ever(records: SqliteRecords) -> None:
    for number in itertools.count(1):
        assert records.append(draft("x" * 20_000)).sequence == number


def append_and_put(records: SqliteRecords, text: str) -> None:
    with records.transaction():
        records.append(draft("second"))
        records.put_document("big", Note(text=text))


@pytest.mark.parametrize("nested", [True, False])
def test_what_follows_a_caught_failure_inside_a_transaction_does_not_take_place_without_it(
    small_disk: Path, nested: bool
) -> None:
    def carry_on() -> None:
        with records.transaction():
            records.append(draft("first"))
            with pytest.raises(DriverError, match="the disk is full"):
                records.put_document("big", Note(text="x" * 3_000_000))
            if nested:
                records.append(draft("second"))
            else:
                records.put_document("small", Note(text="x"))

    with SqliteRecords(small_disk / "state.db") as records:
        with pytest.raises(DriverError, match="was undone after an error"):
            carry_on()
        assert list(records.journal()) == []
        assert records.document("small", Note) is None


def test_a_caught_failure_at_the_end_of_a_transaction_ends_it_as_a_failure(small_disk: Path) -> None:
    def give_up() -> None:
        with records.transaction():
            records.append(draft("first"))
            with pytest.raises(DriverError, match="the disk is full"):
                records.put_document("big", Note(text="x" * 3_000_000))

    with SqliteRecords(small_disk / "state.db") as records:
        with pytest.raises(DriverError, match="was undone after an error"):
            give_up()
        assert list(records.journal()) == []
