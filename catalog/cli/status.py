"""`catalog status`: report the health of the catalog and its deliveries."""

import os
from collections.abc import Callable
from pathlib import Path

import click

from catalog.api.health import OK, Issue, Status, headline
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.output import format_option, print_json, say
from catalog.cli.program import typed
from catalog.core.clock import now, stamp
from catalog.core.text import duration
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
    """Report whether all is well.

    It exits with 1 if not. The first line is OK, or NOT WELL with every problem. It only reads the
    database, and needs no network and no token. A damaged database is not well.
    """
    from catalog.api.status import read_status, status_json

    moment = now()
    with app.database.reading() as connection:
        known = [read_status(connection, settings, moment) for settings in app.each]
    size = app.database.size
    extent, damage = _glance(app)
    todo = "`catalog db restore FILE` puts a backup in its place."
    damaged = Issue("the database is damaged", (damage,), todo) if damage else None
    title = headline(known, damaged)
    if style == "json":
        place = {"place": app.database.place, "bytes": size, "checked": extent}
        place |= {"damage": damage} if damage else {}
        document = {"well": title == OK, "headline": title}
        document |= {"providers": [status_json(one) for one in known], "database": place}
        print_json(document)
    else:
        say(visible(title), bold=True, fg="green" if title == OK else "red")
        for one in known:
            _print(one)
        say(visible(f"database        {app.database.place}, {size:,} bytes"))
        for issue in filter(None, (read_only(app.database.file), damaged)):
            _print_issue(issue)
        if not damaged and extent in _CHECKED:
            say(typed(f"  {_CHECKED[extent]} `catalog db verify` checks all of it"))
    return int(title != OK)


def _glance(app: App) -> tuple[Extent, str | None]:
    """Check an SQLite file briefly. A database server checks itself."""
    file = app.database.file
    return ("none", None) if file is None else glance(file)


def read_only(
    file: Path | None, is_allowed: Callable[[Path, int], bool] = os.access
) -> Issue | None:
    """Return a note if this user cannot write an SQLite file.

    SQLite needs its folder too, because it writes a journal there.
    """
    places = () if file is None else (file.resolve(), file.resolve().parent)
    if all(is_allowed(place, os.W_OK) for place in places):
        return None
    what = "this user cannot write the database, so it cannot poll"
    return Issue(what, (), "`catalog doctor` checks it.", counts=False)


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
        say(visible(typed(f"{_INDENT}{line}")))


def _success(one: Status) -> str:
    if one.unwell.accepted_at is None or one.health.age is None:
        return "never"
    old = "" if one.health.freshness.value == "ok" else ", too old"
    return f"{stamp(one.unwell.accepted_at)}, {duration(one.health.age)} ago{old}"
