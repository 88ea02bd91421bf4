"""Open the store read-only for pages and API routes."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from catalog.config.settings import Settings
from catalog.core.clock import now
from catalog.core.errors import NotFound
from catalog.core.text import closest, did_you_mean
from catalog.store import history
from catalog.store.backup import copied
from catalog.store.database import Database, Transaction
from catalog.store.revision import revision

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Reading:
    """One consistent view of the store at one time.

    `known` has the values that several pages share.
    """

    connection: Transaction
    each: tuple[Settings, ...]
    now: datetime
    known: dict[Hashable, Any] = field(default_factory=dict)

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

    def revision(self, *, polls: bool) -> str:
        """Return the revision of the store, see `store.revision`."""
        return revision(self.connection, polls=polls)

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

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Yield a consistent view of the store, or raise StoreError."""
        with self.database.reading() as connection:
            yield Reading(connection, self._each, self.clock())

    @contextmanager
    def steady(self) -> Iterator[Reading]:
        """Yield a view that may be read for minutes, or raise StoreError.

        An SQLite file is copied, because a long transaction would block polls.
        """
        with copied(self.database) as database, database.reading() as connection:
            yield Reading(connection, self._each, self.clock())
