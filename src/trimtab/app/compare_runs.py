"""Runs side by side, with what only the blobs know: their source's files, and their logged curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Final

from trimtab.app.home import Home
from trimtab.app.runs import find_run
from trimtab.base.digest import Digest
from trimtab.base.errors import InputError, IntegrityError, NotFoundError
from trimtab.disk.named import write_named
from trimtab.generate.runs_report import FileDiff, SideBySide
from trimtab.records.comparison import changed_files, compare
from trimtab.records.run import Run
from trimtab.records.series import Series, read_series
from trimtab.records.source import SourceTree
from trimtab.records.versioned import decode

MOST_RUNS: Final = 12
"""Runs that can be told apart side by side, in a table and as curves."""

LARGEST_DIFF: Final = 200_000
"""Characters of all differences together that are shown."""


def compare_runs(home: Home, names: Sequence[str]) -> SideBySide:
    """The named runs side by side, in that order.

    Raises:
        InputError: fewer than two are named, or more than twelve, or one twice; or a name is of several.
        NotFoundError: a name is of no run.
    """
    runs = tuple(find_run(home, name) for name in names)
    if not 2 <= len(runs) <= MOST_RUNS:
        raise InputError(f"{len(runs)} runs cannot be compared", fix=f"Name two to {MOST_RUNS}: runs compare A B.")
    if len({run.run_id for run in runs}) < len(runs):
        raise InputError("a run is named twice", fix="Name different ones; `trimtab runs` lists them.")
    notes: list[str] = []
    sources = [_source(home, run) for run in runs]
    return SideBySide(
        runs=runs,
        comparison=compare(runs, sources),
        curves=tuple(curves_of(home, run, notes) for run in runs),
        diffs=tuple(_diffs(home, sources)) if len(runs) == 2 else (),
        notes=tuple(notes),
    )


def write_page(side: SideBySide, file: Path) -> None:
    """Write the comparison as one page of its own; it appears whole or not at all.

    Raises:
        DriverError: it cannot be written.
    """
    from trimtab.generate.runs_page import page

    write_named(file, page(side).encode())


def curves_of(home: Home, run: Run, notes: list[str]) -> dict[str, Series]:
    """What the run logged, by metric; what cannot be read is said in ``notes``."""
    if run.series is None:
        return {}
    try:
        return read_series(home.blobs.get(run.series), at=run.series)
    except (NotFoundError, IntegrityError) as error:
        notes.append(f"the logged values of {run.run_id} cannot be read: {error.problem}")
        return {}


def _source(home: Home, run: Run) -> SourceTree | None:
    if run.code is None:
        return None
    try:
        return decode(SourceTree, home.blobs.get(run.code.source), at=run.code.source)
    except (NotFoundError, IntegrityError):
        return None


def _diffs(home: Home, sources: Sequence[SourceTree | None]) -> Iterator[FileDiff]:
    room = LARGEST_DIFF
    for path in changed_files(sources):
        before, after = (_content(home, source, path) for source in sources)
        if isinstance(before, Exception) or isinstance(after, Exception):
            yield FileDiff(path=path, note="its content is not kept here")
            continue
        try:
            old, new = (side.decode().splitlines() for side in (before, after))
        except UnicodeDecodeError:
            yield FileDiff(path=path, note=f"no text: {len(before):,} bytes, then {len(after):,}")
            continue
        if len(old) + len(new) > 20_000 or room <= 0:
            yield FileDiff(path=path, note=f"too large to be shown: {len(old):,} lines, then {len(new):,}")
            continue
        lines = tuple(unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm=""))
        room -= sum(map(len, lines))
        yield FileDiff(path=path, lines=lines, note="" if lines else "its mode or its line breaks alone")


def _content(home: Home, source: SourceTree | None, path: str) -> bytes | NotFoundError | IntegrityError:
    """A file's bytes; none for one that the tree has not."""
    file = source.files.get(path) if source is not None else None
    content: Digest | None = file.content if file is not None else None
    if content is None:
        return b""
    try:
        return home.blobs.get(content)
    except (NotFoundError, IntegrityError) as error:
        return error
