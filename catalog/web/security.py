"""Check the host and the token of requests, and add headers."""

import hmac
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
OPEN = ("/livez", "/readyz")
"""Paths without a token, because load balancers and orchestrators have none."""
SHARED = ("/badge/", "/feeds/")
"""Paths whose answers other sites may show."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Access:
    """The conditions of reading.

    `hosts` are the accepted names of this server, `*` accepts any.

    The host is compared because a foreign page can otherwise read a server on the loopback (DNS
    rebinding). `token` must come as `Authorization: Bearer`. `header` must come from the proxy in
    front, which must remove it from requests of clients.
    """

    hosts: tuple[str, ...] = LOOPBACK
    token: str | None = None
    header: str | None = None

    def refusal(self, headers: Headers, path: str) -> tuple[int, str] | None:
        """Return the status and the reason of a refusal, or None."""
        host = headers.get("host", "")
        if "*" not in self.hosts and _without_port(host) not in self.hosts:
            return (
                421,
                "this server does not answer to this name; the setting web.hosts lists names",
            )
        if path in OPEN:
            return None
        if self.token is not None:
            scheme, _, given = headers.get("authorization", "").partition(" ")
            is_right = hmac.compare_digest(given.strip().encode(), self.token.encode())
            if not is_right or scheme.lower() != "bearer":
                return 401, "a bearer token is needed"
        if self.header is not None and not headers.get(self.header, "").strip():
            return 403, "the header of the proxy is missing"
        return None


class Guard:
    """The ASGI application in front of all routes."""

    def __init__(self, app: ASGIApp, access: Access, root: str) -> None:
        """Guard `app`. `root` is the path of the proxy, which it may pass on or remove."""
        self._app = app
        self._access = access
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on and add the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])
        if self._root and (path == self._root or path.startswith(f"{self._root}/")):
            path = path.removeprefix(self._root) or "/"
            scope = {**scope, "path": path}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if path.startswith(SHARED):
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            await send(message)

        refused = self._access.refusal(Headers(scope=scope), path)
        if refused is None:
            await self._app(scope, receive, send_with_headers)
            return
        status, reason = refused
        asks = {"WWW-Authenticate": "Bearer"} if status == 401 else {}  # noqa: PLR2004  # HTTP
        await PlainTextResponse(f"{reason}\n", status, asks)(scope, receive, send_with_headers)


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()
