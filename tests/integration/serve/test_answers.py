"""One endpoint, one release: what it answers, what it refuses, what it logs."""

from __future__ import annotations

from pathlib import Path

from tests.integration.serve.conftest import Place
from tests.integration.serve.releases import row
from tests.integration.serve.service import PREDICT, TOKEN, Service, running
from trimtab.base.digest import short
from trimtab.records.prediction import Status


def test_a_row_is_answered_and_logged_before_the_answer_leaves(state: Path, place: Place) -> None:
    release = place()
    service = Service(state)
    service.route((release, 10_000))
    with running(service):
        reply = service.client().predict(row())
        logged = service.predictions()

    assert reply.status == 200, reply.body
    assert reply.body["release"] == short(release)
    assert 0 < reply.body["outputs"]["score"] < 1
    (record,) = logged
    assert record.prediction_id == reply.body["prediction_id"]
    assert record.status is Status.OK
    assert record.inputs == row()
    assert record.outputs == reply.body["outputs"]
    assert record.key == "tx-1"
    assert (PREDICT, TOKEN) != ("", "")
