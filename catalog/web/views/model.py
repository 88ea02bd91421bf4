"""Read all that is known of one model: the page `/models/PROVIDER/MODEL`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from catalog.api.json_output import details_json
from catalog.api.reads import Place, Together, read_details
from catalog.api.values import ModelDetails
from catalog.check import lock
from catalog.config.build import wire_provider
from catalog.config.build_document import wire_annotations
from catalog.config.settings import Settings
from catalog.core.clock import stamp
from catalog.core.errors import CatalogError
from catalog.core.probe import Cell
from catalog.core.strict_json import JsonText, canonical, parse
from catalog.report.annotations import Label, label
from catalog.report.json_output import probe_json
from catalog.store import history, probes
from catalog.store.database import Transaction
from catalog.store.history import Version
from catalog.store.keys import is_key
from catalog.store.model_findings import ModelFindings
from catalog.web.links import dotted
from catalog.web.query import Query, without_nul
from catalog.web.reader import Reading
from catalog.web.stretches import model_prices
from catalog.web.timeline import Timeline, timeline


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of the provider's answer, now and before its last change.

    `before` is None if it never changed. `changed` is the time of that change.
    """

    name: str
    now: str | None
    before: str | None = None
    changed: str | None = None


@dataclass(frozen=True, slots=True)
class ModelView:
    """One model with its versions, probe results, and files of our code."""

    details: ModelDetails
    label: Label
    versions: tuple[Version, ...]
    facts: tuple[Fact, ...]
    cells: tuple[Cell, ...]
    timeline: Timeline
    files: tuple[str, ...]


def read_model(
    reading: Reading, provider: str, name: str, query: Query, findings: ModelFindings | None = None
) -> ModelView:
    """Return one model by key or name, or raise NotFound.

    A key has precedence, because links name it. `findings`, of all models, makes it faster if many
    are read.
    """
    settings, connection = reading.settings_of(provider), reading.connection
    at = query.when("at")
    number = history.number_at(connection, provider, at)
    key = find_key(connection, provider, name, number)
    place = Place(provider, number, key)
    wired, is_current = wire_provider(settings.one), at is None
    details = read_details(
        *(connection, wired, place),
        is_current=is_current,
        together=Together(partial(reading.state, settings), findings),
    )
    versions = history.versions(connection, provider, key)
    shown = tuple(each for each in versions if each.first_snapshot <= number)
    labels = reading.once(("labels", provider), partial(wire_annotations, settings))
    cells = reading.keep(("cells", provider), partial(probes.cells, connection, provider))
    files = reading.once(("files", provider), partial(_files, settings))
    return ModelView(
        details=details,
        label=label(details.model, labels),
        versions=shown,
        facts=_facts(shown),
        cells=tuple(
            cell for cell in cells.values() if cell.key == key or cell.name == details.model.name
        ),
        timeline=timeline(
            shown,
            reading.now,
            findings=[each for each in details.findings if each.is_reported],
            probes=probes.verdict_changes(connection, provider, key),
            prices_of=[model_prices(each.model, wired.attributes) for each in shown],
            until=None if details.end is None else details.end.until,
        ),
        files=files.get(details.model.name, ()),
    )


def find_key(connection: Transaction, provider: str, name: str, number: int) -> str:
    """Return the key of a model, or raise NotFound."""
    name = without_nul(name)
    for key in dict.fromkeys((dotted(name), name)):
        if is_key(connection, provider, key):
            return key
    return history.find_key(connection, provider, name, number)


def model_view_json(view: ModelView, reading: Reading) -> dict[str, Any]:
    """Return one model as JSON, with versions and probes."""
    known = details_json(view.details, reading.now) | {"title": view.label.title}
    known["versions"] = [_version_json(each) for each in view.versions]
    called = [probe_json(cell.newest) for cell in view.cells if cell.newest is not None]
    return known | {"probes": called} | ({"files": list(view.files)} if view.files else {})


def _version_json(version: Version) -> dict[str, Any]:
    model = version.model
    known = {
        "since": stamp(version.since),
        "until": stamp(version.until) if version.until else None,
        "first_snapshot": version.first_snapshot,
        "status": model.status,
        "context_limit": model.context_limit,
    }
    return {name: value for name, value in known.items() if value is not None}


def _facts(versions: tuple[Version, ...]) -> tuple[Fact, ...]:
    """Return every field that any version has."""
    texts = [_texts(each.model.facts) for each in versions]
    names = sorted({name for each in texts for name in each})
    return tuple(_fact(name, versions, texts) for name in names)


def _texts(facts: JsonText) -> dict[str, str]:
    fields: Mapping[str, Any] = parse(facts)
    return {name: v if isinstance(v, str) else canonical(v) for name, v in fields.items()}


def _fact(name: str, versions: tuple[Version, ...], texts: list[dict[str, str]]) -> Fact:
    current = texts[-1].get(name)
    for index in range(len(texts) - 1, 0, -1):
        if texts[index - 1].get(name) != current:
            before = texts[index - 1].get(name)
            return Fact(name, current, before or "", stamp(versions[index].since))
    return Fact(name, current)


def _files(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return the files of the lock by the model that they use. A broken lock names none."""
    try:
        locked = lock.by_name(lock.read(settings.check.lock), settings.one.name)
    except CatalogError:
        return {}
    return {name: each.files for name, each in locked.items()}
