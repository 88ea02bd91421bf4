"""Define HTTP requests, responses and limits, without sending any."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from catalog.core.errors import SettingsInvalid
from catalog.core.http import secrecy

LONG = 16
"""The minimum characters of a secret that is surely not a common word."""
_SEPARATOR = re.compile(r"[/?&=@:]")
CREDENTIAL = r".*(auth|cookie|key|password|secret|token).*"
"""Names of headers and parameters whose values are secrets, in any case."""
_CREDENTIAL = re.compile(CREDENTIAL, re.IGNORECASE)
_CONDITIONS = {"if-none-match", "if-modified-since"}
# No backslash, blank or control character, because URL parsers disagree on them.
_URL = re.compile(r"[!-\[\]-~]{1,2000}")
_HOST = re.compile(r"[a-z0-9._-]*|[0-9a-f:.]+")
_URL_HINT = "Write it as https://HOST/PATH; a token has its own setting."
_HEADER_VALUE = re.compile(r"([!-~]([\t -~]*[!-~])?)?")
_HEADER_HINT = "Check the token for line breaks, for blanks at its ends and for accents."


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one request, times in seconds.

    `deadline` covers one exchange, from connecting to the last byte (except the name resolver,
    which has its own timeout). `retry_for` covers all attempts and waits. `backoff` is the first
    wait; it doubles each time, and up to `backoff` is added at random.
    """

    deadline: float = 30.0
    max_bytes: int = 16 * 1024 * 1024
    attempts: int = 4
    retry_for: float = 120.0
    backoff: float = 0.5


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """A request whose `secrets` are hidden in logs, errors and answers.

    If a secret is a URL, its path and query are hidden and its host is not. `others` are secrets
    that are not sent, but an answer may repeat them. In an answer that `is_stored`, the long ones
    of `others` are hidden, whole or between the separators of a URL. Their other parts are not
    hidden, because they may be common words.

    Raises SettingsInvalid for a URL (see `check_url`) or a header that may not be sent.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    secrets: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    is_stored: bool = False

    def __post_init__(self) -> None:
        check_url(self.url)
        for name, value in self.headers.items():
            if not _HEADER_VALUE.fullmatch(value):
                text = f"the value for the header {name} contains a character that HTTP forbids"
                raise SettingsInvalid(text, hint=_HEADER_HINT)

    def __repr__(self) -> str:
        return f"Request({self.method} {self.where})"

    @property
    def where(self) -> str:
        """Return host and path without query, or only the host if secret."""
        url = urlsplit(self.url)
        if self.url in self.secrets:
            return url.netloc
        return f"{url.netloc}{hide(url.path, self.secrets)}"

    @property
    def host(self) -> str:
        """Return the host without port."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_conditional(self) -> bool:
        """Return whether "not modified" is a valid answer."""
        return any(name.lower() in _CONDITIONS for name in self.headers)

    def hide(self, text: str) -> str:
        """Return the text with secrets and long parts of them replaced."""
        return hide(text, self.secrets + self.others)

    def hide_bytes(self, body: bytes) -> bytes:
        """Return the body with secrets and long parts of them replaced."""
        return secrecy.hide_bytes(body, _hidden(self.secrets + self.others))

    def hide_answer(self, body: bytes) -> bytes:
        """Return the body of an accepted answer with secrets replaced."""
        if not self.is_stored:
            return self.hide_bytes(body)
        parts = [part for each in _hidden(self.others) for part in (each, *_SEPARATOR.split(each))]
        whole = sorted({part.strip("/") for part in parts if len(part) >= LONG})
        return secrecy.hide_bytes(body, _hidden(self.secrets), tuple(whole))


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer of status 2xx, or 304 without body.

    Header names are lower case.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def check_url(url: str) -> None:
    """Raise SettingsInvalid unless the URL is `https`, or `http` to loopback."""
    parsed = read_url(url)
    host = parsed.hostname or ""
    if not host or parsed.scheme not in ("http", "https"):
        raise SettingsInvalid("a URL does not begin with https:// and a host", hint=_URL_HINT)
    if "@" in parsed.netloc:
        raise SettingsInvalid(f"the URL for {host} has a user name or password", hint=_URL_HINT)
    if parsed.scheme == "http" and not is_loopback(host):
        raise SettingsInvalid(
            f"the URL for {host} is plain http, so others in the network can read the token: "
            "use https",
            hint="Use https; plain http is for 127.0.0.0/8, ::1 and localhost.",
        )


def read_url(url: str) -> SplitResult:
    """Parse a URL, or raise SettingsInvalid if parsers disagree on it."""
    try:
        parsed = urlsplit(url)
        host = parsed.hostname or ""
        host.encode("idna")  # because the resolver would fail
        readable = _URL.fullmatch(url) and _HOST.fullmatch(host) and parsed.port != 0
    except ValueError:
        readable = False
    if not readable:
        # Not shown, because it may contain a secret.
        raise SettingsInvalid("a URL cannot be read", hint=_URL_HINT)
    return parsed


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def credentials(given: Mapping[str, str]) -> Iterator[str]:
    """Yield the secrets of headers or parameters, without a leading `Bearer`."""
    for name, value in given.items():
        if _CREDENTIAL.fullmatch(name):
            yield value.rpartition(" ")[2]


def hide(text: str, secrets: tuple[str, ...]) -> str:
    """Return external text with secrets and long parts of them replaced."""
    return secrecy.hide(text, _hidden(secrets))


def _hidden(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """Return the parts to hide: of a URL, only path and query."""
    return tuple(_beyond_host(each) for each in secrets)


def _beyond_host(secret: str) -> str:
    """Return the secret part: of a URL, everything after the host."""
    scheme, mark, rest = secret.partition("://")
    if not mark or scheme.lower() not in ("http", "https"):
        return secret
    return rest[len(rest.split("/", 1)[0].split("?", 1)[0]) :]
