"""Run the web server: alone, or in the background of `catalog serve`."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from catalog.config.settings import Settings
from catalog.config.types import reveal
from catalog.config.web import WebSettings
from catalog.core.errors import SettingsInvalid
from catalog.store.database import Database
from catalog.web.app import Options, make_app
from catalog.web.reader import Reader
from catalog.web.security import LOOPBACK, Access

GRACE = 5
"""Seconds that running requests get to end."""
BACKLOG = 256
MOST_CONNECTIONS = 600
"""More are closed at once, because the polls of the same process need files too."""
PATIENCE = 30
"""Seconds after which a connection without a complete answer is closed."""
BUSY_TIMEOUT = 5.0
"""Seconds that an answer waits for a locked database before it becomes 503."""


def listen(settings: WebSettings) -> socket.socket:
    """Return a listening socket, or raise SettingsInvalid."""
    host, port = settings.address
    if settings.is_exposed and not settings.public:
        hint = "Add --public, or set web.public, if every reader of that network may see it."
        raise SettingsInvalid(f"{host} is reached from beyond this machine", hint=hint)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        hint = "Name another address: `catalog web --listen 127.0.0.1:8081`."
        raise SettingsInvalid(f"cannot listen on {host}:{port}: {reason}", hint=hint) from None


def address_of(bound: socket.socket) -> str:
    """Return the address of a listening socket for a browser."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def run(each: tuple[Settings, ...], settings: WebSettings, bound: socket.socket) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # The server sends the signal again after it stopped, which would end us with an error.
        signal.signal(number, lambda *_: None)
    _server(Pages(each, settings)).run(sockets=[bound])


@contextmanager
def in_background(
    each: tuple[Settings, ...], settings: WebSettings, bound: socket.socket
) -> Iterator["Pages"]:
    """Serve in a thread. The main thread keeps the signals."""
    pages = Pages(each, settings)
    server = _server(pages)
    arguments = {"sockets": [bound]}
    thread = Thread(target=server.run, kwargs=arguments, name="web", daemon=True)
    thread.start()
    try:
        yield pages
    finally:
        server.should_exit = True
        thread.join(GRACE + 1)


class Pages:
    """The served application. Another thread may replace it while requests run."""

    def __init__(self, each: tuple[Settings, ...], settings: WebSettings) -> None:
        self.reload(each, settings)

    def reload(self, each: tuple[Settings, ...], settings: WebSettings) -> None:
        """Answer new requests by these settings. The address stays."""
        database = Database(each[0].database, busy_timeout=BUSY_TIMEOUT, writes=False)
        self._app = make_app(Reader(each, database), options_of(settings))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._app(scope, receive, send)


def _server(pages: Pages) -> uvicorn.Server:
    config = uvicorn.Config(
        pages,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE,
        http=Connection,
        h11_max_incomplete_event_size=16_384,
    )
    return uvicorn.Server(config)


class Connection(H11Protocol):
    """A connection that is closed if the client is too slow.

    The library waits without end for the rest of a request, and for a client that does not read.
    """

    patience: float = PATIENCE
    _answered = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # narrower in the library than in asyncio
        """Start the timer, or close a connection too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Count an answer."""
        self._answered += 1
        super().on_response_complete()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self.patience, self._check, self._answered)

    def _check(self, before: int) -> None:
        is_whole = not getattr(self.cycle, "more_body", True)  # there is none before a request
        is_ours = is_whole and not self.cycle.response_started
        if self._answered == before and not is_ours:
            self.transport.abort()
        else:
            self._wait()


def options_of(settings: WebSettings) -> Options:
    """Return how the application is reached. A public server accepts every name by default."""
    names = settings.hosts or (("*",) if settings.is_exposed else ())
    access = Access(
        hosts=(*LOOPBACK, *(name.lower() for name in names)),
        token=None if settings.token is None else reveal(settings.token),
        header=settings.proxy_header,
    )
    return Options(settings.root_path, access)
