"""Build the probes from settings."""

import time
from datetime import timedelta
from threading import Event

from catalog.config.build import SLACK, wire_channels, wire_provider, wire_schedule, wire_source
from catalog.config.build_document import wire_publisher
from catalog.config.redaction import all_secrets
from catalog.config.settings import Settings
from catalog.core.clock import Clock, now
from catalog.core.errors import SettingsInvalid
from catalog.core.http.client import Http
from catalog.core.probe import Budget
from catalog.daemon.scheduled import ProbeTimes
from catalog.probes.rate import Pace
from catalog.probes.run import ProbeLimits, Probing
from catalog.providers.infomaniak.calls import Calls
from catalog.store.database import Database
from catalog.sync.deliver import recipients

CALLED = "`catalog probe` calls the models of providers of the kind infomaniak."


def can_probe(settings: Settings) -> bool:
    """Return whether the provider's model routes are known."""
    return settings.one.description is None


def wire_probing(
    settings: Settings, database: Database, http: Http, stop: Event, clock: Clock = now
) -> Probing:
    """Build a probe run that `stop` ends.

    Raise SettingsInvalid without a token or with unknown routes.
    """
    terms, one = settings.probe, settings.one
    if not can_probe(settings):
        text = f"catalog does not know how to call the models of {one.name}"
        raise SettingsInvalid(text, hint=CALLED)
    source = wire_source(settings, http, clock)
    token = source.known_token()
    pace = Pace(terms.rate, time.monotonic, stop.wait)
    budget = Budget(terms.calls_a_day, terms.tokens_a_day)
    return Probing(
        provider=wire_provider(one),
        calls=Calls(
            http=http.hiding(all_secrets(settings)),
            url=one.url or "",
            token=token,
            product_id=one.product_id,
            deadline=settings.http.deadline.total_seconds(),
            pace=pace.take,
            wait=stop.wait,
            hints=source.list_request.hints,
        ),
        database=database,
        terms=ProbeLimits(budget, terms.again_after, terms.concurrency, terms.control),
        levels=settings.rules,
        recipients=recipients(wire_channels(settings, http, clock)),
        publisher=wire_publisher(settings),
        clock=clock,
        pace=pace,
        stop=stop,
    )


def wire_probe_times(settings: Settings, probing: Probing) -> ProbeTimes:
    """Build the schedule of probes. Claims expire after the longest run."""
    terms = settings.probe
    waits = timedelta(minutes=terms.calls_a_day / terms.rate)
    limit = SLACK + waits + terms.calls_a_day * settings.http.deadline / terms.concurrency
    return ProbeTimes(probing, wire_schedule(terms), limit)
