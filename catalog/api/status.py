"""Read the status of a provider from the store."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from catalog.api.health import Issue, Status, channel_of
from catalog.changes.health import Tolerance, examine
from catalog.changes.hold import HoldRule, Release
from catalog.config.build import wire_policy, wire_schedule, wire_tolerance
from catalog.config.settings import Settings
from catalog.core.clock import stamp
from catalog.core.unexpected import MISTAKE
from catalog.store import deliveries, outbox, polls, slots
from catalog.store.database import Transaction
from catalog.store.polls import PastPoll
from catalog.store.tables import plain


def read_status(connection: Transaction, settings: Settings, moment: datetime) -> Status:
    """Return the status of one provider at a time. No secret is needed."""
    name = settings.one.name
    schedule = wire_schedule(settings.schedule)
    latest = schedule.slot(moment)
    due = (latest, schedule.slot(latest - timedelta(seconds=1)))
    unwell = polls.unwell(connection, name)
    last = polls.newest(connection, name)
    waiting = outbox.pending(connection, name)
    given_up = deliveries.channels(connection, name, outbox.GIVEN_UP)
    is_kept = slots.was_claimed(plain(connection), name, due)
    answered = polls.newest_answered(connection, last) if last else None
    is_held = answered is not None and answered.candidate is not None
    release = _release(connection, answered, wire_policy(settings).hold)
    missing = polls.missing_from(connection, answered) if answered and is_held else ()
    known = {channel.name for channel in settings.channel}
    return Status(
        provider=name,
        health=examine(
            unwell,
            last.outcome if last else None,
            _tolerance(settings, last),
            moment,
            answered=answered.outcome if answered else None,
        ),
        unwell=unwell,
        last=last,
        answered=answered,
        next_run=schedule.next_after(moment),
        read_at=moment,
        waiting=tuple(each for each in waiting if channel_of(each.channel) in known),
        given_up=sum(count for channel, count in given_up.items() if channel_of(channel) in known),
        left=tuple(each for each in waiting if channel_of(each.channel) not in known),
        keeps_schedule=is_kept,
        release=release,
        missing=missing,
    )


def status_json(one: Status) -> dict[str, Any]:
    """Return the status of one provider as JSON."""
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


def _release(connection: Transaction, poll: PastPoll | None, hold: HoldRule) -> Release | None:
    """Return when a held answer is accepted, None if none is held."""
    if poll is None or poll.candidate is None:
        return None
    following = poll.started_at + hold.apart
    held, at = polls.held_in_a_row(connection, poll.provider, poll.candidate, following, hold.apart)
    return hold.release(held, poll.started_at, at)


def _tolerance(settings: Settings, last: PastPoll | None) -> Tolerance:
    """Return the tolerance for failures.

    An error of this program is not tolerated, because it repeats at the next poll.
    """
    tolerance = wire_tolerance(settings)
    broke = last is not None and MISTAKE in (last.error or "")
    return replace(tolerance, failures=1) if broke else tolerance


def _issue_json(issue: Issue) -> dict[str, Any]:
    known = {"problem": issue.what, "causes": list(issue.causes), "next": issue.todo}
    return known | {"counts": issue.counts}
