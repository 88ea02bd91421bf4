"""`catalog check`: find the models in code and report outdated ones."""

import os
import re
import shlex
from dataclasses import dataclass, replace
from datetime import timedelta
from errno import EFBIG
from pathlib import Path

import click

from catalog.changes.finding import Level
from catalog.check import lock
from catalog.check.known import Listing
from catalog.check.lock import Locked
from catalog.check.result import (
    CheckResult,
    Notices,
    apply_baseline,
    baseline_text,
    read_baseline,
)
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.check_output import document, show
from catalog.cli.mistyped import Choices
from catalog.cli.output import format_option, note
from catalog.cli.when import read_span
from catalog.config.sources import CONFIG_VARIABLE, HERE, is_file
from catalog.core.clock import stamp
from catalog.core.errors import NotFound, PayloadInvalid, StoreError
from catalog.core.files import read_bytes
from catalog.core.files import replace as replace_file
from catalog.core.text import count
from catalog.core.visible import visible

FORMATS = ("text", "json", "sarif", "junit", "github")
LEVELS = ("breaking", "warning", "info", "never")
# A table or a setting of a configuration.
SETTING = re.compile(r"\[\[?[\w.-]{1,40}+\]\]?|[\w.-]{1,40}+(?=[ \t]*=)")
MOST_CONFIG = 1024 * 1024  # bytes
MOST_NAMED = 100_000  # characters that are searched for settings
MOST_INDEX = 256 * 1024 * 1024  # bytes of git's list of files
MOST_NAMES = 6
MOST_SKIPPED = 20
_file = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command."""

    lock: Path
    baseline: Path | None
    write_lock: bool
    write_baseline: bool
    within: timedelta
    fail_on: Level | None


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--catalog", "file", type=click.Path(path_type=Path), help="Compare with this file.")
@click.option("--shipped", is_flag=True, help="Compare with the shipped history.")
@click.option(
    "--within",
    metavar="DURATION",
    callback=read_span,
    help="Warn of models that end within this time, such as 30d.",
)
@click.option("--fail-on", type=Choices(LEVELS), help="Exit with 1 from this level on.")
@click.option(
    "--baseline", type=_file, metavar="FILE", help="Leave out the known findings that FILE lists."
)
@click.option(
    "--write-baseline", is_flag=True, help="Write all findings to the FILE of --baseline."
)
@click.option(
    "--lock", type=_file, metavar="FILE", help="The list of used models, in place of check.lock."
)
@click.option(
    "--write-lock", is_flag=True, help="Write the used models and their state to that list."
)
@click.option("--strict", is_flag=True, help="Exit with 1 if a file could not be checked.")
@click.option("--why", is_flag=True, help="List the names that were not counted, and why.")
@click.option("--trust-config", is_flag=True, help="Use the catalog.toml of this folder.")
@click.option(
    "--also",
    type=(Choices(FORMATS[1:]), _file),
    metavar="FORMAT FILE",
    multiple=True,
    help="Write FILE in this format too; repeatable.",
)
@format_option(*FORMATS)
@provider_option
@pass_app
def check(
    app: App,
    paths: tuple[Path, ...],
    file: Path | None,
    shipped: bool,
    within: timedelta | None,
    fail_on: str | None,
    baseline: Path | None,
    write_baseline: bool,
    lock: Path | None,
    write_lock: bool,
    strict: bool,
    why: bool,
    trust_config: bool,
    also: tuple[tuple[str, Path], ...],
    style: str,
) -> int:
    """Find uses of models that are gone or about to end.

    It exits with 1 on findings. It works offline: with the database, a FILE, or the history that is
    shipped with the program.
    """
    if write_baseline and baseline is None:
        raise click.UsageError("--write-baseline needs --baseline FILE.")
    if file is not None and shipped:
        raise click.UsageError("--catalog and --shipped do not go together: leave one out.")
    if not trust_config:
        app = _without_config(app)
    settings = app.loaded.settings.check
    level = fail_on or settings.fail_on
    asked = Asked(
        lock=lock or settings.lock,
        baseline=baseline,
        write_lock=write_lock,
        write_baseline=write_baseline,
        within=within or settings.within,
        fail_on=None if level == "never" else Level(level),
    )
    listing, source = _listing(app, file, shipped=shipped, trusted=trust_config)
    result = _check(app, paths, listing, source, asked)
    for each, where in also:
        _write(where, document(each, result))
    report_skipped(result)
    show(style, result, why=why)
    return int(result.failed or (strict and bool(result.skipped)))


def _without_config(app: App) -> App:
    """Ignore the configuration of the working folder.

    It may be part of the checked code. A pull request could use it to choose another catalog or to
    disable the check.
    """
    if app.config is None and not os.environ.get(CONFIG_VARIABLE) and is_file(HERE):
        if names := settings_of(HERE):
            ignored = (
                f"{HERE} of this folder is ignored, because it may be part of the checked code"
            )
            note(visible(f"{ignored}: {names}; use --trust-config if it is yours"))
        app = replace(app, here=False)
    return app


def settings_of(file: Path) -> str:
    """Return the names of tables and settings in an untrusted configuration."""
    try:
        text = read_bytes(file, MOST_CONFIG).decode("utf-8", "replace")[:MOST_NAMED]
    except OSError as error:
        return f"unreadable ({error.strerror})"
    lines = filter(None, map(SETTING.match, text.split("\n")))
    named = [match[0] for match in lines]
    tables = [name for name in named if name.startswith("[")]
    plain = named[: named.index(tables[0])] if tables else named
    found = tuple(dict.fromkeys((*plain, *tables)))
    more = f" and {len(found) - MOST_NAMES} more" if len(found) > MOST_NAMES else ""
    return ", ".join(found[:MOST_NAMES]) + more


def _listing(app: App, file: Path | None, *, shipped: bool, trusted: bool) -> tuple[Listing, str]:
    """Return the known names and their source."""
    from catalog.api.check import SHIPPED, is_there, shipped_listing, stored_listing
    from catalog.check import from_recordings
    from catalog.providers.provider import make

    one = app.one.one
    provider = make(one.name, one.description, one.bad_rows)
    if file is not None:
        try:
            listing = from_recordings.of_files(file, provider)
            for problem in listing.refused:
                note(visible(f"{file}: a row is left out: {problem}"))
            return listing, str(file)
        except PayloadInvalid as error:
            error.hint = f"`catalog validate {shlex.quote(str(file))}` lists every problem."
            raise
    database = app.loaded.settings.database
    if not (trusted or shipped) and _is_of_the_repository(app, Path(database)):
        note(
            visible(
                f"{Path(database).name} of this folder is ignored, because it is part of the "
                "checked code; use --trust-config if it is yours"
            )
        )
        shipped = True
    if not shipped and is_there(database):
        try:
            return stored_listing(app.database, provider), "database"
        except NotFound as error:
            if not trusted and is_file(HERE):  # because another database may be configured
                error.hint = (
                    f"If {HERE} of this folder is yours, add --trust-config, or else --shipped."
                )
            raise
    listing = shipped_listing(one, provider)
    if not shipped:
        absent = f"there is no database at {app.loaded.settings.database}"
        history = f"the history that is shipped with the program, until {stamp(listing.as_of)}"
        note(f"{absent}: compared with {history}")
    return listing, SHIPPED


def _is_of_the_repository(app: App, database: Path) -> bool:
    """Return whether the database is the default one in a repository.

    Git lists its name in that case.
    """
    if "database" in app.loaded.sources or database.parent != Path.cwd():
        return False
    for folder in (database.parent, *database.parent.parents):
        index = folder / ".git" / "index"
        try:
            listed = read_bytes(index, MOST_INDEX)
        except OSError:
            continue
        return os.fsencode(database.relative_to(folder)) + b"\0" in listed
    return False


def _check(
    app: App, paths: tuple[Path, ...], listing: Listing, source: str, asked: Asked
) -> CheckResult:
    from catalog.api.check import find_uses, judge_uses

    found = find_uses(paths, listing, app.one)
    before = lock.read(asked.lock)
    made = lock.make(found.scanned, listing, before)
    locked = lock.by_name(made if asked.write_lock else before, listing.provider)
    if asked.write_lock:
        others = (each for each in before if each.provider != listing.provider)
        _write(asked.lock, lock.text((*others, *made)))
    notices = judge_uses(found, asked.within, locked, app.loaded.settings.rules)
    if asked.baseline is not None:
        notices = _without_known(notices, asked.baseline, write=asked.write_baseline)
    if locked:
        _report_behind(lock.by_name(made, listing.provider), locked, asked.lock)
    return CheckResult(notices, found.scanned, listing, source, asked.fail_on, found.uncounted)


def report_skipped(result: CheckResult) -> None:
    """Report the files that were not checked completely."""
    for each in result.skipped[:MOST_SKIPPED]:
        note(visible(f"not checked: {each.path}: {each.skipped}"))
    if len(result.skipped) > MOST_SKIPPED:
        more = len(result.skipped) - MOST_SKIPPED
        note(f"not checked: {more:,} more; --format json lists all of them")


def _without_known(notices: Notices, baseline: Path, *, write: bool) -> Notices:
    if write:
        _write(baseline, baseline_text(notices.reported))
    left = apply_baseline(notices, read_baseline(baseline))
    if left.unneeded:
        what = count(left.unneeded, "entry").replace("entrys", "entries")
        note(f"{baseline}: {what} no longer needed; write it again with --write-baseline")
    return left


def _report_behind(now: dict[str, Locked], locked: dict[str, Locked], file: Path) -> None:
    """Report that the lock is outdated: other models or other files."""
    moved = sorted(
        name
        for name in now.keys() | locked.keys()
        if name not in now or name not in locked or now[name].files != locked[name].files
    )
    if moved:
        what = f"{file} is behind the code ({', '.join(moved)}); write it again with --write-lock"
        note(visible(what))


def _write(file: Path, text: str) -> None:
    try:
        if _differs(file, text.encode()):
            replace_file(file, text.encode())
    except OSError as error:
        raise StoreError(f"{file} could not be written: {error.strerror}") from error


def _differs(file: Path, body: bytes) -> bool:
    """Return whether a file is missing or has other content.

    Raise OSError if it is not a regular file.
    """
    try:
        return read_bytes(file, len(body)) != body
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno != EFBIG:
            raise
        return True
