"""Define the settings of HTTP requests: limits, proxy and certificates."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from catalog.config.sources import RawSettings
from catalog.config.types import Duration, File, Section, Whole, reveal
from catalog.core.errors import SettingsInvalid
from catalog.core.http.proxy import Proxy, checked_host, read_proxy
from catalog.core.http.trust import trust


def _checked_proxy(url: SecretStr) -> SecretStr:
    try:
        read_proxy(url.get_secret_value())
    except SettingsInvalid as error:
        raise ValueError(str(error)) from None
    return url


def _checked_without(host: str) -> str:
    try:
        return checked_host(host)
    except SettingsInvalid as error:
        raise ValueError(str(error)) from None


def separated(value: Any) -> Any:
    """Return the words of a variable, which separates them by commas."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


ProxyUrl = Annotated[SecretStr, AfterValidator(_checked_proxy)]
Host = Annotated[str, AfterValidator(_checked_without)]
Hosts = Annotated[tuple[Host, ...], BeforeValidator(separated)]


class HttpSettings(Section):
    """The limits, proxy and certificates of requests."""

    deadline: Duration = timedelta(seconds=30)
    """The longest time of one request, from connecting to the last byte. Webhooks have it too."""
    max_bytes: Whole = Field(default=16 * 1024 * 1024, gt=0)
    """The largest answer in bytes. The program asks for uncompressed answers, so this is also the
    transferred size.
    """
    attempts: Whole = Field(default=4, ge=1, le=20)
    """The number of requests in one pass, the first one included. Only [some
    errors](errors.md#what-is-tried-again) are tried again. A webhook is tried at most three times,
    and the next pass continues.
    """
    retry_for: Duration = timedelta(minutes=2)
    """The longest time of all attempts and the waits between them."""
    proxy: ProxyUrl | None = None
    """The HTTP proxy for providers, webhooks, probes and `ping.url`. The proxy sees the host, but
    no token. Write `@` and `/` in user or password as `%40` and `%2F`. `https://` is for a proxy
    that expects TLS. Requests to this machine use no proxy. Outputs show only host and port.

    `HTTPS_PROXY` and `ALL_PROXY` are ignored, because cron, systemd and a shell would otherwise use
    different proxies. To use them: `export CATALOG_HTTP_PROXY="$HTTPS_PROXY"`. Two kinds of
    channels do not use `http.proxy`: Apprise takes `HTTPS_PROXY` from the environment, and mail
    connects directly to its server.
    """
    proxy_file: File | None = None
    """A file that holds the URL of the proxy."""
    no_proxy: Hosts = ()
    """The hosts that are reached directly. `example.org` includes all names below it, `10.0.0.0/8`
    is for addresses in a URL (names are not resolved), and `*` means every host. In the variable,
    commas separate them.
    """
    ca_file: File | None = None
    """A file with certificates in PEM form that are trusted in addition to the public ones, such as
    the certificate of a company proxy that inspects TLS. The same requests use it as `http.proxy`.
    """

    @property
    def proxy_route(self) -> Proxy | None:
        """Return the proxy with its exceptions, None without one."""
        return read_proxy(reveal(self.proxy), self.no_proxy) if self.proxy else None


def rooted_http(http: HttpSettings, given: RawSettings) -> HttpSettings:
    """Return the settings with an absolute `ca_file`."""
    file = http.ca_file
    return http.model_copy(update={"ca_file": file and given.root("http.ca_file") / file})


def certificate_mistakes(given: RawSettings) -> Iterator[str]:
    """Yield the mistake if `ca_file` is missing or has no certificate."""
    file = given.get("http.ca_file")
    if not file or not isinstance(file, str) or "\0" in file:
        return  # reported elsewhere
    try:
        trust(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), given.root("http.ca_file") / file)
    except SettingsInvalid as error:
        yield f"http.ca_file: {error}"
