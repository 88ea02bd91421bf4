"""Decide which work is due, without reading a clock or the database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom

from catalog.config.build import wire_schedule
from catalog.config.build_probes import can_probe
from catalog.config.settings import Settings
from catalog.daemon.schedule import Schedule

PASS, SEND, PROBE = "pass", "send", "probe"


@dataclass(frozen=True, slots=True)
class Due:
    """One piece of due work: a kind, and a provider or channel.

    It begins at the time `at`.
    """

    task: str
    name: str
    at: datetime


def due_slots(settings: Settings, done: Mapping[str, datetime], at: datetime) -> Iterator[Due]:
    """Yield the open slots of a provider."""
    name, schedule = settings.one.name, wire_schedule(settings.schedule)
    if slot := _open(name, schedule, done, at):
        jitter = min(settings.schedule.jitter or timedelta(), (schedule.next_after(at) - slot) / 2)
        yield Due(PASS, name, max(at, slot + jitter * SystemRandom().random()))
    is_probed = settings.probe.enabled and can_probe(settings)
    if is_probed and _open(f"{name}/probe", wire_schedule(settings.probe), done, at):
        yield Due(PROBE, name, at)


def _open(
    name: str, schedule: Schedule, done: Mapping[str, datetime], at: datetime
) -> datetime | None:
    """Return the current slot, None if it is done."""
    slot = schedule.slot(at)
    return slot if name not in done or done[name] < slot else None
