"""Read the models of a moment: the page `/models`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.api.listing import Labeling, Listed, listed_json
from catalog.api.when import When
from catalog.config.settings import Settings
from catalog.core.errors import NotFound
from catalog.core.snapshot import Model, Snapshot
from catalog.report.json_output import snapshot_json
from catalog.report.markdown import code_cell, number, table, text
from catalog.web.paging import Part, part_of
from catalog.web.query import Query
from catalog.web.reader import Reading

FILTERS = ("provider", "at", "type", "status", "q", "limit")
"""The names in a query that select models."""
HEADINGS = ("Provider", "ID", "Name", "Type", "Status", "Limit (tokens)", "Title")


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model of one provider, as of a snapshot."""

    provider: str
    listed: Listed


@dataclass(frozen=True, slots=True)
class ModelsView:
    """One page of the models that match.

    `types` and `statuses` are all that the catalogs have. `without` names the providers that have
    no snapshot at this moment.
    """

    rows: tuple[ModelRow, ...]
    part: Part
    types: tuple[str, ...]
    statuses: tuple[str, ...]
    snapshots: tuple[Snapshot, ...]
    without: tuple[str, ...]
    filters: dict[str, str]


def read_models(reading: Reading, query: Query) -> ModelsView:
    """Return the models by provider, moment, type, status and words."""
    catalogs, without = _catalogs(reading, query)
    wanted = _wanted(query)
    matching = [
        (snapshot.provider, model, labeling)
        for snapshot, labeling in catalogs
        for model in snapshot.models
        if wanted(model, labeling)
    ]
    every = [model for snapshot, _ in catalogs for model in snapshot.models]
    part = part_of(query, len(matching))
    return ModelsView(
        # Only the models of the page get their words, because that takes long for a whole list.
        rows=tuple(ModelRow(name, known.listed(model)) for name, model, known in part.of(matching)),
        part=part,
        types=tuple(sorted({model.type for model in every})),
        statuses=tuple(sorted({model.status or "" for model in every} - {""})),
        snapshots=tuple(snapshot for snapshot, _ in catalogs),
        without=without,
        filters=query.chosen(FILTERS),
    )


def models_json(view: ModelsView, reading: Reading) -> dict[str, Any]:
    """Return the page as `catalog models --format json` prints it."""
    catalogs = [
        snapshot_json(snapshot)
        | {
            "models": [
                listed_json(row.listed, reading.now)
                for row in view.rows
                if row.provider == snapshot.provider
            ]
        }
        for snapshot in view.snapshots
    ]
    return {"catalogs": catalogs, "total": view.part.total, **view.part.next_json()}


def models_markdown(view: ModelsView) -> str:
    """Return the page as a Markdown table."""
    return table(HEADINGS, [_cells(row) for row in view.rows])


def _catalogs(
    reading: Reading, query: Query
) -> tuple[list[tuple[Snapshot, Labeling]], tuple[str, ...]]:
    found, without = [], []
    at = query.when("at")
    for settings in reading.selected(query.text("provider")):
        try:
            found.append(_catalog(reading, settings, at))
        except NotFound:
            without.append(settings.one.name)
    return found, tuple(without)


def _catalog(reading: Reading, settings: Settings, at: When | None) -> tuple[Snapshot, Labeling]:
    """Return the models of a moment. Ends are known for the current ones only."""
    if at:
        return reading.snapshot(settings, at), Labeling.of(settings, ())
    state = reading.state(settings)
    return state.snapshot, Labeling.of(settings, state.ends)


def _wanted(query: Query) -> Callable[[Model, Labeling], bool]:
    """Return whether a model matches the query."""
    kind, status = query.text("type"), query.text("status")
    words = (query.text("q") or "").casefold().split()

    def wanted(model: Model, labeling: Labeling) -> bool:
        return (
            kind in {None, model.type}
            and status in {None, model.status}
            and (not words or _has(labeling.listed(model), words))
        )

    return wanted


def _has(listed: Listed, words: Sequence[str]) -> bool:
    model = listed.model
    texts = (model.key, model.name, listed.label.title, listed.label.description or "")
    return all(any(word in text.casefold() for text in texts) for word in words)


def _cells(row: ModelRow) -> list[str]:
    model = row.listed.model
    return [
        text(row.provider),
        code_cell(model.key),
        code_cell(model.name),
        text(model.type),
        text(model.status or ""),
        number(model.context_limit),
        text(row.listed.label.title),
    ]
