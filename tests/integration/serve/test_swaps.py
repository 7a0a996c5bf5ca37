"""Swaps, kills and slow companions under load: no request is lost and no answer is missing from the log."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Eventually
from tests.integration.serve.conftest import Place
from tests.integration.serve.releases import Recipe, row
from tests.integration.serve.service import Load, Service, running
from trimtab.records.prediction import Role, Status


def test_ten_swaps_under_load_lose_no_request(state: Path, place: Place, eventually: Eventually) -> None:
    old, new = place(), place(Recipe(scale=2.0))
    service = Service(state)
    service.route((old, 10_000))
    with running(service):
        with Load(service, row()) as load:
            for turn in range(10):
                version = service.route((new if turn % 2 == 0 else old, 10_000)).version
                eventually(lambda version=version: service.applied() == version, within=30, what=f"{version} answers")
                before = load.count
                eventually(lambda before=before: load.count > before + 200, within=30, what="requests flow")
        logged = service.predictions()

    assert load.failed == []
    assert load.broken == 0
    assert load.count >= 2_000
    assert Counter(record.prediction_id for record in logged) == Counter(load.answered)
    assert {record.release for record in logged} == {old, new}


def test_the_old_release_is_in_use_until_it_has_answered_everything(
    state: Path, place: Place, eventually: Eventually
) -> None:
    slow, quick = place(Recipe().slow(1.5)), place(Recipe(scale=2.0))
    service = Service(state)
    service.route((slow, 5_000), (quick, 5_000))
    with running(service), Load(service, row(), connections=4) as load:
        eventually(lambda: load.count > 10, what="requests flow")
        service.route((quick, 10_000))
        eventually(lambda: service.applied() == 2, what="the new table answers")
        assert slow in service.observed().in_use
        assert service.supervisor.pid(slow) != 0
        eventually(lambda: slow not in service.observed().in_use, what="the old release is drained")
        eventually(lambda: service.supervisor.pid(slow) == 0, what="its worker is retired")
    assert load.failed == []


def test_killed_workers_lose_no_request(state: Path, place: Place, eventually: Eventually) -> None:
    release = place()
    service = Service(state)
    service.route((release, 10_000))
    with running(service):
        with Load(service, row()) as load:
            for _ in range(3):
                before = load.count
                eventually(lambda before=before: load.count > before + 300, within=60, what="requests flow")
                assert service.kill(release) != 0
            before = load.count
            eventually(lambda: load.count > before + 300, within=60, what="requests flow again")
        logged = service.predictions()
        status = service.client().call("GET", "/v1/status").body

    assert load.failed == []
    assert load.broken == 0
    assert Counter(record.prediction_id for record in logged) == Counter(load.answered)
    assert status["workers"][0]["restarts"] == 3


def test_a_row_that_kills_its_worker_fails_alone(state: Path, place: Place) -> None:
    service = Service(state)
    service.route((place(), 10_000))
    with running(service):
        reply = service.client().predict([row(tx=f"tx-{n}", amount=99.0 if n == 3 else 5.0) for n in range(8)])

    failed = [place for place, one in enumerate(reply.body["predictions"]) if "outputs" not in one]
    assert failed == [3]
    assert "died twice" in reply.body["predictions"][3]["problem"]


def test_while_a_challengers_worker_cannot_come_back_the_champion_answers(
    state: Path, place: Place, eventually: Eventually
) -> None:
    champion, challenger = place(), place(Recipe(scale=2.0))
    service = Service(state)
    service.route((champion, 5_000), (challenger, 5_000))
    with running(service):
        (service.files.bundle(challenger) / "contract.toml").write_text("broken = true")
        service.kill(challenger)
        eventually(
            lambda: "refused" in service.files.worker(challenger).read_text(), what="the new worker refuses its release"
        )
        replies = [service.client().predict(row(tx=f"tx-{n}")) for n in range(40)]
        logged = service.predictions()

    assert {reply.status for reply in replies} == {200}
    assert {record.release for record in logged} == {champion}


def test_every_answer_of_a_killed_router_is_in_the_log_once(state: Path, place: Place, eventually: Eventually) -> None:
    release = place()
    service = Service(state)
    service.route((release, 10_000))
    with running(service):
        with Load(service, row(), resend=True) as load:
            for _ in range(3):
                before = load.count
                eventually(lambda before=before: load.count > before + 500, within=60, what="requests flow")
                assert service.kill("router") != 0
            before = load.count
            eventually(lambda: load.count > before + 500, within=60, what="requests flow again")
        logged = service.predictions()

    assert load.failed == []
    counts = Counter(record.prediction_id for record in logged)
    assert set(load.answered) <= set(counts)
    assert set(counts.values()) == {1}
    # A request that was resent with its key got the first answer: each key was answered once.
    assert set(Counter(record.idempotency_key for record in logged).values()) == {1}
    assert len(list(service.files.log.glob("*.seg"))) == 4


def test_a_slow_shadow_touches_no_answer_and_its_drops_are_counted(
    state: Path, place: Place, eventually: Eventually
) -> None:
    champion, shadow = place(), place(Recipe(scale=2.0).slow(0.5))
    service = Service(state)
    service.route((champion, 10_000), shadow=shadow)
    with running(service):
        client = service.client()
        began = time.monotonic()
        for _ in range(3):
            assert client.predict([row(tx=f"tx-{n}") for n in range(1_000)]).status == 200
        took = time.monotonic() - began
        dropped = client.call("GET", "/v1/status").body["shadow_dropped"]
        eventually(
            lambda: any(record.role is Role.SHADOW for record in service.predictions()), what="the shadow is logged"
        )
        text = client.call("GET", "/metrics").body

    assert took < 3
    assert sum(dropped.values()) > 0
    assert "trimtab_shadow_dropped_total{" in text


def test_a_shadow_answers_the_same_row_unheard(state: Path, place: Place, eventually: Eventually) -> None:
    champion, shadow = place(), place(Recipe(scale=2.0, age_maximum=50))
    service = Service(state)
    service.route((champion, 10_000), shadow=shadow)

    def shadows() -> int:
        return sum(record.role is Role.SHADOW for record in service.predictions())

    with running(service):
        heard = service.client().predict(row()).body
        refused_by_shadow = service.client().predict(row(tx="old", age=80))
        eventually(lambda: shadows() == 2, what="both shadows are logged")
        logged = {(record.key, record.role): record for record in service.predictions()}

    assert refused_by_shadow.status == 200
    assert logged["old", Role.SHADOW].status is Status.REFUSED
    first, second = logged["tx-1", Role.CHAMPION], logged["tx-1", Role.SHADOW]
    assert heard["prediction_id"] == first.prediction_id
    assert first.request_id == second.request_id
    assert first.arrived_at == second.arrived_at
    assert (second.release, second.status) == (shadow, Status.OK)
    assert first.outputs != second.outputs


def test_a_crashing_shadow_touches_no_answer(state: Path, place: Place, eventually: Eventually) -> None:
    deadly: Callable[[], Recipe] = lambda: Recipe(scale=2.0, source=Recipe().source.replace("99.0", "77.0"))  # noqa: E731
    champion, shadow = place(), place(deadly())
    service = Service(state)
    service.route((champion, 10_000), shadow=shadow)
    with running(service):
        client = service.client()
        assert [client.predict(row(tx=f"{n}", amount=77.0)).status for n in range(5)] == [200] * 5
        eventually(
            lambda: any(r.role is Role.SHADOW and r.status is Status.FAILED for r in service.predictions()),
            within=20, what="the shadow's failure is logged",
        )  # fmt: skip
        assert client.predict(row(tx="after")).status == 200
