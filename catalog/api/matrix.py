"""Read which model answers on which route, and show it as JSON."""

from dataclasses import dataclass
from typing import Any

from catalog.api.reads import State
from catalog.core.clock import stamp
from catalog.core.probe import Cell
from catalog.report.json_output import probe_json
from catalog.store import probes
from catalog.store.database import Transaction


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """The call results of one name and route.

    `where` is `listed`, `delisted`, or `never listed`.
    """

    cell: Cell
    where: str


def read_matrix(connection: Transaction, state: State) -> tuple[MatrixCell, ...]:
    """Return every called or skipped name and route, listed names first."""
    provider = state.snapshot.provider
    listed = {model.name for model in state.snapshot.models}
    gone = {each.model.name for each in state.gone}
    cells = probes.cells(connection, provider)
    for place, skip in probes.skips(connection, provider).items():
        cells.setdefault(place, Cell(skip.name, skip.route, skip.key, last=skip))
    ordered = sorted(cells.values(), key=lambda c: (c.name not in listed, c.name.lower(), c.route))
    return tuple(MatrixCell(cell, _where(cell.name, listed, gone)) for cell in ordered)


def form(name: str) -> str:
    """Return whether a name is short or includes its vendor, as text."""
    return "vendor/name" if "/" in name else "short"


def matrix_json(provider: str, cells: tuple[MatrixCell, ...]) -> dict[str, Any]:
    """Return the matrix of one provider as JSON."""
    return {"provider": provider, "cells": [_json(each.cell, each.where) for each in cells]}


def _where(name: str, listed: set[str], gone: set[str]) -> str:
    return "listed" if name in listed else "delisted" if name in gone else "never listed"


def _json(cell: Cell, where: str) -> dict[str, Any]:
    known: dict[str, Any] = {"model": cell.name, "key": cell.key, "form": form(cell.name)}
    known |= {"list": where, "route": cell.route}
    known["verdict"] = str(cell.verdict) if cell.verdict else None
    known["since"] = stamp(cell.since) if cell.since else None
    known["last"] = probe_json(cell.last) if cell.last else None
    known["waiting"] = [probe_json(each) for each in cell.waiting]
    return {name: value for name, value in known.items() if value not in (None, [])}
