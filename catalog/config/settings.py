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
from catalog.config.web import WebSettings


class HoldSettings(Section):
    """The limits that hold an implausible answer."""

    share: Share = Field(default=0.30, gt=0, le=1)
    """The part of all models that may be missing, from 0 to 1: `0.3` is 30 %. If more are missing,
    the answer is [held](rules.md#held-answers). With `1`, only an empty list is held.
    """
    floor: Whole = Field(default=10, ge=1)
    """The smallest number of models for which `hold.share` counts. With fewer models in the last
    snapshot it is ignored, because two missing models of four are not unusual.
    """
    polls: Whole = Field(default=3, ge=2)
    """A held answer is accepted after this number of polls in a row that lack the same models."""
    apart: Duration = timedelta(minutes=10)
    """The shortest time between two polls that `hold.polls` counts. Closer polls count as one."""


class TroubleSettings(Section):
    """The thresholds that report failed, invalid and held polls."""

    failures: Whole = Field(default=3, ge=1)
    """The channels get a message after this number of failed polls in a row. See
    `provider-failing`.
    """
    remind: LongDuration = timedelta(hours=24)
    """The time after which an ongoing problem is reported again."""


class FreshnessSettings(Section):
    """The ages of an old catalog, for `catalog status` and alerts."""

    warn_after: LongDuration = timedelta(hours=26)
    """The age of the last accepted poll from which the catalog counts as old. The default gives a
    daily job two extra hours.
    """
    error_after: LongDuration = timedelta(days=3)
    """The age from which the channels get a message. See `catalog-stale`."""


class ProbeSettings(Section):
    """The schedule and budget of model calls."""

    enabled: bool = False
    """Allows `catalog serve` and `catalog probe` to call the models. Calls cost money:
    [probing](probing.md) shows how much at most.
    """
    every: Every = timedelta(days=1)
    """The time between two runs of `catalog serve` that call the models. Slots work as for
    `schedule.every`.
    """
    cron: CronExpression | None = None
    """The times to call the models, in place of `probe.every`."""
    calls_a_day: Whole = Field(default=200, ge=1)
    """The maximum number of calls in one UTC day, including second calls and checks of batches."""
    tokens_a_day: Whole = Field(default=20_000, ge=1)
    """A call that could bring the tokens of one UTC day above this number is not made. See [the
    budget](probing.md#the-budget).
    """
    rate: Whole = Field(default=30, ge=1, le=60)
    """The maximum number of requests in any minute. Infomaniak allows 60 per token, and polls need
    some of them.
    """
    concurrency: Whole = Field(default=2, ge=1, le=8)
    """The number of models that are called at the same time."""
    again_after: Duration = timedelta(minutes=10)
    """A verdict that is worse than the last one counts if a second call after at least this time
    has the same verdict.
    """
    control: HeaderValue | None = None
    """The name or id of the model that each run calls first. The default is the model that answered
    last. If it does not answer, [the run concludes nothing](probing.md#the-control).
    """


class ForecastSettings(Section):
    """The days before an end that trigger a reminder."""

    remind: Marks = REMIND
    """The days before the end of a model on which the channels get a reminder. `0` is the last day.
    An empty list keeps only the messages about new and moved ends.
    """


class SignalSettings(Section):
    """When removals count, and when values that keep switching are reported again."""

    removals: Removals | None = None
    """When the removal of a model counts: `at once`; `again`, if a second request soon after also
    lacks the model; or `next`, if the next poll also lacks it. Without a value it is `at once` for
    the kind `infomaniak` and `next` for all others. See
    [removals](rules.md#when-a-removal-is-believed).
    """
    again_after: Duration = timedelta(seconds=30)
    """The wait before the second request of `removals = "again"`."""
    settles_after: LongDuration = SETTLES_AFTER
    """How long a value must stay the same to be reported again, if it [keeps
    switching](rules.md#values-that-keep-switching) between known values. `catalog tune` shows the
    effect of another time.
    """


class PingSettings(Section):
    """A monitor that alerts about missing or failed passes."""

    url: SecretUrl | None = None
    """The address of a monitor such as healthchecks.io, which alerts you when passes fail or do not
    start. Each pass sends a POST to `URL/start` and then to `URL`, or to `URL/fail` with the
    reason. Failed, invalid and held polls are failures, and so is a document or a database that
    cannot be used. The monitor gets the passes of all providers: with several, run `catalog serve
    --provider NAME` for each, or let the monitor run `catalog status`.
    """
    url_file: File | None = None
    """A file that holds this address."""


INFOMANIAK = (ProviderSettings(name="infomaniak", kind="infomaniak"),)
"""The provider without any [[provider]]."""


class CheckSettings(Section):
    """The rules of `catalog check`. Alerts read its lock."""

    lock: File = Path("catalog.lock")
    """The [lock](check.md#the-lock) of `catalog check`. If the file exists, alerts name the files
    that use a model.
    """
    within: LongDuration = timedelta(days=30)
    """An end within this time is a warning of `catalog check`. A later one is `info`."""
    fail_on: FailOn = "warning"
    """The level from which `catalog check` exits with 1."""


class Settings(Section):
    """All settings of one run, with absolute paths and secrets read."""

    database: DatabaseUrl = DATABASE
    """The database. The program makes and upgrades it. `sqlite:///name.db` is a relative path,
    `sqlite:////var/lib/x.db` an absolute one. For PostgreSQL, install `model-catalog[postgresql]`
    and write `postgresql+psycopg://user@host/name`. The option `--database` overrides it.
    """
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
    web: WebSettings = WebSettings()
    rules: dict[RuleId, Level] = Field(default_factory=dict)
    """Your own level for a rule: `breaking`, `warning`, `info` or `quiet`. ID is a rule of [the
    table](rules.md#the-rules) or of [the check](check.md#the-rules). See [how to override a
    level](rules.md#override-a-level).
    """
    provider: tuple[ProviderSettings, ...] = ()
    channel: tuple[Annotated[AnyChannel, Field(discriminator="kind")], ...] = ()

    def model_post_init(self, _context: object) -> None:
        """Set the index of each provider."""
        for index, provider in enumerate(self.provider):
            provider.set_index(index)

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
            yield f"{own}: another provider already writes {path}, see {known}"
        written |= dict.fromkeys(identities, own)


def _identities(path: Path) -> Iterator[object]:
    """Yield the path and the inode, which detects hard links."""
    yield os.path.realpath(path)
    with suppress(OSError):
        found = path.stat()
        yield found.st_dev, found.st_ino
