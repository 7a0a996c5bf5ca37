"""The log's reading end: each record once, as of a moment, and the same tables whatever order it was written in."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import polars as pl
import pytest

from trimtab.base.errors import IntegrityError, UnknownVersionError
from trimtab.base.instants import DAY, HOUR, Instant, format_instant, parse_instant
from trimtab.data.kinds import ColumnType
from trimtab.data.schema import Column, Contract
from trimtab.data.table import digest_table
from trimtab.disk.frames import FrameWriter
from trimtab.drivers.prediction_log import LogIndex, LogReader, Position
from trimtab.records.label import Label
from trimtab.records.log import LABEL, PREDICTION
from trimtab.records.prediction import Output, Prediction, Role, Scalar, Status

START = parse_instant("2026-03-01T00:00:00Z")
LATER = Instant(START + 1_000 * DAY)
CONTRACT = Contract(
    time="ts",
    label="up",
    key="id",
    columns=(
        Column(name="ts", type=ColumnType.TIME),
        Column(name="id", type=ColumnType.INTEGER),
        Column(name="up", type=ColumnType.INTEGER),
        Column(name="price", type=ColumnType.FLOAT, nullable=True),
        Column(name="place", type=ColumnType.TEXT),
    ),
)


def prediction(
    number: int,
    *,
    hours: float | None = None,
    variant: str = "a",
    role: Role = Role.CHAMPION,
    status: Status = Status.OK,
    key: str | None = "",
    inputs: dict[str, Scalar] | None = None,
    late: int = 0,
) -> Prediction:
    """Row ``number``, sent when it happened: an hour after the one before it, unless ``hours`` says when."""
    at = Instant(START + round((number if hours is None else hours) * HOUR))
    row: dict[str, Scalar] = {"ts": format_instant(at), "id": number, "price": number / 4, "place": f"p{number % 3}"}
    outputs: Output | None = {"score": number / 100} if status is Status.OK else None
    return Prediction(
        prediction_id=f"{variant}{number:05}",
        request_id=f"r{number:05}",
        key=str(number) if key == "" else key,
        project="demo",
        endpoint="main",
        release=f"sha256:{variant * 64}",
        variant=variant,
        role=role,
        event_time=at,
        arrived_at=Instant(at + late),
        inputs=row if inputs is None else inputs,
        outputs=outputs,
        status=status,
        latency_us=120,
        notes=("price: above what was seen",) if number % 2 else (),
    )


def label(
    about: int | str, value: bool | int | float | str, *, hours: float, by_id: bool = False, label_id: str = "l"
) -> Label:
    """A label that arrives ``hours`` after the start."""
    return Label(
        label_id=label_id,
        prediction_id=str(about) if by_id else None,
        key=None if by_id else str(about),
        value=value,
        event_time=None,
        arrived_at=Instant(START + round(hours * HOUR)),
    )


def write(folder: Path, segment: str, records: Iterable[Prediction | Label]) -> None:
    folder.mkdir(exist_ok=True)
    with FrameWriter(folder / f"{segment}.seg") as writer:
        for record in records:
            kind = PREDICTION if isinstance(record, Prediction) else LABEL
            writer.append(kind, msgspec.msgpack.encode(record))


def index(folder: Path, *records: Prediction | Label) -> LogIndex:
    write(folder, "1", records)
    made = LogIndex(folder)
    assert made.update() == len(records)
    return made


def at(hours: float) -> Instant:
    return Instant(START + round(hours * HOUR))


def joined(log: LogIndex, before: Instant = LATER) -> list[tuple[int, int, float | None]]:
    """Each row's id, label and price."""
    return log.joined_rows(CONTRACT, before=before).select("id", "up", "price").rows()


def test_records_come_once_in_the_order_of_the_segments(tmp_path: Path) -> None:
    reader = LogReader(tmp_path / "log")
    assert list(reader.records()) == []
    first: list[Prediction | Label] = [prediction(1), label(1, 1, hours=2), prediction(2)]
    write(tmp_path / "log", "a", first)
    assert list(reader.records()) == first
    assert list(reader.records()) == []
    second, third = [prediction(3)], [label(2, 0, hours=5)]
    write(tmp_path / "log", "c", third)
    write(tmp_path / "log", "b", second)
    assert list(reader.records()) == second + third


def test_a_reader_goes_on_where_another_stopped(tmp_path: Path) -> None:
    written = [prediction(number) for number in range(6)]
    write(tmp_path, "a", written[:4])
    first = LogReader(tmp_path)
    taken = list(itertools.islice(first.records(), 3))
    position = msgspec.json.decode(msgspec.json.encode(first.position), type=Position)
    write(tmp_path, "b", written[4:])
    assert taken + list(LogReader(tmp_path, position).records()) == written
    assert taken + list(first.records()) == written


