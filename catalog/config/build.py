"""Turn settings into a ready Sync; build_probes.py does the same for probes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from catalog.alerts import apprise
from catalog.alerts.apprise import AppriseChannel
from catalog.alerts.channel import Audience, Channel, Usage, nothing_used
from catalog.alerts.log import LogChannel
from catalog.alerts.message import CHAT, LETTER, LETTER_LINES, LINES, TITLED, Wording, read_template
from catalog.alerts.size import MAIL_BYTES
from catalog.alerts.timing import Quiet, Timing, read_clock
from catalog.alerts.webhook import MOST_ATTEMPTS, WebhookChannel
from catalog.changes.health import Patience, Tolerance
from catalog.changes.judge import Doubt
from catalog.check.lock import InUse
from catalog.config.build_document import wire_publisher
from catalog.config.build_quick import terms_of
from catalog.config.channels import (
    AnyChannel,
    AppriseSettings,
    ChannelSettings,
    EmailSettings,
    LogSettings,
    TextSettings,
    WebhookSettings,
)
from catalog.config.load import Loaded
from catalog.config.providers import ProviderSettings, ScheduleSettings
from catalog.config.redaction import all_secrets
from catalog.config.settings import ProbeSettings, Settings
from catalog.config.types import reveal
from catalog.core.clock import Clock, now
from catalog.core.errors import SettingsInvalid
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.daemon.heartbeat import Pings
from catalog.daemon.schedule import Cron, Interval, Schedule
from catalog.daemon.scheduled import Scheduled
from catalog.providers.infomaniak.provider import ASKING
from catalog.providers.making import make
from catalog.providers.provider import Provider
from catalog.providers.source import Source
from catalog.store.database import Database
from catalog.sync.decide import Policy
from catalog.sync.quick import Quick
from catalog.sync.sync import Sync

CHECK = "docs/configuration.md explains every setting."
NO_PAGES: Mapping[str, str] = MappingProxyType({})
SLACK = timedelta(minutes=5)
"""What a pass may last beside its requests; one that takes longer is stuck."""


def wire_http(settings: Settings) -> Http:
    """Make the one HTTP client of the process; it hides the secrets of the settings."""
    limits = settings.http
    http = Http(
        Limits(
            deadline=limits.deadline.total_seconds(),
            max_bytes=limits.max_bytes,
            attempts=limits.attempts,
            retry_for=limits.retry_for.total_seconds(),
        )
    )
    return http.hiding(all_secrets(settings))


def wire_provider(settings: ProviderSettings) -> Provider:
    """Make the one who knows a provider's words."""
    return make(settings.name, settings.description)


def wire_source(settings: Settings, http: Http, clock: Clock = now) -> Source:
    """Make the way to the live route."""
    one, http = settings.one, http.hiding(all_secrets(settings))
    token, url, description = reveal(one.token) or None, one.url or "", one.description
    if description is None:
        return Source(http, one.name, url, token, clock, ASKING)
    return Source(http, one.name, url, token, clock, description, description.place)


def wire_sync(settings: Settings, database: Database, http: Http, clock: Clock = now) -> Sync:
    """Make a Sync of the live route."""
    source = wire_source(settings, http, clock)
    return Sync(
        provider=wire_provider(settings.one),
        fetch=source.fetch,
        database=database,
        policy=wire_policy(settings),
        channels=wire_channels(settings, http, clock),
        publisher=wire_publisher(settings),
        clock=clock,
    )


def wire_scheduled(
    settings: Settings, loaded: Loaded, database: Database, http: Http, clock: Clock = now
) -> Scheduled:
    """Make a Sync of the live route with its schedule; raise SettingsInvalid without a token."""
    source = wire_source(settings, http)
    source.known_token()
    # Asked twice where another process moved the state, then told to each channel.
    limit = SLACK + settings.http.retry_for * (2 + _targets(settings))
    terms, file = terms_of(settings, loaded, database, source, limit), database.file
    sync = wire_sync(settings, database, http, clock)
    pings = Pings(reveal(settings.ping.url), http) if settings.ping.url else None
    quick = None
    if terms is not None and file is not None:
        sync = replace(sync, terms=terms)
        quick = Quick(sync.provider.name, terms, file, sync.fetch, sync.clock)
    return Scheduled(sync, wire_schedule(settings.schedule), limit, pings, quick)


def _targets(settings: Settings) -> int:
    """Count whom a message can go to."""
    lists = ((getattr(each, "to", ()), getattr(each, "urls", ())) for each in settings.channel)
    return sum(max(1, *map(len, each)) for each in lists)


def wire_schedule(schedule: ScheduleSettings | ProbeSettings) -> Schedule:
    """Make a schedule: a cron expression goes before the interval."""
    return Interval(schedule.every) if schedule.cron is None else Cron(schedule.cron)


def wire_policy(settings: Settings) -> Policy:
    """Make the user's say in judgment."""
    hold, trouble = settings.hold, settings.trouble
    doubt = Doubt(share=hold.share, floor=hold.floor, polls=hold.polls, apart=hold.apart)
    patience = Patience(trouble.failures, trouble.remind, settings.freshness.error_after)
    signal = settings.signal
    return Policy(
        doubt,
        patience,
        settings.rules,
        settings.forecast.remind,
        settings.one.removals or signal.removals or settings.one.usual_removals,
        signal.again_after,
        signal.settles_after,
    )


def wire_tolerance(settings: Settings) -> Tolerance:
    """Make what `catalog status` bears."""
    freshness = settings.freshness
    return Tolerance(settings.trouble.failures, freshness.warn_after, freshness.error_after)


