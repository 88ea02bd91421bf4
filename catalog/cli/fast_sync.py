"""The fast path of `catalog sync`: the same answer is recorded without reading the settings.

Nearly every run from cron ends here, so this module and what it imports load nothing heavy.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from catalog.core.files import read_text
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.core.run_id import running
from catalog.core.strict_json import JsonText, parse
from catalog.providers.source import ListRequest, Source
from catalog.store import fast
from catalog.store.fast import FastPath
from catalog.sync.fast import confirm, is_written, unchanged

if TYPE_CHECKING:
    from catalog.daemon.schedule import Schedule

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """The options of a run and its environment."""

    config: Path | None
    database: str | None
    provider: str | None
    environ: Mapping[str, str]
    scheduled: bool = False


@dataclass(frozen=True, slots=True)
class _Origin:
    """The database file, and what the settings are read from; `identity` tells them apart."""

    database: Path
    identity: str
    given: RawSettings
    environ: Mapping[str, str]

    def token(self, kind: str, name: str) -> str | None:
        """Read a token anew from its variable, file or setting; None without a valid one."""
        match kind:
            case "variable":
                found = self.environ.get(name)
            case "file":
                found = _read(Path(name))
            case _:
                found = self.given.get(name)
        return found if isinstance(found, str) and TOKEN.fullmatch(found) else None


def poll_fast(line: Line, clock: Clock = now) -> Pass | Skipped | None:
    """Poll one provider on the fast path; None if a full pass is needed, which asks again."""
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
    except Exception as error:  # noqa: BLE001  # the row may be damaged, the answer may be odd
        logger.debug("no fast path: %s", type(error).__name__)  # the full pass reports it
    return None


def _poll(
    row: FastPath, known: dict[str, Any], origin: _Origin, line: Line, started: datetime
) -> Pass | Skipped | None:
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
    # The full pass tries again, so this does not.
    with Http(Limits(**known["limits"] | {"attempts": 1})) as http:
        asking = ListRequest(**known["asking"])
        source = Source(http, row.provider, known["url"], token, lambda: started, asking)
        start = time.monotonic()
        answer = source.fetch(row.validators)
    elapsed = round((time.monotonic() - start) * 1000)
    return confirm(origin.database, row, unchanged(row.provider, started, elapsed, answer), slot)


def _origin(line: Line) -> _Origin | None:
    """Return what the settings are read from; None without an SQLite file.

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


def _schedule(known: dict[str, Any]) -> "Schedule":
    from catalog.daemon.schedule import Cron, Interval  # heavy

    return Cron(known["cron"]) if known["cron"] else Interval(timedelta(seconds=known["every"]))
