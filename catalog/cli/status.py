"""`catalog status`: report the health of the catalog and its deliveries."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import click

from catalog.changes.health import Tolerance, examine
from catalog.changes.hold import HoldRule, Release
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.health import OK, Issue, Status, channel_of, headline
from catalog.cli.lazy_types import PastPoll, Settings, Transaction
from catalog.cli.output import format_option, print_json, say
from catalog.core.clock import now, stamp
from catalog.core.text import duration
from catalog.core.unexpected import MISTAKE
from catalog.core.visible import visible
from catalog.report.summary import pending
from catalog.store.pages import Extent, glance

_CHECKED = {"part": "checked       in part;", "none": "not checked  "}
_INDENT = " " * 16


@click.command()
@format_option("text", "json")
@provider_option
@pass_app
def status(app: App, style: str) -> int:
    """Say whether all is well; exits with 1 when not.

    The first line is OK, or NOT WELL with every problem. Reads the database alone: no network, no
    token. A damaged database is not well.
    """
    known = [_read(app, settings) for settings in app.each]
    size = app.database.size
    extent, damage = _glance(app)
    todo = "`catalog db restore FILE` puts a backup in its place."
    damaged = Issue("the database is damaged", (damage,), todo) if damage else None
    title = headline(known, damaged)
    if style == "json":
        place = {"place": app.database.place, "bytes": size, "checked": extent}
        place |= {"damage": damage} if damage else {}
        document = {"well": title == OK, "headline": title}
        document |= {"providers": [_json(one) for one in known], "database": place}
        print_json(document)
    else:
        say(visible(title), bold=True, fg="green" if title == OK else "red")
        for one in known:
            _print(one)
        say(visible(f"database        {app.database.place}, {size:,} bytes"))
        if damaged:
            _print_issue(damaged)
        elif extent in _CHECKED:
            say(f"  {_CHECKED[extent]} `catalog db verify` checks all of it")
    return int(title != OK)


def _glance(app: App) -> tuple[Extent, str | None]:
    """Check an SQLite file briefly. A database server checks itself."""
    file = app.database.file
    return ("none", None) if file is None else glance(file)


def _read(app: App, settings: Settings) -> Status:
    from catalog.config.build import wire_policy, wire_schedule
    from catalog.store import deliveries, outbox, polls, slots
    from catalog.store.tables import plain

    name, moment = settings.one.name, now()
    schedule = wire_schedule(settings.schedule)
    latest = schedule.slot(moment)
    due = (latest, schedule.slot(latest - timedelta(seconds=1)))
    with app.database.reading() as connection:
        unwell = polls.unwell(connection, name)
        last = polls.newest(connection, name)
        waiting = outbox.pending(connection, name)
        given_up = deliveries.channels(connection, name, outbox.GIVEN_UP)
        is_kept = slots.was_claimed(plain(connection), name, due)
        is_held = last is not None and last.candidate is not None
        release = _release(connection, last, wire_policy(settings).hold)
        missing = polls.missing_from(connection, last) if last and is_held else ()
    known = {channel.name for channel in settings.channel}
    return Status(
        provider=name,
        health=examine(unwell, last.outcome if last else None, _tolerance(settings, last), moment),
        unwell=unwell,
        last=last,
        next_run=schedule.next_after(moment),
        read_at=moment,
        waiting=tuple(each for each in waiting if channel_of(each.channel) in known),
        given_up=sum(count for channel, count in given_up.items() if channel_of(channel) in known),
        left=tuple(each for each in waiting if channel_of(each.channel) not in known),
        keeps_schedule=is_kept,
        release=release,
        missing=missing,
    )


def _release(connection: Transaction, last: PastPoll | None, hold: HoldRule) -> Release | None:
    """Return when the answer of the last poll is accepted, None if it is not held."""
    from catalog.store import polls

    if last is None or last.candidate is None:
        return None
    following = last.started_at + hold.apart
    held = polls.held_in_a_row(connection, last.provider, last.candidate, following, hold.apart)
    return hold.release(held, last.started_at)


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
    say(visible(f"{one.provider:16}"), nl=False, bold=True)
    state = "not well" if state == "ok" and not one.is_well else state
    say(state, fg="green" if one.is_well else "red")
    for issue in one.issues:
        _print_issue(issue)
    say(f"  last success  {_success(one)}")
    if one.last is not None:
        say(f"  last poll     {stamp(one.last.started_at)}, {one.last.outcome}")
    if one.keeps_schedule:
        say(f"  next run      {stamp(one.next_run)}, by the schedule")
    for waiting in one.waiting:
        if not waiting.error and not one.is_overdue(waiting):
            said = pending(waiting.channel, waiting.messages, None, waiting.next_at)
            say(visible(f"  pending       {said}"))


def _print_issue(issue: Issue) -> None:
    """Print a problem, its causes and the next command."""
    say(visible(f"  {'problem' if issue.counts else 'note':14}{issue.what}"))
    for line in (*issue.causes, issue.todo):
        if line:
            say(visible(f"{_INDENT}{line}"))


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
        "problems": [_issue_json(issue) for issue in one.issues],
        "last_success_at": stamp(one.unwell.accepted_at) if one.unwell.accepted_at else None,
        "age_seconds": int(one.health.age.total_seconds()) if one.health.age is not None else None,
        "failures": one.unwell.failures,
        "next_run_at": stamp(one.next_run),
        "keeps_schedule": one.keeps_schedule,
        "given_up": one.given_up,
    }
    if one.last is not None:
        last = {"at": stamp(one.last.started_at), "outcome": str(one.last.outcome)}
        known["last_poll"] = last | ({"error": one.last.error} if one.last.error else {})
    if one.release is not None:
        known["held"] = {
            "missing": list(one.missing),
            "polls_left": one.release.polls,
            "accepted_from": stamp(one.release.at),
        }
    known["owed"] = [
        {"channel": waiting.channel, "messages": waiting.messages}
        | ({"error": waiting.error} if waiting.error else {})
        | ({"next_at": stamp(waiting.next_at)} if waiting.next_at else {})
        | ({"overdue": True} if one.is_overdue(waiting) else {})
        for waiting in one.waiting
    ]
    return {name: value for name, value in known.items() if value is not None}


def _issue_json(issue: Issue) -> dict[str, Any]:
    known = {"problem": issue.what, "causes": list(issue.causes), "next": issue.todo}
    return known | {"counts": issue.counts}
