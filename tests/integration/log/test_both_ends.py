"""What the router's end of the log writes is what the controller's end reads."""

from __future__ import annotations

import asyncio
from pathlib import Path

from trimtab.base.errors import TrimtabError
from trimtab.base.instants import Instant
from trimtab.drivers.prediction_log import LogReader
from trimtab.records.label import Label
from trimtab.records.prediction import Prediction, Role, Status
from trimtab.serve.answer_log import AnswerLog
from trimtab.serve.ids import TimeOrderedIds

ANSWER = Prediction(
    prediction_id="p",
    request_id="r",
    key="k",
    project="demo",
    endpoint="main",
    release="sha256:" + "0" * 64,
    variant="a",
    role=Role.CHALLENGER,
    event_time=Instant(1_700_000_000_000_000),
    arrived_at=Instant(1_700_000_000_000_001),
    inputs={"a": 1, "b": 0.5, "c": "text", "d": True, "e": None},
    outputs={"score": 0.25, "probabilities": [0.75, 0.25]},
    status=Status.OK,
    latency_us=7,
    notes=("a: above what was seen",),
    idempotency_key="i",
)
TRUTH = Label(label_id="l", prediction_id="p", key=None, value=True, event_time=None, arrived_at=Instant(2))


class _Told:
    def __init__(self) -> None:
        self.errors: list[TrimtabError | None] = []

    def written(self, error: TrimtabError | None) -> None:
        self.errors.append(error)


def test_what_the_router_appends_is_what_the_controller_reads(tmp_path: Path) -> None:
    told = _Told()

    async def write() -> None:
        for sync in (False, True):
            writer = AnswerLog(tmp_path / "log", TimeOrderedIds(), sync=sync)
            writer.add([ANSWER], told)
            writer.add([TRUTH], told)
            await writer.close()

    asyncio.run(write())
    assert told.errors == [None] * 4
    assert list(LogReader(tmp_path / "log").records()) == [ANSWER, TRUTH] * 2
