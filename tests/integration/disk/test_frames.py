"""What was flushed is read once; what was cut off is ignored; what was changed is found."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.base.errors import DriverError, InputError, IntegrityError
from trimtab.disk.frames import MAX_PAYLOAD, OVERHEAD, FrameWriter, read_frames

FileSizeLimit = Callable[[int], AbstractContextManager[None]]
RECORDS = [(b"P", b"first"), (b"L", b""), (b"P", b"\0" * 40), (b"P", b"the last one, a little longer than the others")]

HAMMER = """
import sys
from pathlib import Path
from trimtab.disk.frames import FrameWriter
writer = FrameWriter(Path(sys.argv[1]))
count = 0
while True:
    for _ in range(7):
        writer.append(b"P", count.to_bytes(8, "little") * (1 + count % 900))
        count += 1
    writer.flush()
    print(count, flush=True)
"""


def write(path: Path, records: list[tuple[bytes, bytes]]) -> bytes:
    with FrameWriter(path) as writer:
        for kind, payload in records:
            writer.append(kind, payload)
    return path.read_bytes()


def read(path: Path, offset: int = 0) -> list[tuple[bytes, bytes]]:
    return [(frame.kind, frame.payload) for frame in read_frames(path, offset)]


def test_frames_come_back_in_order_and_from_any_of_their_offsets(tmp_path: Path) -> None:
    path = tmp_path / "a.seg"
    content = write(path, RECORDS)
    frames = list(read_frames(path))
    assert [(frame.kind, frame.payload) for frame in frames] == RECORDS
    assert frames[-1].next_offset == len(content) == sum(OVERHEAD + len(payload) for _, payload in RECORDS)
    for place, frame in enumerate(frames):
        assert read(path, frame.next_offset) == RECORDS[place + 1 :]


def test_a_file_cut_at_any_byte_reads_up_to_the_last_whole_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.seg"
    content = write(path, RECORDS)
    ends = [0] + [frame.next_offset for frame in read_frames(path)]
    for length in range(len(content) + 1):
        path.write_bytes(content[:length])
        assert read(path) == RECORDS[: sum(end <= length for end in ends) - 1]


def test_a_flip_of_any_bit_is_found_and_what_stands_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.seg"
    content = write(path, RECORDS)
    ends = [frame.next_offset for frame in read_frames(path)]
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        with pytest.raises(IntegrityError, match=r"a\.seg is damaged at byte"):
            read(path)
        assert read_until_damage(path) == RECORDS[: sum(end <= place for end in ends)]


def read_until_damage(path: Path) -> list[tuple[bytes, bytes]]:
    good: list[tuple[bytes, bytes]] = []
    frames = read_frames(path)
    while True:
        try:
            frame = next(frames)
        except IntegrityError:
            return good
        good.append((frame.kind, frame.payload))


def test_zeros_that_a_power_cut_left_behind_the_frames_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "a.seg"
    content = write(path, [*RECORDS, (b"P", b"unsynced" * 200)])
    whole = len(content) - len(b"unsynced" * 200) - OVERHEAD
    path.write_bytes(content[:whole] + bytes(5000))
    assert read(path) == RECORDS
    path.write_bytes(content[:1024] + bytes(len(content) - 1024))
    assert read(path) == RECORDS


def test_zeros_with_something_behind_them_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.seg"
    content = write(path, RECORDS)
    path.write_bytes(content + bytes(5000) + content)
    with pytest.raises(IntegrityError, match="its header does not match its checksum"):
        read(path)


def test_a_reader_follows_a_live_writer(tmp_path: Path) -> None:
    path = tmp_path / "a.seg"
    with FrameWriter(path) as writer:
        offset = 0
        for number in range(20):
            writer.append(b"P", bytes([number]))
            assert list(read_frames(path, offset)) == []
            writer.flush(sync=number % 7 == 0)
            (frame,) = read_frames(path, offset)
            assert frame.payload == bytes([number])
            assert writer.size == frame.next_offset
            offset = frame.next_offset


def test_a_killed_writer_leaves_every_frame_that_it_said_was_flushed(tmp_path: Path) -> None:
    for attempt in range(10):
        path = tmp_path / f"{attempt}.seg"
        child = subprocess.Popen([sys.executable, "-c", HAMMER, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        with child, child.stdout:
            for _ in range(20 + 13 * attempt):
                child.stdout.readline()
            child.kill()
            told = [line for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        counts = [int.from_bytes(frame.payload[:8], "little") for frame in read_frames(path)]
        assert counts == list(range(len(counts)))
        assert len(counts) >= (int(told[-1]) if told else 7 * (20 + 13 * attempt))


def test_a_failed_flush_leaves_nothing_of_itself_and_the_next_one_is_read(
    tmp_path: Path, file_size_limit: FileSizeLimit
) -> None:
    path = tmp_path / "a.seg"
    with FrameWriter(path) as writer:
        writer.append(b"P", b"before")
        writer.flush()
        with file_size_limit(500):
            writer.append(b"P", b"too large" * 100)
            with pytest.raises(DriverError, match=r"cannot write to the log segment a\.seg: the file would pass"):
                writer.flush()
        writer.append(b"P", b"after")
    assert read(path) == [(b"P", b"before"), (b"P", b"after")]


def test_a_segment_has_one_writer_in_its_life(tmp_path: Path) -> None:
    path = tmp_path / "a.seg"
    writer = FrameWriter(path)
    with pytest.raises(DriverError, match=r"cannot make the log segment a\.seg: a file of that name is there already"):
        FrameWriter(path)
    writer.close()
    writer.close()
    with pytest.raises(DriverError, match=r"the log segment a\.seg is closed"):
        writer.flush()


def test_a_record_beyond_the_limit_is_refused_before_it_is_kept(tmp_path: Path) -> None:
    with FrameWriter(tmp_path / "a.seg") as writer:
        with pytest.raises(InputError, match="67,108,865 bytes is too large"):
            writer.append(b"P", bytes(MAX_PAYLOAD + 1))
        writer.append(b"P", b"small")
    assert read(tmp_path / "a.seg") == [(b"P", b"small")]


def test_a_missing_segment_is_named(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match=r"cannot read the log segment gone\.seg: the folder is not there"):
        list(read_frames(tmp_path / "gone.seg"))


def test_frames_larger_than_the_read_buffer_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.seg"
    records = [(b"P", bytes([number]) * (700_000 * number)) for number in range(5)]
    write(path, records)
    assert read(path) == records


@settings(max_examples=50, deadline=None)
@given(records=st.lists(st.tuples(st.binary(min_size=1, max_size=1), st.binary(max_size=2000)), max_size=20))
def test_any_records_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[bytes, bytes]]
) -> None:
    path = tmp_path_factory.mktemp("frames") / "a.seg"
    write(path, records)
    assert read(path) == records