def wire_channels(settings: Settings, http: Http, clock: Clock) -> tuple[Channel, ...]:
    """Make the channels; one with several targets becomes a channel for each of them.

    So each target has deliveries of its own, and what one has taken is not sent to it again because
    of another. Raises SettingsInvalid for a template that cannot be used.
    """
    deadline, usage = settings.http.deadline.total_seconds(), wire_usage(settings)
    shared = _Shared(http.hiding(all_secrets(settings)), clock, deadline, _pages(settings), usage)
    made = (_wire_channel(channel, shared) for channel in settings.channel)
    return tuple(chain.from_iterable(made))


def _pages(settings: Settings) -> Mapping[str, str]:
    """Return where people read about each provider's models."""
    providers = (wire_provider(each) for each in settings.provider or (settings.one,))
    return {provider.name: provider.page for provider in providers if provider.page}


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all channels are made with; `deadline` is in seconds."""

    http: Http
    clock: Clock
    deadline: float
    pages: Mapping[str, str]
    usage: Usage


def _wire_channel(settings: AnyChannel, shared: _Shared) -> Iterator[Channel]:
    name, timing = settings.name, wire_timing(settings)
    audience = wire_audience(settings, shared.usage)
    match settings:
        case LogSettings():
            yield LogChannel(name, audience, timing)
        case WebhookSettings():
            yield WebhookChannel(
                name=name,
                audience=audience,
                timing=timing,
                wording=wire_wording(settings, shared.pages),
                url=reveal(settings.url),
                secrets=tuple(reveal(settings.secret).split()),
                format=settings.format,
                max_size=settings.max_size,
                http=shared.http,
                clock=shared.clock,
                attempts=min(MOST_ATTEMPTS, shared.http.limits.attempts),
                retry_for=max(20.0, shared.deadline),
            )
        case EmailSettings():
            yield from _wire_mail(settings, audience, timing, shared)
        case _:
            for url in map(reveal, settings.urls):
                yield AppriseChannel(
                    name=f"{name}/{apprise.target(url)}",
                    audience=audience,
                    timing=timing,
                    wording=wire_wording(settings, shared.pages),
                    url=url,
                    max_size=settings.max_size,
                    deadline=shared.deadline,
                )


def _wire_mail(
    settings: EmailSettings, audience: Audience, timing: Timing, shared: _Shared
) -> Iterator[Channel]:
    from catalog.alerts.email import EmailChannel, MailServer  # not loaded where nobody is mailed

    server = MailServer.read(settings.server)
    for address in settings.to:
        yield EmailChannel(
            name=f"{settings.name}/{address}",
            audience=audience,
            timing=timing,
            wording=wire_wording(settings, shared.pages),
            server=server,
            user=settings.user,
            password=reveal(settings.password) or None,
            secrets=shared.http.secrets,
            sender=settings.sender,
            recipient=address,
            max_size=settings.max_size or MAIL_BYTES,
            deadline=shared.deadline,
            clock=shared.clock,
        )


def wire_usage(settings: Settings) -> Usage:
    """Make what says which files use which model: the lock, read again whenever it is asked.

    A lock that breaks while a daemon runs is told in the log, and what it said before holds.
    Raise SettingsInvalid for one that is broken now, or that a channel needs and that is not there.
    """
    path = settings.check.lock
    in_use = InUse(path)
    if not in_use.used and any(channel.in_use for channel in settings.channel):
        hint = "Write it with `catalog check PATH… --write-lock`, or leave in_use out."
        text = f"a channel wants what is in use, and no lock at {path} says what is"
        raise SettingsInvalid(text, hint=hint)
    return in_use


def wire_audience(settings: ChannelSettings, usage: Usage = nothing_used) -> Audience:
    """Make what a channel wants to hear."""
    wanted = (settings.level, settings.models, settings.types, settings.providers)
    return Audience(*wanted, settings.in_use, usage)


def wire_timing(settings: ChannelSettings) -> Timing:
    """Make when a channel may be told."""
    quiet = settings.quiet_hours
    return Timing(
        digest=settings.digest,
        daily_at=read_clock(settings.daily_at),
        quiet=None if quiet is None else Quiet.read(quiet),
        zone=UTC if settings.time_zone == "UTC" else ZoneInfo(settings.time_zone),
        breaking_waits=settings.breaking_waits,
    )


def wire_wording(settings: TextSettings, pages: Mapping[str, str] = NO_PAGES) -> Wording:
    """Make how a channel words a message; raise SettingsInvalid for a broken template.

    `pages` is where people read about the models of each provider.
    """
    mail = isinstance(settings, EmailSettings)
    template = CHAT
    if settings.template is not None:
        template = read_template(settings.template)
    elif not isinstance(settings, WebhookSettings):
        template = LETTER if mail else TITLED
    return Wording(
        channel=settings.name,
        template=template,
        link=settings.link,
        pages=pages,
        lines=LETTER_LINES if mail else LINES,
    )


def refuse_channels(settings: Settings, file: Path | None) -> None:
    """Raise SettingsInvalid with all that `check_channels` finds in what `file` configures."""
    if mistakes := list(check_channels(settings)):
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        raise SettingsInvalid(f"the channels ({file}) have mistakes:\n{lines}", hint=CHECK)


def check_channels(settings: Settings) -> Iterator[str]:
    """Yield what only shows when a channel is used: broken templates, URLs that Apprise refuses."""
    for index, channel in enumerate(settings.channel):
        if isinstance(channel, TextSettings):
            try:
                wire_wording(channel)
            except SettingsInvalid as error:
                yield f"channel.{index}.template: {error}"
        if isinstance(channel, AppriseSettings):
            for place, url in enumerate(channel.urls):
                problem = apprise.problem(reveal(url))
                if problem is not None:
                    yield f"channel.{index}.urls.{place}: {problem}"
