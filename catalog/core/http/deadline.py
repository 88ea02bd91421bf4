"""Keep one deadline for a whole exchange, even with slow senders.

httpx restarts its timeouts at every read, so a server that sends one byte per second can keep a
request open forever. Here `timeout` is not a span but a *moment* of the monotonic clock, the same
for every read and write of a request. The remaining time becomes the socket's timeout.
"""

import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any

from httpcore import (
    ConnectError,
    ConnectTimeout,
    NetworkBackend,
    NetworkStream,
    SyncBackend,
    TimeoutException,
)


class DeadlineNetwork(NetworkBackend):
    """A network whose reads and writes end at the moment `timeout`."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        """Connect to the first address of the host that answers.

        Each address gets its share of the time, so that a dead one does not use all of it.
        """
        del local_address, socket_options  # required by the interface
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        failure: Exception = ConnectError(f"{host} has no address")
        for tried, (*_, address) in enumerate(addresses):
            share = _left(timeout) / (len(addresses) - tried)
            try:
                return _Stream(SyncBackend().connect_tcp(str(address[0]), port, share))
            except (ConnectError, ConnectTimeout) as error:
                failure = error
        raise failure


class _Stream(NetworkStream):
    def __init__(self, stream: NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(until: float | None) -> float:
    """Return the seconds left, or raise because 0 means no timeout."""
    left = (until or 0.0) - time.monotonic()
    if left <= 0:
        raise TimeoutException
    return left
