"""List the pages with their templates, views and twins."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from catalog.web.query import Query
from catalog.web.reader import Reading
from catalog.web.views.calendar import calendar_json, calendar_markdown, read_calendar
from catalog.web.views.changes import changes_json, changes_markdown, read_changes
from catalog.web.views.compare import comparison_json, comparison_markdown, read_comparison
from catalog.web.views.models import models_json, models_markdown, read_models
from catalog.web.views.overview import overview_json, overview_markdown, read_overview
from catalog.web.views.probes import probes_json, probes_markdown, read_probes
from catalog.web.views.status import providers_markdown, read_service, service_json

STATIC = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
"""The static files with their media types."""
V = TypeVar("V")


@dataclass(frozen=True)
class Page(Generic[V]):
    """One page. `read` gives its view, from which HTML, JSON and Markdown are made."""

    path: str
    title: str
    template: str
    read: Callable[[Reading, Query], V]
    as_json: Callable[[V, Reading], dict[str, Any]]
    as_markdown: Callable[[V], str]
    shows_polls: bool = False
    """Whether it changes with a poll that found nothing new."""

    @property
    def stem(self) -> str:
        """Return the path of its twins without their ending."""
        return "/index" if self.path == "/" else self.path


PAGES: tuple[Page[Any], ...] = (
    Page(
        *("/", "Overview", "overview.html", read_overview, overview_json, overview_markdown),
        shows_polls=True,
    ),
    Page("/models", "Models", "models.html", read_models, models_json, models_markdown),
    Page("/changes", "Changes", "changes.html", read_changes, changes_json, changes_markdown),
    Page(
        *("/compare", "Compare", "compare.html"),
        *(read_comparison, comparison_json, comparison_markdown),
    ),
    Page("/calendar", "Ends", "calendar.html", read_calendar, calendar_json, calendar_markdown),
    Page("/probes", "Probes", "probes.html", read_probes, probes_json, probes_markdown),
    Page(
        *("/providers", "Providers", "providers.html"),
        *(read_service, service_json, providers_markdown),
        shows_polls=True,
    ),
    Page(
        *("/status", "Status", "status.html", read_service, service_json, providers_markdown),
        shows_polls=True,
    ),
)
"""The pages without a name in their path, in the order of the menu."""
