"""`catalog status`: report the health of the catalog and its deliveries."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import click

from catalog.changes.health import Health, Tolerance, Unwell, examine, is_overdue
from catalog.changes.poll import Backlog
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.lazy_types import PastPoll, Settings
from catalog.cli.output import format_option, print_json, say
from catalog.core.clock import now, stamp
from catalog.core.text import count, duration
from catalog.core.unexpected import MISTAKE
from catalog.core.visible import visible
from catalog.report.summary import pending
from catalog.store.pages import Extent, glance

_CHECKED = {"part": "checked       in part;", "none": "not checked  "}


@dataclass(frozen=True, slots=True)
class Status:
    """The status of one provider.

    `waiting` counts pending messages. `left` counts those to channels that are no longer
    configured.
    """

    provider: str
    health: Health
    unwell: Unwell
    last: PastPoll | None
    next_run: datetime
    read_at: datetime
    waiting: tuple[Backlog, ...]
    given_up: int
    left: tuple[Backlog, ...] = ()

    @property
    def is_well(self) -> bool:
        """Return whether catalog and deliveries are well."""
        missed = any(waiting.error or self.is_overdue(waiting) for waiting in self.waiting)
        return self.health.is_well and not missed and not self.given_up

    def is_overdue(self, waiting: Backlog) -> bool:
        """Return whether the last pass should have sent the messages."""
        polled_at = None if self.last is None else self.last.started_at
        return is_overdue(waiting, polled_at, self.read_at)


@click.command()
@format_option("text", "json")
@provider_option
@pass_app
def status(app: App, style: str) -> int:
    """Say whether all is well; exits with 1 when not.

    Reads the database alone: no network, no token. A damaged database is not well.
    """
    known = [_read(app, settings) for settings in app.each]
    size = app.database.size
    extent, damage = _glance(app)
    if style == "json":
        place = {"place": app.database.place, "bytes": size, "checked": extent}
        place |= {"damage": damage} if damage else {}
        print_json({"providers": [_json(one) for one in known], "database": place})
    else:
        for one in known:
            _print(one)
        say(visible(f"database        {app.database.place}, {size:,} bytes"))
        if not damage and extent in _CHECKED:
            say(f"  {_CHECKED[extent]} `catalog db verify` checks all of it")
        if damage:
            say(visible(f"  damaged       {damage}"), fg="red")
            say("                `catalog db restore FILE` puts a backup in its place.")
    return int(damage is not None or not all(one.is_well for one in known))


def _glance(app: App) -> tuple[Extent, str | None]:
    """Check an SQLite file briefly. A database server checks itself."""
    file = app.database.file
    return ("none", None) if file is None else glance(file)


def _read(app: App, settings: Settings) -> Status:
    from catalog.config.build import wire_schedule
    from catalog.store import deliveries, outbox, polls

    name, moment = settings.one.name, now()
    with app.database.reading() as connection:
        unwell = polls.unwell(connection, name)
        last = polls.newest(connection, name)
        waiting = outbox.pending(connection, name)
        given_up = deliveries.channels(connection, name, outbox.GIVEN_UP)
    known = {channel.name for channel in settings.channel}
    outcome = None if last is None else last.outcome
    return Status(
        provider=name,
        health=examine(unwell, outcome, _tolerance(settings, last), moment),
        unwell=unwell,
        last=last,
        next_run=wire_schedule(settings.schedule).next_after(moment),
        read_at=moment,
        waiting=tuple(each for each in waiting if _of(each.channel) in known),
        given_up=sum(count for channel, count in given_up.items() if _of(channel) in known),
        left=tuple(each for each in waiting if _of(each.channel) not in known),
    )


def _tolerance(settings: Settings, last: PastPoll | None) -> Tolerance:
    """Return the tolerance for failures.

    An error of this program is not tolerated, because it repeats at the next poll.
    """
    from catalog.config.build import wire_tolerance

    tolerance = wire_tolerance(settings)
    broke = last is not None and MISTAKE in (last.error or "")
    return replace(tolerance, failures=1) if broke else tolerance


def _print(one: Status) -> None:
    state = str(one.health.state)
    if one.health.state.value == "stale" and one.last is None:
        state = "stale: nothing was polled yet"
    say(f"{one.provider:16}", nl=False, bold=True)
    say(state, fg="green" if one.is_well else "red")
    say(f"  last success  {_success(one)}")
    if one.last is not None:
        more = f", {one.unwell.failures} failed in a row" if one.unwell.failures > 1 else ""
        say(f"  last poll     {stamp(one.last.started_at)}, {one.last.outcome}{more}")
        if one.last.error:
            say(visible(f"                {one.last.error}"))
    if one.health.state.value == "held":
        say("                If it is true: `catalog sync --accept`.")
    say(f"  next run      {stamp(one.next_run)}, by the schedule")
    for waiting in one.waiting:
        said = pending(waiting.channel, waiting.messages, waiting.error, waiting.next_at)
        late = ", not sent by the last pass" if one.is_overdue(waiting) else ""
        say(visible(f"  owed          {said}{late}"))
    for waiting in one.left:
        many = count(waiting.messages, "message")
        drop = f"`catalog alerts drop {waiting.channel}`"
        say(visible(f"  left          {many} for {waiting.channel}, which is no channel; {drop}"))
    if one.given_up:
        told = f"{count(one.given_up, 'message')}, see `catalog alerts --state 'given up'`"
        say(f"  given up      {told}")


def _of(target: str) -> str:
    """Return the channel's name from the name of a target."""
    return target.partition("/")[0]


def _success(one: Status) -> str:
    if one.unwell.accepted_at is None or one.health.age is None:
        return "never"
    old = "" if one.health.freshness.value == "ok" else ", too old"
    return f"{stamp(one.unwell.accepted_at)}, {duration(one.health.age)} ago{old}"


def _json(one: Status) -> dict[str, Any]:
    known: dict[str, Any] = {
        "provider": one.provider,
        "state": str(one.health.state),
        "freshness": str(one.health.freshness),
        "well": one.is_well,
        "last_success_at": stamp(one.unwell.accepted_at) if one.unwell.accepted_at else None,
        "age_seconds": int(one.health.age.total_seconds()) if one.health.age is not None else None,
        "failures": one.unwell.failures,
        "next_run_at": stamp(one.next_run),
        "given_up": one.given_up,
    }
    if one.last is not None:
        last = {"at": stamp(one.last.started_at), "outcome": str(one.last.outcome)}
        known["last_poll"] = last | ({"error": one.last.error} if one.last.error else {})
    known["owed"] = [
        {"channel": waiting.channel, "messages": waiting.messages}
        | ({"error": waiting.error} if waiting.error else {})
        | ({"next_at": stamp(waiting.next_at)} if waiting.next_at else {})
        | ({"overdue": True} if one.is_overdue(waiting) else {})
        for waiting in one.waiting
    ]
    return {name: value for name, value in known.items() if value is not None}
