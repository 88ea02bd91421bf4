"""Send requests through pools of connections, directly or through a proxy."""

import ssl
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import httpcore
import httpx

from catalog.core.http.deadline import DeadlineNetwork
from catalog.core.http.proxy import Proxy
from catalog.core.http.trust import trust
from catalog.core.http.tunnel import TunnelNetwork

KEEP_ALIVE = 5.0
"""Seconds to keep an idle connection."""


class Transport(httpx.BaseTransport):
    """The connections of a client.

    `tls` replaces the trusted certificates, and `ca_file` adds to them.
    """

    def __init__(
        self, tls: ssl.SSLContext | None, proxy: Proxy | None, ca_file: Path | None
    ) -> None:
        self.proxy = proxy
        self._given = tls
        self._ca_file = ca_file

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Create the context on first use, because reading certificates takes 25 ms."""
        context = self._given or httpx.create_ssl_context(trust_env=False)
        if self._ca_file is not None:
            trust(context, self._ca_file)
        return context

    @cached_property
    def _plain(self) -> httpcore.ConnectionPool:
        return _pool(None, DeadlineNetwork())

    @cached_property
    def _secure(self) -> httpcore.ConnectionPool:
        return _pool(self._tls, DeadlineNetwork())

    @cached_property
    def _tunnels(self) -> httpcore.ConnectionPool:
        assert self.proxy is not None  # noqa: S101  # only used with a proxy
        return _pool(self._tls, TunnelNetwork(self.proxy, lambda: self._tls))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its response before the body is read."""
        url = request.url
        target = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        answer = self._pool_for(url).handle_request(
            httpcore.Request(
                request.method,
                target,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def _pool_for(self, url: httpx.URL) -> httpcore.ConnectionPool:
        # Without proxy, because plain requests only go to this machine.
        if url.scheme != "https":
            return self._plain
        proxied = self.proxy is not None and self.proxy.serves(url.host)
        return self._tunnels if proxied else self._secure

    def close(self) -> None:
        """Close every connection."""
        for name in ("_plain", "_secure", "_tunnels"):
            if name in self.__dict__:
                self.__dict__[name].close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


def _pool(tls: ssl.SSLContext | None, network: httpcore.NetworkBackend) -> httpcore.ConnectionPool:
    return httpcore.ConnectionPool(
        ssl_context=tls,
        max_connections=None,
        keepalive_expiry=KEEP_ALIVE,
        network_backend=network,
    )
