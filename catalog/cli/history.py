"""`catalog snapshots` and `catalog polls`: list stored states and attempts."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import click

from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.findings import PROVIDER
from catalog.cli.lazy_types import Head, PastPoll
from catalog.cli.output import ROW_FORMATS, Row, format_option, print_json, print_rows
from catalog.cli.tables import Column
from catalog.core.clock import stamp

SNAPSHOT, TAKEN = Column("Snapshot", title="#"), Column("Taken at")
FROM, UNTIL = Column("From"), Column("Until", rank=1)
SIZES = (Column("Models", rank=2), Column("Digest", rank=3))
POLL, STARTED, ENDED = Column("Poll", title="#"), Column("Started at"), Column("Ended at", rank=3)
RESULTS = (
    Column("Outcome"),
    Column("HTTP", rank=2),
    Column("Took (ms)", rank=5),
    Column("Snapshot", rank=4),
    Column("Error", rank=1, fit="wrap"),
)


@click.command()
@format_option(*ROW_FORMATS)
@provider_option
@pass_app
def snapshots(app: App, style: str) -> int:
    """List the accepted states of the catalog, oldest first."""
    from catalog.store import history

    with app.database.reading() as connection:
        heads = [head for each in app.each for head in history.heads(connection, each.one.name)]
    heads.sort(key=lambda head: head.number)
    if style == "json":
        listed = [
            {
                "snapshot": head.number,
                "provider": head.provider,
                "taken_at": stamp(head.taken_at),
                "models": head.model_count,
                "digest": head.digest,
            }
            for head in heads
        ]
        print_json({"snapshots": listed})
        return 0
    table = style == "table"
    rows: list[Row] = [
        (
            *([head.provider] * _several(app)),
            str(head.number),
            stamp(head.taken_at),
            *([until] * table),
            head.model_count,
            head.digest[:12],
        )
        for head, until in zip(heads, _untils(heads), strict=True)
    ]
    columns = (SNAPSHOT, *([FROM, UNTIL] if table else [TAKEN]), *SIZES)
    print_rows(style, (*([PROVIDER] * _several(app)), *columns), rows)
    return 0


def _several(app: App) -> bool:
    return len(app.each) > 1


def _untils(heads: Sequence[Head]) -> list[str]:
    """Return the time of the provider's next snapshot, `now` without one."""
    following: dict[str, str] = {}
    untils = []
    for head in reversed(heads):
        untils.append(following.get(head.provider, "now"))
        following[head.provider] = stamp(head.taken_at)
    return untils[::-1]


@click.command()
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@format_option(*ROW_FORMATS)
@provider_option
@pass_app
def polls(app: App, limit: int, style: str) -> int:
    """List the latest polls and how each ended, newest first."""
    from catalog.store.polls import missing_from, newest_first

    with app.database.reading() as connection:
        past = [
            poll for each in app.each for poll in newest_first(connection, each.one.name, limit)
        ]
        past.sort(key=lambda poll: poll.number, reverse=True)
        del past[limit:]
        lacking = {poll.number: missing_from(connection, poll) for poll in past if poll.candidate}
    if style == "json":
        print_json({"polls": [_poll_json(poll, lacking.get(poll.number)) for poll in past]})
        return 0
    table = style == "table"
    rows: list[Row] = [
        (
            *([poll.provider] * _several(app)),
            str(poll.number),
            stamp(poll.started_at),
            *([_ended(poll)] * table),
            str(poll.outcome),
            poll.http_status and str(poll.http_status),
            poll.duration_ms,
            poll.snapshot and str(poll.snapshot),
            poll.error or "",
        )
        for poll in past
    ]
    columns = (POLL, STARTED, *([ENDED] * table), *RESULTS)
    print_rows(style, (*([PROVIDER] * _several(app)), *columns), rows)
    return 0


def _poll_json(poll: PastPoll, missing: Sequence[str] | None) -> dict[str, Any]:
    optional = {"http_status": poll.http_status, "snapshot": poll.snapshot, "error": poll.error}
    return {
        "poll": poll.number,
        "provider": poll.provider,
        "started_at": stamp(poll.started_at),
        "duration_ms": poll.duration_ms,
        "outcome": str(poll.outcome),
        **{name: value for name, value in optional.items() if value is not None},
        **({"missing": missing} if missing else {}),
    }


def _ended(poll: PastPoll) -> str:
    """Return when a poll ended."""
    return stamp(poll.started_at + timedelta(milliseconds=poll.duration_ms))
