"""Load settings: flags, then environment, file and defaults."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from catalog.config.channels import AnyChannel
from catalog.config.identity import identify
from catalog.config.mistakes import explained, located
from catalog.config.network import certificate_mistakes, rooted_http
from catalog.config.providers import DocumentSettings, ProviderSettings, provider_mistakes
from catalog.config.settings import Settings, shared_documents
from catalog.config.sources import (
    CONFIG_VARIABLE,
    DATABASE,
    PREFIX,
    SECRET_BYTES,
    SECRET_KEYS,
    RawSettings,
    find_file,
    plain_variable,
    rooted_database,
    same_database,
    table_variable,
)
from catalog.config.types import reveal, write_duration
from catalog.core.errors import SettingsInvalid
from catalog.core.files import read_text
from catalog.core.http.proxy import read_proxy
from catalog.core.text import closest, count, did_you_mean
from catalog.report import annotations

HIDDEN = "***"
HINT = "Correct them all at once. `catalog help SETTING` explains a setting, such as hold.share."
ONE_HINT = "Correct it. `catalog help SETTING` explains a setting, such as hold.share."
SECRET_FILES = re.compile(
    r"(infomaniak|provider\.[0-9]+)\.token_file|ping\.url_file|http\.proxy_file|web\.token_file"
    rf"|channel\.[0-9]+\.({'|'.join(SECRET_KEYS)})_file"
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, their file, and the source of each given one.

    `unknown_variables` have our prefix and are not similar to a real one. `identity` changes with
    every source of the settings, and is None if unknown. `is_foreign` is true if the command line
    names another database than the configuration. `text` is the content of the file.
    """

    settings: Settings
    file: Path | None
    sources: Mapping[str, str]
    unknown_variables: tuple[str, ...]
    identity: str | None = None
    is_foreign: bool = False
    text: str = field(default="", repr=False)

    @property
    def spares_documents(self) -> bool:
        """Return whether to skip documents, because they describe another database.

        A path from a variable or the command line is meant for the named database, so it is used.
        """
        return self.is_foreign and self.sources.get("document.path", "file").startswith("file")


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting for `config show`. Secrets are hidden. None means no value."""

    setting: str
    value: str | None
    source: str


def load(
    file: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    *,
    files: bool | str = True,
    here: bool = True,
) -> Loaded:
    """Load all settings, or raise SettingsInvalid with every error.

    `overrides` are dotted settings of the command line. With `files`, secret files are read and the
    annotations checked. Otherwise secrets in files are omitted. With the name of a setting, such as
    `web.token_file`, only that file is read. `here` includes the configuration in the working
    folder.
    """
    given = RawSettings()
    found = find_file(file, environ, here=here)
    identity = _identity(found, environ)  # before reading, because the file may change meanwhile
    if found is not None:
        found = found.absolute()
        given.take_file(found)
    given.take_environment(environ, Settings)
    usual = rooted_database(str(given.get("database") or DATABASE), given)
    for path, value in (overrides or {}).items():
        given.set(path, value, "command line")
    mistakes = [*_mistakes(given, files)]
    try:
        settings = Settings.model_validate(given.tree)
    except ValidationError as error:
        mistakes += explained(error)
    if not mistakes:
        settings = _rooted(settings, given)
        mistakes = [*shared_documents(settings)]
    if mistakes:
        raise _refusal(located(mistakes, given, found))
    is_foreign = "database" in (overrides or {}) and not same_database(settings.database, usual)
    text = given.text
    return Loaded(
        settings, found, given.sources, given.unknown_variables, identity, is_foreign, text
    )


def _mistakes(given: RawSettings, files: bool | str) -> Iterator[str]:
    """Yield the mistakes that are found before validation. `files` is as in `load`."""
    yield from _misspelled(given)
    yield from _secret_files(given, files)
    yield from _contradictions(given)
    if files is True:
        yield from _annotations(given)
        yield from certificate_mistakes(given)


def _refusal(mistakes: Iterable[str]) -> SettingsInvalid:
    lines = [f"  {mistake}" for mistake in mistakes]
    hint = HINT if len(lines) > 1 else ONE_HINT
    text = "\n".join((f"the configuration has {count(len(lines), 'mistake')}:", *lines))
    return SettingsInvalid(text, hint=hint)


def _identity(file: Path | None, environ: Mapping[str, str]) -> str | None:
    try:
        return identify(file, environ)
    except OSError:
        return None


def _misspelled(given: RawSettings) -> Iterator[str]:
    spelled = {plain_variable(path): name for path, name in given.variables(Settings).items()}
    spelled |= {name: name for name in (*spelled.values(), CONFIG_VARIABLE)}
    likely = {name.removeprefix(PREFIX): real for name, real in spelled.items()}
    for name in given.unknown_variables:
        if near := closest(name.removeprefix(PREFIX), likely):
            yield f"{name}: there is no such variable{did_you_mean(likely[near])}"


def _secret_files(given: RawSettings, files: bool | str) -> Iterator[str]:
    """Replace NAME_file settings with their content, or only record the sources.

    `files` is as in `load`.
    """
    for path in [path for path in given.sources if SECRET_FILES.fullmatch(path)]:
        plain = path.removesuffix("_file")
        if given.get(plain) is not None:
            yield f"{path}: {plain} is given too; remove one of the two"
            continue
        file = given.root(path) / str(given.get(path))
        if files not in {True, path}:
            given.sources[plain] = f"file {file}"
            continue
        try:
            secret = read_text(file, SECRET_BYTES).strip()
        except OSError as error:
            yield f"{path}: cannot read {file}: {error.strerror}"
            continue
        if secret:
            given.set(plain, secret, f"file {file}")
        else:
            yield f"{path}: {file} is empty"


def _annotations(given: RawSettings) -> Iterator[str]:
    """Yield the errors in the user's annotations.

    An invalid path is reported elsewhere.
    """
    own = given.get("document.annotations")
    if not own or not isinstance(own, str) or "\0" in own:
        return
    try:
        annotations.load(annotations.read(given.root("document.annotations") / own))
    except SettingsInvalid as error:
        yield from (f"document.annotations: {line}" for line in str(error).splitlines())


def _contradictions(given: RawSettings) -> Iterator[str]:
    for when in ("schedule", "probe"):
        if given.get(f"{when}.every") is not None and given.get(f"{when}.cron") is not None:
            yield f"{when}.cron: {when}.every is given too; remove one of the two"
    names: list[Any] = []
    providers: list[Any] = []
    for index, provider in given.tables("provider"):
        if provider.get("name") in providers:
            yield f"provider.{index}.name: another provider already has the name {provider['name']}"
        providers.append(provider.get("name"))
        yield from provider_mistakes(index, provider)
    for index, channel in given.tables("channel"):
        name = channel.get("name")
        if name in names:
            yield f"channel.{index}.name: another channel already has the name {name}"
        names.append(name)
        for kind, key in (("webhook", "url"), ("apprise", "urls")):
            if channel.get("kind") == kind and not channel.keys() & {key, f"{key}_file"}:
                needed = f"{key}, {key}_file or {table_variable('channel', name, key)}"
                yield f"channel.{index}.{key}: {kind} needs {needed}"
        yield from _half_login(index, channel)


def _half_login(index: int, channel: Mapping[str, Any]) -> Iterator[str]:
    password = channel.keys() & {"password", "password_file"}
    if channel.get("kind") == "email" and bool(password) != ("user" in channel):
        missing = "user" if password else "password"
        yield f"channel.{index}.{missing}: user and password must be given together"


def _rooted(settings: Settings, given: RawSettings) -> Settings:
    return settings.model_copy(
        update={
            "document": _rooted_document(settings.document, given, "document"),
            "check": settings.check.model_copy(
                update={"lock": given.root("check.lock") / settings.check.lock}
            ),
            "http": rooted_http(settings.http, given),
            "database": rooted_database(settings.database, given),
            "provider": tuple(_rooted_providers(settings, given)),
            "channel": tuple(_rooted_channels(settings, given)),
        }
    )


def _rooted_document(
    document: DocumentSettings, given: RawSettings, place: str
) -> DocumentSettings:
    path, own = document.path, document.annotations
    rooted = document.at(path and given.root(f"{place}.path") / path)
    annotated = own and given.root(f"{place}.annotations") / own
    return rooted.model_copy(update={"annotations": annotated}) if annotated else rooted


def _rooted_providers(settings: Settings, given: RawSettings) -> Iterator[ProviderSettings]:
    for index, provider in enumerate(settings.provider):
        document, place = provider.document, f"provider.{index}.document"
        rooted = document and _rooted_document(document, given, place)
        yield provider.model_copy(update={"document": rooted}) if rooted else provider


def _rooted_channels(settings: Settings, given: RawSettings) -> Iterator[AnyChannel]:
    for index, channel in enumerate(settings.channel):
        template = getattr(channel, "template", None)
        rooted = template and given.root(f"channel.{index}.template") / template
        yield channel.model_copy(update={"template": rooted}) if rooted else channel


def show(loaded: Loaded) -> tuple[Shown, ...]:
    """Return every setting with value and source, secrets hidden.

    Secrets in unread files are hidden too.
    """
    return tuple(
        Shown(path, HIDDEN if f"{path}_file" in loaded.sources else value, source)
        for path, value in _values(loaded.settings, "")
        for source in [_source(loaded, path)]
    )


def _source(loaded: Loaded, path: str) -> str:
    parts = (each for each in loaded.sources if each.startswith(f"{path}."))
    return loaded.sources.get(path) or loaded.sources.get(next(parts, ""), "default")


def _values(value: Any, path: str) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _values(getattr(value, name), f"{path}.{name}" if path else name)
    elif path in {"provider", "channel"}:
        for index, table in enumerate(value):
            yield from _values(table, f"{path}.{index}")
    elif path == "rules":
        yield from ((f"rules.{rule}", str(level)) for rule, level in sorted(value.items()))
    else:
        yield path, _readable(value, path)


def _readable(value: Any, path: str) -> str | None:
    if path == "http.proxy" and value is not None:
        return read_proxy(reveal(value)).shown
    if isinstance(value, SecretStr) or (
        isinstance(value, tuple) and any(isinstance(item, SecretStr) for item in value)
    ):
        return HIDDEN
    if isinstance(value, dict):  # request headers may contain keys
        return ", ".join(f"{name}: {HIDDEN}" for name in value)
    if path == "database":
        from catalog.store.database import Database  # slow import

        return Database(value).place
    if value is None or value == ():
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return write_duration(value)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
