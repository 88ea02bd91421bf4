"""Every setting, its default and its bounds; docs/configuration.md explains them one by one."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
)

from catalog.change import Level
from catalog.errors import SettingsInvalid
from catalog.rules import rules

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SHORTEST = 0.001
_LONGEST = 7 * 86400.0  # a socket takes no timeout of 25 days
_YEAR = 365 * 86400.0
_SHORTEST_INTERVAL = timedelta(seconds=1)
_TOKEN = re.compile(r"[!-~]+")


def read_duration(value: Any) -> timedelta:
    """Read `30s`, `10m`, `1h`, `7d`, or a number of seconds; from 1 ms to 7 days."""
    return _duration(value, _LONGEST, "7d")


def read_long_duration(value: Any) -> timedelta:
    """Read a duration of up to a year, for what no socket waits for."""
    return _duration(value, _YEAR, "365d")


def _duration(value: Any, longest: float, told: str) -> timedelta:
    seconds: Any = value
    if isinstance(value, str):
        match = _DURATION.fullmatch(value.strip())
        seconds = float(match[1]) * _SECONDS[match[2] or "s"] if match else None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("a duration such as 30s, 10m, 1h or 7d is wanted")  # noqa: TRY004  # what pydantic takes
    if not _SHORTEST <= seconds <= longest:
        raise ValueError(f"a duration from 1ms to {told} is wanted")
    return timedelta(seconds=seconds)


def _checked_interval(every: timedelta) -> timedelta:
    if every < _SHORTEST_INTERVAL or every.microseconds:
        raise ValueError("whole seconds from 1s to 7d are wanted")
    return every


def _checked_cron(expression: str) -> str:
    from catalog.schedule import Cron  # only wanted where one was given

    try:
        Cron(expression)
    except SettingsInvalid as error:
        raise ValueError(str(error)) from error
    return expression


def _checked_url(url: str) -> str:
    from catalog.http.request import check_url  # heavy, and only wanted where a URL was given

    try:
        check_url(url)
    except SettingsInvalid as error:
        raise ValueError(str(error)) from error
    return url


def _checked_base(url: str) -> str:
    from catalog.providers.infomaniak.infomaniak import ROUTE

    _checked_url(url)
    if "?" in url or "#" in url:
        raise ValueError("a base URL has no ? and no #; leave out what begins there")
    if url.rstrip("/").endswith(ROUTE):
        raise ValueError(f"leave out {ROUTE} at its end, which the program adds")
    return url


def _without_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is wanted")  # noqa: TRY004  # what pydantic takes
    return value


def _checked_secret_url(url: SecretStr) -> SecretStr:
    _checked_url(url.get_secret_value())
    return url


def _checked_token(token: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError("a token is not empty and holds no blank, line break or accent")
    return token


def _checked_secret(secret: SecretStr) -> SecretStr:
    """Check each of the secrets; several, with blanks between them, serve while one is replaced."""
    from catalog.alerts.signature import signing_key

    for part in secret.get_secret_value().split() or [""]:
        signing_key(part)
    return secret


def _checked_database(url: str) -> str:
    from catalog.store.database import WANTED, Database  # heavy, and only for one that was given

    if not url or "\0" in url:
        raise ValueError(WANTED)
    try:
        Database(url)
    except SettingsInvalid as error:
        raise ValueError(str(error)) from error
    return url


def _checked_path(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("a path holds no NUL")
    return path


def _none_if_empty(value: Any) -> Any:
    """Let a file say that it wants none: TOML has no null."""
    return None if value == "" else value


def _known_rule(rule: str) -> str:
    if rule not in rules():
        raise ValueError("there is no such rule; docs/rules.md lists them")
    return rule


Duration = Annotated[timedelta, PlainValidator(read_duration)]
LongDuration = Annotated[timedelta, PlainValidator(read_long_duration)]
DurationOrNone = Annotated[Duration | None, BeforeValidator(_none_if_empty)]
Every = Annotated[Duration, AfterValidator(_checked_interval)]
CronExpression = Annotated[str, AfterValidator(_checked_cron)]
BaseUrl = Annotated[str, AfterValidator(_checked_base)]
SecretUrl = Annotated[SecretStr, AfterValidator(_checked_secret_url)]
Token = Annotated[SecretStr, AfterValidator(_checked_token)]
Secret = Annotated[SecretStr, AfterValidator(_checked_secret)]
DatabaseUrl = Annotated[str, AfterValidator(_checked_database)]
File = Annotated[Path, AfterValidator(_checked_path)]
FileOrNone = Annotated[File | None, BeforeValidator(_none_if_empty)]
RuleId = Annotated[str, AfterValidator(_known_rule)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]


Whole = Annotated[int, BeforeValidator(_without_truth)]
Share = Annotated[float, BeforeValidator(_without_truth)]


class Section(BaseModel):
    """A table of the configuration: frozen, and no key that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class InfomaniakSettings(Section):
    """How Infomaniak is asked."""

    url: BaseUrl = "https://api.infomaniak.com"
    token: Token | None = None
    token_file: File | None = None
    product_id: Whole | None = Field(default=None, gt=0)


