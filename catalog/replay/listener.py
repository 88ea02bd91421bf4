"""Serve the replay over HTTP."""

import logging
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any

from catalog.core.errors import SettingsInvalid
from catalog.replay.answer import Answer, Request, refusal
from catalog.replay.wire import Mark, Pause

HOST = "127.0.0.1"
_LOG = logging.getLogger("catalog.replay")
_MAX_REST = 1024 * 1024


def port_hint(error: Exception) -> str:
    """Return which port can be opened."""
    if isinstance(error, PermissionError):
        return "Only root opens a port below 1024: choose a higher one, or 0 for any free one."
    if isinstance(error, OSError):
        return "Another program uses this port: choose another one, or 0 for any free one."
    return "Choose a port up to 65535, or 0 for any free one."


class Listener(ThreadingTCPServer):
    """A server on loopback with one daemon thread per connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, answer: Callable[[Request], Answer]) -> None:
        """Open the port, 0 for a free one, or raise SettingsInvalid."""
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            text = f"port {port} on {HOST} cannot be opened: {reason}"
            raise SettingsInvalid(text, hint=port_hint(error)) from None
        self.answer = answer

    @property
    def url(self) -> str:
        """Return the base URL without final slash."""
        return f"http://{HOST}:{self.server_address[1]}"

    def handle_error(self, _request: Any, client_address: Any) -> None:
        """Log a broken connection without traceback and client data."""
        kind = type(sys.exception()).__name__
        _LOG.warning("the connection from port %s was cut: %s", client_address[1], kind)


class _Handler(BaseHTTPRequestHandler):
    """A handler of one request per connection, so none stays open."""

    server: Listener
    protocol_version = "HTTP/1.1"
    timeout = 10  # seconds
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        request = Request(self.command, self.path, self.headers, self._body())
        answer = self.server.answer(request)
        validity = answer.headers.get("Last-Modified", "-")
        # Logged before the answer, so a client that has the answer finds the line.
        if answer.fault:
            _LOG.warning("%s %a fault %s", request.method, request.path, answer.fault)
            with suppress(OSError):  # clients may close on a fault
                self._send(answer)
            return
        _LOG.info("%s %a %d %s", request.method, request.path, answer.status, validity)
        self._send(answer)
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self._discard_rest()

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if self.command != "POST" or not (length.isascii() and length.isdecimal()):
            return b""
        return self.rfile.read(min(int(length), _MAX_REST))

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815  # names required by http.server

    def version_string(self) -> str:
        """Return the program name without a version."""
        return "catalog-replay"

    def send_error(
        self, code: int, _message: str | None = None, _explain: str | None = None
    ) -> None:
        """Refuse an invalid request without repeating it, because of secrets."""
        status = HTTPStatus(code)
        _LOG.info("unreadable request: %d", status)
        self.request_version = self.protocol_version  # required for a status line
        self._send(refusal(status, status.name.lower(), status.phrase))
        self._discard_rest()

    def log_message(self, *_: object) -> None:
        """Do nothing, because requests are logged elsewhere."""

    def _send(self, answer: Answer) -> None:
        self.close_connection = True
        if self.command == "HEAD":
            self._send_head(answer)
            return
        for step in answer.way(answer.body):
            match step:
                case Mark.HEAD:
                    self._send_head(answer)
                case Mark.RESET:
                    self._reset()
                case Pause(seconds) if self._client_leaves(seconds):
                    return
                case Pause():
                    continue
                case _:
                    self.wfile.write(step)

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != HTTPStatus.NOT_MODIFIED and "Transfer-Encoding" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()

    def _reset(self) -> None:
        # SO_LINGER with 0 seconds sends RST in place of FIN.
        option = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
        self.connection.close()

    def _client_leaves(self, seconds: float | None) -> bool:
        self.connection.settimeout(seconds)
        with suppress(TimeoutError):
            self.connection.recv(1)
            return True
        return False

    def _discard_rest(self) -> None:
        # Read first, because closing with unread bytes would reset the connection.
        self.connection.shutdown(socket.SHUT_WR)
        self.rfile.read(_MAX_REST)
