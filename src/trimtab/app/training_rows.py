"""The rows that a run trains on and judges by, gathered once and known by their digests.

Reading and checking a table costs seconds, and most runs see the very rows that the last one saw. What was gathered is
therefore kept under a key of what it followed from: the source's files by content, the contract, the log's length, and
the moment, unless every row had its label before it, when any later moment gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from trimtab.app.home import Home
from trimtab.base.digest import Digest, digest_json, short
from trimtab.base.errors import DriverError, IntegrityError, NotFoundError, UnknownVersionError
from trimtab.base.instants import Instant, Span
from trimtab.disk.checked import read_checked, write_checked
from trimtab.drivers.file_index import FileIndex
from trimtab.records.run import Data
from trimtab.records.versioned import decode, encode
from trimtab.spec.project import Project

if TYPE_CHECKING:
    import polars as pl

    from trimtab.data.schema import Contract

_COUNTED: Final = 3
"""Part of the key: another way of gathering trusts nothing that was gathered before."""


class GatheredRows(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.gathered/2"):
    """What was gathered, without the rows themselves.

    ``features`` and ``label`` are digests of the training rows' two sides, ``judged`` of the rows to judge by;
    ``as_of`` is the moment that it holds for, and, if ``complete``, any later one. ``file`` is of the bytes of the file
    that keeps the rows.
    """

    data: Data
    features: Digest
    label: Digest
    judged: Digest
    task: str
    origin: str
    as_of: Instant
    complete: bool
    file: Digest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRows:
    """The rows of one run; ``train`` and ``judge`` read them when they are needed."""

    gathered: GatheredRows
    contract: Contract
    table: Callable[[], pl.DataFrame]

    @property
    def rows(self) -> int:
        """How many rows there are to train on."""
        return self.gathered.data.rows - self.gathered.data.judged_rows

    def train(self) -> pl.DataFrame:
        """The older rows."""
        return self.table()[: self.rows]

    def judge(self) -> pl.DataFrame:
        """The newest rows, kept from training."""
        return self.table()[self.rows :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which rows a run wants; ``span`` limits them to the newest."""

    run_id: str
    project: Project
    as_of: Instant
    span: Span | None


def training_rows(home: Home, asked: Asked, contract: Contract, say: Callable[[str], None]) -> TrainingRows:
    """The rows of a run, from what was gathered before where nothing has changed.

    Raises:
        ContractBrokenError: the table breaks the contract's hard rules.
        TooFewRowsError: there is nothing to train on, or nothing to judge by.
    """
    index = FileIndex(home.state / "cache" / "files.index")
    sources = _sources(home, asked, index)
    key = _key(home, asked, contract, sources)
    path = home.state / "cache" / "gathered" / f"{short(key, length=64)}.json" if key else None
    found = _known(home, path, asked, index)
    if found is not None:
        return TrainingRows(gathered=found, contract=contract, table=_reader(home, found.data.table))
    gathered, table = _gather(home, asked, contract, say)
    gathered = msgspec.structs.replace(gathered, data=msgspec.structs.replace(gathered.data, sources=sources or {}))
    if path is not None:
        file = index.digest(table_path(home.state, gathered.data.table))
        write_checked(path, encode(msgspec.structs.replace(gathered, file=file)))
    index.save()
    return TrainingRows(gathered=gathered, contract=contract, table=lambda: table)


def kept_rows(home: Home, data: Data, contract: Contract, *, task: str) -> TrainingRows:
    """The rows that a recorded run saw, from the table that it kept."""
    from trimtab.drivers.tables import open_table_of

    table = open_table_of(home.state / "tables", data.table)
    return TrainingRows(gathered=_described(data, table, contract, task=task), contract=contract, table=lambda: table)


def table_path(state: Path, digest: Digest) -> Path:
    """Where the rows of that digest are kept."""
    return state / "tables" / f"{short(digest, length=64)}.parquet"


def _known(home: Home, path: Path | None, asked: Asked, index: FileIndex) -> GatheredRows | None:
    """What was gathered under the key before, if it holds for the moment that is asked for and its rows are there."""
    content = read_checked(path) if path is not None else None
    if content is None:
        return None
    try:
        found = decode(GatheredRows, content)
        kept = index.digest(table_path(home.state, found.data.table))
    except (UnknownVersionError, IntegrityError, NotFoundError, DriverError):  # gathered again, which is always right
        return None
    holds = asked.as_of == found.as_of or (found.complete and asked.as_of > found.as_of)
    return found if holds and kept == found.file else None


