"""Summarize the outcome of a poll in one line.

Every run loads this module.
"""

from datetime import datetime

from catalog.changes.poll import Poll
from catalog.core.clock import stamp
from catalog.core.text import count, one_line


def outcome(poll: Poll, snapshot: int | None) -> str:
    """Return the outcome of a poll. `snapshot` is the current one afterwards."""
    parts = [f"{poll.provider}: {poll.outcome}"]
    if poll.error is not None and snapshot is not None:
        parts.append(f"snapshot {snapshot} stays current")
    elif snapshot is not None:
        parts.append(f"snapshot {snapshot}")
    if poll.snapshot is not None:
        parts.append(count(len(poll.snapshot.models), "model"))
    if poll.error is None:
        reported = sum(finding.is_reported for finding in poll.findings)
        kept = len(poll.findings) - reported
        parts += [count(reported, "finding")] * bool(reported) + [f"{kept:,} quiet"] * bool(kept)
    return ", ".join(parts)


def skipped(slot: datetime, done_at: datetime | None) -> str:
    """Return why this process skipped a scheduled slot."""
    if done_at is None:
        return f"the scheduled time {stamp(slot)} is being polled by another process"
    polled = f"was already polled at {stamp(done_at)}"
    return f"the scheduled time {stamp(slot)} {polled}, by another run or `catalog serve`"


def pending(channel: str, messages: int, error: str | None, next_at: datetime | None) -> str:
    """Return the pending messages of a channel and the next attempt."""
    when, many = attempt(next_at), count(messages, "message")
    if error is None:
        return f"channel {channel}: {many} to be sent {when}"
    return one_line(f"{many} not delivered, {error}; next attempt {when}")


def attempt(next_at: datetime | None) -> str:
    """Return when a message is sent next."""
    return "at the next run" if next_at is None else f"not before {stamp(next_at)}"
