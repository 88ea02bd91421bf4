"""Open the store read-only for pages and API routes."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from threading import RLock
from typing import Any, TypeVar

from catalog.api.reads import State, read_state
from catalog.api.when import When
from catalog.config.build import wire_provider
from catalog.config.settings import Settings
from catalog.core.clock import now
from catalog.core.errors import NotFound
from catalog.core.snapshot import Snapshot
from catalog.core.text import closest, did_you_mean
from catalog.store import history
from catalog.store.backup import copied
from catalog.store.database import Database, Transaction
from catalog.store.revision import revision

V = TypeVar("V")


class Kept:
    """Values of one revision of the store, which answers share."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._revision = ""
        self._values: dict[Hashable, Any] = {}

    def get(self, revision: str, name: Hashable, make: Callable[[], V]) -> V:
        """Return a value that is made once for a revision."""
        with self._lock:
            if revision != self._revision:
                self._revision, self._values = revision, {}
            if name not in self._values:
                self._values[name] = make()
            value: V = self._values[name]
        return value


@dataclass(frozen=True, slots=True)
class Reading:
    """One consistent view of the store at one time.

    `known` has the values that several pages share, `kept` those that later views share too.
    `missing` names providers that are left out, because nothing is stored of them.
    """

    connection: Transaction
    each: tuple[Settings, ...]
    now: datetime
    known: dict[Hashable, Any] = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)
    missing: tuple[str, ...] = ()

    @property
    def providers(self) -> tuple[str, ...]:
        """Return the names of the providers."""
        return tuple(settings.one.name for settings in self.each)

    def once(self, name: Hashable, make: Callable[[], V]) -> V:
        """Return a value that is made once in this reading."""
        if name not in self.known:
            self.known[name] = make()
        value: V = self.known[name]
        return value

    def keep(self, name: Hashable, make: Callable[[], V]) -> V:
        """Return a value that is made once for a revision.

        It must not depend on the time, nor on files, nor on polls without news.
        """
        return self.kept.get(self.revision(polls=False), name, make)

    def state(self, settings: Settings) -> State:
        """Return the current models and ends of a provider, or raise NotFound."""
        provider = wire_provider(settings.one)
        make = partial(read_state, self.connection, provider)
        return self.keep(("state", provider.name), make)

    def snapshot(self, settings: Settings, at: When | None) -> Snapshot:
        """Return the models of a provider at a moment, or raise NotFound."""
        name = settings.one.name
        number = history.number_at(self.connection, name, at)
        if number == history.number_at(self.connection, name, None):
            return self.state(settings).snapshot
        return history.snapshot(self.connection, number)

    def revision(self, *, polls: bool) -> str:
        """Return the revision of the store, see `store.revision`."""
        make = partial(revision, self.connection, polls=polls)
        return self.once(("revision", polls), make)

    def settings_of(self, provider: str) -> Settings:
        """Return the settings of a provider, or raise NotFound."""
        for settings in self.each:
            if settings.one.name == provider:
                return settings
        meant = did_you_mean(closest(provider, self.providers))
        hint = f"There are: {', '.join(self.providers)}."
        raise NotFound(f"there is no provider {provider!r}{meant}", hint=hint)

    def stored(self, provider: str | None) -> tuple[Settings, ...]:
        """Return `selected` without the providers that have no snapshot yet."""
        return tuple(
            settings
            for settings in self.selected(provider)
            if history.baseline(self.connection, settings.one.name).number is not None
        )

    def selected(self, provider: str | None) -> tuple[Settings, ...]:
        """Return the settings of one provider, or of all, or raise NotFound."""
        return self.each if not provider else (self.settings_of(provider),)


class Reader:
    """The store and the settings that pages need. It writes nothing.

    `clock` gives the time in UTC.
    """

    def __init__(
        self, each: tuple[Settings, ...], database: Database, clock: Callable[[], datetime] = now
    ) -> None:
        self.database = database
        self.clock = clock
        self._each = each
        self._kept = Kept()

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Yield a consistent view of the store, or raise StoreError."""
        with self.database.reading() as connection:
            yield Reading(connection, self._each, self.clock(), kept=self._kept)

    @contextmanager
    def steady(self) -> Iterator[Reading]:
        """Yield a view that may be read for minutes, or raise StoreError.

        An SQLite file is copied, because a long transaction would block polls.
        """
        with copied(self.database) as database, database.reading() as connection:
            yield Reading(connection, self._each, self.clock())
