"""Run the web server: alone, or in the background of `catalog serve`."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn

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
    _server(each, settings).run(sockets=[bound])


@contextmanager
def in_background(
    each: tuple[Settings, ...], settings: WebSettings, bound: socket.socket
) -> Iterator[None]:
    """Serve in a thread. The main thread keeps the signals."""
    server = _server(each, settings)
    arguments = {"sockets": [bound]}
    thread = Thread(target=server.run, kwargs=arguments, name="web", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(GRACE + 1)


def _server(each: tuple[Settings, ...], settings: WebSettings) -> uvicorn.Server:
    reader = Reader(each, Database(each[0].database, writes=False))
    config = uvicorn.Config(
        make_app(reader, options_of(settings)),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=16_384,
    )
    return uvicorn.Server(config)


def options_of(settings: WebSettings) -> Options:
    """Return how the application is reached. A public server accepts every name by default."""
    names = settings.hosts or (("*",) if settings.is_exposed else ())
    access = Access(
        hosts=(*LOOPBACK, *(name.lower() for name in names)),
        token=None if settings.token is None else reveal(settings.token),
        header=settings.proxy_header,
    )
    return Options(settings.root_path, access)
