"""Read the models of a moment: the page `/models`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from catalog.api.listing import Listed, Listing, listed_json, read_listing
from catalog.core.errors import NotFound
from catalog.core.snapshot import Snapshot
from catalog.report.json_output import snapshot_json
from catalog.report.markdown import code_cell, number, table, text
from catalog.web.query import Query
from catalog.web.reader import Reading

SIZE = 100
"""Models on one page."""
LARGEST = 200
"""The most models of one answer."""
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
    """One page of the models that match, from the cursor `start` on.

    `types` and `statuses` are all that the catalogs have. `without` names the providers that have
    no snapshot at this moment.
    """

    rows: tuple[ModelRow, ...]
    total: int
    start: int
    size: int
    types: tuple[str, ...]
    statuses: tuple[str, ...]
    snapshots: tuple[Snapshot, ...]
    without: tuple[str, ...]
    filters: dict[str, str]

    @property
    def following(self) -> int | None:
        """Return the cursor of the next page, None on the last one."""
        end = self.start + self.size
        return end if end < self.total else None


def read_models(reading: Reading, query: Query) -> ModelsView:
    """Return the models by provider, moment, type, status and words."""
    listings, without = _listings(reading, query)
    every = [ModelRow(each.snapshot.provider, one) for each in listings for one in each.models]
    matching = _matching(every, query)
    start, size = query.number("cursor", 0), query.number("limit", SIZE, LARGEST, least=1)
    return ModelsView(
        rows=tuple(matching[start : start + size]),
        total=len(matching),
        start=start,
        size=size,
        types=tuple(sorted({each.listed.model.type for each in every})),
        statuses=tuple(sorted({each.listed.model.status or "" for each in every} - {""})),
        snapshots=tuple(each.snapshot for each in listings),
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
    following = {} if view.following is None else {"next": view.following}
    return {"catalogs": catalogs, "total": view.total, **following}


def models_markdown(view: ModelsView) -> str:
    """Return the page as a Markdown table."""
    return table(HEADINGS, [_cells(row) for row in view.rows])


def _listings(reading: Reading, query: Query) -> tuple[list[Listing], tuple[str, ...]]:
    listings, without = [], []
    at = query.when("at")
    for settings in reading.selected(query.text("provider")):
        try:
            listings.append(read_listing(reading.connection, settings, at))
        except NotFound:
            without.append(settings.one.name)
    return listings, tuple(without)


def _matching(rows: Iterable[ModelRow], query: Query) -> list[ModelRow]:
    kind, status, words = query.text("type"), query.text("status"), query.text("q")
    return [
        row
        for row in rows
        if kind in {None, row.listed.model.type}
        and status in {None, row.listed.model.status}
        and (words is None or _has(row.listed, words.casefold()))
    ]


def _has(listed: Listed, words: str) -> bool:
    model = listed.model
    texts = (model.key, model.name, listed.label.title, listed.label.description or "")
    return all(any(word in text.casefold() for text in texts) for word in words.split())


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
