"""What is noted of the settings where a provider is at rest; and from that, a poll without them.

A run that finds nothing new reads no settings. So this module loads nothing heavy by itself.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.changes.poll import Pass
from catalog.config.glance import Glance, glance, look
from catalog.core.clock import Clock, now
from catalog.core.errors import SettingsInvalid
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.core.run_id import running
from catalog.core.strict_json import JsonText, parse
from catalog.providers.source import ListRequest, Source
from catalog.store import rest as resting
from catalog.store.rest import Rest, Slot, Terms
from catalog.sync.quick import Asked, Quick

if TYPE_CHECKING:
    from catalog.config.load import Loaded
    from catalog.config.providers import ListSettings
    from catalog.config.settings import Settings
    from catalog.daemon.schedule import Schedule
    from catalog.store.database import Database


def terms_of(
    settings: "Settings", loaded: "Loaded", database: "Database", source: Source, longest: timedelta
) -> Terms | None:
    """Return under what a provider may come to rest; None where it never does.

    It does not where its list comes in parts, where the database is no SQLite file, where the
    settings are read from a pipe, and where the name of the document cannot be noted. A pass takes
    as `longest`.
    """
    if loaded.identity is None or database.file is None or source.asking.paging is not None:
        return None
    if not _is_text(settings.document.path):
        return None
    schedule = settings.schedule
    try:
        known = {
            "url": source.url,
            "asking": None if _may_hide(settings.one.list) else _written(source.asking),
            "limits": asdict(source.http.limits),
            "token": _origin_of_token(settings, loaded),
            "every": schedule.every.total_seconds(),
            "cron": schedule.cron,
            "longest": longest.total_seconds(),
            "files": [[str(file), look(file)] for file in _files(settings, loaded)],
            "is_alone": len(loaded.settings.each) == 1,
            "pings": settings.ping.url is not None,
        }
    except OSError:
        return None
    return Terms(loaded.identity, json.dumps(known))


def _is_text(path: Path | None) -> bool:
    """Whether a path can be written down: one may hold any bytes."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _files(settings: "Settings", loaded: "Loaded") -> Iterator[Path]:
    """Yield the files that the settings name, and that a pass would read or miss."""
    yield settings.check.lock
    if settings.document.annotations is not None:
        yield settings.document.annotations
    for channel in settings.channel:
        if template := getattr(channel, "template", None):
            yield template
    for path, source in loaded.sources.items():
        # The token is read anew each time.
        if f"{path}_file" in loaded.sources and not path.endswith("token"):
            yield Path(source.removeprefix("file "))


def _may_hide(list_: "ListSettings") -> bool:
    """Whether the user's own words of a request may hold a secret: those are noted nowhere."""
    return bool(list_.headers or list_.query)


def _written(asking: ListRequest) -> dict[str, Any]:
    return {each: getattr(asking, each) for each in ListRequest.__dataclass_fields__}


def _origin_of_token(settings: "Settings", loaded: "Loaded") -> list[str] | None:
    """Return where the token of a provider came from; None where there is none.

    What is in the section of Infomaniak is its token alone.
    """
    one, sources = settings.one, loaded.sources
    if one.token is None:
        return None
    names = [each.one.name for each in loaded.settings.each]
    place = f"provider.{names.index(one.name)}.token"
    if place not in sources:
        place = "infomaniak.token"
    source = sources[place]
    if source.startswith("environment "):
        return ["variable", source.removeprefix("environment ")]
    if f"{place}_file" in sources:
        return ["file", source.removeprefix("file ")]
    return ["setting", place]


@dataclass(frozen=True, slots=True)
class Line:
    """What the command line and the environment say of a run."""

    config: Path | None
    database: str | None
    provider: str | None
    environ: Mapping[str, str]
    scheduled: bool = False


@dataclass(frozen=True, slots=True)
class Claimed:
    """A slot of one provider that another process did or is doing: nothing was to be done."""

    provider: str
    slot: datetime
    done_at: datetime | None


def poll_at_rest(line: Line, clock: Clock = now) -> Pass | Asked | Claimed | None:
    """Poll the one provider that is asked for, if it is at rest, without reading the settings.

    Return what came of it as `Quick.run` does, or that its slot was done; None is also where more
    than that is wanted.
    """
    seen = glance(line.config, line.database, line.environ)
    if seen is None:
        return None
    started = clock()
    try:
        for rest in resting.read(seen.database, seen.identity, started):
            known = parse(JsonText(rest.asking))
            if line.provider == rest.provider or (line.provider is None and known["is_alone"]):
                with running():
                    return _poll(rest, known, seen, line, started)
    except (sqlite3.Error, SettingsInvalid, OSError, ValueError, LookupError, TypeError):
        pass  # the pass will say what is wrong; somebody may have damaged the row
    return None


def _poll(
    rest: Rest, known: dict[str, Any], seen: Glance, line: Line, started: datetime
) -> Pass | Asked | Claimed | None:
    moment = _schedule(known).slot(started)
    if line.scheduled and (done := resting.done_at(seen.database, rest.provider, moment)):
        return Claimed(rest.provider, moment, done)
    moved = any(look(Path(file)) != looked for file, looked in known["files"])
    if moved or known["pings"] or known["asking"] is None:
        return None
    token = None
    if known["token"] is not None and (token := seen.token(*known["token"])) is None:
        return None
    longest = timedelta(seconds=known["longest"]) if line.scheduled else None
    slot = Slot(moment, longest)
    with Http(Limits(**known["limits"])) as http:
        asking, clock = ListRequest(**known["asking"]), lambda: started
        source = Source(http, rest.provider, known["url"], token, clock, asking)
        terms = Terms(rest.settings, rest.asking)
        quick = Quick(rest.provider, terms, seen.database, source.fetch, clock)
        return quick.ask(rest, started, slot)


def _schedule(known: dict[str, Any]) -> "Schedule":
    from catalog.daemon.schedule import Cron, Interval

    return Cron(known["cron"]) if known["cron"] else Interval(timedelta(seconds=known["every"]))
