"""Settings -> a ready Sync: the only module that names adapters."""

from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from catalog.alerts.channel import Audience, Channel
from catalog.alerts.log import LogChannel
from catalog.alerts.webhook import WebhookChannel
from catalog.clock import Clock, now
from catalog.config.settings import ChannelSettings, Settings, WebhookSettings
from catalog.decide import Policy
from catalog.document import annotations, sections
from catalog.http.client import Http
from catalog.http.request import Limits
from catalog.judge import Doubt
from catalog.providers.infomaniak.infomaniak import Infomaniak
from catalog.providers.infomaniak.source import Source, known
from catalog.publishing import Publisher
from catalog.schedule import Cron, Interval, Schedule
from catalog.scheduled import Scheduled
from catalog.store.database import Database
from catalog.sync import Sync
from catalog.trouble import Patience

SLACK = timedelta(minutes=5)
"""What a pass may last beside its requests; one that takes longer is stuck."""


def wire_http(settings: Settings) -> Http:
    """Make the one HTTP client of the process."""
    limits = settings.http
    return Http(
        Limits(
            deadline=limits.deadline.total_seconds(),
            max_bytes=limits.max_bytes,
            attempts=limits.attempts,
            retry_for=limits.retry_for.total_seconds(),
        )
    )


def wire_sync(settings: Settings, database: Database, http: Http, clock: Clock = now) -> Sync:
    """Make a Sync of the live route."""
    token = settings.infomaniak.token
    secret = token.get_secret_value() if token else None
    source = Source(http, settings.infomaniak.url, secret, clock)
    return Sync(
        provider=Infomaniak(),
        fetch=source.fetch,
        database=database,
        policy=wire_policy(settings),
        channels=tuple(wire_channel(channel, http, clock) for channel in settings.channel),
        publisher=wire_publisher(settings),
        clock=clock,
    )


def wire_scheduled(settings: Settings, database: Database, http: Http) -> Scheduled:
    """Make a Sync of the live route with its schedule; raise SettingsInvalid without a token."""
    token = settings.infomaniak.token
    known(token.get_secret_value() if token else None)
    # Asked twice where another process moved the state, then told to each channel.
    limit = SLACK + settings.http.retry_for * (2 + len(settings.channel))
    return Scheduled(wire_sync(settings, database, http), wire_schedule(settings), limit)


def wire_schedule(settings: Settings) -> Schedule:
    """Make the schedule: a cron expression goes before the interval."""
    schedule = settings.schedule
    return Interval(schedule.every) if schedule.cron is None else Cron(schedule.cron)


def wire_policy(settings: Settings) -> Policy:
    """Make the user's say in judgement."""
    hold, trouble = settings.hold, settings.trouble
    doubt = Doubt(share=hold.share, floor=hold.floor, polls=hold.polls, apart=hold.apart)
    patience = Patience(trouble.failures, trouble.remind, settings.freshness.error_after)
    return Policy(doubt, patience, settings.rules)


def wire_channel(settings: ChannelSettings, http: Http, clock: Clock) -> Channel:
    """Make one channel."""
    audience = Audience(settings.level, settings.models, settings.types)
    if not isinstance(settings, WebhookSettings):
        return LogChannel(settings.name, audience)
    secrets = settings.secret.get_secret_value().split() if settings.secret else []
    url = settings.url.get_secret_value() if settings.url else ""
    return WebhookChannel(
        name=settings.name,
        audience=audience,
        url=url,
        secrets=tuple(secrets),
        format=settings.format,
        http=http,
        clock=clock,
    )


def wire_publisher(settings: Settings) -> Publisher | None:
    """Make the door of the document; None where none is wanted."""
    document = settings.document
    if document.path is None:
        return None
    folder = files("catalog.providers.infomaniak")
    return Publisher(
        provider=Infomaniak.name,
        path=document.path,
        template=folder.joinpath("document.md").read_text(encoding="utf-8"),
        sections=sections.load(folder.joinpath("sections.toml").read_text(encoding="utf-8")),
        annotations=wire_annotations(document.annotations),
        product_id=settings.infomaniak.product_id,
        recent=document.recent,
    )


def wire_annotations(own: Path | None) -> annotations.Annotations:
    """Read the shipped names and descriptions for people, and the user's own over them."""
    shipped = files("catalog.providers.infomaniak").joinpath("annotations.toml")
    sources = [("the shipped annotations", shipped.read_text(encoding="utf-8"))]
    if own is not None:
        sources.insert(0, annotations.read(own))
    return annotations.load(*sources)
