"""Files whose types are found out on several machines are read as one machine reads them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from trimtab.app.data import profile
from trimtab.app.data_lake import FilesReader
from trimtab.data.profile import Profile, merge_all
from trimtab.data.profiler import Profiler
from trimtab.drivers.sources.file_scan import FilesScan
from trimtab.drivers.sources.opening import open_table

FILES = {
    "a.csv": "branch,amount,open,rate,gaps,words,empty\n1,1.50,true,1,1,NA,NA\n2,2,false,2,NA,2,NA\n",
    "b.csv": "branch,amount,open,rate,gaps,words,empty\n007,x,1,2.5,NA,n/a,\n3,4,0,,NA,n/a,\n",
    "c.csv": "branch,amount,open,rate,gaps,words,empty\n,,,,,,\n",
}


def opened(path: str) -> FilesScan:
    scan = open_table(path)
    assert isinstance(scan, FilesScan)
    return scan


def test_csv_files_that_differ_are_profiled_apart_as_they_are_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    reader = FilesReader(open_file=opened)
    kinds = [(name, reader.open(name, None).kind) for name in FILES]
    schema = reader.together(kinds)
    parts: list[Profile] = []
    for name in FILES:
        profiler = Profiler(schema)
        for batch in reader.open(name, schema).scan.batches():
            profiler.add(batch)
        parts.append(profiler.profile())
    together = profile("*.csv")
    assert schema == pl.Schema(
        {"branch": pl.String, "amount": pl.String, "open": pl.String, "rate": pl.Float64}
        | {"gaps": pl.Int64, "words": pl.String, "empty": pl.String}
    )
    assert merge_all(parts) == together.profile
    assert [note.partition(", ")[0] for note in reader.open("a.csv", schema).notes] == [
        "branch: read as text",
        "amount: read as text",
        "open: read as text",
        "words: read as text",
        "gaps: 'NA' stands for a gap in row 1",
    ]
    assert together.notes == (
        "a.csv: amount: read as text, since a.csv and b.csv differ in it",
        "a.csv: open: read as text, since a.csv and b.csv differ in it",
        "a.csv: words: 'NA' and 'n/a' may each stand for a gap among numbers, so it is read as text",
        "a.csv: gaps: 'NA' stands for a gap in row 1, since all other values are numbers",
        "b.csv: branch: some values begin with a zero, so it is read as text",
        "b.csv: gaps: 'NA' stands for a gap in 2 rows (the first is row 0), since all other values are numbers",
    )
