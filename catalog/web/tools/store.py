"""Open the store for one answer, and describe its age."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from catalog.api.health import OK, headline
from catalog.api.status import read_status
from catalog.config.settings import Settings
from catalog.core.clock import stamp
from catalog.core.errors import ArgumentInvalid, NotFound
from catalog.core.text import closest, did_you_mean, duration
from catalog.store import history, polls
from catalog.store.database import Database
from catalog.web.reader import Reader, Reading


@dataclass(frozen=True, slots=True)
class Stored:
    """The times of the oldest state and of the last accepted poll."""

    provider: str
    since: datetime
    last_success_at: datetime

    def sentence(self, now: datetime) -> str:
        """Return how current the stored history is."""
        ago = duration(now - self.last_success_at)
        return (
            f"{self.provider}: stored since {stamp(self.since)}, last polled with success "
            f"{stamp(self.last_success_at)} ({ago} ago)."
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "provider": self.provider,
            "since": stamp(self.since),
            "last_success_at": stamp(self.last_success_at),
        }


@dataclass(frozen=True, slots=True)
class Store:
    """The configured providers and the address of their database. Nothing is written."""

    each: tuple[Settings, ...]
    url: str

    def selected(self, provider: str | None) -> tuple[Settings, ...]:
        """Return the settings of one provider, or of all. Raise ArgumentInvalid."""
        if provider is None:
            return self.each
        known = {settings.one.name: settings for settings in self.each}
        if provider not in known:
            meant = did_you_mean(closest(provider, known))
            hint = f"There are: {', '.join(known)}."
            raise ArgumentInvalid(f"provider: there is no {provider!r}{meant}", hint=hint)
        return (known[provider],)

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Yield the database, read-only, closed afterwards. An old schema is refused."""
        with closing(Database(self.url, writes=False)) as database:
            yield database

    @contextmanager
    def reading(self, provider: str | None) -> Iterator[Reading]:
        """Yield a view of the providers that have a stored state.

        Raise NotFound if none has one, and StoreError without a database.
        """
        selected = self.selected(provider)
        with self.database() as database, Reader(selected, database).reading() as reading:
            each = reading.stored(None)
            missing = tuple(one.one.name for one in selected if one not in each)
            if not each:
                names = ", ".join(missing)
                hint = "Run `catalog sync` or `catalog import` first."
                raise NotFound(f"nothing is stored of {names} yet", hint=hint)
            yield replace(reading, each=each, missing=missing)


def stored(reading: Reading) -> tuple[Stored, ...]:
    """Return what is stored of each provider."""
    found = []
    for settings in reading.each:
        name = settings.one.name
        heads = history.heads(reading.connection, name)
        success = polls.unwell(reading.connection, name).accepted_at or heads[-1].taken_at
        found.append(Stored(name, heads[0].taken_at, success))
    return tuple(found)


def currency(reading: Reading) -> str:
    """Return how current the answer is, with the problems of the providers."""
    lines = [each.sentence(reading.now) for each in stored(reading)]
    states = [read_status(reading.connection, each, reading.now) for each in reading.each]
    lines += [text] if (text := headline(states, None)) != OK else []
    lines += [f"{name}: not searched, because nothing is stored yet." for name in reading.missing]
    return "\n".join(lines)
