"""Build the fast path of a provider from its settings.

The fast path is the short route of a scheduled poll that finds the same list. Its row in the
database holds the request as JSON. `catalog.cli.fast_sync` uses that JSON, because a run on the
fast path reads no settings.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from catalog.config.identity import file_state
from catalog.config.load import Loaded
from catalog.config.providers import ListSettings
from catalog.config.settings import Settings
from catalog.config.sources import SECRET_KEYS
from catalog.providers.source import ListRequest, Source
from catalog.store.database import Database
from catalog.sync.fast import FastPath

SECRETS = re.compile(
    rf"(infomaniak|provider\.[0-9]+)\.token|channel\.[0-9]+\.({'|'.join(SECRET_KEYS)})"
)
"""Settings with secrets, except headers and queries of a provider."""


def wire_fast(
    settings: Settings, loaded: Loaded, database: Database, source: Source, longest: timedelta
) -> FastPath | None:
    """Return the fast path of a provider, or None.

    Paged lists, databases other than SQLite files, settings from a pipe, and document paths outside
    of UTF-8 have no fast path. `longest` is the maximum time of a pass.
    """
    file = database.file
    if loaded.identity is None or file is None or source.list_request.paging is not None:
        return None
    if not (_is_text(settings.document.path) and _is_text(settings.http.ca_file)):
        return None
    schedule, lists = settings.schedule, [each.one.list for each in loaded.settings.each]
    try:
        known = {
            "url": source.url,
            "asking": None if any(map(_may_hold_secret, lists)) else _written(source.list_request),
            "limits": asdict(source.http.limits),
            "proxy": _origin("http.proxy", loaded) if settings.http.proxy else None,
            "no_proxy": settings.http.no_proxy,
            "ca_file": str(settings.http.ca_file) if settings.http.ca_file else None,
            "token": _origin_of_token(settings, loaded),
            "secrets": _secrets(loaded),
            "every": schedule.every.total_seconds(),
            "cron": schedule.cron,
            "longest": longest.total_seconds(),
            "files": [[str(each), file_state(each)] for each in _files(settings, loaded)],
            "is_alone": len(loaded.settings.each) == 1,
            "pings": settings.ping.url is not None,
        }
    except OSError:
        return None
    return FastPath(settings.one.name, loaded.identity, json.dumps(known), file)


def _is_text(path: Path | None) -> bool:
    """Return whether a path is UTF-8, because paths may have any bytes."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _files(settings: Settings, loaded: Loaded) -> Iterator[Path]:
    """Yield the files named in the settings, also missing ones."""
    yield settings.check.lock
    if settings.http.ca_file is not None:
        yield settings.http.ca_file
    if settings.document.annotations is not None:
        yield settings.document.annotations
    for channel in settings.channel:
        if template := getattr(channel, "template", None):
            yield template
    for path, source in loaded.sources.items():
        # Token files are excluded, because every run reads them.
        if f"{path}_file" in loaded.sources and not path.endswith("token"):
            yield Path(source.removeprefix("file "))


def _may_hold_secret(list_: ListSettings) -> bool:
    """Return whether headers or query may hold a secret.

    Such requests are not stored.
    """
    return bool(list_.headers or list_.query)


def _secrets(loaded: Loaded) -> list[list[str]]:
    """Return the origin of every secret, because answers may repeat them."""
    return [_origin(path, loaded) for path in sorted(loaded.sources) if SECRETS.fullmatch(path)]


def _written(list_request: ListRequest) -> dict[str, Any]:
    return {each: getattr(list_request, each) for each in ListRequest.__dataclass_fields__}


def _origin_of_token(settings: Settings, loaded: Loaded) -> list[str] | None:
    """Return the origin of a provider's token, None without one.

    Infomaniak's token may be in the section `[infomaniak]`.
    """
    if settings.one.token is None:
        return None
    names = [each.one.name for each in loaded.settings.each]
    place = f"provider.{names.index(settings.one.name)}.token"
    return _origin(place if place in loaded.sources else "infomaniak.token", loaded)


def _origin(path: str, loaded: Loaded) -> list[str]:
    """Return the kind and the name of a secret's origin."""
    source = loaded.sources[path]
    if source.startswith("environment "):
        return ["variable", source.removeprefix("environment ")]
    if f"{path}_file" in loaded.sources:
        return ["file", source.removeprefix("file ")]
    return ["setting", path]
