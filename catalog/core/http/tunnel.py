"""Connect through an HTTP proxy by CONNECT, within the request's deadline."""

import re
import ssl
from collections.abc import Callable, Iterable
from typing import Any

from httpcore import NetworkStream, ProxyError

from catalog.core.http.deadline import DeadlineNetwork
from catalog.core.http.proxy import Proxy

HEAD_BYTES = 64 * 1024
"""The maximum bytes of a proxy's answer."""
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])( [^\r\n]*)?\r?\n")


class Refused(ProxyError):
    """The proxy did not connect. `status` is its HTTP status, None without one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class TunnelNetwork(DeadlineNetwork):
    """A network whose connections all go through one proxy.

    `tls` makes the context for a proxy that uses TLS itself.
    """

    def __init__(self, proxy: Proxy, tls: Callable[[], ssl.SSLContext]) -> None:
        self._proxy = proxy
        self._tls = tls

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        """Connect to the host through the proxy, or raise Refused."""
        del local_address, socket_options  # required by the interface
        proxy = self._proxy
        stream = super().connect_tcp(proxy.host, proxy.port, timeout)
        try:
            if proxy.is_tls:
                stream = self._encrypted(stream, timeout)
            self._open(stream, host, port, timeout)
        except BaseException:
            stream.close()
            raise
        return stream

    def _encrypted(self, stream: NetworkStream, timeout: float | None) -> NetworkStream:
        try:
            return stream.start_tls(self._tls(), self._proxy.host, timeout)
        except Exception as error:
            cause = next((inner for inner in error.args if isinstance(inner, ssl.SSLError)), None)
            if cause is None:
                raise
            reason = getattr(cause, "verify_message", None) or str(cause)
            raise Refused(f"its TLS failed: {reason}") from None

    def _open(self, stream: NetworkStream, host: str, port: int, timeout: float | None) -> None:
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if self._proxy.authorization:
            lines.append(f"Proxy-Authorization: {self._proxy.authorization}")
        stream.write("\r\n".join([*lines, "", ""]).encode("ascii"), timeout)
        head = _head(stream, timeout)
        found = _STATUS.match(head)
        if found is None:
            raise Refused("its answer is not HTTP")
        status, reason = int(found[1]), (found[2] or b"").decode("latin-1")
        if not 200 <= status < 300:  # noqa: PLR2004  # the range of success
            raise Refused(f"{status}{reason}", status)


def _head(stream: NetworkStream, timeout: float | None) -> bytes:
    """Read the answer of the proxy up to its blank line."""
    head = b""
    while b"\r\n\r\n" not in head and b"\n\n" not in head:
        # This reads no byte of the host, because the host sends nothing before the client does.
        more = stream.read(HEAD_BYTES, timeout)
        head += more
        if not more or len(head) > HEAD_BYTES:
            break
    return head
