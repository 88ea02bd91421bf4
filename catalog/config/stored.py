"""Read the providers in the table of the database.

A stored provider is a `[[provider]]` as JSON. It names the source of its token, and holds no
secret.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from catalog.config.mistakes import explained
from catalog.config.providers import ProviderSettings, provider_mistakes
from catalog.config.settings import Settings
from catalog.config.sources import SECRET_BYTES
from catalog.core import strict_toml
from catalog.core.errors import SettingsInvalid
from catalog.core.files import read_text
from catalog.core.http.request import credentials
from catalog.core.strict_json import shorten
from catalog.core.text import count

TOKEN_ENV = "token_env"  # noqa: S105  # the name of a setting
HINT = "`catalog help fleet` shows how providers are added."


def read_tables(text: str, source: str) -> dict[str, str]:
    """Return the providers of a TOML text by name, each as JSON.

    Raise SettingsInvalid with every mistake.
    """
    try:
        tree = strict_toml.parse(text)
    except ValueError as error:
        raise SettingsInvalid(f"{source} is not TOML: {error}", hint=HINT) from None
    tables = tree.get("provider")
    if not isinstance(tables, list) or set(tree) != {"provider"}:
        raise SettingsInvalid(f"{source} must only have [[provider]] tables", hint=HINT)
    mistakes = [line for index, table in enumerate(tables) for line in _mistakes(index, table)]
    if mistakes:
        lines = "\n".join(f"  {line}" for line in mistakes)
        many = count(len(mistakes), "mistake")
        raise SettingsInvalid(f"{source} has {many}:\n{lines}", hint=HINT)
    found = {table["name"]: json.dumps(table, sort_keys=True) for table in tables}
    if len(found) < len(tables):
        raise SettingsInvalid(f"{source} has a name twice", hint=HINT)
    return found


def _mistakes(index: int, table: Any) -> Iterator[str]:
    place = f"provider.{index}"
    if not isinstance(table, dict):
        yield f"{place}: a table is expected"
        return
    plain = {name: value for name, value in table.items() if name != TOKEN_ENV}
    try:
        Settings.model_validate({"provider": [plain]})
    except ValidationError as error:
        yield from (line.replace("provider.0", place) for line in explained(error))
        return
    yield from provider_mistakes(index, plain)
    if "document" in plain:
        yield f"{place}.document: a stored provider has no document; remove it"
    listing = plain.get("list", {})
    secrets = [*credentials(listing.get("headers", {})), *credentials(listing.get("query", {}))]
    if "token" in plain or secrets:
        yield f"{place}: secrets are not stored; use token_file, or {TOKEN_ENV} with a variable"
    if not Path(plain.get("token_file", "/")).is_absolute():
        yield f"{place}.token_file: the path must be absolute, because workers differ in folders"


def stored_settings(general: Settings, text: str) -> Settings:
    """Return the settings of one stored provider, without its token."""
    return _alone(general, _parsed(text)[0])


def with_token(general: Settings, text: str, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return a stored provider with its token, or raise SettingsInvalid."""
    provider, variable = _parsed(text)
    token = None
    if variable is not None:
        token = environ.get(variable)
        if not token:
            raise SettingsInvalid(f"the variable {variable} for {provider.name} is not set")
    elif provider.token_file is not None:
        try:
            token = read_text(provider.token_file, SECRET_BYTES).strip()
        except OSError as error:
            reason = f"cannot read {provider.token_file}: {error.strerror}"
            raise SettingsInvalid(f"there is no token for {provider.name}: {reason}") from None
    secret = None if token is None else SecretStr(token)
    return _alone(general, provider.model_copy(update={"token": secret}))


def all_settings(
    general: Settings, stored: Mapping[str, str], *, tokens: bool
) -> tuple[Settings, ...]:
    """Return the settings of the configured providers, then of the stored ones.

    A configured provider hides a stored one of its name. With `tokens`, those that can be read are
    included.
    """
    configured = general.each if general.provider else ()
    names = {each.one.name for each in configured}
    more = (_read(general, text, tokens) for name, text in stored.items() if name not in names)
    return (*configured, *more) or general.each


def _read(general: Settings, text: str, tokens: bool) -> Settings:
    with suppress(SettingsInvalid):  # the request reports the missing token
        if tokens:
            return with_token(general, text)
    return stored_settings(general, text)


@lru_cache(4096)
def _parsed(text: str) -> tuple[ProviderSettings, str | None]:
    """Return a provider and the variable of its token. Each text is parsed once.

    Raise SettingsInvalid for a text of another version of this program.
    """
    try:
        table = json.loads(text)
        variable = table.pop(TOKEN_ENV, None)
        return ProviderSettings.model_validate(table), variable
    except (ValueError, AttributeError, TypeError):
        raise SettingsInvalid(f"a stored provider is invalid: {shorten(text)}", hint=HINT) from None


def _alone(general: Settings, provider: ProviderSettings) -> Settings:
    document = general.document.at(None)
    return general.model_copy(update={"provider": (provider,), "document": document}).each[0]
