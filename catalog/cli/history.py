"""`catalog snapshots` and `catalog polls`: list stored states and attempts."""

import click

from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.output import ROW_FORMATS, format_option, print_json, print_rows
from catalog.core.clock import stamp


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
    columns = ("Snapshot", "Taken at", "Models", "Digest")
    rows = [
        (str(head.number), stamp(head.taken_at), head.model_count, head.digest[:12])
        for head in heads
    ]
    print_rows(style, columns, rows)
    return 0


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
        listed = [
            {
                "poll": poll.number,
                "provider": poll.provider,
                "started_at": stamp(poll.started_at),
                "duration_ms": poll.duration_ms,
                "outcome": str(poll.outcome),
                **({"http_status": poll.http_status} if poll.http_status is not None else {}),
                **({"snapshot": poll.snapshot} if poll.snapshot is not None else {}),
                **({"error": poll.error} if poll.error is not None else {}),
                **({"missing": lacking[poll.number]} if lacking.get(poll.number) else {}),
            }
            for poll in past
        ]
        print_json({"polls": listed})
        return 0
    columns = ("Poll", "Started at", "Outcome", "HTTP", "Took (ms)", "Snapshot", "Error")
    rows = [
        (
            str(poll.number),
            stamp(poll.started_at),
            str(poll.outcome),
            poll.http_status and str(poll.http_status),
            poll.duration_ms,
            poll.snapshot and str(poll.snapshot),
            poll.error or "",
        )
        for poll in past
    ]
    print_rows(style, columns, rows)
    return 0
