"""Check code against the models of a catalog."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from catalog.api.lazy_types import Database
from catalog.changes.finding import Level
from catalog.check import from_recordings
from catalog.check.counting import Uncounted, divide
from catalog.check.judge import Terms, judge
from catalog.check.known import Listing
from catalog.check.lock import Locked
from catalog.check.result import Notices, ignore
from catalog.check.scan.scan import scan, scan_text
from catalog.check.scan.uses import Scanned
from catalog.check.suggest import Suggestions
from catalog.config.providers import ProviderSettings
from catalog.config.settings import Settings
from catalog.core.clock import now
from catalog.core.errors import NotFound
from catalog.providers.provider import Provider

SHIPPED = "shipped history"


@dataclass(frozen=True, slots=True)
class FoundUses:
    """The uses of models in files, and names that do not count."""

    scanned: tuple[Scanned, ...]
    uncounted: tuple[Uncounted, ...]
    suggestions: Suggestions


def stored_listing(database: Database, provider: Provider) -> Listing:
    """Return all names that a stored catalog ever listed, or raise NotFound."""
    from catalog.check.from_store import of_store

    with database.reading() as connection:
        return of_store(connection, provider)


def shipped_listing(one: ProviderSettings, provider: Provider) -> Listing:
    """Return the names in the shipped history. Raise NotFound if this provider has none."""
    if one.description is not None:
        hint = f"Run `catalog sync --provider {one.name}` first, or add --catalog FILE."
        raise NotFound(f"no history of {one.name} comes with the program", hint=hint)
    return from_recordings.of_history(provider)


def is_there(database: str) -> bool:
    """Return whether the database exists.

    An SQLite file is checked without loading the database library.
    """
    if "://" in database:
        return True
    path = Path(database)
    return path.exists() and path.stat().st_size > 0


def find_uses(paths: tuple[Path, ...], listing: Listing, settings: Settings) -> FoundUses:
    """Return the uses of a provider's models in files and folders."""
    markers, others = _markers(settings.one), _others(settings)
    found = scan(paths, frozenset(listing.names), markers, others=others)
    return _divided(tuple(_near(found)), listing)


def find_uses_in(name: str, text: str, listing: Listing, settings: Settings) -> FoundUses:
    """Return the uses of a provider's models in one text.

    The suffix of `name` selects the language. It reads no file and forks no process, so the time of
    a long text has no limit.
    """
    known, markers = frozenset(listing.names), _markers(settings.one)
    return _divided((scan_text(name, text, known, markers, _others(settings)),), listing)


def judge_uses(
    found: FoundUses, within: timedelta, locked: Mapping[str, Locked], levels: Mapping[str, Level]
) -> Notices:
    """Return the problems of uses, apart from those that a comment ignores.

    A model that ends `within` this time is a warning. `locked` are the entries of the lock by
    name, and `levels` those of the settings by rule.
    """
    terms = Terms(found.suggestions, now().date(), within, locked, levels)
    return ignore(judge(found.scanned, terms), found.scanned)


def _divided(scanned: tuple[Scanned, ...], listing: Listing) -> FoundUses:
    suggestions = Suggestions(listing)
    return FoundUses(*divide(scanned, suggestions), suggestions)


def _others(settings: Settings) -> tuple[str, ...]:
    """Return the names of the other configured providers."""
    own = settings.one.name
    return tuple(each.one.name for each in settings.each if each.one.name != own)


def _markers(one: ProviderSettings) -> tuple[str, ...]:
    """Return the words that show that a file concerns the provider."""
    if one.description is None:
        return one.name, "infomaniak"
    host = urlsplit(one.url or "").hostname or ""
    names = (one.name, one.kind) if one.kind in {"anthropic", "openrouter"} else (one.name,)
    return (*names, host) if "." in host and not host[-1].isdigit() else names


def _near(scanned: Iterable[Scanned]) -> Iterable[Scanned]:
    """Make paths relative to this folder, because all lists use such paths."""
    here = f"{Path.cwd().as_posix()}/"
    for each in scanned:
        path = each.path.removeprefix(here).removeprefix("./")
        uses = tuple(replace(use, path=path) for use in each.uses)
        yield replace(each, path=path, uses=uses)