class HttpSettings(Section):
    """Limits of every request."""

    deadline: Duration = timedelta(seconds=30)
    max_bytes: Whole = Field(default=16 * 1024 * 1024, gt=0)
    attempts: Whole = Field(default=4, ge=1, le=20)
    retry_for: Duration = timedelta(minutes=2)


class HoldSettings(Section):
    """When an answer is not believed, and when it is let through by itself."""

    share: Share = Field(default=0.30, gt=0, le=1)
    floor: Whole = Field(default=10, ge=1)
    polls: Whole = Field(default=3, ge=2)
    apart: Duration = timedelta(minutes=10)


class TroubleSettings(Section):
    """When failed, invalid and held polls are told."""

    failures: Whole = Field(default=3, ge=1)
    remind: LongDuration = timedelta(hours=24)


class FreshnessSettings(Section):
    """From which age on the catalog is old: for `catalog status`, and for an alert."""

    warn_after: LongDuration = timedelta(hours=26)
    error_after: LongDuration = timedelta(days=3)


class ScheduleSettings(Section):
    """When a pass is due, in UTC: an interval, or a cron expression in its place."""

    every: Every = timedelta(hours=1)
    cron: CronExpression | None = None
    jitter: DurationOrNone = timedelta(minutes=1)


class DocumentSettings(Section):
    """The Markdown overview; no document where `path` is empty."""

    path: FileOrNone = Path("docs/models.md")
    annotations: FileOrNone = None
    recent: Whole = Field(default=20, ge=0)


class ChannelSettings(Section):
    """What every channel has: a name, and what it wants to hear."""

    name: Name
    level: Level = Level.INFO
    models: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


class LogSettings(ChannelSettings):
    """Findings as log lines."""

    kind: Literal["log"]


class WebhookSettings(ChannelSettings):
    """Findings as an HTTP POST; URL and secret may each stand in a file of their own."""

    kind: Literal["webhook"]
    url: SecretUrl | None = None
    url_file: File | None = None
    secret: Secret | None = None
    secret_file: File | None = None
    format: Literal["cloudevents", "slack"] = "cloudevents"


class Settings(Section):
    """All settings of one run. Paths are absolute, secret files are read."""

    database: DatabaseUrl = "sqlite:///catalog.db"
    infomaniak: InfomaniakSettings = InfomaniakSettings()
    http: HttpSettings = HttpSettings()
    hold: HoldSettings = HoldSettings()
    trouble: TroubleSettings = TroubleSettings()
    freshness: FreshnessSettings = FreshnessSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    document: DocumentSettings = DocumentSettings()
    rules: dict[RuleId, Level] = {}
    channel: tuple[Annotated[LogSettings | WebhookSettings, Field(discriminator="kind")], ...] = ()
