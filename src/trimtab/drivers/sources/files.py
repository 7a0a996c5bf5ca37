"""Which files the table is in: found by path or glob, or downloaded."""

from __future__ import annotations

import glob
import gzip
import io
import os
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final, cast
from urllib.parse import urlsplit

import msgspec

from trimtab.base.errors import DriverError
from trimtab.disk.faults import explained
from trimtab.disk.named import kind_of
from trimtab.drivers.sources.problems import SourceError

if TYPE_CHECKING:
    from trimtab.spec.project import Source

_TIMEOUT_S: Final = 60


class Format(StrEnum):
    """How rows are written into a file."""

    PARQUET = "Parquet"
    CSV = "CSV"
    TSV = "TSV"
    ARROW = "Arrow"


ENDINGS: Final = {
    ".parquet": Format.PARQUET, ".pq": Format.PARQUET, ".csv": Format.CSV, ".tsv": Format.TSV,
    ".arrow": Format.ARROW, ".feather": Format.ARROW, ".ipc": Format.ARROW,
}  # fmt: skip
"""The format of a file by the end of its name."""
_DATABASES: Final = frozenset({".db", ".sqlite", ".sqlite3"})
TEXTS: Final = frozenset({Format.CSV, Format.TSV})
"""The formats that store no types."""


class SourceFile(msgspec.Struct, frozen=True):
    """One file of the table: its name for people, its format, and where its bytes are."""

    name: str
    format: Format
    content: Path | bytes
    compressed: bool = False

    @property
    def readable(self) -> Path | BinaryIO:
        """What Polars reads it from."""
        return io.BytesIO(self.content) if isinstance(self.content, bytes) else self.content

    def open(self) -> BinaryIO:
        """The rows as written: a compressed file is read as if it were not."""
        if self.compressed:
            return cast("BinaryIO", gzip.open(self.readable))
        return io.BytesIO(self.content) if isinstance(self.content, bytes) else self.content.open("rb")


def source_files(root: Path, source: Source) -> tuple[SourceFile, ...]:
    """The table's files, by name; at least one.

    Raises:
        SourceError: there is none, or it is not of a known format.
        ReferenceProblemError: the path refers to a variable or a file that is not there.
        DriverError: a URL did not answer.
    """
    from trimtab.spec.secret import has_reference, resolve

    place = resolve(source.path, env=os.environ, files=lambda name: _private_text(root, name))
    if "://" in place.reveal():
        return (_download(place.reveal(), shown=str(place) if has_reference(source.path) else None),)
    return find(root, place.reveal(), shown=str(place))


def local_files(root: Path, source: Source) -> tuple[Path, ...] | None:
    """The paths of the table's files; None where it comes by URL or from a database. Raises as `source_files` does."""
    if source.sql:
        return None
    from trimtab.spec.secret import resolve

    place = resolve(source.path, env=os.environ, files=lambda name: _private_text(root, name))
    if "://" in place.reveal():
        return None
    found = find(root, place.reveal(), shown=str(place))
    return tuple(file.content for file in found if isinstance(file.content, Path))


def named_files(root: Path, name: str) -> tuple[SourceFile, ...]:
    """The files that a person names: a path, a glob or a URL; at least one, in the order of their names.

    Raises:
        SourceError: there is none, or it is not of a known format.
        DriverError: a URL did not answer.
    """
    if "://" in name:
        return (_download(name, shown=None),)
    return find(root, name, shown=name, wanted="")


def _private_text(root: Path, name: str) -> str:
    return (root / Path(name).expanduser()).read_text(encoding="utf-8")


def find(root: Path, pattern: str, *, shown: str, wanted: str = "[data] source ") -> tuple[SourceFile, ...]:
    """The files of a path or a glob, by name; ``wanted`` says who asks, where it is not a command line.

    Raises:
        SourceError: there is none, or one is not of a known format.
    """
    pattern = str(Path(pattern).expanduser())
    path = root / pattern
    if path.is_dir():
        raise SourceError(
            f"{shown} is a folder", fix=f"Name the files in it, for example {shown.rstrip('/')}/*.parquet."
        )
    if path.is_file():
        return (_file(shown, path.name, path),)
    kind = kind_of(path)
    if kind:
        fix = "Put the file there, or name another." if kind.startswith("a link") else "Write the rows to a file first."
        raise SourceError(f"{shown} is {kind}, and a table is read from files", fix=fix)
    with explained(f"look for {shown}", root):
        # Not Path.glob: it would read the letters of the project's own folder as a pattern, and take hidden files.
        matches = glob.glob(os.path.join(glob.escape(str(root)), pattern), recursive=True)  # noqa: PTH118, PTH207
        found = sorted(path for path in map(Path, matches) if path.is_file())
    if not found:
        if wanted:
            fix = f"{_near(path)}The path is relative to trimtab.toml; put the table there, or correct the setting."
        else:
            where = "; a path is relative to the current folder" if not Path(pattern).is_absolute() else ""
            fix = f"{_near(path)}Correct the name{where}."
        raise SourceError(f"no file matches {wanted}{shown}", fix=fix)
    names = [str(file.relative_to(root)) if file.is_relative_to(root) else file.name for file in found]
    return tuple(_file(name, file.name, file) for name, file in zip(names, found, strict=True))


def _near(path: Path) -> str:
    from difflib import get_close_matches

    beside = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, beside, n=1)
    return f"Did you mean {near[0]}? " if near else ""


def _file(shown: str, name: str, content: Path | bytes) -> SourceFile:
    """A file whose format is that of its ending."""
    plain = PurePosixPath(name.lower())
    compressed = plain.suffix == ".gz"
    ending = plain.with_suffix("").suffix if compressed else plain.suffix
    kind = ENDINGS.get(ending)
    if kind is None or (compressed and kind not in TEXTS):
        fix = f"The name must end in one of {', '.join((*ENDINGS, '.csv.gz', '.tsv.gz'))}."
        fix = (
            "It is a database by its name: say which of its rows, --query 'SELECT …'." if ending in _DATABASES else fix
        )
        raise SourceError(f"the name of {shown} does not say how its rows are written", fix=fix)
    return SourceFile(shown, kind, content, compressed)


def _download(url: str, *, shown: str | None) -> SourceFile:
    """The file behind a URL. User, password and query may be secrets: they are not shown."""
    parts = urlsplit(url)
    name = shown or f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if parts.scheme not in ("http", "https"):
        raise SourceError(
            f"{parts.scheme}:// is not a place that this Trimtab reads tables from", fix="Use http, https or a path."
        )
    _file(name, parts.path, b"")  # is refused before anything is fetched
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            return _file(name, parts.path, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            problem = f"{name} cannot be had: the server answers {error.code} {error.reason}"
        raise SourceError(problem, fix="Check the address.") from None
    except OSError as error:  # its text may hold the URL, so only its cause is told
        cause = getattr(error, "reason", error)
        why = cause.strerror if isinstance(cause, OSError) and cause.strerror else type(cause).__name__
        raise DriverError(f"{name} cannot be had: {why}", fix="Check the address, and try again.") from None
