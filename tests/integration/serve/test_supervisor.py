"""Each process is restarted alone, none is left behind, and the data plane carries nothing that it does not need."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Eventually
from tests.integration.serve.conftest import Place
from tests.integration.serve.releases import PRIVATE, Recipe, row
from tests.integration.serve.service import Client, Service, running
from trimtab.base.errors import BusyError, DriverError
from trimtab.release.signature import public_key_of
from trimtab.serve.observed import read_observed
from trimtab.serve.supervisor import Serving, Supervisor

CONTROL_PLANE = ("pipeline", "gates", "rollout", "monitor", "loop", "app", "cli", "drivers", "generate")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_router_and_worker_carry_no_control_plane_and_no_table_library(
    state: Path, place: Place, tmp_path: Path
) -> None:
    release = place()
    service = Service(state, list_modules=tmp_path)
    service.route((release, 10_000))
    with running(service):
        assert service.client().predict(row()).status == 200

    lists = {path.stem[:6]: set(path.read_text().split()) for path in tmp_path.glob("*.txt")}
    for program in ("router", "worker"):
        assert f"trimtab.serve.{program}" in lists[program]
        carried = {name for name in lists[program] if name.split(".")[0] == "trimtab"}
        assert not {name for name in carried if name.split(".")[1:2] and name.split(".")[1] in CONTROL_PLANE}
        assert not lists[program] & {"polars", "sqlite3", "cryptography", "click", "jinja2"}
    # The worker may have pandas: where it is installed, scikit-learn itself imports it.
    assert not lists["router"] & {"numpy", "pandas", "sklearn", "scipy", "skops"}


def test_a_killed_supervisor_takes_everything_with_it_and_can_be_started_again(
    state: Path, place: Place, eventually: Eventually, tmp_path: Path
) -> None:
    release = place()
    service = Service(state)
    service.route((release, 10_000))
    script = tmp_path / "up.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nfrom trimtab.release.signature import key_id\n"
        "from trimtab.serve.supervisor import Serving, Supervisor\n"
        f"public = bytes.fromhex({public_key_of(PRIVATE).hex()!r})\n"
        "child = (sys.executable, '-c', 'import time; from trimtab.serve import lifeline; import os;'\n"
        "         'lifeline.watch(lambda: os._exit(0)); time.sleep(600)')\n"
        f"serving = Serving(state=Path({str(state)!r}), endpoint='main', trusted={{key_id(public): public}},\n"
        "                   children={'controller': child})\n"
        "supervisor = Supervisor(serving)\nsupervisor.start()\nsupervisor.ready()\n"
        "print(supervisor.pid('router'), supervisor.pid('controller'),\n"
        f"      supervisor.pid({release!r}), flush=True)\nsupervisor.run()\n"
    )
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert len(pids) == 3
    assert all(alive(pid) for pid in pids)
    observed = read_observed(service.files.observed)
    assert observed is not None
    client = Client((observed.host, observed.port))
    assert client.predict(row()).status == 200
    client.close()

    process.kill()
    process.wait()
    process.stdout.close()
    eventually(lambda: not any(alive(pid) for pid in pids), within=20, what="the children have noticed")
    with running(service):
        assert service.client().predict(row()).status == 200


def test_a_child_that_keeps_crashing_is_reported_and_the_others_stay(
    state: Path, place: Place, eventually: Eventually, tmp_path: Path
) -> None:
    marks = tmp_path / "marks"
    crash = f"open({str(marks)!r}, 'a').write('x'); raise SystemExit(7)"
    service = Service(state, children={"controller": (sys.executable, "-c", crash)})
    service.route((place(), 10_000))
    with running(service):
        router = service.supervisor.pid("router")
        eventually(lambda: marks.exists() and len(marks.read_text()) >= 3, within=20, what="it was tried again")
        assert service.client().predict(row()).status == 200
        assert service.supervisor.pid("router") == router
        assert "exit code 7" in service.supervisor.troubles["controller"]


def test_a_port_in_use_is_one_sentence_and_nothing_is_started(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        supervisor = Supervisor(Serving(state=state, endpoint="main", trusted={}, port=taken.getsockname()[1]))
        with pytest.raises(DriverError, match="cannot listen on"):
            supervisor.start()
    supervisor.start()
    with pytest.raises(BusyError, match="is working on serve-main"):
        Supervisor(Serving(state=state, endpoint="main", trusted={})).start()
    supervisor.stop()


def test_a_restarted_router_listens_where_its_clients_look(state: Path, place: Place) -> None:
    service = Service(state)
    service.route((place(), 10_000))
    with running(service):
        client = service.client()
        assert client.predict(row()).status == 200
        client.close()
        for _ in range(3):
            assert service.kill("router")
            # no waiting, no trying again: the connection waits in the supervisor's socket
            assert client.predict(row()).status == 200
            client.close()


def test_before_the_first_release_the_endpoint_says_so(state: Path) -> None:
    service = Service(state)
    with running(service):
        client = service.client()
        reply = client.predict({})
        assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
        assert "no release is in service yet" in reply.body["problem"]
        assert client.call("GET", "/v2/health/live").status == 200
        assert client.call("GET", "/v2/health/ready").status == 503


def test_a_stopped_service_answers_what_was_under_way_and_leaves_nothing(
    state: Path, place: Place, eventually: Eventually
) -> None:
    release = place(Recipe().slow(0.7))
    service = Service(state)
    service.route((release, 10_000))
    with running(service):
        body = json.dumps(row()).encode()
        head = b"POST /v1/endpoints/main/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        with socket.create_connection(service.supervisor.address) as connection:
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            eventually(lambda: service.status()["workers"][0]["waiting"], what="the request is under way")
            sockets = service.supervisor.sockets
            service.stop()
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")
    assert not sockets.exists()
    assert len(service.predictions()) == 1
