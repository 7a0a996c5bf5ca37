"""The log as columns: what windows, rollout steps and training tables are made of.

Every record is read once, where it passes. What is asked for all the time (who answered, when, how, with what score)
is kept in memory in columns; a row's inputs stay in the log, where they are found by their place, so that an index
takes some 150 bytes a row however wide the rows are. Nothing is kept on disk: after a restart a million records are
read again in some seconds.

Two rules hold everywhere. "As of a moment" is strict: a record counts if it had arrived *before* it. And the order of
rows comes from their content, never from ids or from the order of arrival: rows that were sent at once may be logged
in any order, and two replays must give the same tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from trimtab.base.instants import Instant
from trimtab.data.schema import Contract
from trimtab.drivers.prediction_log.inputs import LoggedInputs
from trimtab.drivers.prediction_log.reader import LogTail, Place, decode_packed, is_prediction
from trimtab.drivers.prediction_log.values import read_values
from trimtab.records.label import Label
from trimtab.records.prediction import Role, Status

PREDICTIONS: Final = {
    "prediction_id": pl.String(), "request_id": pl.String(), "key": pl.String(),
    "release": pl.Categorical(), "variant": pl.Categorical(), "role": pl.Enum(Role), "status": pl.Enum(Status),
    "event_time": pl.Int64(), "arrived_at": pl.Int64(), "latency_us": pl.Int64(),
    "score": pl.Float64(), "value": pl.Float64(), "probabilities": pl.List(pl.Float64()), "notes": pl.UInt32(),
    "segment": pl.UInt32(), "offset": pl.UInt64(), "length": pl.UInt32(),
}  # fmt: skip
"""The columns of a table of predictions: the record's own, what is in its outputs, how many notes, and its place."""

LABELS: Final = {
    "prediction_id": pl.String(), "key": pl.String(), "event_time": pl.Int64(), "arrived_at": pl.Int64(),
    "n": pl.UInt32(),
}  # fmt: skip
"""The columns of a table of labels; ``n`` counts them in the order of the log."""

_CONTENT_ORDER: Final = ("event_time", "key", "role", "release", "status", "score", "value", "arrived_at")
_CHUNKS: Final = 32
"""A table in more pieces than this is put into one: each piece costs every query some microseconds."""


