"""The web server keeps answering slow, many and large clients."""

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import httpx
import pytest

from catalog.web import serve
from tests.support.daemon import guarded
from tests.support.shell import Shell

GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SECONDS = 20


@pytest.fixture
def place(demo: Shell) -> Iterator[tuple[str, int]]:
    """Serve the demo. Give host and port."""
    with guarded(demo.start("web", "--listen", "127.0.0.1:0")) as running:
        line = running.until("serving http://")
        yield "127.0.0.1", int(re.findall(r":(\d+)/", line)[0])
        running.stop()


def _connect(place: tuple[str, int]) -> socket.socket:
    return socket.create_connection(place, timeout=SECONDS)


def _send(place: tuple[str, int], *parts: bytes) -> bytes:
    """Send bytes on one connection. Return all that comes back."""
    found = b""
    with closing(_connect(place)) as sent, suppress(ConnectionError):
        # The server may close while we still send.
        for part in parts:
            sent.sendall(part)
        while part := sent.recv(65_536):
            found += part
    return found


def _is_alive(place: tuple[str, int]) -> bool:
    with httpx.Client(trust_env=False, timeout=SECONDS) as client:
        return client.get(f"http://{place[0]}:{place[1]}/").status_code == 200


def test_old_and_pipelined_requests_are_answered(place: tuple[str, int]) -> None:
    """A client of HTTP/1.0, and one that sends all requests first, get every answer in order."""
    assert _send(place, b"GET /livez HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").endswith(b"alive\n")
    live = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    came = _send(place, (live + b"\r\n") * 30 + live + b"Connection: close\r\n\r\n")
    assert came.count(b"HTTP/1.1 200 OK") == came.count(b"alive\n") == 31


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ((b"GET /?q=", b"a" * 2_000_000), b"400"),
        ((GET, b"X-Many: value\r\n" * 100_000), b"400"),
        ((b"\x16\x03\x01 no HTTP at all\r\n\r\n",), b"400"),
    ],
)
def test_too_long_requests_are_refused(
    place: tuple[str, int], parts: tuple[bytes, ...], status: bytes
) -> None:
    """A long address, endless headers, and another protocol end with an error, not with memory."""
    came = _send(place, *parts, b"Connection: close\r\n\r\n")
    assert came[9:12] in {status, b""}
    assert _is_alive(place)


def test_a_large_body_is_not_kept(place: tuple[str, int]) -> None:
    """A body of 10 MB is refused by its method or ignored, and the server goes on."""
    head = b"Host: 127.0.0.1\r\nConnection: close\r\nContent-Length: 10000000\r\n\r\n"
    for method, status in ((b"POST", b"405"), (b"GET", b"200")):
        with closing(_connect(place)) as sent:
            sent.sendall(method + b" / HTTP/1.1\r\n" + head)
            assert sent.recv(65_536)[9:12] == status
            with suppress(ConnectionError):  # because the answer is complete
                for _ in range(100):
                    sent.sendall(b"x" * 100_000)
    assert _is_alive(place)


def test_idle_half_and_deaf_clients_stop_nobody(place: tuple[str, int]) -> None:
    """500 idle connections, half requests, and clients that read nothing leave room for others."""
    with ExitStack() as stack:
        idle = [stack.enter_context(closing(_connect(place))) for _ in range(500)]
        for each in idle[:40]:
            each.sendall(GET)  # the end of the request never comes
        for each in idle[40:80]:
            each.sendall((GET + b"\r\n") * 50)  # nothing of the answers is read
        assert _is_alive(place)


def test_more_connections_than_the_limit_are_closed(place: tuple[str, int]) -> None:
    """Those beyond the limit end at once. When others leave, new ones are accepted."""
    with ExitStack() as stack:
        for _ in range(serve.MOST_CONNECTIONS):
            stack.enter_context(closing(_connect(place)))
        assert _send(place, GET, b"Connection: close\r\n\r\n") == b""
    assert _is_alive(place)
