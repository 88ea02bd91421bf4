"""Read the health of the service: the pages `/status` and `/providers`."""

from dataclasses import dataclass
from typing import Any

from catalog.api.health import OK, Status, headline
from catalog.api.status import read_status, status_json
from catalog.config.settings import Settings
from catalog.core.clock import stamp
from catalog.report.markdown import number, table, text
from catalog.store import history
from catalog.store.history import Baseline
from catalog.store.keys import model_count
from catalog.web.query import Query
from catalog.web.reader import Reading


@dataclass(frozen=True, slots=True)
class ProviderState:
    """One provider with its status, current snapshot and model count."""

    settings: Settings
    status: Status
    baseline: Baseline
    models: int

    @property
    def name(self) -> str:
        """Return the provider's name."""
        return self.status.provider


@dataclass(frozen=True, slots=True)
class StatusView:
    """The health of all providers. `headline` is OK, or NOT WELL with the problems."""

    headline: str
    providers: tuple[ProviderState, ...]

    @property
    def is_well(self) -> bool:
        """Return whether there is no problem."""
        return self.headline == OK


def read_service(reading: Reading, query: Query) -> StatusView:
    """Return the health of one provider or of all."""
    each = reading.selected(query.text("provider"))
    known = tuple(_state(reading, settings) for settings in each)
    return StatusView(headline([one.status for one in known], None), known)


def service_json(view: StatusView, _reading: Reading) -> dict[str, Any]:
    """Return the health as `catalog status --format json` prints it."""
    states = [status_json(one.status) | {"models": one.models} for one in view.providers]
    return {"well": view.is_well, "headline": view.headline, "providers": states}


def providers_markdown(view: StatusView) -> str:
    """Return the providers as a Markdown table."""
    rows = [
        [
            text(one.name),
            "well" if one.status.is_well else "not well",
            number(one.models),
            stamp(one.status.unwell.accepted_at) if one.status.unwell.accepted_at else "never",
        ]
        for one in view.providers
    ]
    return table(("Provider", "State", "Models", "Last success"), rows)


def _state(reading: Reading, settings: Settings) -> ProviderState:
    connection, name = reading.connection, settings.one.name
    baseline = history.baseline(connection, name)
    count = 0 if baseline.number is None else model_count(connection, baseline.number)
    status = read_status(connection, settings, reading.now)
    return ProviderState(settings, status, baseline, count)
