"""Read which model answers on which route: the page `/probes`."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from catalog.api.matrix import MatrixCell, matrix_json, read_matrix
from catalog.config.settings import Settings
from catalog.core.probe import Cell
from catalog.report.markdown import code_cell, table, text
from catalog.web.paging import Part, part_of
from catalog.web.query import Query
from catalog.web.reader import Reading

FILTERS = ("provider", "limit")
"""The names in a query that select results."""


@dataclass(frozen=True)
class Matrix:
    """The results of one provider by name and route.

    `known` are those of one page, `routes` all called ones, and `total` counts all called names.
    """

    provider: str
    known: tuple[MatrixCell, ...]
    routes: tuple[str, ...]
    total: int

    @cached_property
    def cells(self) -> dict[tuple[str, str], Cell]:
        """Return the results by name and route."""
        return {(each.cell.name, each.cell.route): each.cell for each in self.known}

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Return each called name, and whether it is listed."""
        return tuple({each.cell.name: (each.cell.name, each.where) for each in self.known}.values())

    def cell(self, name: str, route: str) -> Cell | None:
        """Return the results of a name on a route, or None."""
        return self.cells.get((name, route))


@dataclass(frozen=True, slots=True)
class ProbesView:
    """One page of called names, with their results by provider."""

    matrices: tuple[Matrix, ...]
    part: Part
    filters: dict[str, str]


def read_probes(reading: Reading, query: Query) -> ProbesView:
    """Return the results of one provider or of all."""
    each = reading.stored(query.text("provider"))
    known = [_cells(reading, settings) for settings in each]
    names = [list(dict.fromkeys(one.cell.name for one in cells)) for cells in known]
    part = part_of(query, sum(map(len, names)))
    shown = zip(each, known, names, part.cut(names), strict=True)
    return ProbesView(
        matrices=tuple(
            Matrix(
                provider=settings.one.name,
                known=tuple(one for one in cells if one.cell.name in {*some}),
                routes=tuple(sorted({one.cell.route for one in cells})),
                total=len(every),
            )
            for settings, cells, every, some in shown
        ),
        part=part,
        filters=query.chosen(FILTERS),
    )


def _cells(reading: Reading, settings: Settings) -> tuple[MatrixCell, ...]:
    make = partial(read_matrix, reading.connection, reading.state(settings))
    return reading.keep(("matrix", settings.one.name), make)


def probes_json(view: ProbesView, _reading: Reading) -> dict[str, Any]:
    """Return the results as `catalog matrix --format json` prints them, by provider."""
    found = [matrix_json(each.provider, each.known) for each in view.matrices]
    return {"matrices": found, **view.part.next_json()}


def probes_markdown(view: ProbesView) -> str:
    """Return the results as a Markdown table."""
    rows = [
        [
            text(matrix.provider),
            code_cell(each.cell.name),
            each.where,
            text(each.cell.route),
            str(each.cell.verdict or ""),
            f"{each.cell.since:%Y-%m-%d}" if each.cell.since else "",
        ]
        for matrix in view.matrices
        for each in matrix.known
    ]
    return table(("Provider", "Model", "List", "Route", "Verdict", "Since"), rows)
