"""`catalog sync`: one pass, as cron runs it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.output import (
    error_text,
    format_option,
    note,
    note_error,
    print_json,
    say,
    visible,
)
from catalog.errors import CatalogError, CatalogHeld, PayloadInvalid, SettingsInvalid

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from catalog.change import Finding
    from catalog.config.settings import HoldSettings, Settings
    from catalog.http.client import Http
    from catalog.scheduled import Scheduled
    from catalog.store.database import Database
    from catalog.sync import Pass, Sync

SHOWN_PROBLEMS = 10
LISTING = "catalog sync --dry-run --format json"


@click.command()
@click.option("--accept", is_flag=True, help="Apply an answer that would be held back.")
@click.option("--dry-run", is_flag=True, help="Show everything, write and send nothing.")
@click.option("--scheduled", is_flag=True, help="Do nothing if the schedule's slot was done.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there is something to tell.")
@format_option("text", "json")
@provider_option
@pass_app
def sync(
    app: App, accept: bool, dry_run: bool, scheduled: bool, exit_code: bool, style: str
) -> int:
    """Poll the provider once.

    Store what came, compare, judge, write the document, and tell. With -q before the command,
    nothing is printed where nothing changed.
    """
    from catalog.store.database import MEMORY, Database
    from catalog.wiring import wire_http

    if scheduled and (accept or dry_run):
        raise click.UsageError("--scheduled goes with neither --accept nor --dry-run.")
    app = app.with_files()
    settings, database = app.loaded.settings, app.database
    if dry_run:
        database = Database(
            settings.database if database.exists else MEMORY, upgrades=not database.exists
        )
    with wire_http(settings) as http, closing(database):
        works, codes = _wired(app.each, database, http)
        ended = [_run(work, scheduled=scheduled, accept=accept, dry_run=dry_run) for work in works]
    for each in ended:
        if not isinstance(each, Claimed) and isinstance(each.poll.error, CatalogHeld):
            each.poll.error.hint = _ways_out(settings.hold)
    if style == "json":
        told = [_json(each, dry_run=dry_run) for each in ended]
        print_json(told[0] if len(told) == 1 else {"passes": told})
    else:
        for each in ended:
            _print(each, quiet=app.verbosity < 0, dry_run=dry_run)
    passes = (each for each in ended if not isinstance(each, Claimed))
    return max([*codes, *(status(each, exit_code=exit_code) for each in passes)], default=0)


def _wired(
    each: "Sequence[Settings]", database: "Database", http: "Http"
) -> "tuple[list[Scheduled], list[int]]":
    """Make the work of each provider; of several, one that lacks its token stops no other."""
    from catalog.wiring import wire_scheduled

    works: list[Scheduled] = []
    codes: list[int] = []
    for settings in each:
        try:
            works.append(wire_scheduled(settings, database, http))
        except SettingsInvalid as error:
            if len(each) == 1:
                raise
            note_error(error)
            codes.append(error.exit_code)
    return works, codes


@dataclass(frozen=True, slots=True)
class Claimed:
    """A slot of one provider that another process did or is doing: nothing was to be done."""

    provider: str
    slot: "datetime"
    done_at: "datetime | None"


def _run(work: "Scheduled", *, scheduled: bool, accept: bool, dry_run: bool) -> "Pass | Claimed":
    if scheduled:
        run = work.run()
        return run.result or Claimed(run.provider, run.claim.moment, run.claim.done_at)
    if dry_run:
        return work.sync.run(accept=accept, dry_run=True)
    return work.run_now(accept=accept)


def _json(ended: "Pass | Claimed", *, dry_run: bool) -> dict[str, Any]:
    from catalog.clock import stamp

    if not isinstance(ended, Claimed):
        return pass_json(ended, dry_run=dry_run)
    done = {} if ended.done_at is None else {"done_at": stamp(ended.done_at)}
    return {"provider": ended.provider, "outcome": "skipped", "slot": stamp(ended.slot), **done}


def _print(ended: "Pass | Claimed", *, quiet: bool, dry_run: bool) -> None:
    from catalog.words import skipped

    if not isinstance(ended, Claimed):
        print_pass(ended, quiet=quiet, dry_run=dry_run)
    elif not quiet:
        say(f"{ended.provider}: {skipped(ended.slot, ended.done_at)}")


def run_at(sync: "Sync", at: "datetime", *, accept: bool = False) -> "Pass":
    """Run one pass as if it were that moment."""
    return replace(sync, clock=lambda: at).run(accept=accept)


def status(result: "Pass", *, exit_code: bool = False) -> int:
    """Return the exit code of a pass: the poll's error first, then the document's."""
    from catalog.change import Incident, Retiring

    error = result.poll.error or result.document_error
    if error is not None:
        return error.exit_code
    told = (each.change for each in _told(result))
    changed = any(not isinstance(change, Incident | Retiring) for change in told)
    return int(exit_code and changed)


def _told(result: "Pass") -> "list[Finding]":
    from catalog.change import Level

    return [each for each in result.poll.findings if each.level is not Level.QUIET]


def pass_json(result: "Pass", *, dry_run: bool = False) -> dict[str, Any]:
    """Write a pass for programs; what is absent is left out.

    In a dry run, `snapshot` and `document` say what would be.
    """
    from catalog.publicjson import finding_json

    poll = result.poll
    document: dict[str, Any] = {"provider": poll.provider, "outcome": str(poll.outcome)}
    if dry_run:
        document["dry_run"] = True
    if result.snapshot is not None:
        document["snapshot"] = result.snapshot
    findings = (replace(finding, snapshot=result.snapshot) for finding in poll.findings)
    document["changes"] = [finding_json(finding) for finding in findings]
    if result.document is not None:
        written = {"path": str(result.document.path), "written": result.document.written}
        document["document"] = written
    if poll.problems:
        document["problems"] = [
            {"path": problem.path, "found": problem.found, "expected": problem.expected}
            for problem in poll.problems
        ]
    for name, error in (("error", poll.error), ("document_error", result.document_error)):
        if error is not None:
            document[name] = {"text": str(error), "hint": error.hint}
    return document | {"owed": sum(waiting.messages for waiting in result.owed)}


def print_pass(
    result: "Pass",
    *,
    quiet: bool = False,
    dry_run: bool = False,
    tell: Callable[[str], None] = note,
    listing: str = LISTING,
) -> None:
    """Print a pass for people: a headline, a line a finding, what was written, what went wrong.

    `tell` takes what went wrong; the command `listing` shows every problem where there are many.
    """
    from catalog.cli.findings import print_lines
    from catalog.poll import Outcome
    from catalog.words import owed

    poll = result.poll
    # Where all that changed is quiet, nothing changed for who asked to hear of changes only.
    hushed = quiet and poll.outcome is Outcome.CHANGED and poll.findings and not _told(result)
    if not (hushed or (quiet and poll.outcome is Outcome.UNCHANGED and not poll.findings)):
        say(_headline(result, dry_run=dry_run), bold=True)
    # Where there is an error, a finding of its kind would say the same again.
    alone = {"stale", "retiring"}
    print_lines(each for each in poll.findings if not poll.error or each.change.kind in alone)
    if result.document is not None and result.document.written and not hushed:
        say(f"document {result.document.path} {'would be written' if dry_run else 'written'}")
    for waiting in result.owed:
        if waiting.error or not quiet:
            tell(visible(owed(waiting.channel, waiting.messages, waiting.error, waiting.next_at)))
    for error in (poll.error, result.document_error):
        if error is not None:
            for line in _lines(error, listing):
                tell(line)


def _headline(result: "Pass", *, dry_run: bool) -> str:
    from catalog.clock import stamp
    from catalog.words import outcome

    said = outcome(result.poll, result.snapshot)
    return f"{stamp(result.poll.started_at)}  {said}{' (dry run)' if dry_run else ''}"


def _lines(error: CatalogError, listing: str) -> Iterator[str]:
    """Say what happened and what to do; of the problems with an answer, the first few."""
    from catalog.phrases import count

    if not isinstance(error, PayloadInvalid):
        yield error_text(error)
        return
    many, problems = "at least " * error.is_cut, error.problems
    yield f"error: the answer breaks the contract in {many}{count(len(problems), 'place')}"
    for problem in problems[:SHOWN_PROBLEMS]:
        yield visible(f"  {problem}")
    if rest := len(problems[SHOWN_PROBLEMS:]):
        yield visible(f"  and {many}{rest:,} more: `{listing}` lists them")
    yield f"hint: {error.hint}"


def _ways_out(hold: "HoldSettings") -> str:
    """Say what lets a held answer through, by the settings."""
    return (
        "If it is true, run `catalog sync --accept`; it goes through by itself when "
        f"{hold.polls} polls in a row, at least {_exactly(hold.apart)} apart, lack the same models."
    )


def _exactly(span: "timedelta") -> str:
    """Write a span in the largest unit of which it is a whole number."""
    from catalog.phrases import count

    seconds = span.total_seconds()
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            return count(int(seconds // size), unit)
    return f"{seconds:g} seconds"