class _Answer(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.prediction/1"):
    """The fields of a prediction that are kept in memory."""

    prediction_id: str
    request_id: str
    key: str | None
    release: str
    variant: str
    role: Role
    event_time: int
    arrived_at: int
    outputs: dict[str, Any] | None
    status: Status
    latency_us: int
    notes: tuple[msgspec.Raw, ...] = ()


_ANSWER: Final = msgspec.msgpack.Decoder(_Answer)
_LABEL: Final = msgspec.msgpack.Decoder(Label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Labelled rows; ``unfit`` counts those that were left out because they do not fit the contract."""

    table: pl.DataFrame
    unfit: int


class LogIndex:
    """The predictions and labels of an endpoint's log.

    Call `update` to read on; every question is answered from what was read by then. Not for several threads at once.

    Args:
        folder: the endpoint's ``log/``; it may not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._tail = LogTail(folder)
        self._inputs = LoggedInputs(folder)
        self._new_predictions: list[tuple[Any, ...]] = []
        self._new_labels: list[tuple[Any, ...]] = []
        self._predictions = pl.DataFrame(schema=PREDICTIONS)
        self._labels = pl.DataFrame(schema=LABELS)
        self._values: list[bool | int | float | str] = []

    def update(self) -> int:
        """Read what has been written since the last call; returns how many records that were.

        Raises:
            IntegrityError: a segment or a record is damaged.
            UnknownVersionError: another Trimtab wrote a record.
        """
        count = 0
        for place, frame in self._tail.frames():
            count += 1
            if is_prediction(place, frame):
                self._add_prediction(place, decode_packed(_ANSWER, frame.payload, place), len(frame.payload))
            else:
                self._add_label(decode_packed(_LABEL, frame.payload, place))
        return count

    def predictions_between(self, start: Instant, end: Instant) -> pl.DataFrame:
        """Every prediction (refused, failed and unheard ones too) with ``start <= event_time < end``.

        The columns are those of `PREDICTIONS`; ordered by content.
        """
        within = pl.col("event_time").is_between(start, end, closed="left")
        return self._all_predictions().filter(within).sort(_CONTENT_ORDER, maintain_order=True)

    def labels_known(self, at: Instant, *, since: Instant | None = None) -> pl.DataFrame:
        """The labels that arrived before ``at`` (and not before ``since``), the newest of each prediction or key.

        The columns are those of `LABELS`; ordered by arrival.
        """
        known = self._all_labels().filter(pl.col("arrived_at") < at)
        if since is not None:
            known = known.filter(pl.col("arrived_at") >= since)
        return known.sort("arrived_at", "n").unique(["prediction_id", "key"], keep="last", maintain_order=True)

    def outcomes_between(self, contract: Contract, start: Instant, end: Instant, *, at: Instant) -> pl.DataFrame:
        """The answers of `predictions_between` whose outcome was known at ``at``, in its order.

        Beside its columns: ``label``, typed by the contract, and ``labelled_at``. A label that names a heard answer
        counts for the shadows of the same request too.
        """
        answered = self.predictions_between(start, end).filter(pl.col("status") == Status.OK)
        labelled = self._with_labels(answered, at)
        label, unfit = self._label_column(contract, labelled)
        return labelled.with_columns(label.alias("label")).filter(~unfit).drop("n")

    def inputs_of(self, contract: Contract, predictions: pl.DataFrame) -> pl.DataFrame:
        """The rows that these predictions (of this index) answered, in their order: the contract's features, typed.

        What a row lacks, or has in another type, is null.
        """
        columns, _ = self._inputs.read(contract, predictions)
        return columns

    def joined_rows(self, contract: Contract, *, before: Instant) -> pl.DataFrame:
        """The table of `joined`."""
        return self.joined(contract, before=before).table

    def joined(self, contract: Contract, *, before: Instant) -> Joined:
        """The rows that were answered, with their labels, as they were known at ``before``: a training table.

        Its columns are the contract's, in its order and types, the label among them. A row is in it if its event, its
        request and its label were before ``before``; unheard answers, refusals and failures are not. Of several rows
        of one key the first is taken, with the newest label. Ordered by event time, then by key and content.
        """
        heard = self._all_predictions().filter(
            (pl.col("status") == Status.OK) & (pl.col("role") != Role.SHADOW)
            & (pl.col("event_time") < before) & (pl.col("arrived_at") < before)
        )  # fmt: skip
        labelled = self._with_labels(heard, before)
        unit = pl.when(pl.col("key").is_null()).then("r" + pl.col("request_id")).otherwise("k" + pl.col("key"))
        labelled = labelled.with_columns(unit.alias("unit"))
        newest = pl.col("n").sort_by("labelled_at", "n").last().over("unit")
        labelled = labelled.with_columns(newest.alias("n"))
        features, unfit = self._inputs.read(contract, labelled)
        label, unfit_label = self._label_column(contract, labelled)
        rows = features.with_columns(label).select(column.name for column in contract.columns)
        fit = ~(unfit | unfit_label)
        table = _ordered_once(rows.filter(fit), labelled["unit"].filter(fit), contract)
        return Joined(table=table, unfit=int((~fit).sum()))

    def _add_prediction(self, place: Place, answer: _Answer, length: int) -> None:
        outputs = answer.outputs or {}
        self._new_predictions.append((
            answer.prediction_id, answer.request_id, answer.key, answer.release, answer.variant, answer.role,
            answer.status, answer.event_time, answer.arrived_at, answer.latency_us,
            outputs.get("score"), outputs.get("value"), outputs.get("probabilities"), len(answer.notes),
            self._inputs.number_of(place.segment), place.offset, length,
        ))  # fmt: skip

    def _add_label(self, label: Label) -> None:
        # A label with both names is about that one prediction, not about every row of the key.
        key = label.key if label.prediction_id is None else None
        self._new_labels.append((label.prediction_id, key, label.event_time, label.arrived_at, len(self._values)))
        self._values.append(label.value)

    def _all_predictions(self) -> pl.DataFrame:
        self._predictions = _grown(self._predictions, self._new_predictions)
        return self._predictions

    def _all_labels(self) -> pl.DataFrame:
        self._labels = _grown(self._labels, self._new_labels)
        return self._labels

    def _with_labels(self, predictions: pl.DataFrame, at: Instant) -> pl.DataFrame:
        """The predictions that have a label at ``at``, in their order, with its ``n`` and ``labelled_at``."""
        known = self._all_labels().filter(pl.col("arrived_at") < at)
        known = known.select("prediction_id", "key", "n", labelled_at=pl.col("arrived_at"))
        requests = self._all_predictions().select("prediction_id", "request_id")
        wanted = predictions.select("request_id", "key").unique()
        named = known.drop_nulls("prediction_id").select("prediction_id", "labelled_at", "n")
        named = named.join(requests.join(wanted, on="request_id", how="semi"), on="prediction_id")
        keyed = known.filter(pl.col("prediction_id").is_null()).select("key", "labelled_at", "n")
        keyed = keyed.join(wanted.drop_nulls("key"), on="key")
        both = pl.concat([part.select("request_id", "labelled_at", "n") for part in (named, keyed)])
        newest = both.sort("labelled_at", "n").unique("request_id", keep="last")
        return predictions.join(newest, on="request_id", maintain_order="left")

    def _label_column(self, contract: Contract, labelled: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
        values = [self._values[n] for n in labelled["n"]]
        return read_values(contract.column(contract.label_column), values, contract.zone)


def _grown(table: pl.DataFrame, rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    """The table with new rows; empties the list."""
    if rows:
        schema = table.schema
        columns = zip(schema.items(), zip(*rows, strict=True), strict=True)
        table = table.vstack(pl.DataFrame([pl.Series(name, values, dtype=kind) for (name, kind), values in columns]))
        rows.clear()
        if table.n_chunks() > _CHUNKS:
            table = table.rechunk()
    return table


def _ordered_once(rows: pl.DataFrame, units: pl.Series, contract: Contract) -> pl.DataFrame:
    """The rows in the order of their content, the first of each unit."""
    unit = "\0unit"  # no column of a contract is called so
    first = [contract.time_column] if contract.key is None else [contract.time_column, contract.key]
    order = [*first, *(column.name for column in contract.columns if column.name not in first)]
    table = rows.with_columns(units.alias(unit)).sort(order, maintain_order=True, nulls_last=True)
    return table.unique(unit, keep="first", maintain_order=True).drop(unit)
