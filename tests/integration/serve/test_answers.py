"""One endpoint, one release: what it answers, what it refuses, what it logs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.serve.conftest import Place
from tests.integration.serve.releases import Recipe, make_release, row
from tests.integration.serve.service import Service, running
from trimtab.base.digest import short
from trimtab.base.instants import parse_instant
from trimtab.records.prediction import Role, Status


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    workshop = tmp_path_factory.mktemp("shared")
    service = Service(workshop / ".trimtab")
    service.route((make_release(workshop / ".trimtab", workshop), 10_000))
    with running(service):
        yield service


@pytest.fixture
def service(shared: Service) -> Service:
    shared.forget()
    return shared


def test_a_row_is_answered_and_is_in_the_log_by_then(service: Service) -> None:
    reply = service.client().predict(row())

    assert reply.status == 200, reply.body
    assert 0 < reply.body["outputs"]["score"] < 1
    assert reply.body["notes"] == []
    (record,) = service.predictions()
    assert reply.body["release"] == reply.body["variant"] == short(record.release)
    assert record.prediction_id == reply.body["prediction_id"]
    assert (record.status, record.role) == (Status.OK, Role.CHAMPION)
    assert (record.inputs, record.outputs) == (row(), reply.body["outputs"])
    assert (record.key, record.project, record.endpoint) == ("tx-1", "card-fraud", "main")
    assert record.event_time == parse_instant("2026-02-01T00:00:00Z")
    assert record.arrived_at > record.event_time
    assert record.latency_us > 0


def test_a_refused_row_is_told_everything_at_once_and_logged(service: Service) -> None:
    wrong = {"ts": "yesterday", "tx": "tx-1", "amount": "12.5", "fraud": True}
    reply = service.client().predict(wrong)

    assert reply.status == 422
    assert all(name in reply.body["problem"] for name in ("ts", "amount", "age", "fraud"))
    assert (reply.body["code"], bool(reply.body["fix"])) == ("TT1810", True)
    (record,) = service.predictions()
    assert (record.status, record.inputs, record.outputs) == (Status.REFUSED, wrong, None)
    assert record.problem == reply.body["problem"]


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b"[" * 5_000, b"12", b'{"a": {"b": 1}}', b'"text"'])
def test_what_is_not_a_row_is_refused_and_logged_as_it_came(service: Service, body: bytes) -> None:
    reply = service.client().predict(body)

    assert reply.status in (400, 422)
    assert reply.body["problem"]
    if not body.startswith(b"["):
        (record,) = service.predictions()
        assert record.status is Status.REFUSED
        assert record.inputs is None
        assert record.received == body.decode("utf-8", "replace")


@pytest.mark.parametrize("value", ["1" + "0" * 40, "-" + "9" * 25, '"\\ud800"', "1e999", "[1]", "NaN"])
def test_a_value_that_no_log_could_hold_is_refused_like_any_other(service: Service, value: str) -> None:
    body = f'{{"ts": "2026-02-01T00:00:00Z", "tx": "tx-1", "amount": 1.0, "age": {value}}}'.encode()
    reply = service.client().predict(body)

    assert reply.status in (400, 422), reply.body
    (record,) = service.predictions()
    assert record.status is Status.REFUSED
    assert record.inputs is not None or record.received == body.decode()


def test_a_value_outside_what_was_seen_is_answered_and_noted(service: Service) -> None:
    reply = service.client().predict(row(amount=5_000.0))

    assert reply.status == 200
    assert any(note.startswith("amount: ") for note in reply.body["notes"])
    assert list(service.predictions()[0].notes) == reply.body["notes"]


def test_a_row_that_raises_fails_alone_with_the_users_own_line(service: Service) -> None:
    reply = service.client().predict([row(tx="a"), row(tx="b", amount=666.0), row(tx="c")])

    assert reply.status == 500
    first, second, third = reply.body["predictions"]
    assert first["outputs"] == third["outputs"]
    assert "the devil's amount" in second["problem"]
    assert "pipeline.py:14, in features" in second["problem"]
    assert [record.status for record in service.predictions()] == [Status.OK, Status.FAILED, Status.OK]


def test_a_list_has_an_answer_for_each_row_in_order(service: Service) -> None:
    amounts = [1.0, 20.0, 49.0]
    reply = service.client().predict([row(tx=f"{amount}", amount=amount) for amount in amounts])
    alone = [service.client().predict(row(tx=f"{amount}", amount=amount)).body["outputs"] for amount in amounts]

    assert reply.status == 200
    assert [one["outputs"]["score"] for one in reply.body["predictions"]] == pytest.approx(
        [one["score"] for one in alone], rel=1e-12
    )


def test_one_bad_row_in_a_list_takes_nothing_from_the_others(service: Service) -> None:
    reply = service.client().predict([row(), row(age="old")])

    assert reply.status == 422
    assert "outputs" in reply.body["predictions"][0]
    assert "age" in reply.body["predictions"][1]["problem"]
    assert service.client().predict([]).status == 422


def test_the_open_inference_protocol_gives_the_same_answers(service: Service) -> None:
    client = service.client()
    plain = client.predict([row(), row(age=20)]).body["predictions"]
    inputs = [
        {"name": "ts", "shape": [2], "datatype": "BYTES", "data": [row()["ts"]] * 2},
        {"name": "tx", "shape": [2], "datatype": "BYTES", "data": ["tx-1", "tx-1"]},
        {"name": "amount", "shape": [2, 1], "datatype": "FP64", "data": [[12.5], [12.5]]},
        {"name": "age", "shape": [2], "datatype": "INT64", "data": [40, 20]},
    ]
    reply = client.call("POST", "/v2/models/main/infer", {"id": "mine", "inputs": inputs})

    assert reply.status == 200, reply.body
    assert (reply.body["id"], reply.body["model_name"]) == ("mine", "main")
    (tensor,) = reply.body["outputs"]
    assert (tensor["name"], tensor["datatype"], tensor["shape"]) == ("score", "FP64", [2])
    assert tensor["data"] == [one["outputs"]["score"] for one in plain]
    described = client.call("GET", "/v2/models/main").body
    assert [one["name"] for one in described["inputs"]] == ["ts", "tx", "amount", "age"]
    assert client.call("GET", "/v2/health/ready").status == client.call("GET", "/v2/models/main/ready").status == 200


def test_tensors_that_are_no_table_are_refused(service: Service) -> None:
    inputs = [{"name": "amount", "shape": [2], "datatype": "FP64", "data": [1.0]}]
    reply = service.client().call("POST", "/v2/models/main/infer", {"inputs": inputs})

    assert reply.status == 400
    assert "says 2 values and holds 1" in reply.body["error"]


def test_the_contract_of_the_variant_that_answers_is_the_one_that_counts(state: Path, place: Place) -> None:
    old, strict = place(), place(Recipe(scale=2.0, age_maximum=30))
    service = Service(state)
    service.route((old, 5_000), (strict, 5_000))
    with running(service):
        client = service.client()
        replies = [client.predict(row(tx=f"tx-{place}", age=80)) for place in range(60)]
        again = [client.predict(row(tx=f"tx-{place}", age=80)) for place in range(60)]

        assert {reply.status for reply in replies} == {200, 422}
        assert [reply.status for reply in replies] == [reply.status for reply in again]
        for record in service.predictions():
            assert (record.release == strict) == (record.status is Status.REFUSED)
            assert record.role is (Role.CHALLENGER if record.release == strict else Role.CHAMPION)


def test_status_and_metrics_count_what_happened(state: Path, place: Place) -> None:
    service = Service(state)
    service.route((place(), 10_000))
    with running(service):
        client = service.client()
        client.predict(row())
        client.predict({})
        status = client.call("GET", "/v1/status").body
        text = client.call("GET", "/metrics").body

    (counts,) = status["predictions"].values()
    assert counts == {"ok": 1, "refused": 1}
    assert status["applied"]["version"] == 1
    assert status["workers"][0]["phase"] == "ready"
    assert 'status="refused"} 1' in text
    assert 'trimtab_http_answers_total{endpoint="main",route="predict",code="422"} 1' in text
    assert 'trimtab_latency_seconds_count{endpoint="main"' in text
    assert 'trimtab_route_version{endpoint="main"} 1' in text
