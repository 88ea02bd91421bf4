"""Read models, their histories and changes from the store."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from catalog.api.values import ModelDetails
from catalog.api.when import When
from catalog.changes.change import PROBED_KINDS
from catalog.changes.finding import REPORTED, Delisted, Finding, Level
from catalog.changes.forecast import End, Evidence, replacements, staying
from catalog.changes.successors import Pool, Successor
from catalog.config.build import wire_provider
from catalog.config.settings import Settings
from catalog.core.errors import NotFound
from catalog.core.snapshot import Model, Snapshot
from catalog.providers.provider import Provider
from catalog.store import changelog, forecasts, history
from catalog.store.changelog import FindingFilter
from catalog.store.database import Transaction
from catalog.store.history import Version
from catalog.store.model_findings import ModelFindings

LOGGED = ("added", "removed", "restored", "renamed", "updated", "cancelled", "drift", *PROBED_KINDS)
"""The kinds of changes of a catalog, without problems of the service."""


Ended = tuple[End, tuple[Successor, ...]]
"""An end with the possible successors."""


@dataclass(frozen=True, slots=True)
class Place:
    """A model of one provider, as of a snapshot."""

    provider: str
    snapshot: int
    key: str


def read_snapshot(connection: Transaction, provider: str, at: When | None) -> Snapshot:
    """Return the snapshot at a time, None for now, or raise NotFound."""
    return history.snapshot(connection, history.number_at(connection, provider, at))


def find_places(
    connection: Transaction, providers: Iterable[str], model: str, at: When | None
) -> list[Place]:
    """Return the places of a model, by name or key.

    Raise NotFound if no provider has it.
    """
    found: list[Place] = []
    unknown: NotFound | None = None
    for name in providers:
        try:
            number = history.number_at(connection, name, at)
            found.append(Place(name, number, history.find_key(connection, name, model, number)))
        except NotFound as error:
            unknown = unknown or error
    if unknown is not None and not found:
        raise unknown
    return found


@dataclass(frozen=True)
class State:
    """The models of a snapshot, with their ends and replacements."""

    snapshot: Snapshot
    gone: tuple[Delisted, ...]
    ends: tuple[End, ...]
    evidence: Evidence
    leaving: Collection[str]

    @cached_property
    def _pool(self) -> Pool:
        return staying(self.ends, self.snapshot.models, self.leaving)

    @cached_property
    def _found(self) -> dict[str, tuple[Successor, ...]]:
        return {}

    def ended(self, key: str) -> Ended | None:
        """Return the end of a model with its successors, None without one."""
        end = next((end for end in self.ends if end.model.key == key), None)
        return None if end is None else (end, self.instead_of(end))

    def instead_of(self, end: End) -> tuple[Successor, ...]:
        """Return the models that can replace one with an end, best first.

        They are computed once, because that takes most of the time.
        """
        found = self._found.get(end.model.key)
        if found is None:
            found = self._found[end.model.key] = self.replacements(end.model)
        return found

    def replacements(self, model: Model) -> tuple[Successor, ...]:
        """Return the models that can replace any model, best first."""
        return replacements(model, self.evidence, self._pool)


@dataclass(frozen=True, slots=True)
class Together:
    """The current state, read when needed, and the findings of all models."""

    state: Callable[[], State]
    findings: ModelFindings | None = None


def read_state(connection: Transaction, provider: Provider, number: int | None = None) -> State:
    """Return the models of a snapshot with their ends.

    Without a number it is the current one. Raise NotFound if no snapshot is stored.
    """
    if number is None:
        number = history.number_at(connection, provider.name, None)
    snapshot = history.snapshot(connection, number)
    gone = history.delisted(connection, provider.name, number)
    ends, evidence = forecasts.known(
        connection, snapshot, gone, provider.lifecycle, provider.announced
    )
    return State(snapshot, gone, ends, evidence, provider.statuses.leaving(snapshot.models))


def read_states(connection: Transaction, each: Iterable[Settings]) -> list[State]:
    """Return the current state of some providers, or raise NotFound."""
    return [read_state(connection, wire_provider(settings.one)) for settings in each]


def read_details(
    connection: Transaction,
    provider: Provider,
    place: Place,
    *,
    is_current: bool,
    together: Together | None = None,
) -> ModelDetails:
    """Return everything that is stored about a model. Only current ones have an end.

    `together` makes it faster if many models are described.
    """
    name, number, key = place.provider, place.snapshot, place.key
    versions = [
        version
        for version in history.versions(connection, name, key)
        if version.first_snapshot <= number
    ]
    first, last = versions[0], versions[-1]
    if together is not None and together.findings is not None:
        keys = together.findings.lineage(key)
        found = together.findings.read(connection, keys)
    else:
        keys = history.lineage(connection, name, key, number)
        wanted = FindingFilter(name, up_to_snapshot=number, keys=keys)
        found = changelog.findings(connection, wanted)
    end: Ended | None = None
    if is_current and (
        last.last_snapshot is not None or _has_end(connection, provider, number, last)
    ):
        state = read_state(connection, provider, number) if together is None else together.state()
        end = state.ended(key)
    has_left = last.last_snapshot is not None and last.last_snapshot <= number
    return ModelDetails(
        provider=name,
        snapshot=number,
        model=last.model,
        first_seen=first.since,
        unchanged_since=last.since,
        gone_since=last.until if has_left else None,
        former_keys=keys[1:],
        findings=found,
        end=None if end is None else end[0].forecast,
        successors=() if end is None else end[1],
    )


def _has_end(connection: Transaction, provider: Provider, number: int, last: Version) -> bool:
    """Return whether a listed model has an end.

    The whole list is read only for a model with an end, because most have none.
    """
    alone = Snapshot(provider.name, last.since, (last.model,), number)
    known, _ = forecasts.known(connection, alone, (), provider.lifecycle, provider.announced)
    return any(end.model.key == last.model.key for end in known)


def change_filters(
    connection: Transaction,
    places: Sequence[Place | str],
    since: When | None,
    until: When | None,
    levels: tuple[Level, ...] = REPORTED,
) -> tuple[FindingFilter, ...]:
    """Return a filter for each provider, or for one model.

    Raise NotFound for a snapshot number that does not exist.
    """
    begin, end = (
        history.taken_at(connection, when) if isinstance(when, int) else when
        for when in (since, until)
    )
    return tuple(
        FindingFilter(
            each if isinstance(each, str) else each.provider,
            since=begin,
            until=end,
            keys=() if isinstance(each, str) else _keys(connection, each),
            levels=levels,
            kinds=LOGGED,
            stated=True,
        )
        for each in places
    )


def read_changes(connection: Transaction, filters: Iterable[FindingFilter]) -> tuple[Finding, ...]:
    """Return the findings that match any filter, oldest first."""
    found = [finding for each in filters for finding in changelog.findings(connection, each)]
    return tuple(sorted(found, key=lambda finding: finding.at))


def count_quiet(connection: Transaction, filters: Iterable[FindingFilter]) -> int:
    """Return how many quiet findings match apart from their level."""
    quiet = (replace(each, levels=(Level.QUIET,)) for each in filters)
    return sum(changelog.count(connection, each) for each in quiet)


def read_gone(connection: Transaction, provider: str, number: int) -> dict[str, Delisted]:
    """Return the models that were removed by a snapshot, by key."""
    return {each.model.key: each for each in history.delisted(connection, provider, number)}


def levels_from(level: Level | str | None) -> tuple[Level, ...]:
    """Return a level and all more severe ones. None means all reported levels."""
    return REPORTED if level is None else tuple(Level)[: Level(level).rank + 1]


def _keys(connection: Transaction, place: Place) -> tuple[str, ...]:
    return history.lineage(connection, place.provider, place.key, place.snapshot)
