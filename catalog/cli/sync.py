"""`catalog sync`: one pass, as cron runs it."""

from typing import TYPE_CHECKING, Any

import click

from catalog.cli.app import App, pass_app
from catalog.cli.output import format_option, note, print_json, say, visible

if TYPE_CHECKING:
    from catalog.sync import Pass


@click.command()
@click.option("--accept", is_flag=True, help="Apply an answer that would be held back.")
@click.option("--dry-run", is_flag=True, help="Show everything, write and send nothing.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when the catalog changed.")
@format_option("text", "json")
@pass_app
def sync(app: App, accept: bool, dry_run: bool, exit_code: bool, style: str) -> int:
    """Poll the provider once: store, compare, judge, write the document, tell.

    With the global -q it prints nothing where nothing changed.
    """
    from catalog.store.database import MEMORY, Database
    from catalog.wiring import wire_http, wire_sync

    settings = app.loaded.settings
    database = app.database
    if dry_run and not database.exists:
        database = Database(MEMORY)
    with wire_http(settings) as http:
        result = wire_sync(settings, database, http).run(accept=accept, dry_run=dry_run)
    database.close()
    if style == "json":
        print_json(pass_json(result))
    else:
        print_pass(result, quiet=app.verbosity < 0, dry_run=dry_run)
    return status(result, exit_code=exit_code)


def status(result: "Pass", *, exit_code: bool = False) -> int:
    """Return the exit code of a pass: the poll's error first, then the document's."""
    error = result.poll.error or result.document_error
    if error is not None:
        return error.exit_code
    return int(exit_code and bool(result.poll.findings))


def pass_json(result: "Pass") -> dict[str, Any]:
    """Write a pass for programs; what is absent is left out."""
    from catalog.publicjson import finding_json

    poll = result.poll
    document: dict[str, Any] = {"provider": poll.provider, "outcome": str(poll.outcome)}
    if result.snapshot is not None:
        document["snapshot"] = result.snapshot
    document["changes"] = [finding_json(finding) for finding in poll.findings]
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
    return document | {"owed": result.owed}


def print_pass(result: "Pass", *, quiet: bool = False, dry_run: bool = False) -> None:
    """Print a pass for people: one headline, a line a finding, what was written, what is owed."""
    from catalog.cli.findings import print_lines

    poll = result.poll
    if not quiet or poll.findings or poll.snapshot is not None:
        say(_headline(result, dry_run=dry_run), bold=True)
        print_lines(poll.findings)
        if result.document is not None and result.document.written:
            verb = "would be written" if dry_run else "written"
            say(f"document {result.document.path} {verb}")
    if result.owed:
        note(f"{result.owed} messages are owed to channels; the next run tries again")
    for error in (poll.error, result.document_error):
        if error is not None:
            note(f"error: {visible(str(error))}")
            for problem in poll.problems[1:] if error is poll.error else ():
                note(f"       {visible(str(problem))}")
            note(f"hint: {error.hint}")


def _headline(result: "Pass", *, dry_run: bool) -> str:
    from catalog.clock import stamp
    from catalog.words import count

    poll = result.poll
    parts = [f"{poll.provider}: {poll.outcome}"]
    if result.snapshot is not None:
        parts.append(f"snapshot {result.snapshot}")
    if poll.snapshot is not None:
        parts.append(count(len(poll.snapshot.models), "model"))
    if poll.findings:
        parts.append(count(len(poll.findings), "finding"))
    return f"{stamp(poll.started_at)}  {', '.join(parts)}{' (dry run)' if dry_run else ''}"
