"""Define the settings of each provider."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PrivateAttr

from catalog.changes.poll import Removals
from catalog.config.types import (
    BaseUrl,
    CronExpression,
    DurationOrNone,
    Every,
    File,
    FileOrNone,
    Header,
    HeaderValue,
    Name,
    OwnBaseUrl,
    Place,
    Places,
    Route,
    Section,
    Share,
    Token,
    Whole,
    Words,
    overlap,
)
from catalog.core.payload import BAD_ROWS_ABOVE, BadRows
from catalog.providers.described.description import Description, mistakes, read, shipped
from catalog.providers.infomaniak.provider import ROUTE
from catalog.providers.provider import STRICT_ROWS, USUAL_ROWS

Kind = Literal["infomaniak", "openai", "anthropic", "openrouter", "models.dev", "json"]


class InfomaniakSettings(Section):
    """The request settings of Infomaniak."""

    url: OwnBaseUrl = "https://api.infomaniak.com"
    token: Token | None = None
    token_file: File | None = None
    product_id: Whole | None = Field(default=None, gt=0)


class ScheduleSettings(Section):
    """The schedule in UTC: an interval, or a cron expression."""

    every: Every = timedelta(hours=1)
    cron: CronExpression | None = None
    jitter: DurationOrNone = timedelta(minutes=1)


class DocumentSettings(Section):
    """The Markdown overview. An empty `path` means no document."""

    path: FileOrNone = Path("docs/models.md")
    annotations: FileOrNone = None
    recent: Whole = Field(default=20, ge=0)

    @property
    def is_chosen(self) -> bool:
        """Return whether the user named the document."""
        return "path" in self.model_fields_set

    def at(self, path: Path | None) -> "DocumentSettings":
        """Return a copy with another path, chosen by the user only if this one is."""
        moved = self.model_copy(update={"path": path})
        if not self.is_chosen:
            moved.model_fields_set.discard("path")
        return moved


class PagingSettings(Section):
    """The paging of a list."""

    by: Literal["next", "cursor", "page"]
    at: Place | None = None
    parameter: HeaderValue | None = None
    more: Place | None = None
    first: Whole = Field(default=1, ge=0)


class StatusSettings(Section):
    """The status words of each meaning. Missing ones are the shipped words."""

    ready: Words | None = None
    preview: Words | None = None
    ending: Words | None = None
    gone: Words | None = None


class ListSettings(Section):
    """The request and format of a list. Missing values are the kind's."""

    route: Route | None = None
    rows: str | None = None
    key: Place | None = None
    name: Place | None = None
    type: Places | None = None
    default_type: HeaderValue | None = None
    status: Places | None = None
    beta: Places | None = None
    description: Places | None = None
    context_limit: Places | None = None
    ends: Places | None = None
    successor: Places | None = None
    statuses: StatusSettings | None = None
    alias_of: Places | None = None
    aliases: Places | None = None
    prices: Places | None = None
    quiet: Places | None = None
    volatile: Places | None = None
    numbers: Places | None = None
    times: Places | None = None
    authorization: Header | None = None
    headers: dict[Header, HeaderValue] | None = None
    query: dict[HeaderValue, HeaderValue] | None = None
    paging: PagingSettings | None = None
    callable_days: Whole | None = Field(default=None, ge=0)
    ground: str | None = None
    page: str | None = None


def _usual_share(data: dict[str, Any]) -> float:
    """Return the default of `bad_rows_share`, none for Infomaniak's short lists."""
    return (STRICT_ROWS if data.get("kind") == "infomaniak" else USUAL_ROWS).share


class ProviderSettings(Section):
    """One provider. Missing schedule and document are the general ones."""

    name: Name
    kind: Kind
    url: BaseUrl | None = None
    token: Token | None = None
    token_file: File | None = None
    product_id: Whole | None = Field(default=None, gt=0)
    removals: Removals | None = None
    bad_rows_share: Share = Field(default_factory=_usual_share, ge=0, le=1)
    bad_rows_above: Whole = Field(default=BAD_ROWS_ABOVE, ge=0)
    list: ListSettings = ListSettings()
    schedule: ScheduleSettings | None = None
    document: DocumentSettings | None = None

    _index: int = PrivateAttr(default=0)

    @property
    def place(self) -> str:
        """Return the path of these settings, such as `provider.0`."""
        return f"provider.{self._index}"

    def stand_at(self, index: int) -> None:
        """Keep the index in the configuration, because each provider's settings put it first."""
        self._index = index

    @property
    def usual_removals(self) -> Removals:
        """Return the default of `removals`.

        Infomaniak's models were never missing for only one poll. A third of OpenRouter's were.
        """
        return "at once" if self.kind == "infomaniak" else "next"

    @property
    def bad_rows(self) -> BadRows:
        """Return how many rows of an answer may break the contract."""
        return BadRows(self.bad_rows_share, self.bad_rows_above)

    @property
    def description(self) -> Description | None:
        """Return the description, None for a kind with its own code."""
        if self.kind == "infomaniak":
            return None
        given = self.list.model_dump(exclude_none=True)
        return read(_merged(_table(self.kind), given))


def provider_mistakes(index: int, given: dict[str, Any]) -> Iterator[str]:
    """Yield the contradictions in the settings of one provider."""
    kind, listing, place = given.get("kind"), given.get("list", {}), f"provider.{index}"
    if not isinstance(listing, dict):
        return
    yield from _overlaps(place, given, listing)
    if kind == "infomaniak":
        if listing:
            yield f"{place}.list: the kind infomaniak has a reading of its own; try kind json"
        return
    if kind not in _DESCRIBED:
        return
    table = _table(kind)
    if "url" not in given and "url" not in table:
        yield f"{place}.url: the kind {kind} needs one"
    if "route" not in listing and "route" not in table:
        yield f"{place}.list.route: the kind {kind} needs one"
    try:
        settings = ListSettings.model_validate(listing)
    except ValueError:
        return  # reported elsewhere
    given = settings.model_dump(exclude_none=True)
    description = read(_merged({"route": "/", **table}, given))
    yield from (f"{place}.list.{mistake}" for mistake in mistakes(description))


def _overlaps(place: str, given: dict[str, Any], listing: dict[str, Any]) -> Iterator[str]:
    """Yield the mistake of a base URL that ends as the route begins."""
    kind = given.get("kind")
    table = {"route": ROUTE} if kind == "infomaniak" else {}
    if kind in _DESCRIBED:
        table = _table(kind)
    url, route = given.get("url", table.get("url")), listing.get("route", table.get("route"))
    if isinstance(url, str) and isinstance(route, str) and (mistake := overlap(url, route)):
        yield f"{place}.url: {mistake}"


_DESCRIBED = {"openai", "anthropic", "openrouter", "models.dev", "json"}


def _table(kind: str) -> dict[str, Any]:
    return {} if kind == "json" else dict(shipped(kind))


def _merged(table: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a kind's description with the user's values. Volatile fields are added."""
    volatile = [*table.get("volatile", ()), *given.get("volatile", ())]
    return {**table, **given, "volatile": volatile}
