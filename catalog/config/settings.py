"""Every setting, its default and its bounds; docs/configuration.md explains them one by one."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field

from catalog.change import Level
from catalog.config.channels import AnyChannel
from catalog.config.kinds import (
    BaseUrl,
    CronExpression,
    DatabaseUrl,
    Duration,
    DurationOrNone,
    Every,
    File,
    FileOrNone,
    LongDuration,
    RuleId,
    SecretUrl,
    Section,
    Share,
    Token,
    Whole,
)


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


class PingSettings(Section):
    """A monitor that raises the alarm when passes stay out or fail."""

    url: SecretUrl | None = None
    url_file: File | None = None


class DocumentSettings(Section):
    """The Markdown overview; no document where `path` is empty."""

    path: FileOrNone = Path("docs/models.md")
    annotations: FileOrNone = None
    recent: Whole = Field(default=20, ge=0)


class Settings(Section):
    """All settings of one run. Paths are absolute, secret files are read."""

    database: DatabaseUrl = "sqlite:///catalog.db"
    infomaniak: InfomaniakSettings = InfomaniakSettings()
    http: HttpSettings = HttpSettings()
    hold: HoldSettings = HoldSettings()
    trouble: TroubleSettings = TroubleSettings()
    freshness: FreshnessSettings = FreshnessSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    ping: PingSettings = PingSettings()
    document: DocumentSettings = DocumentSettings()
    rules: dict[RuleId, Level] = Field(default_factory=dict)
    channel: tuple[Annotated[AnyChannel, Field(discriminator="kind")], ...] = ()
