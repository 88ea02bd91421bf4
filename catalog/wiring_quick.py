"""What is noted of the settings where a provider is at rest; and from that, a poll without them.

A run that finds nothing new reads no settings. So this module loads nothing heavy by itself.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.clock import Clock, now
from catalog.config.glance import Glance, glance, look
from catalog.errors import SettingsInvalid
from catalog.http.client import Http
from catalog.http.request import Limits
from catalog.poll import Pass
from catalog.providers.asking import Asking
from catalog.providers.source import Source
from catalog.quick import Asked, Quick, is_written
from catalog.store import rest as resting
from catalog.store.rest import Rest, Slot, Terms

if TYPE_CHECKING:
    from catalog.config.load import Loaded
    from catalog.config.providers import ListSettings
    from catalog.config.settings import Settings
    from catalog.schedule import Schedule
    from catalog.store.database import Database


def terms_of(
    settings: "Settings", loaded: "Loaded", database: "Database", source: Source
) -> Terms | None:
    """Return under what a provider may come to rest; None where it never does.

    It does not where its list comes in parts, and where the database is no SQLite file.
    """
    if loaded.identity is None or database.file is None or source.asking.paging is not None:
        return None
    own, schedule = settings.document.annotations, settings.schedule
    known = {
        "url": source.url,
        "asking": None if _may_hide(settings.one.list) else _written(source.asking),
        "limits": asdict(source.http.limits),
        "token": _origin_of_token(settings, loaded),
        "every": schedule.every.total_seconds(),
        "cron": schedule.cron,
        "annotations": None if own is None else [str(own), *look(own)],
        "is_alone": len(loaded.settings.each) == 1,
        "pings": settings.ping.url is not None,
    }
    return Terms(loaded.identity, json.dumps(known))


def _may_hide(list_: "ListSettings") -> bool:
    """Whether the user's own words of a request may hold a secret: those are noted nowhere."""
    return bool(list_.headers or list_.query)


def _written(asking: Asking) -> dict[str, Any]:
    return {each: getattr(asking, each) for each in Asking.__dataclass_fields__}


def _origin_of_token(settings: "Settings", loaded: "Loaded") -> list[str] | None:
    """Return which setting the token is, and where that came from; None where there is none."""
    names = [each.one.name for each in loaded.settings.each]
    places = (f"provider.{names.index(settings.one.name)}.token", "infomaniak.token")
    return next(([each, loaded.sources[each]] for each in places if each in loaded.sources), None)


@dataclass(frozen=True, slots=True)
class Line:
    """What the command line and the environment say of a run."""

    config: Path | None
    database: str | None
    provider: str | None
    environ: Mapping[str, str]
    scheduled: bool = False


def poll_at_rest(line: Line, clock: Clock = now) -> Pass | Asked | None:
    """Poll the one provider that is asked for, if it is at rest, without reading the settings.

    Return what came of it as `Quick.run` does; None is also where more than that is wanted.
    """
    seen = glance(line.config, line.database, line.environ)
    if seen is None:
        return None
    moment = clock()
    try:
        found = resting.read(seen.database, seen.identity, moment)
        for rest in found:
            known = json.loads(rest.asking)
            if line.provider == rest.provider or (line.provider is None and known["is_alone"]):
                return _poll(rest, known, seen, line, clock)
    except (sqlite3.Error, SettingsInvalid):
        pass  # the pass will say what is wrong
    return None


def _poll(
    rest: Rest, known: dict[str, Any], seen: Glance, line: Line, clock: Clock
) -> Pass | Asked | None:
    started = clock()
    slot = Slot(_schedule(known).slot(started), alone=line.scheduled)
    if known["pings"] or known["asking"] is None:
        return None
    if not is_written(rest) or not _is_as_noted(known["annotations"]):
        return None
    token = None
    if known["token"] is not None and (token := seen.token(*known["token"])) is None:
        return None
    with Http(Limits(**known["limits"])) as http:
        asking = Asking(**known["asking"])
        source = Source(http, rest.provider, known["url"], token, clock, asking)
        terms = Terms(rest.settings, rest.asking)
        quick = Quick(rest.provider, terms, seen.database, source.fetch, clock)
        return quick.ask(rest, started, slot)


def _schedule(known: dict[str, Any]) -> "Schedule":
    from catalog.schedule import Cron, Interval

    return Cron(known["cron"]) if known["cron"] else Interval(timedelta(seconds=known["every"]))


def _is_as_noted(annotations: list[Any] | None) -> bool:
    if annotations is None:
        return True
    place, *noted = annotations
    try:
        return [*look(Path(place))] == noted
    except OSError:
        return False
