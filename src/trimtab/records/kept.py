"""Results of steps as records: what a value was kept as, and which key it is the result of.

They live in the cache beside the values, not in the database: whoever deletes the cache loses time and nothing else.
What a run must not forget of a result (its digest, the files that were read) is in the run's own record.
"""

from __future__ import annotations

import msgspec

from trimtab.base.digest import Digest
from trimtab.base.instants import Instant


class KeptFile(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One file of a kept value.

    Attributes:
        name: what it is within the value: ``value`` (its tree), ``arrays``, ``1.parquet``, ``2.skops`` …
        content: digest of its bytes, which is also its name in the cache.
        size: bytes.
        modified, changed: its mtime and ctime when it was written, in nanoseconds since 1970.
        inode: its number in the file system. Where all four agree, nobody has touched it since.
    """

    name: str
    content: Digest
    size: int
    modified: int
    changed: int
    inode: int


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A value that was kept.

    Attributes:
        format: what it is, for people: ``polars.DataFrame``, ``dict``, ``sklearn.LogisticRegression``.
        digest: of the content in its canonical form: equal for equal values, whatever files they were written as. The
            keys of the steps that it is given to are made of it.
        files: what it was written as.
        classes: classes of the project that objects in it are of, as ``module:name``.
        libraries: packages that objects in it are of. Whoever is handed the value calls their code and that of the
            classes, whether it names them or not.
    """

    format: str
    digest: Digest
    files: tuple[KeptFile, ...]
    classes: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


class Result(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.result/2"):
    """What a step returned when it ran under a key.

    Attributes:
        key: what the result follows from, as far as it was known before the step ran.
        kept: its value.
        made_by: the run that computed it.
        seconds: how long that took.
        reads: path → digest of the files that it was seen to read: the result counts only while they are the same.
        variables: environment variable → digest of the value that it was seen to read; likewise.
        logged: what the step logged while it ran, as a value; None if nothing.
    """

    key: Digest
    step: str
    kept: Kept
    made_by: str
    made_at: Instant
    seconds: float
    reads: dict[str, Digest] = {}
    variables: dict[str, Digest] = {}
    logged: Kept | None = None
