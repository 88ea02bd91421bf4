"""Run the web server: alone, or in the background of `catalog serve`."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn

from catalog.core.errors import SettingsInvalid
from catalog.web.app import Options, make_app
from catalog.web.reader import Reader

logger = logging.getLogger(__name__)
GRACE = 5
"""Seconds that running requests get to end."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, or raise SettingsInvalid."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        hint = "Name another address: `catalog web --listen 127.0.0.1:8081`."
        raise SettingsInvalid(f"cannot listen on {host}:{port}: {reason}", hint=hint) from None


def run(reader: Reader, options: Options, bound: socket.socket) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    _server(reader, options).run(sockets=[bound])


@contextmanager
def in_background(reader: Reader, options: Options, bound: socket.socket) -> Iterator[None]:
    """Serve in a thread. The signals stay with the main thread."""
    server = _server(reader, options)
    thread = Thread(target=server.run, kwargs={"sockets": [bound]}, name="web", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(GRACE + 1)


def _server(reader: Reader, options: Options) -> uvicorn.Server:
    app = make_app(reader, options)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=16_384,
    )
    return uvicorn.Server(config)
