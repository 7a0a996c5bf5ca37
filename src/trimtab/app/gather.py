"""The rows that a run may see: what had happened, and whose outcome had arrived, before one moment.

They come from the project's own table and from the endpoint's log joined with its labels, and the run says how many
from which. A row's event time is before the moment and its label arrived before it: nothing later can leak in, also
not when a past moment is trained again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import polars as pl

from trimtab.base.errors import InputError
from trimtab.base.instants import Instant, Span, format_instant
from trimtab.data.check import TableCheck
from trimtab.data.contract import format_contract
from trimtab.data.infer import infer
from trimtab.data.kinds import Severity
from trimtab.data.quarantine import Kept
from trimtab.data.scan import TableScan
from trimtab.data.schema import Contract
from trimtab.data.spelled import Spelling, contract_values
from trimtab.data.table import event_times
from trimtab.data.wording import counted
from trimtab.disk.atomic import write_bytes
from trimtab.disk.faults import explained
from trimtab.disk.named import write_named
from trimtab.drivers.prediction_log import LogIndex
from trimtab.drivers.sources import read_typed
from trimtab.spec.project import Judging, Project, Source


class ContractBrokenError(InputError):
    """The training rows break the contract's hard rules."""

    code = "TT1010"


class TooFewRowsError(InputError):
    """There are not enough labelled rows to train on and to judge by."""

    code = "TT1011"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Labelled rows in the order of time; ``origin`` counts them by where they came from.

    ``left_out`` counts labelled rows of the log that do not fit the contract: an earlier one let them in. ``aside`` are
    the rows of the project's table that the contract sets aside, with their reasons (`trimtab.data.quarantine`).
    ``complete`` says that the project's table has no later row, so that any later moment would find the same ones.
    """

    table: pl.DataFrame
    origin: dict[str, int]
    left_out: int
    aside: pl.DataFrame
    complete: bool


class SourceRows(NamedTuple):
    """Rows of the project's own table.

    ``complete`` says that none of the table's is later; ``spelling`` which of their columns are texts that a contract
    reads value by value.
    """

    table: pl.DataFrame
    complete: bool
    spelling: Spelling


def source_rows(root: Path, source: Source, as_of: Instant, contract: Contract | None = None) -> SourceRows:
    """The rows of the project's own table that had happened, with their label, before ``as_of``.

    A plain table carries no arrival times: ``label_delay`` after its event, a row's label counts as arrived.
    """
    known = pl.lit(as_of - source.label_delay).cast(pl.Datetime("us", "UTC"))
    table, spelling = read_typed(root, source, contract)
    happened = table.filter(pl.col(source.time) < known)
    labelled = happened.filter(pl.col(source.label).is_not_null())
    return SourceRows(labelled, complete=happened.height == table.height, spelling=spelling)


def first_contract(root: Path, project: Project, as_of: Instant, say: Callable[[str], None]) -> None:
    """Infer a contract from the project's table and write it beside ``trimtab.toml``, if there is none yet."""
    path, source = root / project.source.contract, project.source
    if path.is_file():
        return
    table = source_rows(root, source, as_of).table
    if not table.height:
        raise TooFewRowsError(
            f"no row of {source.path} has a label that had arrived by {format_instant(as_of)}",
            fix="Wait for labels, or check [data] label and label_delay.",
        )
    contract = infer(table, time=source.time, label=source.label, key=source.key, zone=source.zone, task=project.task)
    write_named(path, format_contract(contract).encode())
    say(f"wrote {source.contract}: a contract inferred from {counted(table.height, 'row')}, for you to read and edit")


