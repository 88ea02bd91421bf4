"""Collect the secrets of the settings, so that no output shows them."""

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BaseModel, SecretStr

from catalog.config.channels import WebhookSettings
from catalog.config.providers import ListSettings
from catalog.config.settings import Settings
from catalog.config.types import reveal
from catalog.core.http.request import credentials


def all_secrets(settings: Settings) -> tuple[str, ...]:
    """Return the secrets of providers, channels, monitor, database and proxy."""
    proxy = settings.http.proxy_route
    of_proxy = proxy.secrets if proxy else ()
    found = {*_in_settings(settings), *_in_url(settings.database), *of_proxy}
    return tuple(sorted(found - {""}))


def _in_settings(value: object) -> Iterator[str]:
    """Yield the secrets in a section and its subsections."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, tuple):
        for each in value:
            yield from _in_settings(each)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _in_settings(getattr(value, name))
    if isinstance(value, WebhookSettings):
        yield from reveal(value.secret).split()  # separated by blanks
    if isinstance(value, ListSettings):
        yield from credentials({**(value.headers or {}), **(value.query or {})})


def _in_url(url: str) -> Iterator[str]:
    with suppress(ValueError):
        parts = urlsplit(url)
        yield unquote(parts.password or "")
        yield from (text for name, text in parse_qsl(parts.query) if "pass" in name.lower())