def _sources(home: Home, asked: Asked, index: FileIndex) -> dict[str, Digest] | None:
    """The files of the table by content; None where it comes from a server."""
    from trimtab.drivers.sources.files import local_files

    files = local_files(home.root, asked.project.source)
    if files is None:
        return None
    digests = index.digests(files)
    index.save()
    inside = {path: path.relative_to(home.root) if path.is_relative_to(home.root) else path for path in digests}
    return {inside[path].as_posix(): digest for path, digest in sorted(digests.items())}


def _key(home: Home, asked: Asked, contract: Contract, sources: Mapping[str, Digest] | None) -> Digest | None:
    """What the rows follow from; None where that cannot be told without reading them (a database, a URL)."""
    from trimtab.data.contract import format_contract

    if sources is None or contract.fresh is not None:
        return None
    said: list[Any] = [
        _COUNTED,
        sorted(sources.items()),
        format_contract(contract),
        repr(asked.project.source),
        repr(asked.project.gates.judging),
        repr(asked.project.task),
        asked.span,
        asked.as_of if home.files.log.is_dir() else 0,  # what is in the log by now may have arrived after a moment
    ]
    return digest_json(said)


def _reader(home: Home, digest: Digest) -> Callable[[], pl.DataFrame]:
    read: dict[str, pl.DataFrame] = {}

    def table() -> pl.DataFrame:
        from trimtab.drivers.tables import open_table_of

        if "table" not in read:
            read["table"] = open_table_of(home.state / "tables", digest)
        return read["table"]

    return table


def _gather(
    home: Home, asked: Asked, contract: Contract, say: Callable[[str], None]
) -> tuple[GatheredRows, pl.DataFrame]:
    from trimtab.app.gather import gather, split, write_aside
    from trimtab.data.table import digest_table, event_times
    from trimtab.drivers.prediction_log import LogIndex
    from trimtab.drivers.tables import keep_table

    log = None
    if home.files.log.is_dir():
        log = LogIndex(home.files.log)
        log.update()
    found = gather(home.root, asked.project.source, contract, log=log, as_of=asked.as_of, span=asked.span)
    aside = write_aside(home.state, asked.run_id, found.aside)
    if aside is not None:
        say(f"set aside {found.aside.height:,} rows that break the contract, with their reasons: {aside}")
    _, judged = split(found.table, contract, asked.project.gates.judging)
    digest = digest_table(found.table)
    keep_table(home.state / "tables", digest, found.table)
    times = event_times(found.table, contract)
    data = Data(
        table=digest,
        rows=found.table.height,
        judged_rows=len(judged),
        origin=found.origin,
        left_out=found.left_out,
        first_event=Instant(int(times[0])),
        last_event=Instant(int(times[-1])),
    )
    task = (asked.project.task or contract.task or _task(found.table, contract)).value
    described = _described(data, found.table, contract, task=task)
    origin = _origin(found.origin, found.left_out)
    told = msgspec.structs.replace(described, origin=origin, as_of=asked.as_of, complete=found.complete)
    return told, found.table


def _described(data: Data, table: pl.DataFrame, contract: Contract, *, task: str) -> GatheredRows:
    from trimtab.data.table import digest_table

    count = data.rows - data.judged_rows
    names = [column.name for column in contract.features]
    train, judged = table[:count], table[count:]
    return GatheredRows(
        data=data,
        features=digest_table(train.select(names)),
        label=digest_table(train.select(contract.label_column)),
        judged=digest_table(judged),
        task=task or _task(table, contract).value,
        origin="",
        as_of=data.last_event,
        complete=False,
    )


def _task(table: pl.DataFrame, contract: Contract) -> Any:
    from trimtab.data.infer import infer_task

    return infer_task(table[contract.label_column])


def _origin(origin: Mapping[str, int], left_out: int) -> str:
    names = {"source": "the project's table", "log": "the endpoint's log"}
    said = [f"{count:,} from {names[each]}" for each, count in origin.items()]
    if left_out:
        said.append(f"{left_out:,} of the log left out, which do not fit the contract")
    return ", ".join(said)
