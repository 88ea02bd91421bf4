"""A real HTTP proxy on the loopback.

It connects every host to one local port.
"""

import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.http_server import make_certificate

HOST = "provider.test"
"""A host without an address, so only a proxy can reach it."""
LOCAL = "0.0.0.0"  # noqa: S104  # connects to this machine, and is no loopback address
USER, PASSWORD = "operator", "pr0xy-Passw0rd"
OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"
Answer = Callable[[socket.socket], bool]
"""Answers CONNECT, and returns whether the connection continues to the target."""


def says(head: bytes) -> Answer:
    """Answer with these bytes. Connect only after a success."""

    def step(client: socket.socket) -> bool:
        client.sendall(head)
        return head.startswith(b"HTTP/1.1 200")

    return step


@dataclass
class ProxyServer:
    """A proxy with the received heads and the open connections."""

    target: int
    listener: socket.socket
    answer: Answer
    login: str | None
    tls: ssl.SSLContext | None
    heads: list[str] = field(default_factory=list)
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    port: int = 0

    def __post_init__(self) -> None:
        self.port = int(self.listener.getsockname()[1])

    @property
    def url(self) -> str:
        """Its URL without credentials."""
        return f"http{'s' * bool(self.tls)}://127.0.0.1:{self.port}"

    @property
    def whole(self) -> str:
        """Its URL with user and password."""
        return self.url.replace("//", f"//{USER}:{PASSWORD}@")

    def run(self) -> None:
        """Accept connections until the listener is closed."""
        threads = []
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threads.append(threading.Thread(target=self.handle, args=(client,)))
                threads[-1].start()
        for thread in threads:
            thread.join()

    def handle(self, client: socket.socket) -> None:
        """Answer one CONNECT, then pass bytes until a side closes."""
        with ExitStack() as stack, suppress(OSError):
            stack.callback(self.ended.release)
            stack.enter_context(client)
            if self.tls:
                client = stack.enter_context(self.tls.wrap_socket(client, server_side=True))
            client.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head and (more := client.recv(4096)):
                head += more
                if not head.startswith(b"C"):  # a TLS greeting, answered as a plain server does
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    return
            self.heads.append(head.decode("latin-1"))
            if self.login and self.login not in head.decode("latin-1"):
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            elif self.answer(client):
                target = socket.create_connection(("127.0.0.1", self.target))
                splice(client, stack.enter_context(target))


def splice(client: socket.socket, target: socket.socket) -> None:
    """Pass bytes in both directions until both sides are closed."""
    back = threading.Thread(target=pump, args=(target, client))
    back.start()
    pump(client, target)
    back.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass bytes until the source is closed."""
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(
    target: int,
    answer: Answer | None = None,
    *,
    login: bool = False,
    tls: ssl.SSLContext | None = None,
) -> Iterator[ProxyServer]:
    """Run a proxy. With `login` it requires user and password."""
    credentials = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    wanted = f"Proxy-Authorization: Basic {credentials}\r\n" if login else None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = ProxyServer(target, listener, answer or says(OPEN), wanted, tls)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for HOST, LOCAL and 127.0.0.1, with its key.

    The result is the path of one file.
    """
    names = f"DNS:{HOST},IP:{LOCAL},IP:127.0.0.1"
    return make_certificate(tmp_path_factory.mktemp("authority"), names)


@pytest.fixture
def encrypted(authority: Path) -> ssl.SSLContext:
    """Return the context of a server with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    return context
