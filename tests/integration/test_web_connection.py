"""The web server closes connections of slow clients."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn

from catalog.web.serve import Connection

SECONDS = 20
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Quick(Connection):
    """A connection that waits only briefly."""

    patience = 0.2


@dataclass
class App:
    """An application whose answer is large, and waits until it is released."""

    size: int = 1
    released: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        """Answer one request."""
        await asyncio.to_thread(self.released.wait, SECONDS)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * self.size})


@pytest.fixture
def app() -> App:
    """Make the application."""
    return App()


@pytest.fixture
def place(app: App) -> Iterator[Any]:
    """Serve the application in a thread. Give its address."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        config = uvicorn.Config(app, http=Quick, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        yield bound.getsockname()
        server.should_exit = True
        app.released.set()
        thread.join(SECONDS)


def _connect(place: Any) -> socket.socket:
    return socket.create_connection(place, timeout=SECONDS)


def _until_closed(sent: socket.socket) -> bytes:
    """Return what comes until the server closes."""
    found = b""
    with suppress(ConnectionError):
        while part := sent.recv(65_536):
            found += part
    return found


@pytest.mark.parametrize("begin", [b"", b"GET / HTTP/1.1\r\nHost: "])
def test_a_request_that_never_ends_is_given_up(place: Any, begin: bytes) -> None:
    """A silent connection and half a request are closed without an answer."""
    with closing(_connect(place)) as sent:
        sent.sendall(begin)
        assert _until_closed(sent) == b""


def test_a_request_that_drips_is_given_up(place: Any) -> None:
    """A byte now and then does not keep a connection open."""
    with closing(_connect(place)) as sent, closing(_connect(place)) as other:
        sent.sendall(b"GET / HTTP/1.1\r\n")
        with pytest.raises(ConnectionError):  # noqa: PT012  # each byte may be the refused one
            while True:
                sent.sendall(b"X")
                other.settimeout(0.01)
                with suppress(TimeoutError):
                    other.recv(1)


def test_an_answer_that_nobody_reads_is_given_up(app: App, place: Any) -> None:
    """The rest of a large answer is dropped, and the connection closed."""
    app.size = 50_000_000
    app.released.set()
    with closing(_connect(place)) as sent:
        sent.sendall(REQUEST)
        for _ in range(2):  # two waits pass
            with closing(_connect(place)) as silent:
                _until_closed(silent)
        assert len(_until_closed(sent)) < app.size


def test_an_answer_that_takes_long_is_waited_for(app: App, place: Any) -> None:
    """A whole request is not given up while the answer is made."""
    with closing(_connect(place)) as sent, closing(_connect(place)) as idle:
        sent.sendall(REQUEST)
        assert _until_closed(idle) == b""  # which has waited as long
        app.released.set()
        assert sent.recv(65_536).startswith(b"HTTP/1.1 200")
