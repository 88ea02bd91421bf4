"""Read which model answers on which route: the page `/probes`."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from catalog.api.matrix import MatrixCell, matrix_json, read_matrix
from catalog.core.probe import Cell
from catalog.report.markdown import code_cell, table, text
from catalog.web.query import Query
from catalog.web.reader import Reading


@dataclass(frozen=True)
class Matrix:
    """The results of one provider by name and route."""

    provider: str
    known: tuple[MatrixCell, ...]

    @cached_property
    def cells(self) -> dict[tuple[str, str], Cell]:
        """Return the results by name and route."""
        return {(each.cell.name, each.cell.route): each.cell for each in self.known}

    @property
    def routes(self) -> tuple[str, ...]:
        """Return the called routes, sorted."""
        return tuple(sorted({each.cell.route for each in self.known}))

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Return each called name, and whether it is listed."""
        return tuple({each.cell.name: (each.cell.name, each.where) for each in self.known}.values())

    def cell(self, name: str, route: str) -> Cell | None:
        """Return the results of a name on a route, or None."""
        return self.cells.get((name, route))


@dataclass(frozen=True, slots=True)
class ProbesView:
    """The results of each provider with a snapshot."""

    matrices: tuple[Matrix, ...]


def read_probes(reading: Reading, query: Query) -> ProbesView:
    """Return the results of one provider or of all."""
    names = [settings.one.name for settings in reading.stored(query.text("provider"))]
    return ProbesView(tuple(Matrix(name, read_matrix(reading.connection, name)) for name in names))


def probes_json(view: ProbesView, _reading: Reading) -> dict[str, Any]:
    """Return the results as `catalog matrix --format json` prints them, by provider."""
    return {"matrices": [matrix_json(each.provider, each.known) for each in view.matrices]}


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
