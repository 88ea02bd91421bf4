"""Build a Sync from settings. For probes see build_probes.py."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from itertools import chain
from types import MappingProxyType
from zoneinfo import ZoneInfo

from catalog.alerts import apprise
from catalog.alerts.apprise import AppriseChannel
from catalog.alerts.channel import Audience, Channel, Usage, nothing_used
from catalog.alerts.log import LogChannel
from catalog.alerts.message import (
    CHAT,
    LINES,
    MAIL_LINES,
    MAIL_TEMPLATE,
    TITLED,
    Wording,
    read_template,
)
from catalog.alerts.size import MAIL_BYTES
from catalog.alerts.timing import Quiet, Timing, read_clock
from catalog.alerts.webhook import MOST_ATTEMPTS, WebhookChannel
from catalog.changes.health import Patience, Tolerance
from catalog.changes.hold import HoldRule
from catalog.check.lock import InUse
from catalog.config.build_document import wire_publisher
from catalog.config.channels import (
    AnyChannel,
    AppriseSettings,
    ChannelSettings,
    EmailSettings,
    LogSettings,
    TextSettings,
    WebhookSettings,
)
from catalog.config.fast_path import wire_fast
from catalog.config.hints import with_hints
from catalog.config.load import Loaded
from catalog.config.mistakes import with_line
from catalog.config.providers import ProviderSettings, ScheduleSettings
from catalog.config.redaction import all_secrets
from catalog.config.settings import ProbeSettings, Settings
from catalog.config.types import reveal
from catalog.core.clock import Clock, now
from catalog.core.errors import SettingsInvalid
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.core.text import count
from catalog.core.toml_lines import key_lines
from catalog.daemon.heartbeat import Pings
from catalog.daemon.schedule import Cron, Interval, Schedule
from catalog.daemon.scheduled import Scheduled
from catalog.providers.infomaniak.provider import LIST_REQUEST
from catalog.providers.provider import Provider, make
from catalog.providers.source import Source
from catalog.store.database import Database
from catalog.sync.decide import Policy
from catalog.sync.sync import Sync

CHECK = "`catalog help SETTING` explains a setting, such as `catalog help hold.share`."
NO_PAGES: Mapping[str, str] = MappingProxyType({})
SLACK = timedelta(minutes=5)
"""The maximum time of a pass without its requests. A longer pass hangs."""


def wire_http(settings: Settings) -> Http:
    """Build the HTTP client of the process, which hides all secrets."""
    limits = settings.http
    http = Http(
        Limits(
            deadline=limits.deadline.total_seconds(),
            max_bytes=limits.max_bytes,
            attempts=limits.attempts,
            retry_for=limits.retry_for.total_seconds(),
        ),
        proxy=limits.proxy_route,
        ca_file=limits.ca_file,
    )
    return http.hiding(all_secrets(settings))


def wire_provider(settings: ProviderSettings) -> Provider:
    """Build the provider."""
    return make(settings.name, settings.description, settings.bad_rows)


def wire_source(settings: Settings, http: Http, clock: Clock = now) -> Source:
    """Build the source of the live route."""
    one, http = settings.one, http.hiding(all_secrets(settings))
    token, url, description = reveal(one.token) or None, one.url or "", one.description
    if description is None:
        return Source(http, one.name, url, token, clock, with_hints(settings, LIST_REQUEST))
    list_request = with_hints(settings, description)
    return Source(http, one.name, url, token, clock, list_request, description.place)


def wire_sync(settings: Settings, database: Database, http: Http, clock: Clock = now) -> Sync:
    """Build a Sync of the live route."""
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
    """Build a scheduled Sync, or raise SettingsInvalid without a token."""
    source = wire_source(settings, http)
    source.known_token()
    # Two requests, because a pass is repeated if another process changes the state, then one per
    # target.
    limit = SLACK + settings.http.retry_for * (2 + _targets(settings))
    fast = wire_fast(settings, loaded, database, source, limit)
    sync = replace(wire_sync(settings, database, http, clock), fast=fast)
    pings = Pings(reveal(settings.ping.url), http) if settings.ping.url else None
    return Scheduled(sync, wire_schedule(settings.schedule), limit, pings)


def _targets(settings: Settings) -> int:
    lists = ((getattr(each, "to", ()), getattr(each, "urls", ())) for each in settings.channel)
    return sum(max(1, *map(len, each)) for each in lists)


def wire_schedule(schedule: ScheduleSettings | ProbeSettings) -> Schedule:
    """Build a schedule. A cron expression replaces the interval."""
    return Interval(schedule.every) if schedule.cron is None else Cron(schedule.cron)


def wire_policy(settings: Settings) -> Policy:
    """Build the policy of judgments."""
    hold, trouble = settings.hold, settings.trouble
    provider = settings.one.name if len(settings.provider) > 1 else ""
    rule = HoldRule(hold.share, hold.floor, hold.polls, hold.apart, provider)
    patience = Patience(trouble.failures, trouble.remind, settings.freshness.error_after)
    signal = settings.signal
    return Policy(
        rule,
        patience,
        settings.rules,
        settings.forecast.remind,
        settings.one.removals or signal.removals or settings.one.usual_removals,
        signal.again_after,
        signal.settles_after,
    )


def wire_tolerance(settings: Settings) -> Tolerance:
    """Build the tolerance of `catalog status`."""
    freshness = settings.freshness
    return Tolerance(settings.trouble.failures, freshness.warn_after, freshness.error_after)


def wire_channels(settings: Settings, http: Http, clock: Clock) -> tuple[Channel, ...]:
    """Build one channel per target.

    Each target has its own deliveries, so that a failed one is retried alone. Raise SettingsInvalid
    for an invalid template.
    """
    deadline, usage = settings.http.deadline.total_seconds(), wire_usage(settings)
    shared = _Shared(http.hiding(all_secrets(settings)), clock, deadline, _pages(settings), usage)
    made = (_wire_channel(channel, shared) for channel in settings.channel)
    return tuple(chain.from_iterable(made))


def _pages(settings: Settings) -> Mapping[str, str]:
    providers = (wire_provider(each) for each in settings.provider or (settings.one,))
    return {provider.name: provider.page for provider in providers if provider.page}


@dataclass(frozen=True, slots=True)
class _Shared:
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
    from catalog.alerts.email import EmailChannel, MailServer  # only needed for mail

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
    """Build the lookup of used models, which rereads the lock each time.

    If the lock is invalid later, the error is logged and the last content is used. Raise
    SettingsInvalid if it is invalid now, or missing and needed by a channel.
    """
    path = settings.check.lock
    in_use = InUse(path)
    if not in_use.used and any(channel.in_use for channel in settings.channel):
        hint = "Write it with `catalog check PATH… --write-lock`, or leave in_use out."
        text = f"a channel has in_use = true, but there is no lock file {path}"
        raise SettingsInvalid(text, hint=hint)
    return in_use


def wire_audience(settings: ChannelSettings, usage: Usage = nothing_used) -> Audience:
    """Build the wanted findings of a channel."""
    wanted = (settings.level, settings.models, settings.types, settings.providers)
    return Audience(*wanted, settings.in_use, usage)


def wire_timing(settings: ChannelSettings) -> Timing:
    """Build the sending times of a channel."""
    quiet = settings.quiet_hours
    return Timing(
        digest=settings.digest,
        daily_at=read_clock(settings.daily_at),
        quiet=None if quiet is None else Quiet.read(quiet),
        zone=UTC if settings.time_zone == "UTC" else ZoneInfo(settings.time_zone),
        breaking_waits=settings.breaking_waits,
    )


def wire_wording(settings: TextSettings, pages: Mapping[str, str] = NO_PAGES) -> Wording:
    """Build the wording of a channel, or raise SettingsInvalid.

    `pages` has the page about each provider's models.
    """
    mail = isinstance(settings, EmailSettings)
    template = CHAT
    if settings.template is not None:
        template = read_template(settings.template)
    elif not isinstance(settings, WebhookSettings):
        template = MAIL_TEMPLATE if mail else TITLED
    return Wording(
        channel=settings.name,
        template=template,
        link=settings.link,
        pages=pages,
        lines=MAIL_LINES if mail else LINES,
    )


def refuse_channels(loaded: Loaded) -> None:
    """Raise SettingsInvalid with all errors of channels, with the line of each."""
    if mistakes := list(check_channels(loaded.settings)):
        listed = [with_line(each, loaded.file, key_lines(loaded.text)) for each in mistakes]
        lines = "\n".join(f"  {mistake}" for mistake in listed)
        many = count(len(mistakes), "mistake")
        raise SettingsInvalid(f"the channels have {many}:\n{lines}", hint=CHECK)


def check_channels(settings: Settings) -> Iterator[str]:
    """Yield errors that only appear when a channel is used.

    These are broken templates and URLs that Apprise refuses.
    """
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
