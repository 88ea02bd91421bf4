"""`catalog changes` and `catalog diff`: the change log, and any two states side by side."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.cli.app import App, pass_app
from catalog.cli.output import ROW_FORMATS, format_option, model_name
from catalog.cli.when import WAYS, When, read_when, when_option
from catalog.clock import now

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.snapshot import Snapshot
    from catalog.store.database import Transaction

LEVELS = ("breaking", "warning", "info")
LOGGED = ("added", "removed", "restored", "updated", "drift")
facts_option = click.option("--facts", is_flag=True, help="Take waves apart: each model by itself.")


@click.command()
@when_option("--since", "Not before", "start")
@when_option("--until", "Not after")
@click.option("--model", metavar="MODEL", callback=model_name, help="Only this one, by name or id.")
@click.option("--level", type=click.Choice(LEVELS), help="This level and all that are graver.")
@facts_option
@format_option(*ROW_FORMATS)
@pass_app
def changes(
    app: App,
    since: When | None,
    until: When | None,
    model: str | None,
    level: str | None,
    facts: bool,
    style: str,
) -> int:
    """List what changed, oldest first.

    One field moving on most models at once is one line.
    """
    from catalog.change import Level
    from catalog.cli.findings import print_findings, single
    from catalog.providers.infomaniak.infomaniak import NAME
    from catalog.store import changelog, history

    with app.database.reading() as connection:
        key = None
        if model is not None:
            newest = history.number_at(connection, NAME, None)
            key = history.find_key(connection, NAME, model, newest)
        wanted = changelog.Wanted(
            NAME,
            since=_moment(connection, since),
            until=_moment(connection, until),
            key=key,
            levels=tuple(Level)[: LEVELS.index(level) + 1] if level else (),
            kinds=LOGGED,
        )
        findings = changelog.findings(connection, wanted)
    print_findings(style, single(findings) if facts else findings)
    return 0


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there are differences.")
@facts_option
@format_option(*ROW_FORMATS)
@pass_app
def diff(app: App, a: str, b: str, exit_code: bool, facts: bool, style: str) -> int:
    """Compare two states A and B.

    Each is a payload file, a snapshot number, or a time, in any mix.
    """
    from catalog.cli.findings import print_findings, single
    from catalog.diff import diff as compare
    from catalog.judge import Case, judge
    from catalog.providers.infomaniak.infomaniak import Infomaniak

    provider = Infomaniak()
    before, after = _state(app, a), _state(app, b)
    case = Case(
        provider=provider.name,
        at=after.taken_at,
        attributes=provider.attributes,
        lifecycle=provider.lifecycle,
        common=len(before.by_key.keys() & after.by_key.keys()),
        levels=app.loaded.settings.rules,
    )
    judged = judge(compare(before, after), case)
    findings = [replace(finding, snapshot=after.number) for finding in judged]
    print_findings(style, single(findings) if facts else findings)
    return int(exit_code and bool(findings))


def _moment(connection: "Transaction", when: When | None) -> "datetime | None":
    """Let a snapshot number stand for the time at which it was taken."""
    from catalog.providers.infomaniak.infomaniak import NAME
    from catalog.store import history

    if not isinstance(when, int):
        return when
    return history.snapshot(connection, history.number_at(connection, NAME, when)).taken_at


def _state(app: App, text: str) -> "Snapshot":
    """Read one side of a comparison: an existing file, else a moment of the stored history."""
    from catalog.providers.infomaniak.infomaniak import NAME, Infomaniak
    from catalog.store import history
    from catalog.validate import validate

    if os.path.isfile(text):  # noqa: PTH113  # Path.is_file raises for a name that is too long
        from catalog.cli.payloads import read_payload

        provider = Infomaniak()
        return provider.normalize(validate(read_payload(Path(text)), provider.contract))
    try:
        when = read_when(text, now())
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither a file nor a time; write {WAYS}") from None
    with app.database.reading() as connection:
        return history.snapshot(connection, history.number_at(connection, NAME, when))
