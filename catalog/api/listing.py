"""Read the models of a moment with their titles and ends."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.api.reads import read_snapshot, read_state
from catalog.api.when import When
from catalog.changes.forecast import End, Forecast
from catalog.config.build import wire_provider
from catalog.config.build_document import wire_annotations
from catalog.config.settings import Settings
from catalog.core.snapshot import Model, Snapshot
from catalog.report.annotations import Annotations, Label, label
from catalog.report.json_output import forecast_json, model_json, snapshot_json
from catalog.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Listed:
    """A listed model with title, description, and its end if known."""

    model: Model
    label: Label
    end: Forecast | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The models of one snapshot in the order of their ids."""

    snapshot: Snapshot
    models: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class Labeling:
    """The words of the annotations, and the known ends by key."""

    names: Annotations
    ends: Mapping[str, Forecast]

    @classmethod
    def of(cls, settings: Settings, ends: Iterable[End]) -> "Labeling":
        """Read the annotations of a provider. Raise SettingsInvalid."""
        return cls(wire_annotations(settings), {end.model.key: end.forecast for end in ends})

    def listed(self, model: Model) -> Listed:
        """Return a model with its words and its end."""
        return Listed(model, label(model, self.names), self.ends.get(model.key))


def read_listing(connection: Transaction, settings: Settings, at: When | None) -> Listing:
    """Return the models of one provider. Ends are known for the current snapshot only.

    Raise NotFound if there was no snapshot yet.
    """
    if at:
        snapshot, labeling = (
            read_snapshot(connection, settings.one.name, at),
            Labeling.of(settings, ()),
        )
    else:
        state = read_state(connection, wire_provider(settings.one))
        snapshot, labeling = state.snapshot, Labeling.of(settings, state.ends)
    return Listing(snapshot, tuple(map(labeling.listed, snapshot.models)))


def listings_json(
    listings: Iterable[Listing], wanted: Callable[[Model], bool], now: datetime
) -> dict[str, Any]:
    """Return the wanted models of one or several providers as JSON."""
    catalogs = [
        snapshot_json(each.snapshot)
        | {"models": [listed_json(one, now) for one in each.models if wanted(one.model)]}
        for each in listings
    ]
    return catalogs[0] if len(catalogs) == 1 else {"catalogs": catalogs}


def listed_json(one: Listed, now: datetime) -> dict[str, Any]:
    """Return a model with the title and description of the annotations.

    The facts keep the provider's texts.
    """
    known = model_json(one.model)
    facts = known.pop("facts")
    described = {} if one.label.description is None else {"description": one.label.description}
    expected = {} if one.end is None else {"forecast": forecast_json(one.end, now)}
    return known | {"title": one.label.title, **described, **expected, "facts": facts}
