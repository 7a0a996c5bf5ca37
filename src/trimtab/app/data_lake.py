"""The profile of many files, made by a cluster that is there already: `trimtab data profile --engine ray`.

It is the profile that `trimtab.app.data.profile` makes of the same files on one machine. Rows that repeat a key are the
one thing that profiles of parts do not tell together; they are counted here, by a pass over the key's columns alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import polars as pl

from trimtab.app.data import Profiled, with_repeats
from trimtab.app.data_opening import NotATableError, Reading, must_have, must_hold_times
from trimtab.base.errors import InputError
from trimtab.data.profiler import Depth
from trimtab.drivers.profile_files import is_profile
from trimtab.drivers.ray_profiles import Kind, OpenedFile, profile_files
from trimtab.drivers.sources.delimited import DelimitedPart, without_nulls
from trimtab.drivers.sources.file_scan import FilesScan, of_folders
from trimtab.drivers.sources.files import Format, SourceFile, named_files
from trimtab.drivers.sources.opening import open_table
from trimtab.drivers.sources.reading import widened
from trimtab.drivers.sources.text_files import ambiguous, clashing, refuse_unclear_points


@dataclass(frozen=True, slots=True)
class FilesReader:
    """Files as `trimtab.drivers.sources` opens them, for `trimtab.drivers.ray_profiles`."""

    open_file: Callable[[str], FilesScan]

    def open(self, path: str, schema: pl.Schema | None) -> OpenedFile:
        """One of the files, to be read with its own types or with these."""
        scan = self.open_file(path)
        (part,) = scan.parts
        kind = Kind(own=part.schema, delimited=False, beside_gaps=part.schema)
        if isinstance(part, DelimitedPart):
            beside = part.beside_gaps
            kind = Kind(
                own=part.schema, delimited=True, beside_gaps=beside, gap_words=part.gap_words, decimal=part.decimal
            )
        if schema is None:
            return OpenedFile(scan=scan, kind=kind, notes=part.notes)
        if isinstance(part, DelimitedPart):
            texts = [name for name, dtype in part.schema.items() if dtype not in (schema[name], pl.Null())]
            texts = [name for name in texts if schema[name] == pl.String()]
            gaps = {n: schema[n] for n in part.only_gaps if schema[n] not in (pl.String(), pl.Null())}
            part = part.as_gaps(gaps).as_text(
                texts, {name: f"{name}: read as text, as it is in another file" for name in texts}
            )
        scan = replace(scan, schema=schema, parts=(part,), notes=part.notes)
        return OpenedFile(scan=scan, kind=kind, notes=part.notes)

    def together(self, kinds: Sequence[tuple[str, Kind]]) -> pl.Schema:
        """Types for the values of all files, as one machine has them."""
        refuse_unclear_points([(path, kind.decimal) for path, kind in kinds])
        # Of a file, only its name is looked at.
        delimited = [kind for _, kind in kinds if kind.delimited]
        schemas = [kind.beside_gaps for kind in delimited]
        texts = {*clashing(schemas), *ambiguous(schemas, [kind.gap_words for kind in delimited])}
        texts |= _gaps_alone([kind for _, kind in kinds])
        named = [(SourceFile(path, Format.PARQUET, Path(path)), _spelled(kind, texts)) for path, kind in kinds]
        schema = widened(named)
        return without_nulls(schema) if all(kind.delimited for _, kind in kinds) else schema


def profile_on_ray(
    files: str,
    reading: Reading | None = None,
    *,
    address: str | None = None,
    done: Callable[[int, int], None] | None = None,
) -> Profiled:
    """The profile of the files of a path or a glob, each profiled by a task on a Ray cluster.

    Args:
        files: a path or a glob; every node must see the files in the same place.
        reading: as for one machine; its ``progress``, which counts rows, is not told.
        address: the cluster's; None: that of ``RAY_ADDRESS``, else one on this machine for as long as it takes.
        done: told how many files are done, and how many there are.

    Raises:
        InputError: there is no such file or column, or a file cannot be read.
        NoRayError: Ray is not installed.
        RayError: the cluster is not there, or went away for good.
    """
    reading = reading or Reading()
    if "://" in files:
        raise InputError(f"{files} is one file elsewhere, which Ray has no part in", fix="Leave out --engine ray.")
    if is_profile(Path(files)):
        raise NotATableError(f"{files} is a stored profile, and rows are needed here", fix="Name the files themselves.")
    root = Path.cwd()
    found = named_files(root, files)
    keyed = open_table(files) if reading.key else None
    if keyed is not None:
        must_have(keyed.name, keyed.schema, reading.key)
    made = profile_files(
        [_reachable(root, file) for file in found],
        FilesReader(open_file=partial(_open, root=root, needed=reading.sensitive, time=reading.time)),
        Depth(joint=reading.joint, time=reading.time, sensitive=reading.unseen),
        address=address,
        done=done,
    )
    profile = with_repeats(made.profile, keyed, reading.key) if keyed is not None else made.profile
    notes = (*made.notes, *of_folders(found, profile.columns))
    return Profiled(name=files if len(found) > 1 else found[0].name, profile=profile, notes=notes)


def _open(path: str, *, root: Path, needed: tuple[str, ...], time: str | None) -> FilesScan:
    """One of the files, by its name for people; runs on the nodes. Refused before the cluster works for nothing."""
    scan = open_table(path, root=root)
    assert isinstance(scan, FilesScan), "a path is a file's"
    must_have(scan.name, scan.schema, needed)
    if time is not None:
        must_hold_times(scan, time)
    return scan


def _spelled(kind: Kind, texts: Collection[str]) -> pl.Schema:
    """A file's types, with text for these columns where it stores no types."""
    named = texts if kind.delimited else ()
    return pl.Schema({name: pl.String() if name in named else dtype for name, dtype in kind.beside_gaps.items()})


def _gaps_alone(kinds: Sequence[Kind]) -> frozenset[str]:
    """Columns of text that hold nothing but words for a gap in any file: there they are texts."""
    held = {name for kind in kinds for name, dtype in kind.beside_gaps.items() if dtype != pl.Null}
    texts = {name for kind in kinds for name, dtype in kind.own.items() if dtype == pl.String}
    return frozenset(texts - held)


def _reachable(root: Path, file: SourceFile) -> str:
    """The file's name for people where that leads to it, else its whole path."""
    return file.name if root / file.name == file.content else str(file.content)
