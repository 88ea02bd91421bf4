"""Define every setting, its default and bounds, see docs/configuration.md."""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from catalog.changes.finding import Level
from catalog.changes.flapping import SETTLES_AFTER
from catalog.changes.forecast import REMIND
from catalog.changes.poll import Removals
from catalog.config.channels import AnyChannel
from catalog.config.network import HttpSettings
from catalog.config.providers import (
    DocumentSettings,
    InfomaniakSettings,
    ProviderSettings,
    ScheduleSettings,
)
from catalog.config.sources import DATABASE
from catalog.config.types import (
    CronExpression,
    DatabaseUrl,
    Duration,
    Every,
    FailOn,
    File,
    HeaderValue,
    LongDuration,
    Marks,
    RuleId,
    SecretUrl,
    Section,
    Share,
    Whole,
)


class HoldSettings(Section):
    """The limits that hold an implausible answer."""

    share: Share = Field(default=0.30, gt=0, le=1)
    floor: Whole = Field(default=10, ge=1)
    polls: Whole = Field(default=3, ge=2)
    apart: Duration = timedelta(minutes=10)


class TroubleSettings(Section):
    """The thresholds that report failed, invalid and held polls."""

    failures: Whole = Field(default=3, ge=1)
    remind: LongDuration = timedelta(hours=24)


class FreshnessSettings(Section):
    """The ages of an old catalog, for `catalog status` and alerts."""

    warn_after: LongDuration = timedelta(hours=26)
    error_after: LongDuration = timedelta(days=3)


class ProbeSettings(Section):
    """The schedule and budget of model calls."""

    enabled: bool = False
    every: Every = timedelta(days=1)
    cron: CronExpression | None = None
    calls_a_day: Whole = Field(default=200, ge=1)
    tokens_a_day: Whole = Field(default=20_000, ge=1)
    rate: Whole = Field(default=30, ge=1, le=60)
    concurrency: Whole = Field(default=2, ge=1, le=8)
    again_after: Duration = timedelta(minutes=10)
    control: HeaderValue | None = None


class ForecastSettings(Section):
    """The days before an end that trigger a reminder."""

    remind: Marks = REMIND


class SignalSettings(Section):
    """The confirmation of removals and the settling time of flapping values."""

    removals: Removals | None = None
    again_after: Duration = timedelta(seconds=30)
    settles_after: LongDuration = SETTLES_AFTER


class PingSettings(Section):
    """A monitor that alerts about missing or failed passes."""

    url: SecretUrl | None = None
    url_file: File | None = None


INFOMANIAK = (ProviderSettings(name="infomaniak", kind="infomaniak"),)
"""The provider without any [[provider]]."""


class CheckSettings(Section):
    """The rules of `catalog check`. Alerts read its lock."""

    lock: File = Path("catalog.lock")
    within: LongDuration = timedelta(days=30)
    fail_on: FailOn = "warning"


class Settings(Section):
    """All settings of one run, with absolute paths and secrets read."""

    database: DatabaseUrl = DATABASE
    infomaniak: InfomaniakSettings = InfomaniakSettings()
    http: HttpSettings = HttpSettings()
    hold: HoldSettings = HoldSettings()
    trouble: TroubleSettings = TroubleSettings()
    freshness: FreshnessSettings = FreshnessSettings()
    forecast: ForecastSettings = ForecastSettings()
    signal: SignalSettings = SignalSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    probe: ProbeSettings = ProbeSettings()
    ping: PingSettings = PingSettings()
    document: DocumentSettings = DocumentSettings()
    check: CheckSettings = CheckSettings()
    rules: dict[RuleId, Level] = Field(default_factory=dict)
    provider: tuple[ProviderSettings, ...] = ()
    channel: tuple[Annotated[AnyChannel, Field(discriminator="kind")], ...] = ()

    def model_post_init(self, _context: object) -> None:
        """Set the index of each provider."""
        for index, provider in enumerate(self.provider):
            provider.stand_at(index)

    @property
    def each(self) -> "tuple[Settings, ...]":
        """Return one Settings per provider, with it first.

        Schedule and document are those of the provider. Without a [[provider]] it is Infomaniak.
        """
        named = self.provider or INFOMANIAK
        return tuple(self._of(provider, alone=len(named) == 1) for provider in named)

    @property
    def one(self) -> ProviderSettings:
        """Return the first provider with defaults filled in."""
        return self._whole((self.provider or INFOMANIAK)[0])

    def _of(self, provider: ProviderSettings, *, alone: bool) -> "Settings":
        others = (each for each in self.provider if each is not provider)
        update: dict[str, Any] = {"provider": (provider, *others)}
        update["schedule"] = provider.schedule or self.schedule
        update["document"] = provider.document or self._document(provider.name, alone=alone)
        return self.model_copy(update=update)

    def _whole(self, provider: ProviderSettings) -> ProviderSettings:
        general, description = self.infomaniak, provider.description
        if description is not None:
            return provider.model_copy(update={"url": provider.url or description.url})
        own = {
            "url": provider.url or general.url,
            "token": provider.token or general.token,
            "product_id": provider.product_id or general.product_id,
        }
        return provider.model_copy(update=own)

    def _document(self, name: str, *, alone: bool) -> DocumentSettings:
        general = self.document
        if alone or general.path is None:
            return general
        return general.at(general.path.with_stem(f"{general.path.stem}-{name}"))


def shared_documents(settings: Settings) -> Iterator[str]:
    """Yield the documents that several providers would write.

    Paths are absolute. Links and other spellings are detected.
    """
    written: dict[object, str] = {}
    for index, each in enumerate(settings.each if settings.provider else ()):
        path, own = each.document.path, f"provider.{index}.document.path"
        if path is None:
            continue
        identities = [*_identities(path)]
        known = next((written[it] for it in identities if it in written), None)
        if known is not None:
            yield f"{own}: {path} is the document of another provider already, by {known}"
        written |= dict.fromkeys(identities, own)


def _identities(path: Path) -> Iterator[object]:
    """Yield the path and the inode, which detects hard links."""
    yield os.path.realpath(path)
    with suppress(OSError):
        found = path.stat()
        yield found.st_dev, found.st_ino
