"""Write figures of the store as OpenMetrics or Prometheus text.

Each answer has a registry of its own, so nothing is kept between two of them. Times are points in
time and not ages, because Prometheus computes the age itself when it evaluates an alert.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from catalog.core.strict_json import cut
from catalog.core.visible import visible

OPENMETRICS: Final = "application/openmetrics-text"
LABEL_LIMIT: Final = 120
"""The maximum characters of a label, because types and statuses come from providers."""

_Counts = Mapping[tuple[str, ...], int]


@dataclass(frozen=True, slots=True)
class ProviderMetrics:
    """The figures of one provider, None without such a poll.

    `last_success` is the start of the last accepted poll, and `duration` the seconds of the last
    poll, accepted or not. `polls` counts by outcome, `models` the current ones by type and status,
    `findings` by level, `pending` the messages by channel. `ending` counts the models that end
    within so many days.
    """

    provider: str
    last_success: datetime | None
    last_poll: datetime | None
    duration: float | None
    polls: Mapping[str, int]
    models: Mapping[tuple[str, str | None], int]
    findings: Mapping[str, int]
    pending: Mapping[str, int]
    ending: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of a store and of each provider."""

    version: str
    database_bytes: int
    providers: tuple[ProviderMetrics, ...]


def metrics(view: Metrics, accept: str = OPENMETRICS) -> tuple[bytes, str]:
    """Return the text and its media type. `accept` is the HTTP header of this name.

    A client that accepts no OpenMetrics gets the text format 0.0.4, as Prometheus specifies.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(view))
    try:
        encode, media_type = choose_encoder(accept)
    except (TypeError, ValueError):  # because a version in the header is no number
        encode, media_type = choose_encoder("")
    return encode(registry), media_type


class _Families(Collector):
    """The metric families of one view."""

    def __init__(self, view: Metrics) -> None:
        self._view = view

    def collect(self) -> Iterator[Metric]:
        """Yield each family with its samples."""
        view, each = self._view, self._view.providers
        yield InfoMetricFamily("catalog_build", "The version.", {"version": view.version})
        yield GaugeMetricFamily(
            "catalog_database_size_bytes", "The size of the database.", view.database_bytes
        )
        yield from _times(each)
        yield from _counts(each)


def _times(each: Iterable[ProviderMetrics]) -> Iterator[Metric]:
    success = _gauge("last_success_timestamp_seconds", "The start of the last accepted poll.")
    poll = _gauge("last_poll_timestamp_seconds", "The start of the last poll, accepted or not.")
    duration = _gauge("last_poll_duration_seconds", "The duration of the last poll.")
    for one in each:
        name = [_label(one.provider)]
        if one.last_success is not None:
            success.add_metric(name, one.last_success.timestamp())
        if one.last_poll is not None:
            poll.add_metric(name, one.last_poll.timestamp())
        if one.duration is not None:
            duration.add_metric(name, one.duration)
    yield from (success, poll, duration)


def _counts(each: Iterable[ProviderMetrics]) -> Iterator[Metric]:
    polls = _counter("polls", "Polls by outcome.", "outcome")
    models = _gauge("models", "Listed models by type and status.", "type", "status")
    findings = _counter("findings", "Findings by level.", "level")
    pending = _gauge("pending_messages", "Messages that are not delivered yet.", "channel")
    ending = _gauge("models_ending", "Models that end within so many days.", "within_days")
    for one in each:
        samples: tuple[tuple[GaugeMetricFamily | CounterMetricFamily, _Counts], ...] = (
            (polls, {(outcome,): n for outcome, n in one.polls.items()}),
            (models, {(kind, status or ""): n for (kind, status), n in one.models.items()}),
            (findings, {(level,): n for level, n in one.findings.items()}),
            (pending, {(channel,): n for channel, n in one.pending.items()}),
            (ending, {(str(days),): n for days, n in one.ending.items()}),
        )
        for family, counts in samples:
            _add(family, one.provider, counts)
    yield from (polls, models, findings, pending, ending)


def _add(family: GaugeMetricFamily | CounterMetricFamily, provider: str, counts: _Counts) -> None:
    """Add a sample for each set of labels. Labels that are equal when cut are added up."""
    shown: Counter[tuple[str, ...]] = Counter()
    for labels, number in counts.items():
        shown[tuple(map(_label, (provider, *labels)))] += number
    for labels, number in sorted(shown.items()):
        family.add_metric(labels, number)


def _gauge(name: str, help_: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"catalog_{name}", help_, labels=["provider", *labels])


def _counter(name: str, help_: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"catalog_{name}", help_, labels=["provider", *labels])


def _label(text: str) -> str:
    return cut(visible(text), LABEL_LIMIT)
