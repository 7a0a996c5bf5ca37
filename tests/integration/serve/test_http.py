"""The wire of HTTP itself: order, limits, and a JSON sentence for whatever is wrong."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator

import pytest

from tests.integration.serve.releases import make_release, row
from tests.integration.serve.service import PREDICT, Service, running
from trimtab.serve.http import Exchange, Limits, Server
from trimtab.serve.problems import json_answer


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    workshop = tmp_path_factory.mktemp("http")
    service = Service(workshop / ".trimtab")
    service.route((make_release(workshop / ".trimtab", workshop), 10_000))
    with running(service):
        yield service


def raw(service: Service, content: bytes, *, end: bool = True) -> bytes:
    """Everything that the server says to some bytes until it hangs up."""
    with socket.create_connection(service.supervisor.address, timeout=20) as connection:
        connection.sendall(content)
        if end:
            connection.shutdown(socket.SHUT_WR)
        found = b""
        while data := connection.recv(65536):
            found += data
        return found


def request(body: bytes, *headers: bytes, method: bytes = b"POST", path: str = PREDICT) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (method, path.encode()), b"Host: x", b"Content-Type: application/json", *headers]
    lines += [b"Content-Length: %d" % len(body)] if b"Transfer-Encoding: chunked" not in headers else []
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def test_pipelined_requests_are_answered_in_their_order(service: Service) -> None:
    rows = [json.dumps(row(tx=f"tx-{place}", amount=place / 10)).encode() for place in range(200)]
    # refusals need no worker, so they would overtake if nothing kept the order
    bodies = [body if place % 3 else b"{}" for place, body in enumerate(rows)]
    answer = raw(service, b"".join(request(body) for body in bodies))

    statuses = [line.split()[1] for line in answer.split(b"\r\n") if b"HTTP/1.1 " in line]
    heads = [part.rpartition(b"HTTP/1.1 ")[2][:3] for part in answer.split(b"Content-Type")[:-1]]
    assert len(heads) == 200
    assert heads == [b"200" if place % 3 else b"422" for place in range(200)]
    assert statuses.count(b"422") == 67


def test_a_body_in_chunks_is_a_body(service: Service) -> None:
    body = json.dumps(row()).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (1, body[at : at + 1]) for at in range(len(body))) + b"0\r\n\r\n"
    answer = raw(service, request(chunks, b"Transfer-Encoding: chunked"))

    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_a_body_beyond_the_limit_is_turned_away_before_it_was_sent(service: Service) -> None:
    head = request(b"").replace(b"Content-Length: 0", b"Content-Length: 999999999")
    answer = raw(service, head, end=False)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"TT1804" in answer
    assert b"Connection: close" in answer


def test_a_body_without_an_announced_length_is_cut_off_at_the_limit(service: Service) -> None:
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with socket.create_connection(service.supervisor.address, timeout=20) as connection:
        connection.sendall(request(b"", b"Transfer-Encoding: chunked"))
        for _ in range(9):
            connection.sendall(chunk)
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_endless_headers_are_turned_away(service: Service) -> None:
    answer = raw(service, b"GET / HTTP/1.1\r\nX: " + b"y" * 400_000, end=False)
    many = raw(service, b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(5_000)), end=False)

    assert answer.startswith(b"HTTP/1.1 431 ")
    assert many.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "content", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"]
)
def test_what_is_not_http_gets_a_sentence(service: Service, content: bytes) -> None:
    answer = raw(service, content)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"TT1805" in answer


def test_every_wrong_turn_has_a_json_sentence(service: Service) -> None:
    client = service.client()
    replies = {
        404: client.call("GET", "/nowhere"),
        405: client.call("GET", PREDICT),
        415: client.call("POST", PREDICT, b"x=1", Content_Type="application/x-www-form-urlencoded"),
    }
    for status, reply in replies.items():
        assert reply.status == status
        assert set(reply.body) == {"problem", "fix", "code"}
    assert replies[405].headers["Allow"] == "POST"
    assert client.call("POST", "/v1/endpoints/other/predict", row()).body["fix"] == "It serves 'main'."
    assert client.call("POST", PREDICT, json.dumps(row()).encode(), Content_Encoding="gzip").status == 415
    assert client.call("POST", PREDICT, row(), Content_Type="application/json; charset=utf-8").status == 200


def test_head_has_the_headers_of_get_and_no_body(service: Service) -> None:
    answer = raw(service, b"HEAD /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"Content-Length: 13\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_an_old_client_gets_what_it_asked_for(service: Service) -> None:
    closed = raw(service, b"GET /v2/health/live HTTP/1.0\r\n\r\n", end=False)
    kept = raw(service, b"GET /v2/health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")

    assert b"Connection: close" in closed
    assert b"Connection: keep-alive" in kept


def test_a_client_that_waits_for_leave_to_send_gets_it(service: Service) -> None:
    body = json.dumps(row()).encode()
    with socket.create_connection(service.supervisor.address, timeout=20) as connection:
        connection.sendall(request(b"", b"Expect: 100-continue").replace(b"Length: 0", b"Length: %d" % len(body)))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")


def test_slow_idle_and_too_many_clients_are_dealt_with() -> None:
    async def scene() -> tuple[bytes, bytes, bytes]:
        def handle(exchange: Exchange) -> None:
            exchange.answer(json_answer({}))

        server = Server(handle, lambda _route, _status: None, Limits(slow=0.05, idle=0.1, connections=2))
        listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        slow_in, slow_out = await asyncio.open_connection("127.0.0.1", port)
        idle_in, idle_out = await asyncio.open_connection("127.0.0.1", port)
        slow_out.write(b"GET / HT")
        await slow_out.drain()
        while len(server.connections) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        extra_in, extra_out = await asyncio.open_connection("127.0.0.1", port)
        extra = await extra_in.read(4096)

        async def sweep() -> None:
            while True:
                server.sweep()
                await asyncio.sleep(0.01)

        sweeping = asyncio.create_task(sweep())
        slow, idle = await slow_in.read(), await idle_in.read()
        sweeping.cancel()
        for out in (slow_out, idle_out, extra_out):
            out.close()
        listening.close()
        return slow, idle, extra

    slow, idle, extra = asyncio.run(scene())

    assert slow.startswith(b"HTTP/1.1 408 ")
    assert idle == b""
    assert extra.startswith(b"HTTP/1.1 503 ")
