"""Define the known facts of every name that a catalog ever listed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from types import MappingProxyType

from catalog.changes.aliases import aliases, target
from catalog.changes.announced import Announced, Announcements
from catalog.changes.forecast import Forecast, by_policy, strongest
from catalog.changes.rules import Lifecycle
from catalog.changes.status import USUAL, Meaning, Statuses
from catalog.core.paths import Attributes
from catalog.core.snapshot import Model, Snapshot, Stretch


@dataclass(frozen=True, slots=True)
class Swap:
    """A change of the model that a name means, with both descriptions."""

    at: datetime
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """The last result of calling a name.

    `answers` is whether the call at `at` succeeded. `said` is the provider's message.
    """

    answers: bool
    at: datetime
    said: str | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """A person's note about a model.

    `retires` is the first day on which calls fail.
    """

    retires: date | None = None
    successor: str | None = None
    source: str | None = None


NOTHING_NOTED = Noted()


@dataclass(frozen=True, slots=True)
class Known:
    """All known facts of one name.

    `model` is the last model of that name, as last listed. A `name` other than the model's own is
    an alias. `gone_since` is the time when it was first missing. If that time is unknown,
    `gone_before` is a day on which it was already removed, and `source` the source of that day.
    `renamed_to` is the current name of the same model. `announced` is the end in the provider's
    list, and `meaning` the meaning of its status.
    """

    name: str
    model: Model
    listed_since: datetime | None = None
    gone_since: datetime | None = None
    gone_before: date | None = None
    source: str | None = None
    policy: Forecast | None = None
    renamed_to: str | None = None
    swaps: tuple[Swap, ...] = ()
    proof: Proof | None = None
    noted: Noted = NOTHING_NOTED
    announced: Announced | None = None
    meaning: Meaning | None = None

    @property
    def limit(self) -> int | None:
        """Return the context limit in tokens."""
        return self.model.context_limit

    @property
    def is_alias(self) -> bool:
        """Return whether the model has another name of its own."""
        return self.name != self.model.name

    @property
    def is_listed(self) -> bool:
        """Return whether the newest catalog lists it."""
        return self.gone_since is None and self.gone_before is None

    @property
    def is_leaving(self) -> bool:
        """Return whether it has an end, or ends by its status."""
        return self.forecast is not None or self.meaning in {"ending", "gone"}

    @property
    def forecast(self) -> Forecast | None:
        """Return the last day of calls and its source, None if unknown.

        A listed model that refuses calls has one too.
        """
        proved = announced = None
        if self.proof is not None and not self.proof.answers:
            proved = Forecast(self.proof.at.date(), "proved", self.proof.said or "")
        if self.noted.retires is not None:
            source = self.noted.source
            reason = f"announced by {source}" if source else "announced"
            announced = Forecast(self.noted.retires, "announced", reason)
        elif self.announced is not None and self.announced.until is not None:
            announced = Forecast(self.announced.until, "announced", self.announced.source)
        return strongest(proved, announced, self.policy)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Facts by name from outside the catalog.

    These are call results, notes, and models removed before the recordings. `announced` has the
    ends in the provider's list by key, and `statuses` the meanings of its status words.
    `attributes` say where the catalog has the aliases.
    """

    proofs: Mapping[str, Proof] = field(default_factory=dict)
    notes: Mapping[str, Noted] = field(default_factory=dict)
    former: tuple[Known, ...] = ()
    announced: Announcements = field(default_factory=dict)
    statuses: Statuses = USUAL
    attributes: Attributes = field(default_factory=Attributes)


@dataclass(frozen=True, slots=True)
class Listing:
    """Every name that a provider ever listed.

    `since` and `as_of` are the times of the oldest and newest state. `others` has the names in
    catalogs of other providers, with the provider. `refused` has the problems of bad rows in the
    newest recording.
    """

    provider: str
    since: datetime
    as_of: datetime
    names: Mapping[str, Known]
    others: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()

    @property
    def listed(self) -> tuple[Known, ...]:
        """Return the models in the newest catalog, by their own names."""
        return tuple(
            known for known in self.names.values() if known.is_listed and not known.is_alias
        )


def stretches(snapshots: Sequence[Snapshot]) -> tuple[Stretch, ...]:
    """Merge states, oldest first, into periods without a change of a model."""
    ended: list[Stretch] = []
    lasting: dict[str, Stretch] = {}
    for snapshot in snapshots:
        now = snapshot.by_key
        for key, stretch in list(lasting.items()):
            if now.get(key) != stretch.model:
                ended.append(Stretch(stretch.model, stretch.since, snapshot.taken_at))
                del lasting[key]
        for key, model in now.items():
            lasting.setdefault(key, Stretch(model, snapshot.taken_at, None))
    return (*ended, *lasting.values())


def names(
    found: Iterable[Stretch], lifecycle: Lifecycle | None, evidence: Evidence
) -> Mapping[str, Known]:
    """Return the known facts of every name."""
    by_name: dict[str, list[Stretch]] = defaultdict(list)
    by_key: dict[str, list[Stretch]] = defaultdict(list)
    for stretch in sorted(found, key=lambda each: each.since):
        by_name[stretch.model.name].append(stretch)
        by_key[stretch.model.key].append(stretch)
        for alias in aliases(stretch.model, evidence.attributes):
            by_name[alias].append(stretch)
    known = {each.name: each for each in evidence.former}
    for name, of_name in by_name.items():
        last = max(of_name, key=lambda each: (*_end(each), each.model.name == name))
        known[name] = Known(
            name=name,
            model=last.model,
            listed_since=of_name[0].since,
            gone_since=last.until,
            policy=by_policy(last.until, lifecycle) if last.until else None,
            renamed_to=_renamed(name, last, by_key[last.model.key]),
            swaps=_swaps(name, of_name, evidence.attributes),
            proof=evidence.proofs.get(name),
            noted=evidence.notes.get(name, evidence.notes.get(last.model.name, NOTHING_NOTED)),
            announced=evidence.announced.get(last.model.key),
            meaning=evidence.statuses.meaning(last.model.status),
        )
    return MappingProxyType(dict(sorted(known.items())))


def _end(stretch: Stretch) -> tuple[bool, datetime]:
    return stretch.until is None, stretch.until or stretch.since


def _renamed(name: str, last: Stretch, of_key: Sequence[Stretch]) -> str | None:
    """Return the current name of a model that lost this name."""
    now = max(of_key, key=_end)
    lost = last.until is not None and now.until is None and now.model.name != name
    return now.model.name if lost else None


def _swaps(name: str, of_name: Sequence[Stretch], attributes: Attributes) -> tuple[Swap, ...]:
    return tuple(
        Swap(after.since, *sides)
        for before, after in pairwise(of_name)
        if (sides := _swapped(name, before.model, after.model, attributes)) is not None
    )


def _swapped(
    name: str, before: Model, after: Model, attributes: Attributes
) -> tuple[str | None, str | None] | None:
    """Return the models before and after a swap, None without a swap.

    A new description is a swap only for a name without a vendor, because the provider may give such
    a name to another model.
    """
    targets = target(before, attributes), target(after, attributes)
    if targets[0] != targets[1] and None not in targets:
        return str(targets[0]), str(targets[1])
    if name not in {before.name, after.name} or before.name != after.name:
        return (before.name, after.name) if before.key != after.key else None
    is_new = "/" not in name and before.description != after.description
    return (before.description, after.description) if is_new or before.key != after.key else None
