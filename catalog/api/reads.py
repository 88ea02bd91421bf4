"""Read models, their histories and changes from the store."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from catalog.api.values import ModelDetails
from catalog.api.when import When
from catalog.changes.change import PROBED_KINDS
from catalog.changes.finding import REPORTED, Delisted, Finding, Level
from catalog.changes.forecast import End, Evidence, replacements, staying
from catalog.changes.successors import Successor
from catalog.core.errors import NotFound
from catalog.core.snapshot import Model, Snapshot
from catalog.providers.provider import Provider
from catalog.store import changelog, forecasts, history
from catalog.store.changelog import FindingFilter
from catalog.store.database import Transaction
from catalog.store.history import Version
from catalog.store.model_findings import ModelFindings, read_model_findings

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


@dataclass(frozen=True, slots=True)
class Together:
    """Ends by model key, and findings, of the current snapshot."""

    ends: Mapping[str, Ended]
    findings: ModelFindings


def read_together(connection: Transaction, provider: Provider, number: int) -> Together:
    """Return the ends and findings of all models of a provider."""
    found = read_model_findings(connection, provider.name, number)
    known = read_ends(connection, provider, number, lambda _end: True)
    return Together({each[0].model.key: each for each in known}, found)


def read_ends(
    connection: Transaction, provider: Provider, number: int, wanted: Callable[[End], bool]
) -> tuple[Ended, ...]:
    """Return the wanted ends of a snapshot with their successors."""
    state = history.snapshot(connection, number)
    known, evidence = _known(connection, provider, state, number)
    pool = staying(known, state.models, provider.statuses.leaving(state.models))
    return tuple((end, replacements(end.model, evidence, pool)) for end in known if wanted(end))


def read_known_ends(connection: Transaction, provider: Provider, number: int) -> tuple[End, ...]:
    """Return the ends as of a snapshot, without successors.

    Finding the successors takes most of the time.
    """
    return _known(connection, provider, history.snapshot(connection, number), number)[0]


def read_replacements(
    connection: Transaction, provider: Provider, number: int, model: Model
) -> tuple[Successor, ...]:
    """Return the models that can replace a model, best first.

    The model need not have an end.
    """
    state = history.snapshot(connection, number)
    known, evidence = _known(connection, provider, state, number)
    pool = staying(known, state.models, provider.statuses.leaving(state.models))
    return replacements(model, evidence, pool)


def _known(
    connection: Transaction, provider: Provider, state: Snapshot, number: int
) -> tuple[tuple[End, ...], Evidence]:
    gone = history.delisted(connection, provider.name, number)
    return forecasts.known(connection, state, gone, provider.lifecycle, provider.announced)


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
    end: Ended | None = None
    if together is not None:
        end = together.ends.get(key)
        keys = together.findings.lineage(key)
        found = together.findings.read(connection, keys)
    else:
        keys = history.lineage(connection, name, key, number)
        wanted = FindingFilter(name, up_to_snapshot=number, keys=keys)
        found = changelog.findings(connection, wanted)
        if is_current:
            end = _end(connection, provider, number, versions[-1])
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


def _end(connection: Transaction, provider: Provider, number: int, last: Version) -> Ended | None:
    """Return the end of the model of a last version.

    The whole list is read only for a model with an end, because most have none.
    """
    key = last.model.key
    if last.last_snapshot is None:
        alone = Snapshot(provider.name, last.since, (last.model,), number)
        known, _ = forecasts.known(connection, alone, (), provider.lifecycle, provider.announced)
        if all(end.model.key != key for end in known):
            return None
    found = read_ends(connection, provider, number, lambda end: end.model.key == key)
    return found[0] if found else None


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
