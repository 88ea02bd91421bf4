"""Read the figures of the store for `/metrics`."""

from collections import Counter
from collections.abc import Mapping
from functools import partial

from catalog import __version__
from catalog.api.health import channel_of
from catalog.changes.finding import Level
from catalog.changes.poll import Outcome
from catalog.config.settings import Settings
from catalog.store import deliveries, polls, statistics
from catalog.store.database import size_of
from catalog.store.record import PENDING
from catalog.store.statistics import Counts
from catalog.web.metrics import Metrics, ProviderMetrics
from catalog.web.reader import Reading

WITHIN = (7, 30, 90)
"""The days ahead for which ends are counted."""


def read_metrics(reading: Reading) -> Metrics:
    """Return the figures of every provider in the settings."""
    connection = reading.connection
    names = {settings.one.name for settings in reading.each}
    polls_of = statistics.count_polls(connection, names)
    findings_of = reading.keep(
        "count of findings", partial(statistics.count_findings, connection, names)
    )
    return Metrics(
        version=__version__,
        database_bytes=size_of(connection),
        providers=tuple(_provider(reading, each, polls_of, findings_of) for each in reading.each),
    )


def _provider(
    reading: Reading, settings: Settings, polls_of: Counts, findings_of: Counts
) -> ProviderMetrics:
    connection, name = reading.connection, settings.one.name
    last = polls.newest(connection, name)
    return ProviderMetrics(
        provider=name,
        last_success=polls.unwell(connection, name).accepted_at,
        last_poll=None if last is None else last.started_at,
        duration=None if last is None else last.duration_ms / 1000,
        # Zeros are written too, because an alert cannot see a counter grow from nothing.
        polls={str(each): polls_of[name, str(each)] for each in Outcome},
        models=statistics.count_models(connection, name),
        findings={str(each): findings_of[name, str(each)] for each in Level},
        pending=_pending(reading, settings),
        ending=_ending(reading, settings),
    )


def _ending(reading: Reading, settings: Settings) -> Mapping[int, int]:
    ends = reading.state(settings).ends if reading.stored(settings.one.name) else ()
    left = [end.forecast.days_left(reading.now) for end in ends]
    return {days: sum(0 <= each <= days for each in left) for days in WITHIN}


def _pending(reading: Reading, settings: Settings) -> Mapping[str, int]:
    pending = Counter({channel.name: 0 for channel in settings.channel})
    found = deliveries.channels(reading.connection, settings.one.name, PENDING)
    for target, number in found.items():
        pending[channel_of(target)] += number
    return pending
