"""The log and the memory of first answers: once each, across restarts, torn tails and power cuts."""

from __future__ import annotations

import resource
import threading
from pathlib import Path

from tests.conftest import Eventually
from tests.integration.serve.conftest import Place
from tests.integration.serve.releases import Recipe, row
from tests.integration.serve.service import TOKEN, Load, Reply, Service, running


def test_a_resent_key_gets_the_first_answer_and_one_record(state: Path, place: Place) -> None:
    service = Service(state)
    service.route((place(), 10_000))
    with running(service):
        client = service.client()
        first = client.predict(row(), Idempotency_Key="k1")
        again = client.predict(row(), Idempotency_Key="k1")
        other = client.predict(row(age=20), Idempotency_Key="k1")
        refused = [client.predict({"ts": 1}, Idempotency_Key="k2").body for _ in range(2)]
        failed = [client.predict(row(amount=666.0), Idempotency_Key="k3") for _ in range(2)]
        text = client.call("GET", "/metrics").body

        assert first.body == again.body
        assert (other.status, other.body["code"]) == (422, "TT1816")
        assert refused[0] == refused[1]
        assert [reply.status for reply in failed] == [500, 500]
        assert failed[0].body["prediction_id"] != failed[1].body["prediction_id"], "a failure is not an answer"
        assert len(service.predictions()) == 4
        assert 'trimtab_resent_total{endpoint="main"} 3' in text


def test_concurrent_requests_with_one_key_wait_for_the_first(state: Path, place: Place) -> None:
    service = Service(state)
    service.route((place(Recipe().slow(0.3)), 10_000))
    replies: list[Reply] = []
    with running(service):
        clients = [service.client() for _ in range(6)]
        threads = [
            threading.Thread(target=lambda c=client: replies.append(c.predict(row(), Idempotency_Key="same")))
            for client in clients
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len({reply.body["prediction_id"] for reply in replies}) == 1
        assert [reply.status for reply in replies] == [200] * 6
        assert len(service.predictions()) == 1


def test_first_answers_are_known_after_a_restart(state: Path, place: Place, eventually: Eventually) -> None:
    service = Service(state)
    service.route((place(), 10_000))
    rows = [row(tx="a"), row(tx="b", age=20)]
    with running(service):
        client = service.client()
        single = client.predict(row(), Idempotency_Key="single").body
        several = client.predict(rows, Idempotency_Key="several").body
        refused = client.predict({"ts": 1}, Idempotency_Key="refused").body
        before = service.kill("router")
        eventually(lambda: service.observed().pid not in (0, before), what="the router is back")
        client.close()

        assert client.predict(row(), Idempotency_Key="single").body == single
        assert client.predict(rows, Idempotency_Key="several").body == several
        again = client.predict({"ts": 1}, Idempotency_Key="refused").body
        assert (again["prediction_id"], again["problem"]) == (refused["prediction_id"], refused["problem"])
        assert len(service.predictions()) == 4


def test_a_torn_tail_is_left_behind_and_never_appended_to(state: Path, place: Place) -> None:
    service = Service(state)
    service.route((place(), 10_000))
    with running(service):
        service.client().predict(row(), Idempotency_Key="k")
    (segment,) = service.files.log.glob("*.seg")
    whole = segment.read_bytes()
    segment.write_bytes(whole + whole[: len(whole) // 2])

    again = Service(state)
    with running(again):
        reply = again.client().predict(row(), Idempotency_Key="k")
        again.client().predict(row(tx="new"))

        assert [record.key for record in again.predictions()] == ["tx-1", "new"]
        assert reply.body["prediction_id"] == again.predictions()[0].prediction_id
        assert segment.read_bytes() == whole + whole[: len(whole) // 2]


def test_with_fsync_every_answer_is_logged_and_groups_share_a_sync(
    state: Path, place: Place, eventually: Eventually
) -> None:
    service = Service(state, sync=True)
    service.route((place(), 10_000))
    with running(service):
        with Load(service, row(), connections=4) as load:
            eventually(lambda: load.count > 300, within=60, what="requests flow")
        labels = {"labels": [{"key": "tx-0-1", "value": True}]}
        assert service.client().call("POST", "/v1/labels", labels, token=TOKEN).status == 200
        logged = {record.prediction_id for record in service.predictions()}

    assert load.failed == []
    assert set(load.answered) <= logged


def test_when_the_log_cannot_be_written_no_answer_leaves(state: Path, place: Place) -> None:
    """A file size limit stands for a full disk: the kernel refuses the write in both cases."""
    service = Service(state)
    service.route((place(), 10_000))
    with running(service):
        client = service.client()
        assert client.predict(row()).status == 200
        router = service.supervisor.pid("router")
        before = resource.prlimit(router, resource.RLIMIT_FSIZE)
        resource.prlimit(router, resource.RLIMIT_FSIZE, (1, before[1]))
        reply = client.predict(row())
        resource.prlimit(router, resource.RLIMIT_FSIZE, before)

        assert (reply.status, reply.body["code"]) == (503, "TT1813")
        assert client.predict(row(tx="after")).status == 200
        assert [record.key for record in service.predictions()] == ["tx-1", "after"]
