"""The replay's clock: it waits for the controller, for the rows under way, and for the workers of a due table."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.conftest import Eventually
from tests.integration.serve.conftest import Place
from tests.integration.serve.releases import Recipe, row
from tests.integration.serve.service import TOKEN, Client, Reply, Service, running
from trimtab.base.digest import short
from trimtab.base.instants import HOUR, Instant, format_instant, parse_instant
from trimtab.drivers.clocks import grant
from trimtab.records.clock import ClockFile
from trimtab.records.prediction import Role
from trimtab.records.versioned import decode

START = parse_instant("2026-01-01T00:00:00Z")


def step(client: Client, to: int) -> Reply:
    return client.call("POST", "/v1/clock", {"now": to}, token=TOKEN)


def present(service: Service) -> int:
    return decode(ClockFile, service.files.clock.read_bytes()).now if service.files.clock.exists() else 0


class Stepping:
    """A step that is waiting in a thread."""

    def __init__(self, client: Client, to: int) -> None:
        self.reply: Reply | None = None
        self._thread = threading.Thread(target=self._go, args=(client, to))
        self._thread.start()

    def _go(self, client: Client, to: int) -> None:
        self.reply = step(client, to)

    def result(self) -> Reply:
        self._thread.join()
        assert self.reply is not None
        return self.reply


def test_arrivals_have_the_clocks_time_and_it_never_goes_back(state: Path, place: Place) -> None:
    service = Service(state, replay=True)
    service.route((place(), 10_000))
    service.files.folder.mkdir(parents=True, exist_ok=True)
    grant(service.files.horizon, Instant(START + 10 * HOUR))
    with running(service):
        client = service.client()
        assert step(client, START).body == {"now": format_instant(START)}
        client.predict(row(tx="first"))
        assert client.call("POST", "/v1/clock", {"now": format_instant(START + HOUR)}, token=TOKEN).status == 200
        client.predict(row(tx="second"))
        labels = {"labels": [{"key": "first", "value": True}]}
        client.call("POST", "/v1/labels", labels, token=TOKEN)
        back = step(client, START)
        again = step(client, START + HOUR)
        nonsense = client.call("POST", "/v1/clock", {"now": "soon"}, token=TOKEN)

        assert [record.arrived_at for record in service.records()] == [START, START + HOUR, START + HOUR]
        assert (back.status, back.body["code"]) == (409, "TT1814")
        assert again.status == 200
        assert nonsense.status == 422
        assert client.call("POST", "/v1/clock", {"now": 1}).status == 401


def test_a_step_waits_for_the_controller_and_stops_where_it_must_look(
    state: Path, place: Place, eventually: Eventually
) -> None:
    service = Service(state, replay=True)
    service.route((place(), 10_000))
    with running(service):
        first = Stepping(service.client(), START)
        eventually(lambda: present(service) == START, what="the beginning is known")
        assert service.client().predict(row()).status == 200, "requests are answered while a step waits"
        grant(service.files.horizon, Instant(START + HOUR))
        assert first.result().status == 200

        later = Stepping(service.client(), START + 3 * HOUR)
        eventually(lambda: present(service) == START + HOUR, what="the clock stands at the granted moment")
        status = service.client().call("GET", "/v1/status").body
        assert "the controller" in status["waits_for"]
        assert later.reply is None
        grant(service.files.horizon, Instant(START + 2 * HOUR))
        eventually(lambda: present(service) == START + 2 * HOUR, what="the clock goes on")
        grant(service.files.horizon, Instant(START + 9 * HOUR))
        assert later.result().body == {"now": format_instant(START + 3 * HOUR)}


def test_a_table_takes_effect_at_its_moment_whatever_its_worker_takes_to_start(state: Path, place: Place) -> None:
    old, new = place(), place(Recipe(scale=2.0))
    service = Service(state, replay=True)
    service.route((old, 10_000))
    with running(service):
        client = service.client()
        grant(service.files.horizon, Instant(START + 9 * HOUR))
        step(client, START)
        service.route((new, 10_000), effective_at=START + 2 * HOUR)
        before = []
        for hour in range(4):
            assert step(client, START + hour * HOUR).status == 200
            before.append(client.predict(row(tx=f"{hour}")).body["release"])

    assert before == [short(old), short(old), short(new), short(new)]


def test_two_coming_tables_each_have_their_moment_and_a_restarted_router_knows_them(
    state: Path, place: Place, eventually: Eventually
) -> None:
    old, new = place(), place(Recipe(scale=2.0))
    service = Service(state, replay=True)
    service.route((old, 10_000))
    with running(service):
        client = service.client()
        grant(service.files.horizon, Instant(START + 9 * HOUR))
        step(client, START)
        service.route((new, 10_000), effective_at=START + HOUR)
        eventually(lambda: len(service.observed().pending) == 1, what="the first is known")
        service.route((old, 10_000), effective_at=START + 2 * HOUR)
        eventually(lambda: len(service.observed().pending) == 2, what="both are known")
        killed = service.kill("router")
        eventually(lambda: service.observed().pid != killed, what="the router is back")
        client.close()
        releases = []
        for hour in range(3):
            step(client, START + hour * HOUR)
            releases.append(client.predict(row(tx=f"{hour}")).body["release"])

    assert releases == [short(old), short(new), short(old)]


def test_a_step_waits_for_every_shadow_so_that_none_is_dropped(state: Path, place: Place) -> None:
    champion, shadow = place(), place(Recipe(scale=2.0).slow(0.3))
    service = Service(state, replay=True)
    service.route((champion, 10_000), shadow=shadow)
    with running(service):
        client = service.client()
        grant(service.files.horizon, Instant(START + 9 * HOUR))
        step(client, START)
        for part in range(3):
            client.predict([row(tx=f"{part}-{n}") for n in range(1_000)])
        step(client, START + HOUR)
        logged = service.predictions()

    assert sum(record.role is Role.SHADOW for record in logged) == 3_000
    assert {record.arrived_at for record in logged} == {START}


def test_without_a_key_the_same_rows_go_to_the_same_variants_in_every_replay(state: Path, place: Place) -> None:
    recipe, other = Recipe(keyed=False), Recipe(keyed=False, scale=2.0)
    service = Service(state, replay=True)
    service.route((place(recipe), 5_000), (place(other), 5_000))
    with running(service):
        client = service.client()
        rounds = [[client.predict(row(amount=n / 4)).body["release"] for n in range(40)] for _ in range(2)]

    assert rounds[0] == rounds[1]
    assert len(set(rounds[0])) == 2


def test_a_refused_release_does_not_hold_the_clock(state: Path, place: Place) -> None:
    good, bad = place(), place(Recipe(golden_shift=0.01))
    service = Service(state, replay=True)
    service.route((good, 10_000))
    with running(service):
        client = service.client()
        grant(service.files.horizon, Instant(START + 9 * HOUR))
        step(client, START)
        service.route((bad, 10_000), effective_at=START + HOUR)
        assert step(client, START + 2 * HOUR).status == 200
        assert client.predict(row()).body["release"] == short(good)
        assert "golden row" in client.call("GET", "/v1/status").body["problem"]
