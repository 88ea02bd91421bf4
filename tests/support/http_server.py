"""A real HTTP server on the loopback that follows a script.

The script has good and bad answers.

    with serve(answer(503), answer(body=b"{}")) as server:
        ...  # request server.url twice
    assert server.requests[0].path == "/"

Each request gets the next step of the script, and the last step repeats. A step is a function of
one `Exchange`, so a test can write its own.
"""

import gzip
import json
import socket
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.needs import found

BLOCK = b" " * 65_536


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as received, with header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request, and the means to answer it."""

    request: Recorded
    server: "Server"
    _handler: "_Handler"

    def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a whole answer.

        `Content-Length` is right unless the headers give another.
        """
        self.head(status, {"Content-Length": str(len(body)), **headers})
        self.write(body)

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the status line and the headers."""
        lines = [f"HTTP/1.1 {status} Scripted", *(f"{k}: {v}" for k, v in headers.items())]
        self.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the server is released or closed.

        At the time limit, return False.
        """
        return self.server.released.wait(seconds)

    def hang_up(self) -> None:
        """End the connection after this answer."""
        self._handler.close_connection = True

    def reset(self) -> None:
        """Break the connection with a TCP reset, as a crash does."""
        # To linger for 0 seconds is to send RST in place of FIN.
        option = struct.pack("ii", 1, 0)
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
        self._handler.connection.close()
        self.hang_up()


Step = Callable[[Exchange], None]


class Server(ThreadingHTTPServer):
    """The server of `serve`.

    It has its `url` and `requests`. `released` ends waiting steps.
    """

    # Threads are joined at the end, so that nothing outlives the test.
    daemon_threads = False

    def __init__(self, script: tuple[Step, ...], tls: ssl.SSLContext | None) -> None:
        self.requests: list[Recorded] = []
        self.released = threading.Event()
        self.connections = 0
        self.failures: list[BaseException] = []
        self._script = script or (answer(),)
        self._tls = tls
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def port(self) -> int:
        """The port, chosen by the system."""
        return self.server_port

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def step(self, request: Recorded) -> Step:
        """Record a request and return its step."""
        self.requests.append(request)
        return self._script[min(len(self.requests), len(self._script)) - 1]

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection. The connection's own thread does its TLS handshake."""
        connection, address = super().get_request()
        self.connections += 1
        if self._tls:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Close a connection whose thread is done."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  # interface
        """Keep the error of a step. A disconnected client is no error."""
        error = sys.exception()
        if error and not isinstance(error, OSError):
            self.failures.append(error)

    def stop(self) -> None:
        """Stop every wait and every connection, then the server."""
        self.released.set()
        self.shutdown()
        for connection in tuple(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:  # the client was cut off, and half a request does not count
            self.close_connection = True
            return
        request = Recorded(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            body,
        )
        self.server.step(request)(Exchange(request, self.server, self))

    do_DELETE = do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = handle_any  # noqa: N815  # interface

    def log_message(self, *words: object) -> None:
        """Log nothing, because the requests are recorded."""


@contextmanager
def serve(*script: Step, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve the steps on a free port of 127.0.0.1.

    At the end, raise the error of a step.
    """
    server = Server(script, tls)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
    for failure in server.failures:
        raise failure


def answer(
    status: int = 200, body: bytes = b"{}", headers: Mapping[str, str] | None = None
) -> Step:
    """Answer at once with a whole answer."""
    return lambda exchange: exchange.send(status, headers or {}, body)


def api_error(code: str, description: str) -> bytes:
    """Write an error as the API does."""
    error = {"code": code, "description": description}
    return json.dumps({"result": "error", "error": error}).encode()


def silence(exchange: Exchange) -> None:
    """Read the request and send nothing until released."""
    exchange.wait()
    exchange.hang_up()


def hang_up(exchange: Exchange) -> None:
    """Read the request and close the connection."""
    exchange.hang_up()


def drip(status: int = 200, every: float = 0.02) -> Step:
    """Send the headers, then an endless body, byte by byte until released."""

    def step(exchange: Exchange) -> None:
        exchange.head(status, {"Content-Length": "1000000"})
        while not exchange.wait(every):
            exchange.write(b" ")
        exchange.hang_up()

    return step


def drip_headers(every: float = 0.02) -> Step:
    """Send an endless header, byte by byte until released."""

    def step(exchange: Exchange) -> None:
        exchange.write(b"HTTP/1.1 200 Scripted\r\nX-Long: ")
        while not exchange.wait(every):
            exchange.write(b"x")
        exchange.hang_up()

    return step


def break_off(status: int = 200, body: bytes = b'{"result": "suc') -> Step:
    """Announce twice the body, send it once, then reset the connection."""

    def step(exchange: Exchange) -> None:
        exchange.head(status, {"Content-Length": str(2 * len(body))})
        exchange.write(body)
        exchange.reset()

    return step


def flood(size: int, status: int = 200) -> Step:
    """Send a body of about this size in chunks, without its length."""

    def step(exchange: Exchange) -> None:
        exchange.head(status, {"Transfer-Encoding": "chunked"})
        for _ in range(0, size, len(BLOCK)):
            exchange.write(b"%x\r\n%s\r\n" % (len(BLOCK), BLOCK))
        exchange.write(b"0\r\n\r\n")

    return step


def gzip_bomb(size: int) -> Step:
    """Answer with a small body that decompresses to this size."""
    return answer(body=gzip.compress(bytes(size)), headers={"Content-Encoding": "gzip"})


@contextmanager
def refusing() -> Iterator[str]:
    """Yield the URL of a port of 127.0.0.1 that refuses connections."""
    # Bound without listening, so no other process can take the port meanwhile.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def unanswering() -> Iterator[str]:
    """Yield the URL of a port that answers no connection attempt."""
    # The only place in its queue is taken, so every later connection waits.
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        socket.create_connection(full.getsockname()),
    ):
        yield f"http://127.0.0.1:{full.getsockname()[1]}"


def make_certificate(folder: Path, names: str = "IP:127.0.0.1") -> Path:
    """Make a self-signed certificate with its key, as one file. Skip the test without openssl."""
    openssl = found("openssl")
    given = ["-subj", "/CN=127.0.0.1", "-addext", f"subjectAltName={names}"]
    given += ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    key, certificate, both = folder / "key.pem", folder / "certificate.pem", folder / "both.pem"
    subprocess.run(
        [openssl, "req", "-x509", *kind, *given, "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both
