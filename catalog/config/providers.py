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
    Relative,
    Route,
    Section,
    Share,
    Token,
    Whole,
    Words,
    overlap,
)
from catalog.core.payload import BAD_ROWS_ABOVE, BadRows
from catalog.providers.described.description import KINDS, Description, mistakes, read, shipped
from catalog.providers.infomaniak.provider import ROUTE
from catalog.providers.provider import STRICT_ROWS, USUAL_ROWS

Kind = Literal["infomaniak", "openai", "anthropic", "openrouter", "models.dev", "json"]


class InfomaniakSettings(Section):
    """The request settings of Infomaniak."""

    url: OwnBaseUrl = "https://api.infomaniak.com"
    """The base URL, without a path: the program adds `/1/ai/models`. Plain `http` is only allowed
    to a loopback address, as for `catalog replay`.
    """
    token: Token | None = None
    """The API token, made in the Infomaniak manager with the scope "AI Tools". Only commands that
    ask the provider need it.
    """
    token_file: File | None = None
    """A file that holds only the token. Good for cron, systemd credentials and containers."""
    product_id: Whole | None = Field(default=None, gt=0)
    """The number of your AI product, as `GET /1/ai` lists it. With it, the addresses in the
    document can be copied as they are.
    """


class ScheduleSettings(Section):
    """The schedule in UTC: an interval, or a cron expression."""

    every: Every = timedelta(hours=1)
    """The time between two passes of `catalog serve`. Slots are counted from 1970-01-01 in UTC:
    with `1h` they begin with each hour, with `1d` at midnight. So all processes have the same
    slots.
    """
    cron: CronExpression | None = None
    """The times of passes in UTC, in place of `schedule.every`. Do not set both. A variable
    replaces either form in the file.
    """
    jitter: DurationOrNone = timedelta(minutes=1)
    """Each pass of the daemon waits a random time up to this value, so that many installations do
    not poll in the same second. It never waits more than half the time to the next slot.
    """


class DocumentSettings(Section):
    """The Markdown overview. An empty `path` means no document."""

    path: FileOrNone = Path("docs/models.md")
    """The Markdown overview. The program makes it and the folders above it. If the file exists,
    only its [marked regions](how-it-works.md#the-document) change: `catalog render --append` adds
    them to an existing document. Two providers cannot share a document. If `--database` names
    another database than the configuration, no document is written, unless `CATALOG_DOCUMENT_PATH`
    is set.
    """
    annotations: FileOrNone = None
    """A file with your own names and descriptions of models. See
    [annotations](configuration.md#annotations).
    """
    recent: Whole = Field(default=20, ge=0)
    """The minimum number of recent changes in the document. All changes of one snapshot are shown
    together, so there may be more.
    """

    @property
    def is_chosen(self) -> bool:
        """Return whether the user named the document."""
        return "path" in self.model_fields_set

    def at(self, path: Path | None) -> "DocumentSettings":
        """Return a copy with another path.

        The copy counts as chosen by the user if this document does.
        """
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
    """The status words of each meaning. A missing meaning has the shipped words."""

    ready: Words | None = None
    preview: Words | None = None
    ending: Words | None = None
    gone: Words | None = None


class ListSettings(Section):
    """The request and format of a list. The kind supplies missing values."""

    route: Route | None = None
    """The path of the list after the base URL, without a query. Most kinds have a default."""
    rows: str | None = None
    """The [place](providers.md#places) of the list, or object, of rows. An empty text means the
    whole answer. The default is `data`.
    """
    key: Place | None = None
    """The field that identifies a model permanently. The default is `id`. A template such as
    `{1}/{id}` joins several values: `{1}` is the value of the first `*` in `rows`, and the number
    after the last `*` is the row's own key or index.
    """
    name: Place | None = None
    """The name that calls use: a place or a template. Without it, the key is the name."""
    type: Places | None = None
    """The type of a model. If you give several places, the first one with a value counts. The same
    is true for all attributes.
    """
    default_type: HeaderValue | None = None
    """The type of a model that has none. The default is `llm`."""
    status: Places | None = None
    """The provider's word for the state of a model."""
    beta: Places | None = None
    """A boolean: the model is beta."""
    description: Places | None = None
    """The text about the model."""
    context_limit: Places | None = None
    """A whole number of tokens, also as text. Other values count as no limit."""
    ends: Places | None = None
    """The day on which the model ends: an ISO date or time, seconds since 1970, or an object with
    `year`, `month` and `day`. A kind may have [its own
    places](providers.md#ends-and-status-words).
    """
    successor: Places | None = None
    """The name or key of the model that replaces one that ends. In a list, the first one counts. In
    an object, its `id` counts.
    """
    statuses: StatusSettings | None = None
    """The [meaning of status words](providers.md#ends-and-status-words): `ready`, `preview`,
    `ending` and `gone`, each a word or a list. Your words replace the shipped words of that
    meaning.
    """
    alias_of: Places | None = None
    """The model that answers in place of an alias: its name, or an object with its `id`. Another
    model is reported as `alias-swapped`.
    """
    aliases: Places | None = None
    """Lists of other names that calls can use. The default is `aliases`, and `[]` means none.
    `catalog check` knows these names too.
    """
    prices: Places | None = None
    """The prices, compared by value."""
    quiet: Places | None = None
    """Fields whose changes are stored and never reported."""
    volatile: Places | None = None
    """Fields that are only in the stored answer: they never cause a change."""
    numbers: Places | None = None
    """Texts that are numbers, compared by value: `5e-09` equals `0.000000005`. Prices are always
    compared by value.
    """
    times: Places | None = None
    """Texts that are times, compared by instant."""
    authorization: Header | None = None
    """The header that carries the token. The default is `bearer`. With `none`, a given token is
    still sent as a bearer token.
    """
    headers: dict[Header, HeaderValue] | None = None
    """Other headers of the request."""
    query: dict[HeaderValue, HeaderValue] | None = None
    """The query of the request."""
    paging: PagingSettings | None = None
    """The rule that finds the other parts of a long list. See [lists in
    parts](providers.md#lists-in-parts).
    """
    callable_days: Whole | None = Field(default=None, ge=0)
    """The number of days that a removed model stays callable, if the provider promises it."""
    ground: str | None = None
    """The source of `callable_days`."""
    page: str | None = None
    """A web page about the models. Alerts link it."""
    chat: Relative | None = None
    """The address of chat completions, for the document. It is relative to the address of the list:
    if that ends in `/v1/models`, `chat/completions` is `/v1/chat/completions`. Most kinds have a
    default.
    """


