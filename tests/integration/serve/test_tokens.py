"""Who may do what: labels and the clock ask for the token always, everything does beyond loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.serve.conftest import Place
from tests.integration.serve.releases import make_release, row
from tests.integration.serve.service import PREDICT, TOKEN, Service, running
from trimtab.records.label import Label


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


def test_labels_are_taken_from_who_has_the_token_and_logged_by_then(service: Service) -> None:
    client = service.client()
    second = {"prediction_id": "p", "value": False, "event_time": "2026-02-02T00:00:00Z"}
    body = {"labels": [{"key": "tx-1", "value": True}, second]}

    assert client.call("POST", "/v1/labels", body).status == 401
    assert client.call("POST", "/v1/labels", body, token="wrong").body["code"] == "TT1808"
    assert service.records() == []
    reply = client.call("POST", "/v1/labels", body, token=TOKEN)
    labels = [record for record in service.records() if isinstance(record, Label)]

    assert (reply.status, reply.body["taken"]) == (200, 2)
    assert [label.label_id for label in labels] == reply.body["label_ids"] == sorted(reply.body["label_ids"])
    assert [label.value for label in labels] == [True, False]
    assert labels[0].arrived_at > 0


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ({"value": True}, "neither a key nor a prediction_id"),
        ({"key": "a"}, "its value is missing"),
        ({"key": "a", "value": 3}, "none of the classes"),
        ({"key": "a", "value": True, "colour": 1}, "unknown field 'colour'"),
        ({"key": ["a"], "value": True}, "key: it is"),
        ({"key": "a", "prediction_id": 5, "value": True}, "prediction_id is 5 and not text"),
        ({"key": "a", "value": True, "event_time": "2026-01-01T00:00:00"}, "has no zone"),
        ("a", "it is not an object"),
    ],
)
def test_labels_are_taken_together_or_not_at_all(service: Service, label: Any, said: str) -> None:
    body = {"labels": [{"key": "good", "value": True}, label]}
    reply = service.client().call("POST", "/v1/labels", body, token=TOKEN)

    assert reply.status == 422
    assert f"label 1: {said}" in reply.body["problem"] or said in reply.body["problem"]
    assert service.records() == []


def test_the_clock_of_an_endpoint_in_real_time_is_not_moved(service: Service) -> None:
    client = service.client()

    assert client.call("POST", "/v1/clock", {"now": 1}).status == 401
    assert client.call("POST", "/v1/clock", {"now": 1}, token=TOKEN).body["code"] == "TT1815"


def test_beyond_loopback_everything_asks_for_the_token(state: Path, place: Place) -> None:
    service = Service(state, host="0.0.0.0")
    service.route((place(), 10_000))
    with running(service):
        client = service.client()
        for method, path in (("POST", PREDICT), ("GET", "/v1/status"), ("GET", "/metrics"), ("GET", "/v2/health/live")):
            body = row() if method == "POST" else None
            assert client.call(method, path, body).status == 401, path
            assert client.call(method, path, body, token=TOKEN).status == 200, path
        assert client.call("GET", "/nowhere").status == 401


def test_without_a_token_file_nobody_may_change_anything(state: Path, place: Place) -> None:
    service = Service(state, token_file=None)
    service.route((place(), 10_000))
    with running(service):
        client = service.client()
        assert "without a token" in client.call("POST", "/v1/labels", {"labels": []}, token="").body["problem"]
        assert client.call("POST", "/v1/labels", {"labels": []}, token="guess").status == 401
        assert client.predict(row()).status == 200
