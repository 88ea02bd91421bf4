"""`catalog alerts`: list the messages to channels, retry or drop them."""

import logging
from collections.abc import Callable
from itertools import chain
from secrets import token_hex
from typing import Any

import click

from catalog.alerts.channel import Message
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.findings import print_findings
from catalog.cli.lazy_types import Delivery
from catalog.cli.mistyped import Choices
from catalog.cli.output import (
    ROW_FORMATS,
    format_option,
    note,
    note_error,
    print_json,
    print_rows,
    say,
)
from catalog.cli.tables import Column
from catalog.core.clock import now, stamp
from catalog.core.errors import DeliveryFailed, NotFound
from catalog.core.text import count
from catalog.core.visible import visible
from catalog.report.summary import pending

STATES = ("pending", "delivered", "given up", "dropped")
COLUMNS = (
    Column("Message"),
    Column("Poll", rank=5),
    Column("Channel"),
    Column("State"),
    Column("Findings", rank=4),
    Column("Attempts", rank=3),
    Column("Next", rank=2),
    Column("Last error", rank=1, fit="wrap"),
)


def listing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of the list of messages."""
    state = click.option(
        "--state", type=Choices(STATES), multiple=True, help="Only these; repeatable."
    )
    limit = click.option(
        "--limit", type=click.IntRange(1), default=50, show_default=True, help="How many."
    )
    for option in (provider_option, format_option(*ROW_FORMATS), limit, state):
        command = option(command)
    return command


@click.group(invoke_without_command=True)
@listing
@click.pass_context
def alerts(context: click.Context, state: tuple[str, ...], limit: int, style: str) -> int | None:
    """List the messages to the channels.

    The newest come first, each with its state: pending (`owed` in JSON), delivered, given up or
    dropped.
    """
    if context.invoked_subcommand is not None:
        return None
    return _list(context.ensure_object(App), state, limit, style)


@alerts.command("list")
@listing
@pass_app
def list_(app: App, state: tuple[str, ...], limit: int, style: str) -> int:
    """List the messages to the channels, as `catalog alerts` does."""
    return _list(app, state, limit, style)


def _list(app: App, state: tuple[str, ...], limit: int, style: str) -> int:
    from catalog.store.deliveries import newest_first

    names = [each.one.name for each in app.each]
    with app.database.reading() as connection:
        stored = ["owed" if each == "pending" else each for each in state or STATES]
        listed = newest_first(connection, names, stored, limit)
    if style == "json":
        print_json({"alerts": [_json(each) for each in listed]})
    elif not listed and style == "table":
        say("no messages")
    else:
        print_rows(style, COLUMNS, map(_row, listed))
    return 0


@alerts.command()
@click.argument("message")
@format_option(*ROW_FORMATS)
@pass_app
def show(app: App, message: str, style: str) -> int:
    """List every finding of MESSAGE, most severe first.

    It also lists findings for which the sent message had no room. MESSAGE is a message's id, or the
    beginning of one.
    """
    from catalog.store import deliveries

    with app.database.reading() as connection:
        found = deliveries.findings_of(connection, message)
    print_findings(style, found)
    return 0


@alerts.command()
@click.argument("names", nargs=-1, metavar="[CHANNEL|MESSAGE]...")
@pass_app
def retry(app: App, names: tuple[str, ...]) -> int:
    """Send pending and given-up messages now, of all or named channels.

    A pause that a receiver asked for ends for its channel.
    """
    from catalog.config.build import wire_http, wire_sync
    from catalog.store import deliveries

    app = app.with_files()
    with app.changing() as connection:
        number = deliveries.retry(connection, names)
    with wire_http(app.loaded.settings) as http:
        syncs = [wire_sync(each, app.database, http) for each in app.each]
        carried = [each.deliver(logging.INFO) for each in syncs]
    say(f"{count(number, 'message')} tried again")
    left = tuple(chain.from_iterable(carried))
    for waiting in left:
        note(visible(pending(waiting.channel, waiting.messages, waiting.error, waiting.next_at)))
    return int(any(waiting.error for waiting in left))


@alerts.command()
@click.argument("names", nargs=-1, required=True, metavar="CHANNEL|MESSAGE...")
@pass_app
def drop(app: App, names: tuple[str, ...]) -> int:
    """Drop the pending messages of a channel, or one message.

    The findings stay in the log.
    """
    from catalog.store import deliveries

    with app.changing() as connection:
        number = deliveries.drop(connection, names)
    say(f"{count(number, 'message')} dropped")
    return 0


@alerts.command()
@click.argument("channel")
@pass_app
def test(app: App, channel: str) -> int:
    """Send a test message to CHANNEL. Nothing is stored."""
    from catalog.config.build import wire_channels, wire_http

    settings, failed = app.with_files().loaded.settings, False
    name = settings.one.name
    with wire_http(settings) as http:
        channels = wire_channels(settings, http, now)
        targets = [each for each in channels if each.name.partition("/")[0] == channel]
        if not targets:
            known = ", ".join(each.name for each in settings.channel)
            hint = (
                f"There are: {known}." if known else "`catalog help alerts` shows how to add one."
            )
            raise NotFound(f"no channel {channel!r} is configured", hint=hint)
        for target in targets:
            try:
                target.send(Message(f"msg_test_{token_hex(12)}", name, now(), (), test=True))
                say(f"{target.name}: delivered")
            except DeliveryFailed as error:
                if error.hint == DeliveryFailed.hint:  # because it names this command
                    error.hint = "Check the settings of the channel: `catalog config show`."
                note_error(error)
                failed = True
    return int(failed)


def _row(delivery: Delivery) -> tuple[str | int | None, ...]:
    when = delivery.next_at if delivery.state == "owed" else None
    return (
        delivery.message_id[:12],
        stamp(delivery.at),
        delivery.channel,
        "pending" if delivery.state == "owed" else delivery.state,
        delivery.findings,
        delivery.attempts,
        stamp(when) if when else None,
        delivery.error,
    )


def _json(delivery: Delivery) -> dict[str, object]:
    known = {
        "message": delivery.message_id,
        "provider": delivery.provider,
        "at": stamp(delivery.at),
        "channel": delivery.channel,
        "state": delivery.state,
        "findings": delivery.findings,
        "attempts": delivery.attempts,
        "next_at": stamp(delivery.next_at) if delivery.next_at else None,
        "delivered_at": stamp(delivery.delivered_at) if delivery.delivered_at else None,
        "error": delivery.error,
    }
    return {name: value for name, value in known.items() if value is not None}
