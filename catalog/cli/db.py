"""`catalog db`: back up, restore, upgrade, verify, prune, export and import."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from catalog.api.when import read_when
from catalog.cli.app import App, pass_app
from catalog.cli.lazy_types import Check, Database
from catalog.cli.output import format_option, note, print_json, print_list, say
from catalog.cli.program import typed
from catalog.core.clock import now
from catalog.core.errors import NotFound, SettingsInvalid, StoreError
from catalog.core.files import stream
from catalog.core.text import count
from catalog.store.backup import copy, fresh
from catalog.store.driver import REVISIONS
from catalog.store.text_values import DAMAGED

force = click.option("--force", is_flag=True, help="Replace FILE if it exists.")
HEAD = 64
UNREADABLE = "The damage is too large to list. `catalog db restore FILE` restores a backup."


def _whole_head(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """Refuse an invalid head, because a typing error is not damage."""
    if text is not None and not (len(text) == HEAD and set(text) <= set("0123456789abcdef")):
        raise click.BadParameter(f"a head is {HEAD} hexadecimal digits, as `db verify` shows it")
    return text


@click.group()
def db() -> None:
    """Back up, restore, verify and move the database."""


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
@force
@pass_app
def backup(app: App, file: Path, force: bool) -> int:
    """Copy the database to FILE while others use it.

    The copy is checked before it gets its name. SQLite only; PostgreSQL has pg_dump.
    """
    source = _sqlite_file(app.database)
    _refuse_to_replace(file, source, force=force)
    rows = copy(source, file)
    whole = f"{count(sum(rows.values()), 'row')} in {count(len(rows), 'table')}"
    say(f"{file}: {_size(file)}, {whole}, checked")
    return 0


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
@pass_app
def restore(app: App, file: Path) -> int:
    """Put the backup FILE in place of the database.

    FILE is verified first. The old files stay beside the database under another name. SQLite only;
    PostgreSQL has pg_restore.
    """
    from catalog.store.restore import restore as put_back

    target = app.database.file
    if target is None:
        hint = "PostgreSQL has pg_restore; `catalog db import` reads an export into every database."
        raise SettingsInvalid(f"{app.database.place} is not a file to replace", hint=hint)
    done = put_back(file, target, now())
    whole = f"{count(sum(done.rows.values()), 'row')} in {count(len(done.rows), 'table')}"
    say(f"{target}: restored from {file}, {whole}, verified")
    for kept in done.kept:
        say(f"kept: {kept}")
    if done.revision != REVISIONS[-1]:
        say(f"schema {done.revision}: the next command upgrades it to {REVISIONS[-1]}")
    say(typed("Run `catalog status` next; a running daemon uses it from its next poll on."))
    return 0


@db.command()
@pass_app
def upgrade(app: App) -> int:
    """Bring the schema up to date now, with a backup before.

    Every other command also does so.
    """
    done = app.database.upgrade()
    if done is None:
        say(f"{app.database.place} is up to date: schema {REVISIONS[-1]}")
        return 0
    say(f"{app.database.place} upgraded from schema {done.before} to {done.after}")
    say(f"the state before is in {done.backup}" if done.backup else "no backup was made")
    return 0


@db.command()
@click.option(
    "--head",
    metavar="HEAD",
    callback=_whole_head,
    help="The head that an earlier check showed: the history up to it must be unchanged.",
)
@format_option("text", "json")
@pass_app
def verify(app: App, head: str | None, style: str) -> int:
    """Check that the stored history is unchanged.

    It shows the first bad row of each check, and exits with 1 if there is one. It writes nothing.
    Each snapshot has a digest that includes the previous one, so they form a chain. The newest
    digest is the head: note it elsewhere, and --head HEAD proves the history up to it later.
    """
    from catalog.store.verify import verify as check_all

    try:
        with app.database.reading() as connection:
            checks = list(check_all(connection, head))
    except StoreError as error:
        if error.hint == DAMAGED:  # because it names this command
            error.hint = UNREADABLE
        raise
    if style == "json":
        print_json({"ok": not _bad(checks), "checks": [_as_json(each) for each in checks]})
        return _bad(checks)
    print_list([_checked(each) for each in checks])
    if _bad(checks):
        note("The database was damaged or changed by hand.")
        note("`catalog db restore FILE` puts a backup in its place.")
    return _bad(checks)


def _checked(check: Check) -> tuple[str, str, str, str]:
    said = check.remark or "nothing there yet"
    start = check.name, f"{check.rows:7,}"
    return (*start, "BAD", str(check.bad)) if check.bad else (*start, "ok ", said)


def _bad(checks: Iterable[Check]) -> int:
    return int(any(each.bad for each in checks))


def _as_json(check: Check) -> dict[str, Any]:
    bad = check.bad and {
        "table": check.bad.table,
        "row": check.bad.row,
        "reason": check.bad.reason,
    }
    listed = {"check": check.name, "rows": check.rows, "ok": bad is None}
    return listed | ({"told": check.remark} if check.remark else {}) | ({"bad": bad} if bad else {})


def _read_limit(context: click.Context, option: click.Parameter, value: str) -> datetime:
    try:
        limit = read_when(value, now(), "start")
    except ValueError as error:
        raise click.BadParameter(str(error), context, option) from None
    if isinstance(limit, int):
        raise click.BadParameter("an age such as 90d, or a date", context, option)
    return limit


@db.command()
@click.option(
    "--keep-payloads",
    "limit",
    metavar="AGE",
    default="90d",
    show_default=True,
    callback=_read_limit,
    help="Keep answers that were used since this age, such as 90d (m, h, d or w), or date.",
)
@click.option("--dry-run", is_flag=True, help="Count what would be dropped; drop nothing.")
@pass_app
def prune(app: App, limit: datetime, dry_run: bool) -> int:
    """Drop old answers of providers, and repetitive polls.

    Snapshots, models, changes and alerts are never dropped.
    """
    from catalog.store import prune as pruning

    database, file = app.database, app.database.file
    database.upgrade()  # raises an error without a database, because writing would create one
    before = _size(file) if file else ""
    with database.writing(keep=not dry_run) as connection:
        pruned = pruning.prune(connection, limit)
    would = "would be " * dry_run
    say(f"stored answers: {pruned.bodies:,} of {pruned.all_bodies:,} {would}dropped")
    say(f"polls: {pruned.polls:,} of {pruned.all_polls:,} {would}dropped")
    if file and not dry_run:
        pruning.vacuum(file)
        say(f"{file}: {before} before, {_size(file)} after")
    return 0


@db.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default="-")
@force
@pass_app
def export(app: App, file: Path, force: bool) -> int:
    """Write every row to FILE, or to stdout, as JSON Lines."""
    from catalog.store.transfer import export as lines

    if str(file) != "-":
        _refuse_to_replace(file, app.database.file, force=force)
    rows = -1  # because the header does not count
    with app.database.reading() as connection, _writing(file) as write:
        for line in lines(connection):
            write(line)
            rows += 1
    note(f"exported {count(rows, 'row')} of {app.database.place}")
    return 0


@db.command("import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@pass_app
def import_(app: App, file: Path) -> int:
    """Read an export into an empty database.

    FILE may be - for stdin. The rows are verified, and then all of them are stored or none.
    """
    from catalog.store.transfer import BROKEN, load, read_lines

    try:
        with _reading(file) as export, app.database.filling() as connection:
            rows = load(connection, read_lines(export))
    except StoreError as error:
        if error.hint == BROKEN and str(file) != "-":
            raise StoreError(f"{file}: {error}", hint=error.hint) from None
        raise
    say(f"imported {count(sum(rows.values()), 'row')} into {app.database.place}, verified")
    return 0


def _sqlite_file(database: Database) -> Path:
    if database.file is None:
        hint = "PostgreSQL has pg_dump for that; `catalog db export` works on every database."
        raise SettingsInvalid(f"{database.place} is not a file to copy", hint=hint)
    if not database.exists:
        raise StoreError(f"there is no database at {database.place}")
    return database.file


def _refuse_to_replace(file: Path, database: Path | None, *, force: bool) -> None:
    if not file.exists():
        return
    if not file.is_file():
        raise SettingsInvalid(f"{file} is no regular file", hint="Name another file.")
    if database is not None and database.exists() and file.samefile(database):
        raise SettingsInvalid(f"{file} is the database itself", hint="Name another file.")
    if not force:
        hint = "Name another file, or replace it with --force."
        raise SettingsInvalid(f"{file} exists already", hint=hint)


def _size(file: Path) -> str:
    return f"{file.stat().st_size:,} bytes"


@contextmanager
def _writing(file: Path) -> Iterator[Callable[[str], object]]:
    """Yield a function that writes a line to stdout or a file.

    The file gets its name when it is complete.
    """
    if str(file) == "-":
        yield say
        return
    with fresh(file) as temporary, temporary.open("w", encoding="ascii", newline="\n") as stream:
        yield lambda line: stream.write(f"{line}\n")


@contextmanager
def _reading(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        opened = stream(file, piped=True)
    except FileNotFoundError:
        raise NotFound(f"there is no file {file}") from None
    except OSError as error:
        raise NotFound(f"{file} cannot be read: {error.strerror}") from None
    with opened:
        yield opened
