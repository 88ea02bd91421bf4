"""Run the fast path of `catalog sync`.

It records an unchanged answer without reading the settings. This module and its imports load no
large library, because nearly every run from cron ends here.
"""

import logging
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from catalog.changes.poll import Pass
from catalog.cli.results import Skipped
from catalog.config.identity import file_state, identify
from catalog.config.sources import (
    DATABASE,
    SECRET_BYTES,
    TOKEN,
    RawSettings,
    find_file,
    plain_variable,
    rooted_database,
)
from catalog.core.clock import Clock, now
from catalog.core.errors import CatalogError, ProviderError
from catalog.core.files import read_text
from catalog.core.http.client import Http
from catalog.core.http.proxy import Proxy, read_proxy
from catalog.core.http.request import Limits
from catalog.core.payload import NotModified
from catalog.core.run_id import current, running
from catalog.core.strict_json import JsonText, parse
from catalog.core.unexpected import log_unexpected
from catalog.daemon.schedule import Cron, Interval, Schedule
from catalog.providers.source import ListRequest, Source
from catalog.store import fast
from catalog.store.fast import FastRow
from catalog.sync.fast import Answered, confirm, is_written, unchanged

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """The options and the environment of a run."""

    config: Path | None
    database: str | None
    provider: str | None
    environ: Mapping[str, str]
    scheduled: bool = False


@dataclass(frozen=True, slots=True)
class _Origin:
    """The database file and the sources of the settings.

    `identity` changes with the sources.
    """

    database: Path
    identity: str
    given: RawSettings
    environ: Mapping[str, str]

    def token(self, kind: str, name: str) -> str | None:
        """Read a token again. Return None without a valid one."""
        found = self._value(kind, name)
        return found if isinstance(found, str) and TOKEN.fullmatch(found) else None

    def secrets(self, origins: Iterable[Sequence[str]]) -> tuple[str, ...]:
        """Read all secrets again.

        A setting may hold several, as a list or separated by blanks.
        """
        found = [self._value(*each) for each in origins]
        texts = [
            str(text)
            for each in found
            if each is not None
            for text in (each if isinstance(each, list) else [each])
        ]
        return tuple({part for text in texts for part in (text, *text.split())})

    def proxy(self, origin: Sequence[str] | None, without: Iterable[str]) -> Proxy | None:
        """Read the proxy again. Raise SettingsInvalid if it cannot be read."""
        return None if origin is None else read_proxy(str(self._value(*origin)), without)

    def _value(self, kind: str, name: str) -> Any:
        """Return a value from its variable, file or setting."""
        match kind:
            case "variable":
                return self.environ.get(name)
            case "file":
                return _read(Path(name))
            case _:
                return self.given.get(name)


def poll_fast(line: Line, clock: Clock = now) -> Pass | Skipped | Answered | None:
    """Poll one provider on the fast path.

    Return the answer if a full pass must process it. Return None if a full pass must poll again.
    """
    try:
        origin = _origin(line)
        if origin is None:
            return None
        started = clock()
        for row in fast.read(origin.database, origin.identity, started):
            known = parse(JsonText(row.request))
            if line.provider == row.provider or (line.provider is None and known["is_alone"]):
                with running():
                    return _poll(row, known, origin, line, started)
    except (CatalogError, sqlite3.Error, OSError, ValueError, LookupError, TypeError) as error:
        # The row may be damaged. The level is DEBUG, because the full pass reports the error.
        logger.debug("no fast path: %s", type(error).__name__)
    except Exception as error:  # noqa: BLE001  # because a full pass can still poll
        log_unexpected(logger, "the fast path failed", error)
    return None


def _poll(
    row: FastRow, known: dict[str, Any], origin: _Origin, line: Line, started: datetime
) -> Pass | Skipped | Answered | None:
    moved = any(file_state(Path(file)) != state for file, state in known["files"])
    if moved or known["pings"] or known["asking"] is None or not is_written(row):
        return None
    token = None
    if known["token"] is not None and (token := origin.token(*known["token"])) is None:
        return None
    slot = _schedule(known).slot(started)
    if line.scheduled:
        longest = timedelta(seconds=known["longest"])
        claim = fast.claim(origin.database, row.provider, slot, longest, started)
        if not claim.is_ours:
            return Skipped(row.provider, slot, claim.done_at)
    begun, answer, failure = time.monotonic(), None, None
    proxy = origin.proxy(known["proxy"], known["no_proxy"])
    secrets = (*origin.secrets(known["secrets"]), *(proxy.secrets if proxy else ()))
    ca_file = None if known["ca_file"] is None else Path(known["ca_file"])
    with Http(Limits(**known["limits"]), proxy=proxy, ca_file=ca_file) as client:
        list_request, http = ListRequest(**known["asking"]), client.hiding(secrets)
        source = Source(http, row.provider, known["url"], token, lambda: started, list_request)
        try:
            answer = source.fetch(row.validators)
        except ProviderError as error:
            failure = error
    elapsed = round((time.monotonic() - begun) * 1000)
    poll = unchanged(row.provider, started, elapsed, answer)
    if result := confirm(origin.database, row, poll, slot, claimed=line.scheduled):
        return result
    if isinstance(answer, NotModified):  # of the row, which may be gone
        return None
    return Answered(row, started, begun, answer, failure, current())


def _origin(line: Line) -> _Origin | None:
    """Return the sources of the settings, None without an SQLite file.

    Raise OSError or SettingsInvalid if the configuration cannot be read.
    """
    given = RawSettings()
    file = find_file(line.config, line.environ)
    identity = identify(file, line.environ)
    if file is not None:
        given.take_file(file.absolute())
    variable = line.environ.get(plain_variable("database"))
    for url, source in ((variable, "environment"), (line.database, "command line")):
        if url:
            given.set("database", url, source)
    place = rooted_database(str(given.get("database") or DATABASE), given)
    return None if "://" in place else _Origin(Path(place), identity, given, line.environ)


def _read(file: Path) -> str | None:
    try:
        return read_text(file, SECRET_BYTES).strip()
    except OSError:
        return None


def _schedule(known: dict[str, Any]) -> Schedule:
    return Cron(known["cron"]) if known["cron"] else Interval(timedelta(seconds=known["every"]))
