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
    SecretStr,
)

from catalog.change import Level
from catalog.errors import SettingsInvalid
from catalog.rules import rules

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def read_duration(value: Any) -> Any:
    """Read `30s`, `10m`, `1h`, `7d`, or a number of seconds."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return timedelta(seconds=float(match[1]) * _SECONDS[match[2]])
    if isinstance(value, str) and not re.fullmatch(r"\d+(\.\d+)?", value):
        raise ValueError("a duration such as 30s, 10m, 1h or 7d is wanted")
    return value


def _checked_url(url: str) -> str:
    from catalog.request import check_url

    try:
        check_url(url)
    except SettingsInvalid as error:
        raise ValueError(str(error)) from error
    return url


def _checked_secret_url(url: SecretStr) -> SecretStr:
    _checked_url(url.get_secret_value())
    return url


def _known_rules(levels: dict[str, Level]) -> dict[str, Level]:
    unknown = sorted(levels.keys() - rules().keys())
    if unknown:
        raise ValueError(f"no such rule: {', '.join(unknown)}; docs/rules.md lists them")
    return levels


Duration = Annotated[timedelta, BeforeValidator(read_duration), Field(gt=timedelta(0))]
Url = Annotated[str, AfterValidator(_checked_url)]
SecretUrl = Annotated[SecretStr, AfterValidator(_checked_secret_url)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]


class Section(BaseModel):
    """A table of the configuration: frozen, and no key that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class InfomaniakSettings(Section):
    """How Infomaniak is asked."""

    url: Url = "https://api.infomaniak.com"
    token: SecretStr | None = None
    token_file: Path | None = None
    product_id: int | None = Field(default=None, gt=0)


class HttpSettings(Section):
    """Limits of every request."""

    deadline: Duration = timedelta(seconds=30)
    max_bytes: int = Field(default=16 * 1024 * 1024, gt=0)
    attempts: int = Field(default=4, ge=1, le=20)
    retry_for: Duration = timedelta(minutes=2)


class HoldSettings(Section):
    """When an answer is not believed, and when it is let through by itself."""

    share: float = Field(default=0.30, gt=0, le=1)
    floor: int = Field(default=10, ge=1)
    polls: int = Field(default=3, ge=2)
    apart: Duration = timedelta(minutes=10)


class DocumentSettings(Section):
    """The markdown overview; no document where `path` is empty."""

    path: Path | None = Path("docs/models.md")
    annotations: Path | None = None
    recent: int = Field(default=20, ge=0)


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
    url_file: Path | None = None
    secret: SecretStr | None = None
    secret_file: Path | None = None
    format: Literal["cloudevents", "slack"] = "cloudevents"


class Settings(Section):
    """All settings of one run. Paths are absolute, secret files are read."""

    database: str = "sqlite:///catalog.db"
    infomaniak: InfomaniakSettings = InfomaniakSettings()
    http: HttpSettings = HttpSettings()
    hold: HoldSettings = HoldSettings()
    document: DocumentSettings = DocumentSettings()
    rules: Annotated[dict[str, Level], AfterValidator(_known_rules)] = {}
    channel: tuple[Annotated[LogSettings | WebhookSettings, Field(discriminator="kind")], ...] = ()