def gather(
    root: Path, source: Source, contract: Contract, *, log: LogIndex | None, as_of: Instant, span: Span | None
) -> Gathered:
    """All labelled rows as of a moment, of the newest ``span`` only if there is one.

    Where the contract has a key, a row that is in the log and in the table is taken from the log: it is what was
    really asked and answered.

    Raises:
        ContractBrokenError: with every violation that refuses the table.
    """
    found = source_rows(root, source, as_of, contract)
    kept = keep_to_contract(found.table, contract, source, as_of, found.spelling)
    table = _aligned(kept.rows, contract)
    parts, left_out = {"source": table}, 0
    if log is not None:
        joined = log.joined(contract, before=as_of)
        logged, left_out = _aligned(joined.table, contract), joined.unfit
        if contract.key is not None and logged.height:
            table = table.join(logged.select(contract.key), on=contract.key, how="anti", maintain_order="left")
        parts = {"source": table, "log": logged}
    whole = pl.concat(list(parts.values()), how="vertical").sort(contract.time, maintain_order=True)
    origin_of = pl.concat(
        [part.select(pl.lit(name).alias("origin"), contract.time_column) for name, part in parts.items()]
    )
    if span is not None and whole.height:
        first = whole[contract.time_column][-1].timestamp() * 1_000_000 - span
        newest = pl.lit(round(first)).cast(pl.Datetime("us", "UTC"))
        whole = whole.filter(pl.col(contract.time_column) > newest)
        origin_of = origin_of.filter(pl.col(contract.time_column) > newest)
    counts = origin_of["origin"].value_counts()
    origin = dict(sorted(zip(counts["origin"], counts["count"], strict=True)))
    return Gathered(table=whole, origin=origin, left_out=left_out, aside=kept.aside, complete=found.complete)


def keep_to_contract(
    table: pl.DataFrame, contract: Contract, source: Source, as_of: Instant, spelling: Spelling
) -> Kept:
    """The rows that may be trained on, and those that the contract sets aside, which stay as they are written.

    Freshness is judged as of the moment whose labels can have arrived: newer rows could not be in the table.

    Raises:
        ContractBrokenError: the table is refused; with every violation that does so.
    """
    now = Instant(as_of - source.label_delay)
    check = TableCheck(contract, schema=table.schema, now=now, spelling=spelling)
    kept = check.add(table)
    broken = [found for found in check.report(TableScan(table)).violations if found.severity is Severity.REFUSE]
    if broken:
        raise ContractBrokenError(
            f"the rows break the contract: {'; '.join(map(str, broken))}",
            fix="Correct the source, or edit the contract if the world has changed.",
            at=source.path,
        )
    return replace(kept, rows=contract_values(kept.rows, contract, spelling))


def write_aside(state: Path, run_id: str, aside: pl.DataFrame) -> Path | None:
    """Write the rows that a run sets aside as ``quarantine/RUN.parquet`` of the state; None if there are none."""
    if not aside.height:
        return None
    path = state / "quarantine" / f"{run_id}.parquet"
    with explained("make the folder for rows that are set aside", path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    content = BytesIO()
    aside.write_parquet(content, compression="zstd")
    write_bytes(path, content.getvalue())
    return path


def split(table: pl.DataFrame, contract: Contract, judging: Judging) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows to train on, and the newest ones, kept from training, to judge by.

    Raises:
        TooFewRowsError: one of the two would be empty.
    """
    times = event_times(table, contract)
    if judging.span is not None:
        train_rows = int((times <= times[-1] - judging.span).sum()) if len(times) else 0
    else:
        train_rows = len(times) - round(len(times) * (judging.share or 0.0))
    if train_rows == 0 or train_rows == len(times):
        newest = format_instant(int(times[-1])) if len(times) else "none"
        raise TooFewRowsError(
            f"{counted(len(times), 'labelled row')} (the newest: {newest}) cannot be split into older rows to train on "
            "and newer ones to judge by",
            fix="Wait for more labelled rows, or change [gates] judge_on.",
        )
    return table[:train_rows], table[train_rows:]


def _aligned(table: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The contract's columns in its order and types, so that rows of any origin can stand together."""
    return table.select(
        pl.col(column.name).cast(_STORED[column.type]) if column.name != contract.time else pl.col(column.name)
        for column in contract.columns
    )


_STORED = {
    "integer": pl.Int64(),
    "float": pl.Float64(),
    "boolean": pl.Boolean(),
    "text": pl.String(),
    "time": pl.Datetime("us", "UTC"),
}
