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


def _separated(value: Any) -> Any:
    return value.replace(",", " ").split() if isinstance(value, str) else value


ProxyUrl = Annotated[SecretStr, AfterValidator(_checked_proxy)]
Host = Annotated[str, AfterValidator(_checked_without)]
Hosts = Annotated[tuple[Host, ...], BeforeValidator(_separated)]


class HttpSettings(Section):
    """Limits of every request, and its way."""

    deadline: Duration = timedelta(seconds=30)
    max_bytes: Whole = Field(default=16 * 1024 * 1024, gt=0)
    attempts: Whole = Field(default=4, ge=1, le=20)
    retry_for: Duration = timedelta(minutes=2)
    proxy: ProxyUrl | None = None
    proxy_file: File | None = None
    no_proxy: Hosts = ()
    ca_file: File | None = None

    @property
    def way(self) -> Proxy | None:
        """Return the proxy with its exceptions, None without one."""
        return read_proxy(reveal(self.proxy), self.no_proxy) if self.proxy else None


def rooted_http(http: HttpSettings, given: RawSettings) -> HttpSettings:
    """Return the settings with an absolute `ca_file`."""
    file = http.ca_file
    return http.model_copy(update={"ca_file": file and given.root("http.ca_file") / file})


def certificate_mistakes(given: RawSettings) -> Iterator[str]:
    """Yield the mistake of a `ca_file` that is missing or has no certificate."""
    file = given.get("http.ca_file")
    if not file or not isinstance(file, str) or "\0" in file:
        return  # reported elsewhere
    try:
        trust(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), given.root("http.ca_file") / file)
    except SettingsInvalid as error:
        yield f"http.ca_file: {error}"
