"""Choose the provider of `catalog init`, by its name or list address."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import click

from catalog.cli.init_ask import Ask, SecretFile, Wanted, choose_secret, of_type
from catalog.cli.output import note, note_error
from catalog.cli.provider import fetch_list, proposed
from catalog.config.sources import CONFIG_VARIABLE, TOKEN_VARIABLES, table_variable
from catalog.core.errors import CatalogError, SettingsInvalid, Unauthorized
from catalog.core.http.request import check_url
from catalog.core.text import closest, count, did_you_mean

NAMED = ("infomaniak", "anthropic", "openrouter", "models.dev")
"""The providers that need no address."""
_NO_LETTER = re.compile(r"[^a-z0-9]+")
_SHORT = 3
"""The maximum number of letters of a part such as `co` in `api.mars.co.uk`."""


@dataclass(frozen=True, slots=True)
class Flags:
    """The options about the provider."""

    provider: str | None = None
    name: str | None = None
    token_file: Path | None = None
    piped: bool = False
    force: bool = False
    offline: bool = False


@dataclass(frozen=True, slots=True)
class ChosenProvider:
    """The provider of the new configuration.

    `variable` is the variable for its token. `in_environment` is the variable that has the token
    now. A provider that is given by its address has a `base` and the settings of its `list`.
    """

    name: str
    kind: str
    variable: str
    token: SecretFile | None = None
    in_environment: str = ""
    needs_token: bool = True
    base: str | None = None
    list: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def lacks_token(self) -> bool:
        """Return whether a poll would fail without a token."""
        return self.needs_token and self.token is None and not self.in_environment


def choose_provider(ask: Ask, flags: Flags, folder: Path) -> ChosenProvider:
    """Return the provider. On a terminal, a wrong answer is asked again."""
    while True:
        known = ", ".join(NAMED)
        if flags.provider is None and ask.is_on:
            note(f"A provider by name ({known}), or the address of any list of models.")
        source = flags.provider or ask.text("Provider", NAMED[0], _source)
        try:
            return _chosen(ask, flags, _source(source), folder)
        except CatalogError as error:
            if not ask.is_on:
                raise
            if isinstance(error, Unauthorized):
                error.hint = "Give the provider again, and then a valid token."
            note_error(error)
            token_file = None if isinstance(error, Unauthorized) else flags.token_file
            flags = replace(flags, provider=None, name=None, token_file=token_file)


def _source(text: str) -> str:
    """Return a known name or an address, or raise UsageError."""
    if text in NAMED:
        return text
    if text.startswith(("http://", "https://")):
        try:
            check_url(text)
        except SettingsInvalid as error:
            raise click.UsageError(f"{error}.") from None
        return text
    if "/" in text:
        raise click.UsageError(f"{text!r}: an address begins with https:// or http://.")
    meant = did_you_mean(closest(text, NAMED)) or ";"
    raise click.UsageError(
        f"there is no provider {text!r}{meant} known are {', '.join(NAMED)}. For any other one, "
        "give the address of its list of models, such as https://api.example.org/v1/models."
    )


def _chosen(ask: Ask, flags: Flags, source: str, folder: Path) -> ChosenProvider:
    kind = source if source in NAMED else _kind_of(source)
    if kind is None:
        return _by_address(ask, flags, source, folder)
    if flags.name is not None:
        raise click.UsageError(f"--name is only for an address; {kind} has a name already.")
    name = kind.replace(".", "-")
    variable = _variable(kind, name)
    if kind != "infomaniak" and not _needs_token(kind):
        if flags.token_file or flags.piped:
            raise click.UsageError(f"{kind} needs no token: leave out the option that gives one.")
        return ChosenProvider(name, kind, variable, needs_token=False)
    wanted = _token(flags, name, variable, folder)
    token = choose_secret(ask, wanted)
    return ChosenProvider(name, kind, variable, token, wanted.in_environment)


def _kind_of(url: str) -> str | None:
    """Return the shipped kind for an address, None without one.

    It is better than a proposal from one answer.
    """
    from catalog.providers.described.description import shipped  # loads the HTTP client
    from catalog.providers.infomaniak.provider import ROUTE

    own = {"infomaniak": ("https://api.infomaniak.com", ROUTE)}
    own |= {kind: (shipped(kind)["url"], shipped(kind)["route"]) for kind in NAMED[1:]}
    parts = urlsplit(url)
    base, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    found = (kind for kind, (host, route) in own.items() if base == host and path in {"", route})
    return next(found, None)


def _needs_token(kind: str) -> bool:
    from catalog.providers.described.description import read, shipped  # loads the HTTP client

    return read(shipped(kind)).needs_token


def _by_address(ask: Ask, flags: Flags, url: str, folder: Path) -> ChosenProvider:
    from catalog.config.types import Name  # loads pydantic

    if flags.offline:
        raise click.UsageError("--offline does not go with an address, because the list is read.")
    name = flags.name or ask.text("Name of this provider", name_of(url), of_type(Name))
    of_type(Name)(name)
    variable = _variable("json", name)
    wanted = _token(flags, name, variable, folder)
    token = choose_secret(ask, wanted)
    text = wanted.known(token)
    note(f"asking {urlsplit(url).netloc} for its list of models …")
    proposal = proposed(fetch_list(_settings(), url, text), urlsplit(url).netloc)
    note(f"found {count(proposal.rows, 'model')}")
    parts = urlsplit(url)
    settings: dict[str, Any] = {"route": parts.path or "/"}
    if query := dict(parse_qsl(parts.query)):
        settings["query"] = query
    if not text:
        settings["authorization"] = "none"
    return ChosenProvider(
        name=name,
        kind="json",
        variable=variable,
        token=token,
        in_environment=wanted.in_environment,
        needs_token=bool(text),
        base=f"{parts.scheme}://{parts.netloc}",
        list=settings | proposal.settings,
        notes=proposal.notes,
    )


def _settings() -> Any:
    """Return the settings of requests, without the configuration that is made."""
    from catalog.config.load import load

    environ = {name: value for name, value in os.environ.items() if name != CONFIG_VARIABLE}
    return load(None, environ=environ, files=False, here=False).settings


def _variable(kind: str, name: str) -> str:
    if kind == "infomaniak":
        return TOKEN_VARIABLES["infomaniak.token"]
    return table_variable("provider", name, "token")


def _token(flags: Flags, name: str, variable: str, folder: Path) -> Wanted:
    from catalog.config.types import Token  # loads pydantic

    return Wanted(
        what=f"token of {name}",
        variable=variable,
        option="--token-file",
        usual=folder / f"{name}-token.txt",
        check=of_type(Token, is_secret=True),
        given=flags.token_file,
        piped=flags.piped,
        replaces=flags.force,
    )


def name_of(url: str) -> str:
    """Return a name for the provider at an address: `mars` for https://api.mars.example."""
    host = urlsplit(url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        labels = host.split(".")
        place = -2 if len(labels) > 1 else -1
        if len(labels) > 2 and len(labels[place]) <= _SHORT:  # noqa: PLR2004  # a.co.uk
            place -= 1
        name = _NO_LETTER.sub("-", labels[place].lower()).strip("-")
        if name[:1].isalpha() and name != "localhost":
            return name
    return "local"