def test_a_record_is_read_when_it_is_whole(tmp_path: Path) -> None:
    write(tmp_path, "a", [prediction(1), prediction(2)])
    content = (tmp_path / "a.seg").read_bytes()
    reader = LogReader(tmp_path)
    seen: list[int] = []
    for length in range(0, len(content) + 1, 7):
        (tmp_path / "a.seg").write_bytes(content[:length])
        seen += [len(list(reader.records()))]
    (tmp_path / "a.seg").write_bytes(content)
    assert sum(seen) + len(list(reader.records())) == 2
    assert max(seen) == 1


def test_a_record_of_another_version_or_kind_is_refused_with_its_place(tmp_path: Path) -> None:
    body = msgspec.to_builtins(prediction(1))
    for name, kind, payload, problem in (
        ("version", PREDICTION, {**body, "schema": "trimtab.prediction/2"}, "says 'trimtab.prediction/2', and this"),
        ("shape", PREDICTION, {**body, "event_time": "now"}, "is not a trimtab.prediction/1 record: Expected `int`"),
        ("text", LABEL, "no record", "is not a trimtab.label/1 record"),
        ("kind", b"X", {}, "a record of the kind b'X', which this Trimtab does not know"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        with FrameWriter(folder / "a.seg") as writer:
            writer.append(kind, msgspec.msgpack.encode(payload))
        error = UnknownVersionError if name in ("version", "kind") else IntegrityError
        with pytest.raises(error, match=problem) as caught:
            list(LogReader(folder).records())
        assert caught.value.at == "a.seg, byte 0"
        if name != "shape":
            with pytest.raises(error, match=problem):
                LogIndex(folder).update()


def test_a_training_table_has_the_contracts_columns_in_its_order_and_types(tmp_path: Path) -> None:
    log = index(tmp_path, prediction(3), label(3, 1, hours=10))
    table = log.joined_rows(CONTRACT, before=LATER)
    assert table.schema == {
        "ts": pl.Datetime("us", "UTC"),
        "id": pl.Int64(),
        "up": pl.Int64(),
        "price": pl.Float64(),
        "place": pl.String(),
    }
    assert table["ts"].to_physical().to_list() == [START + 3 * HOUR]
    assert table.rows()[0][1:] == (3, 1, 0.75, "p0")


def test_an_empty_log_makes_empty_tables_of_the_same_types(tmp_path: Path) -> None:
    log = LogIndex(tmp_path / "not there yet")
    assert log.update() == 0
    full = index(tmp_path / "full", prediction(3), label(3, 1, hours=10))
    assert log.joined_rows(CONTRACT, before=LATER).schema == full.joined_rows(CONTRACT, before=LATER).schema
    assert log.predictions_between(START, LATER).schema == full.predictions_between(START, LATER).schema
    assert log.labels_known(LATER).schema == full.labels_known(LATER).schema
    empty = log.outcomes_between(CONTRACT, START, LATER, at=LATER)
    assert empty.schema == full.outcomes_between(CONTRACT, START, LATER, at=LATER).schema


def test_nothing_later_than_the_moment_is_in_a_training_table(tmp_path: Path) -> None:
    log = index(
        tmp_path,
        prediction(1), label(1, 1, hours=4),
        prediction(2), label(2, 1, hours=5),
        prediction(3, late=10 * HOUR), label(3, 1, hours=4),
        prediction(5), label(5, 1, hours=4),
    )  # fmt: skip
    assert joined(log, at(5)) == [(1, 1, 0.25)]
    assert joined(log, Instant(at(5) + 1)) == [(1, 1, 0.25), (2, 1, 0.5), (5, 1, 1.25)]
    assert [row[0] for row in joined(log)] == [1, 2, 3, 5]


def test_only_answers_that_somebody_heard_are_in_a_training_table(tmp_path: Path) -> None:
    log = index(
        tmp_path,
        prediction(1),
        prediction(1, variant="b", role=Role.SHADOW),
        prediction(2, variant="b", role=Role.CHALLENGER),
        prediction(3, status=Status.REFUSED),
        prediction(4, status=Status.FAILED),
        *(label(number, 1, hours=9) for number in range(1, 5)),
    )
    assert [row[0] for row in joined(log)] == [1, 2]


def test_the_newest_label_that_had_arrived_wins(tmp_path: Path) -> None:
    log = index(
        tmp_path,
        prediction(1),
        label(1, 7, hours=6),
        label(1, 8, hours=4),
        label("a00001", 9, hours=5, by_id=True),
        label(1, 6, hours=6),
    )
    assert [joined(log, at(moment))[0][1] for moment in (4.5, 5.5, 6.5)] == [8, 9, 6]


def test_of_several_rows_of_one_key_the_first_is_taken_with_the_newest_label(tmp_path: Path) -> None:
    log = index(
        tmp_path,
        prediction(2, key="k"),
        prediction(1, key="k"),
        label("a00001", 1, hours=7, by_id=True),
        label("a00002", 0, hours=8, by_id=True),
        prediction(3, key="other"),
        label("other", 1, hours=8),
    )
    assert joined(log) == [(1, 0, 0.25), (3, 1, 0.75)]


def test_rows_without_a_key_are_told_apart_by_their_request(tmp_path: Path) -> None:
    log = index(
        tmp_path,
        prediction(1, key=None),
        prediction(2, key=None),
        label("a00001", 1, hours=7, by_id=True),
        label("a00002", 0, hours=8, by_id=True),
    )
    assert [row[:2] for row in joined(log)] == [(1, 1), (2, 0)]


def test_a_row_that_does_not_fit_the_contract_is_left_out_and_counted(tmp_path: Path) -> None:
    good = prediction(1).inputs
    assert good is not None
    unfit: list[dict[str, Scalar]] = [
        {name: value for name, value in good.items() if name != "place"},
        {**good, "id": "text"},
        {**good, "id": 1.5},
        {**good, "place": None},
        {**good, "ts": "yesterday"},
    ]
    log = index(
        tmp_path,
        prediction(0, inputs={**good, "price": None, "id": 100, "unknown": 3}),
        *(prediction(number, inputs=row) for number, row in enumerate(unfit, start=1)),
        prediction(8),
        *(label(number, 1, hours=20) for number in range(8)),
        label(8, "not an integer", hours=20),
    )
    found = log.joined(CONTRACT, before=LATER)
    assert found.unfit == 6
    assert found.table.select("id", "price").rows() == [(100, None)]


def test_a_number_reads_as_the_type_that_the_contract_has_now(tmp_path: Path) -> None:
    good = prediction(1).inputs
    assert good is not None
    log = index(tmp_path, prediction(1, inputs={**good, "price": 3, "id": 4.0}), label(1, 1.0, hours=9))
    assert joined(log) == [(4, 1, 3.0)]


def test_two_logs_with_the_same_rows_in_another_order_make_the_same_tables(tmp_path: Path) -> None:
    rows = [prediction(number, hours=number // 4, key=None if number % 5 else "") for number in range(60)]
    labels = [label(f"a{number:05}", number % 2, hours=20 + number // 4, by_id=True) for number in range(60)]
    digests, windows = set(), set()
    for seed in range(4):
        chance = random.Random(seed)
        mixed: list[Prediction | Label] = [*rows, *labels]
        chance.shuffle(mixed)
        renamed = [renamed_by(record, seed) for record in mixed]
        log = index(tmp_path / str(seed), *renamed)
        digests.add(digest_table(log.joined_rows(CONTRACT, before=LATER)))
        seen = log.predictions_between(START, LATER)
        windows.add(digest_table(log.inputs_of(CONTRACT, seen).with_columns(seen["score"])))
    assert len(digests) == len(windows) == 1


def renamed_by(record: Prediction | Label, seed: int) -> Prediction | Label:
    """The record with other ids, as another replay would have given it."""
    if isinstance(record, Label):
        return msgspec.structs.replace(record, prediction_id=f"{record.prediction_id}{seed}")
    ids = {"prediction_id": f"{record.prediction_id}{seed}", "request_id": f"{seed}{record.request_id}"}
    return msgspec.structs.replace(record, **ids)


def test_a_window_holds_every_answer_refusal_and_failure_of_its_time(tmp_path: Path) -> None:
    log = index(
        tmp_path,
        prediction(4),
        prediction(3, status=Status.FAILED),
        prediction(2, status=Status.REFUSED),
        prediction(1),
        prediction(1, variant="b", role=Role.SHADOW),
        prediction(0),
    )
    window = log.predictions_between(at(1), at(4))
    assert window.select("key", "role", "status", "notes").rows() == [
        ("1", "champion", "ok", 1),
        ("1", "shadow", "ok", 1),
        ("2", "champion", "refused", 0),
        ("3", "champion", "failed", 1),
    ]
    assert window["score"].to_list() == [0.01, 0.01, None, None]
    assert set(window["release"].to_list()) == {"sha256:" + "a" * 64, "sha256:" + "b" * 64}


def test_outputs_of_every_task_are_kept(tmp_path: Path) -> None:
    many = msgspec.structs.replace(prediction(1), outputs={"label": "x", "probabilities": [0.25, 0.75]})
    number = msgspec.structs.replace(prediction(2), outputs={"value": 3})
    seen = index(tmp_path, many, number).predictions_between(START, LATER)
    assert seen["probabilities"].to_list() == [[0.25, 0.75], None]
    assert seen["value"].to_list() == [None, 3.0]


def test_the_inputs_of_a_window_are_typed_and_in_its_order(tmp_path: Path) -> None:
    write(tmp_path, "1", [prediction(5), prediction(4)])
    write(tmp_path, "2", [prediction(6), prediction(1, inputs={"ts": format_instant(at(1))})])
    unread = msgspec.structs.replace(prediction(2, status=Status.REFUSED), inputs=None, received="{")
    write(tmp_path, "3", [unread])
    log = LogIndex(tmp_path)
    log.update()
    inputs = log.inputs_of(CONTRACT, log.predictions_between(START, LATER))
    assert inputs.columns == ["ts", "id", "price", "place"]
    assert inputs["id"].to_list() == [None, None, 4, 5, 6]
    assert inputs["ts"].null_count() == 1


def test_outcomes_are_the_answers_whose_label_was_known(tmp_path: Path) -> None:
    log = index(
        tmp_path,
        prediction(1),
        prediction(1, variant="b", role=Role.SHADOW),
        prediction(2),
        prediction(3, status=Status.FAILED),
        label("a00001", 1, hours=5, by_id=True),
        label(2, 0, hours=6),
        label(3, 0, hours=5),
    )
    known = log.outcomes_between(CONTRACT, START, at(3), at=at(6))
    assert known.select("key", "role", "label", "labelled_at").rows() == [
        ("1", "champion", 1, at(5)),
        ("1", "shadow", 1, at(5)),
    ]
    assert log.outcomes_between(CONTRACT, START, at(3), at=at(7))["label"].to_list() == [1, 1, 0]
    assert log.outcomes_between(CONTRACT, at(2), at(3), at=at(7))["label"].to_list() == [0]


def test_the_labels_known_at_a_moment_are_the_newest_of_each_row(tmp_path: Path) -> None:
    log = index(
        tmp_path,
        label(1, 1, hours=1), label(2, 1, hours=2), label(1, 0, hours=3), label("x", 1, hours=3, by_id=True),
        label(3, 1, hours=4),
    )  # fmt: skip
    known = log.labels_known(at(4))
    assert known.select("key", "prediction_id", "arrived_at").rows() == [
        ("2", None, at(2)), ("1", None, at(3)), (None, "x", at(3)),
    ]  # fmt: skip
    assert log.labels_known(at(4), since=at(3)).height == 2
    assert log.labels_known(at(1)).height == 0


def test_an_index_that_grows_answers_as_one_that_was_read_at_once(tmp_path: Path) -> None:
    grown = LogIndex(tmp_path)
    for number in range(80):
        write(tmp_path, f"{number:03}", [prediction(number), label(number, number % 2, hours=number + 1)])
        assert grown.update() == 2
        assert joined(grown)[-1][0] == number
    fresh = LogIndex(tmp_path)
    assert fresh.update() == 160
    assert (
        fresh.predictions_between(START, LATER)
        .drop("segment")
        .equals(grown.predictions_between(START, LATER).drop("segment"))
    )
    assert joined(grown) == joined(fresh)


def test_an_index_says_which_segment_was_cut_under_it(tmp_path: Path) -> None:
    log = index(tmp_path, prediction(1), prediction(2))
    content = (tmp_path / "1.seg").read_bytes()
    (tmp_path / "1.seg").write_bytes(content[:-5])
    with pytest.raises(IntegrityError, match=r"the log segment 1\.seg is shorter than it was"):
        log.inputs_of(CONTRACT, log.predictions_between(START, LATER))


def test_a_log_of_a_killed_router_goes_on_in_the_next_segment(tmp_path: Path) -> None:
    program = (
        "import sys, msgspec\n"
        "from pathlib import Path\n"
        "from trimtab.disk.frames import FrameWriter\n"
        "record = msgspec.json.decode(sys.argv[2])\n"
        "writer = FrameWriter(Path(sys.argv[1]))\n"
        "number = 0\n"
        "while True:\n"
        "    number += 1\n"
        "    record['prediction_id'] = record['request_id'] = record['key'] = str(number)\n"
        "    writer.append(b'P', msgspec.msgpack.encode(record))\n"
        "    writer.flush()\n"
        "    print(number, flush=True)\n"
    )
    log = LogIndex(tmp_path)
    record = msgspec.json.encode(prediction(1)).decode()
    told = 0
    for segment in ("a", "b", "c"):
        argv = [sys.executable, "-c", program, str(tmp_path / f"{segment}.seg"), record]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as router:
            assert router.stdout is not None
            for _ in range(100):
                router.stdout.readline()
                log.update()
            router.kill()
            lines = [line for line in router.stdout.readlines() if line.endswith("\n")]
        told += int(lines[-1]) if lines else 100
    log.update()
    assert told <= log.predictions_between(START, LATER).height <= told + 3
