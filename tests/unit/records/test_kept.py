"""What was kept is one record, which reads back as it was written."""

from __future__ import annotations

import msgspec
import pytest

from trimtab.base.digest import digest_bytes
from trimtab.base.errors import IntegrityError, UnknownVersionError
from trimtab.base.instants import Instant
from trimtab.records.kept import Kept, KeptFile, Result
from trimtab.records.versioned import decode, encode

FILE = KeptFile(name="1.parquet", content=digest_bytes(b"p"), size=10, modified=1, changed=2, inode=3)
KEPT = Kept(format="polars.DataFrame", digest=digest_bytes(b"v"), files=(FILE, msgspec.structs.replace(FILE, size=5)))
RESULT = Result(
    key=digest_bytes(b"k"),
    step="features",
    kept=KEPT,
    made_by="run-1",
    made_at=Instant(7),
    seconds=0.5,
    reads={"a.csv": digest_bytes(b"a")},
)


def test_a_result_reads_back_as_it_was_written() -> None:
    assert decode(Result, encode(RESULT)) == RESULT


def test_the_size_of_a_value_is_that_of_all_its_files() -> None:
    assert KEPT.size == 15


def test_a_result_of_another_version_is_refused_and_so_is_half_a_one() -> None:
    with pytest.raises(UnknownVersionError, match=r"this record says 'trimtab\.result/9'"):
        decode(Result, encode(RESULT).replace(b"trimtab.result/2", b"trimtab.result/9"))
    with pytest.raises(IntegrityError, match=r"this is not a trimtab\.result/2 record"):
        decode(Result, encode(RESULT)[:-9])
