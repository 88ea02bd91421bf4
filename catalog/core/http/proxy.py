"""Read the settings of an HTTP proxy and of its hosts."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, unquote, urlsplit

from catalog.core.errors import SettingsInvalid
from catalog.core.http.request import is_loopback
from catalog.core.http.secrecy import HIDDEN

PORTS = {"http": 80, "https": 443}
VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""The variables that other programs read, in their order."""
WRITTEN = "write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT"
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_PUBLIC = re.compile(r"^[a-zA-Z0-9]+://|:[0-9]+")
_VISIBLE = re.compile(r"[!-~]+")
_NAME = re.compile(r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*")


@dataclass(frozen=True, slots=True, repr=False)
class Proxy:
    """An HTTP proxy. `authorization` is the header with its credentials, empty without any.

    `without` are the hosts that are reached directly. `secrets` are hidden in every text.
    """

    host: str
    port: int
    is_tls: bool = False
    authorization: str = ""
    without: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Proxy({self.where})"

    @property
    def where(self) -> str:
        """Return the host and port."""
        return _netloc(self.host, self.port)

    @property
    def shown(self) -> str:
        """Return the URL with its credentials hidden."""
        hidden = "***@" if self.authorization else ""
        return f"http{'s' * self.is_tls}://{hidden}{self.where}"

    def serves(self, host: str) -> bool:
        """Return whether requests to a host use the proxy. Those to this machine do not."""
        return not is_loopback(host) and not is_listed(host, self.without)


def read_proxy(url: str, without: Iterable[str] = ()) -> Proxy:
    """Read the URL of a proxy, or raise SettingsInvalid.

    The error shows the host, but not the user and the password.
    """
    shown = url.rpartition("@")[2]
    if not _PUBLIC.search(shown):
        shown = HIDDEN  # because it may be a password instead of a URL
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise SettingsInvalid(f"{shown!r} cannot be read; {WRITTEN}") from None
    if parts.scheme not in PORTS:
        wrong = f"{parts.scheme} is not supported" if parts.scheme else "http:// is missing"
        raise SettingsInvalid(f"{wrong} in {shown!r}; {WRITTEN}")
    readable = _VISIBLE.fullmatch(url) and _HOST.fullmatch(host) and port != 0
    if not readable or parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsInvalid(f"{shown!r} is not only a host and a port; {WRITTEN}")
    authorization, secrets = _credentials(parts)
    return Proxy(
        host,
        port or PORTS[parts.scheme],
        parts.scheme == "https",
        authorization,
        tuple(without),
        secrets,
    )


def _credentials(parts: SplitResult) -> tuple[str, tuple[str, ...]]:
    """Return the header value and the secrets. A user name without a password is a secret."""
    if parts.username is None:
        return "", ()
    user, password = unquote(parts.username), unquote(parts.password or "")
    secret = f"{user}:{password}"
    written = parts.netloc.rpartition("@")[0]
    secrets = {secret, written, password or user, parts.password or parts.username}
    return f"Basic {b64encode(secret.encode()).decode()}", tuple(sorted(secrets))


def _netloc(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def checked_host(text: str) -> str:
    """Return a host of `no_proxy` in lower case, or raise SettingsInvalid."""
    entry = text.strip().lower()
    if entry == "*" or _NAME.fullmatch(entry):
        return entry
    try:
        return str(ip_network(entry.strip("[]")))
    except ValueError:
        wrong = f"{text!r} is not a host: write example.org, 192.0.2.7, 10.0.0.0/8 or *"
        raise SettingsInvalid(wrong) from None


def is_listed(host: str, entries: Iterable[str]) -> bool:
    """Return whether a host is an entry or below an entry."""
    host = host.lower().strip("[]")
    try:
        address = ip_address(host)
    except ValueError:
        names = (entry.removeprefix(".") for entry in entries)
        return any(name == "*" or f".{host}".endswith(f".{name}") for name in names)
    return any(_is_within(address, entry) for entry in entries)


def _is_within(address: IPv4Address | IPv6Address, entry: str) -> bool:
    try:
        return address in ip_network(entry)
    except ValueError:  # the entry is a name
        return entry == "*"


def ignored_proxy(host: str, environ: Mapping[str, str]) -> str | None:
    """Return the environment variable of a host's proxy, None without one.

    Other programs use that proxy, but this one ignores it.
    """
    name = next((name for name in VARIABLES if environ.get(name)), None)
    excepted = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    entries = [entry.strip().lower() for entry in excepted.split(",") if entry.strip()]
    return None if is_loopback(host) or is_listed(host, entries) else name
