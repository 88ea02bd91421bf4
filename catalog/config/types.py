"""Define the types of setting values, with parsing and checks."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
)

from catalog.alerts.timing import Quiet, read_clock
from catalog.alerts.webhook import signing_key
from catalog.changes.finding import Level
from catalog.changes.rules import rules
from catalog.check.notice import CHECK_RULES
from catalog.config.sources import TOKEN
from catalog.core.errors import SettingsInvalid
from catalog.core.http.request import check_url
from catalog.core.text import closest, did_you_mean
from catalog.daemon.schedule import Cron
from catalog.providers.infomaniak.provider import ROUTE

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SHORTEST = 0.001
_LONGEST = 7 * 86400.0  # sockets do not accept 25 days
_YEAR = 365 * 86400.0
_SHORTEST_INTERVAL = timedelta(seconds=1)
_LOGIN = re.compile(r"[ -~]+")
_ADDRESS = re.compile(
    r"[^\s@<>()\[\],;:\"\\\x00-\x1f\x7f-\U0010ffff]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
)
_ROUTE = re.compile(r"/[!-\"$->@-~]*")
_LINK = re.compile(r"https?://[^\s<>\x00-\x1f]+")
_APPRISE = re.compile(r"[A-Za-z][A-Za-z0-9]*://[^\s\x00-\x1f]+")


def read_duration(value: Any) -> timedelta:
    """Parse `30s`, `10m`, `1h`, `7d`, or seconds, up to 7 days."""
    return _duration(value, _LONGEST, "7d")


def read_long_duration(value: Any) -> timedelta:
    """Parse a duration of up to a year, not for sockets."""
    return _duration(value, _YEAR, "365d")


def write_duration(duration: timedelta) -> str:
    """Return a duration in its largest whole unit."""
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(duration, timedelta(seconds=_SECONDS[unit]))
        if count and not rest:
            return f"{count}{unit}"
    return f"{duration / timedelta(milliseconds=1):.13g}ms"


def _duration(value: Any, longest: float, limit: str) -> timedelta:
    seconds = _seconds(value)
    if seconds is None:
        raise ValueError("a duration such as 30s, 10m, 1h or 7d is expected")
    if not _SHORTEST <= seconds <= longest:
        raise ValueError(f"a duration from 1ms to {limit} is expected")
    return timedelta(seconds=seconds)


def _seconds(value: Any) -> float | None:
    if isinstance(value, str):
        match = _DURATION.fullmatch(value.strip())
        return float(match[1]) * _SECONDS[match[2] or "s"] if match else None
    return value if type(value) in {int, float} else None


def _checked_interval(every: timedelta) -> timedelta:
    if every < _SHORTEST_INTERVAL or every.microseconds:
        raise ValueError("whole seconds from 1s to 7d are expected")
    return every


def _checked_cron(expression: str) -> str:
    try:
        Cron(expression)
    except SettingsInvalid as error:
        raise ValueError(str(error)) from error
    return expression


def _checked_url(url: str) -> str:
    try:
        check_url(url)
    except SettingsInvalid as error:
        raise ValueError(str(error)) from error
    return url


def _reported(level: Level) -> Level:
    if level is Level.QUIET:
        raise ValueError("quiet findings are never sent: write breaking, warning or info")
    return level


def _checked_secret_url(url: SecretStr) -> SecretStr:
    _checked_url(url.get_secret_value())
    return url


def _checked_token(token: SecretStr) -> SecretStr:
    if not TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError("a token must not be empty or contain blanks, line breaks or accents")
    return token


def _checked_secret(secret: SecretStr) -> SecretStr:
    """Check each secret. Several are separated by blanks during a rotation."""
    for part in secret.get_secret_value().split() or [""]:
        signing_key(part)
    return secret


def _checked_base(url: str) -> str:
    _checked_url(url)
    if "?" in url or "#" in url:
        raise ValueError("a base URL must not contain ? or #; remove it and the text after it")
    return url


def _checked_own_base(url: str) -> str:
    if mistake := overlap(url, ROUTE):
        raise ValueError(mistake)
    return url


def overlap(url: str, route: str) -> str:
    """Return the mistake if a base URL repeats the route.

    The end of the URL must not be the beginning of the route. Without a mistake, the text is empty.
    """
    ends = [step for step in url.split("/")[3:] if step]
    begins = [step for step in route.split("/") if step]
    shared = (begins[:size] for size in range(min(len(ends), len(begins)), 0, -1))
    twice = next((steps for steps in shared if ends[-len(steps) :] == steps), None)
    if twice is None:
        return ""
    cause = "the program adds it" if twice == begins else f"the route is {route}"
    return f"remove /{'/'.join(twice)} at its end, because {cause}"


def _not_boolean(value: Any) -> Any:
    if value is True or value is False:
        raise ValueError("a number is expected")
    return value


def _checked_database(url: str) -> str:
    from catalog.store.database import PATH, Database  # slow import

    if not url or "\0" in url:
        raise ValueError(f"it {'contains NUL' if url else 'is empty'}; {PATH}")
    try:
        Database(url)
    except SettingsInvalid as error:
        raise ValueError(str(error)) from error
    return url


def _checked_path(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("a path must not contain NUL")
    return path


def _none_if_empty(value: Any) -> Any:
    """Convert an empty text to None, because TOML has no null."""
    return None if value == "" else value


def _none_if_zero(value: Any) -> Any:
    """Convert an empty text, 0 and `0s` to None."""
    return None if value == "" or _seconds(value) == 0 else value


def _checked_login(secret: SecretStr) -> SecretStr:
    if not _LOGIN.fullmatch(secret.get_secret_value()):
        raise ValueError("it must not be empty or contain line breaks or accents")
    return secret


def _checked_user(user: str) -> str:
    if not _LOGIN.fullmatch(user):
        raise ValueError("printable ASCII is expected")
    return user


def _checked_address(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise ValueError("a bare address such as ops@example.org is expected")
    return address


def _checked_server(url: str) -> str:
    from catalog.alerts.email import MailServer

    try:
        MailServer.read(url)
    except SettingsInvalid as error:
        raise ValueError(str(error)) from error
    return url


def _checked_quiet(hours: str) -> str:
    Quiet.read(hours)
    return hours


def _checked_clock(clock: str) -> str:
    read_clock(clock)
    return clock


def _checked_zone(name: str) -> str:
    try:
        return name if name == "UTC" else ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        wrong = "this machine does not know this time zone; an example is Europe/Zurich"
        raise ValueError(wrong) from None


def _checked_link(link: str) -> str:
    if link and not _LINK.fullmatch(link):
        raise ValueError("a link that begins with https:// is expected")
    return link


def _lines(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    lines = [line for line in value.splitlines() if not line.lstrip().startswith("#")]
    return " ".join(lines).split()


def _checked_apprise(url: SecretStr) -> SecretStr:
    if not _APPRISE.fullmatch(url.get_secret_value()):
        raise ValueError("a URL of Apprise such as slack://… is expected, without blanks")
    return url


def _checked_place(place: str) -> str:
    if not place.strip() or "\0" in place:
        raise ValueError("the place of a field is expected, such as limits.context")
    return place


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _checked_route(route: str) -> str:
    if not _ROUTE.fullmatch(route):
        raise ValueError("a path that begins with / is expected, without ? and #; see query")
    return route


def _unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise ValueError("one of them is given twice")
    return values


def _numbers(value: Any) -> Any:
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _known_rule(rule: str) -> str:
    known = (*rules(), *CHECK_RULES)
    if rule not in known:
        meant = did_you_mean(closest(rule, known)) or ";"
        raise ValueError(f"there is no such rule{meant} `catalog help rules` lists them")
    return rule


Duration = Annotated[timedelta, PlainValidator(read_duration)]
LongDuration = Annotated[timedelta, PlainValidator(read_long_duration)]
DurationOrNone = Annotated[Duration | None, BeforeValidator(_none_if_zero)]
Every = Annotated[Duration, AfterValidator(_checked_interval)]
CronExpression = Annotated[str, AfterValidator(_checked_cron)]
BaseUrl = Annotated[str, AfterValidator(_checked_base)]
OwnBaseUrl = Annotated[BaseUrl, AfterValidator(_checked_own_base)]
Whole = Annotated[int, BeforeValidator(_not_boolean)]
MessageSize = Annotated[Whole, Field(ge=2_000, le=16 * 1024 * 1024)]
MailSize = Annotated[Whole, Field(ge=8_000, le=16 * 1024 * 1024)]
Share = Annotated[float, BeforeValidator(_not_boolean)]
SecretUrl = Annotated[SecretStr, AfterValidator(_checked_secret_url)]
Token = Annotated[SecretStr, AfterValidator(_checked_token)]
Secret = Annotated[SecretStr, AfterValidator(_checked_secret)]
DatabaseUrl = Annotated[str, AfterValidator(_checked_database)]
File = Annotated[Path, AfterValidator(_checked_path)]
FileOrNone = Annotated[File | None, BeforeValidator(_none_if_empty)]
ReportedLevel = Annotated[Level, AfterValidator(_reported)]
RuleId = Annotated[str, AfterValidator(_known_rule)]
FailOn = Literal["breaking", "warning", "info", "never"]
Clock = Annotated[str, AfterValidator(_checked_clock)]
QuietHours = Annotated[str, AfterValidator(_checked_quiet)]
Zone = Annotated[str, AfterValidator(_checked_zone)]
Link = Annotated[str, AfterValidator(_checked_link)]
MailServer = Annotated[str, AfterValidator(_checked_server)]
User = Annotated[str, AfterValidator(_checked_user)]
Login = Annotated[SecretStr, AfterValidator(_checked_login)]
Address = Annotated[str, AfterValidator(_checked_address)]
Addresses = Annotated[tuple[Address, ...], Field(min_length=1), AfterValidator(_unique)]
AppriseUrl = Annotated[SecretStr, AfterValidator(_checked_apprise)]
AppriseUrls = Annotated[
    tuple[AppriseUrl, ...],
    Field(min_length=1),
    BeforeValidator(_lines),
    AfterValidator(_unique),
]
Place = Annotated[str, AfterValidator(_checked_place)]
Places = Annotated[tuple[Place, ...], BeforeValidator(_one_or_many)]
Words = Annotated[tuple[Annotated[str, Field(pattern=r"\S")], ...], BeforeValidator(_one_or_many)]
Route = Annotated[str, AfterValidator(_checked_route)]
Relative = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~/-]+$")]
Header = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")]
HeaderValue = Annotated[str, Field(pattern=r"^[!-~]+( [!-~]+)*$")]
Marks = Annotated[
    tuple[Annotated[Whole, Field(ge=0, le=365)], ...],
    BeforeValidator(_numbers),
    AfterValidator(_unique),
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]


class Section(BaseModel):
    """A frozen configuration table without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def reveal(secret: SecretStr | None) -> str:
    """Return the text of a secret, empty if None."""
    return secret.get_secret_value() if secret else ""
