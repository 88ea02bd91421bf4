"""Flags over environment over file over defaults; all mistakes told together."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from catalog.config.given import Given, find_file
from catalog.config.settings import Settings, WebhookSettings
from catalog.errors import SettingsInvalid

HIDDEN = "***"
SQLITE = "sqlite:///"
DISCRIMINATORS = {"log", "webhook"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, the file they were read from, and the source of each that was given."""

    settings: Settings
    file: Path | None
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting as `config show` prints it; secrets are hidden."""

    setting: str
    value: str
    source: str


def load(
    file: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Loaded:
    """Read all settings; raise SettingsInvalid that names every mistake and where it stands.

    `overrides` are dotted settings given on the command line.
    """
    given = Given()
    found = find_file(file, environ)
    if found is not None:
        given.take_file(found)
    given.take_environment(environ, Settings)
    for path, value in (overrides or {}).items():
        given.set(path, value, "command line")
    mistakes = list(_read_secret_files(given))
    try:
        settings = Settings.model_validate(given.tree)
        mistakes += _contradictions(settings)
    except ValidationError as error:
        mistakes += _told(error, given)
    if mistakes:
        where = f" ({found})" if found else ""
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        raise SettingsInvalid(f"the configuration{where} has mistakes:\n{lines}")
    return Loaded(_rooted(settings, given), found, given.sources)


def _read_secret_files(given: Given) -> Iterator[str]:
    """Put the content of each NAME_file in the place of NAME; yield the mistakes met."""
    for path in [path for path in given.sources if path.endswith("_file")]:
        plain = path.removesuffix("_file")
        if given.get(plain) is not None:
            yield f"{path}: {plain} is given too; one of the two must go"
            continue
        file = given.root(path) / str(given.get(path))
        try:
            secret = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            yield f"{path}: cannot read {file}: {getattr(error, 'strerror', 'not text')}"
            continue
        if secret:
            given.set(plain, secret, f"file {file}")
        else:
            yield f"{path}: {file} is empty"


def _contradictions(settings: Settings) -> Iterator[str]:
    names = [channel.name for channel in settings.channel]
    for index, channel in enumerate(settings.channel):
        if channel.name in names[:index]:
            yield f"channel.{index}.name: {channel.name} names another channel already"
        if isinstance(channel, WebhookSettings) and channel.url is None and not channel.url_file:
            yield f"channel.{index}.url: a webhook needs url or url_file"


def _told(error: ValidationError, given: Given) -> Iterator[str]:
    """Tell each mistake with its place and source, never with the value: it may be a secret."""
    for mistake in error.errors(include_input=False, include_url=False, include_context=False):
        path = ".".join(str(part) for part in mistake["loc"] if part not in DISCRIMINATORS)
        what = mistake["msg"].removeprefix("Value error, ")
        if mistake["type"] == "extra_forbidden":
            what = "there is no such setting"
        source = given.sources.get(path)
        yield f"{path}: {what}{f' ({source})' if source else ''}"


def _rooted(settings: Settings, given: Given) -> Settings:
    """Make every path absolute."""
    document = settings.document.model_copy(
        update={
            name: given.root(f"document.{name}") / path
            for name in ("path", "annotations")
            if (path := getattr(settings.document, name)) is not None
        }
    )
    return settings.model_copy(
        update={"document": document, "database": _rooted_database(settings.database, given)}
    )


def _rooted_database(url: str, given: Given) -> str:
    path = url.removeprefix(SQLITE)
    if "://" in path or path in {"", ":memory:", "sqlite://"}:
        return url
    return f"{SQLITE}{given.root('database') / path}"


def show(loaded: Loaded) -> tuple[Shown, ...]:
    """List every setting with its value and source, secrets hidden, in the order of the docs."""
    return tuple(
        Shown(path, value, loaded.sources.get(path, "default"))
        for path, value in _values(loaded.settings, "")
    )


def _values(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _values(getattr(value, name), f"{path}.{name}" if path else name)
    elif path == "channel":
        for index, channel in enumerate(value):
            yield from _values(channel, f"{path}.{index}")
    elif path == "rules":
        yield from ((f"rules.{rule}", str(level)) for rule, level in sorted(value.items()))
    else:
        yield path, _readable(value, path)


def _readable(value: Any, path: str) -> str:
    if isinstance(value, SecretStr):
        return HIDDEN
    if path == "database":
        from catalog.store.database import Database  # heavy, and only wanted here

        return Database(value).place
    if value is None or value == ():
        return "–"
    if hasattr(value, "total_seconds"):
        return f"{value.total_seconds():g} s"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