def _usual_share(data: dict[str, Any]) -> float:
    """Return the default of `bad_rows_share`, none for Infomaniak's short lists."""
    return (STRICT_ROWS if data.get("kind") == "infomaniak" else USUAL_ROWS).share


class ProviderSettings(Section):
    """One provider. Without its own schedule or document, the general one counts."""

    name: Name
    """The name of the provider in commands, tables, alerts and the database. Another name is
    another provider.
    """
    kind: Kind
    """The format of the request and of the list. See [kinds](providers.md#kinds)."""
    url: BaseUrl | None = None
    """The base URL: the program adds the route. Some kinds have a default; `openai` and `json` need
    one. The URL must not end with the beginning of the route: with the route `/v1/models`, write
    `https://api.example`.
    """
    token: Token | None = None
    """The token, if the provider needs one."""
    token_file: File | None = None
    """A file that holds only the token."""
    product_id: Whole | None = Field(default=None, gt=0)
    """As `infomaniak.product_id`, which is the default. Only for the kind `infomaniak`."""
    removals: Removals | None = None
    """As `signal.removals`, which is the default."""
    bad_rows_share: Share = Field(default_factory=_usual_share, ge=0, le=1)
    """The share of rows that may be [bad](providers.md#bad-rows) before the whole answer is
    invalid. The default is `0.02`, and `0` for the kind `infomaniak`. With `0`, one bad row makes
    the answer invalid.
    """
    bad_rows_above: Whole = Field(default=BAD_ROWS_ABOVE, ge=0)
    """A list with this number of rows or fewer must not have any bad row."""
    list: ListSettings = ListSettings()
    schedule: ScheduleSettings | None = None
    """The schedule of this provider: `every` or `cron`, and `jitter`, as in `schedule.every`. The
    default is `[schedule]`.
    """
    document: DocumentSettings | None = None
    """The overview of this provider: `path`, `annotations` and `recent`, as in `document.path`. The
    default is `[document]`, and with several providers, `models-NAME.md` in the same folder.
    """

    _index: int = PrivateAttr(default=0)

    @property
    def place(self) -> str:
        """Return the path of these settings, such as `provider.0`."""
        return f"provider.{self._index}"

    def set_index(self, index: int) -> None:
        """Keep the index of this provider in the configuration.

        It is needed because the settings of one provider list that provider first.
        """
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
            yield f"{place}.list: the kind infomaniak does not use these settings; try kind json"
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
    """Yield the mistake if the base URL repeats the route."""
    kind = given.get("kind")
    table = {"route": ROUTE} if kind == "infomaniak" else {}
    if kind in _DESCRIBED:
        table = _table(kind)
    url, route = given.get("url", table.get("url")), listing.get("route", table.get("route"))
    if isinstance(url, str) and isinstance(route, str) and (mistake := overlap(url, route)):
        yield f"{place}.url: {mistake}"


_DESCRIBED = {*KINDS, "json"}


def _table(kind: str) -> dict[str, Any]:
    return {} if kind == "json" else dict(shipped(kind))


def _merged(table: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a kind's description with the user's values. Volatile fields are added."""
    volatile = [*table.get("volatile", ()), *given.get("volatile", ())]
    return {**table, **given, "volatile": volatile}
