"""`catalog doctor`: check everything that a poll needs, one line each."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal

import click

from catalog.alerts import apprise
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.lazy_types import AnyChannel, Settings
from catalog.cli.output import format_option, print_json, print_list, say_wrapped
from catalog.cli.program import typed
from catalog.core.clock import now, stamp
from catalog.core.errors import (
    CatalogError,
    DocumentError,
    MarkersMissing,
    SettingsInvalid,
    StoreError,
)
from catalog.core.http.proxy import Proxy
from catalog.core.http.request import read_url
from catalog.core.payload import Validators
from catalog.report.write import is_spared

SECONDS = 5.0
"""Seconds to wait for a channel's host."""
DRIFT = 60.0
"""Maximum seconds between our clock and the provider's."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The result of one check. `todo` is the fix of a problem."""

    what: str
    state: Literal["ok", "warn", "fail"]
    said: str
    todo: str = ""


@click.command()
@format_option("text", "json")
@provider_option
@pass_app
def doctor(app: App, style: str) -> int:
    """Check everything that a poll needs.

    It asks the provider once, and takes the database's lock for a moment. It writes and sends
    nothing. It exits with 1 if a check fails.
    """
    app = app.with_files()
    found = list(_look(app))
    if style == "json":
        checks = [
            {"check": each.what, "state": each.state, "told": each.said}
            | ({"todo": each.todo} if each.todo else {})
            for each in found
        ]
        print_json({"checks": checks})
    else:
        width = max(16, *(len(each.what) for each in found))
        for each in found:
            print_list([(f"{each.state:4}", f"{each.what:{width}}", each.said)])
            if each.todo:
                say_wrapped(typed(each.todo), 8 + width)
    return int(any(each.state == "fail" for each in found))


def _look(app: App) -> Iterator[Diagnosis]:
    try:
        settings = app.loaded.settings
    except SettingsInvalid as error:
        for mistake in str(error).splitlines()[1:] or [str(error)]:
            yield Diagnosis("configuration", "fail", mistake.strip())
        yield Diagnosis("the rest", "warn", "not checked", "Correct the configuration first.")
        return
    from catalog.config.build import check_channels
    from catalog.config.exposed import exposed

    mistakes = list(check_channels(settings))
    for mistake in mistakes:
        yield Diagnosis("configuration", "fail", mistake)
    if not mistakes:
        yield Diagnosis("configuration", "ok", str(app.loaded.file or "defaults and environment"))
    for open_file in exposed(app.loaded):
        yield Diagnosis("secrets", "warn", open_file.warning, f"Run `{open_file.command}`.")
    for each in app.each:
        what = "provider" if len(app.each) == 1 else f"provider {each.one.name}"
        yield from _provider(each, what)
    yield _database(app)
    for each in app.each:
        if each.document.path is not None:
            yield _document(each.document.path, is_chosen=each.document.is_chosen)
    for channel in settings.channel:
        yield from _channel(channel, settings.http.proxy_route)


def _provider(settings: Settings, what: str) -> Iterator[Diagnosis]:
    """Send one request without a retry, then compare the clocks."""
    from catalog.config.build import wire_http, wire_source

    once = settings.model_copy(update={"http": settings.http.model_copy(update={"attempts": 1})})
    try:
        with wire_http(once) as http:
            response = wire_source(once, http).ask(Validators())
    except CatalogError as error:
        yield Diagnosis(what, "fail", str(error), error.hint)
        return
    token = "accepted the token" if settings.one.token else "answered"
    answer = f"{settings.one.url} {token}, {len(response.body):,} bytes"
    yield Diagnosis(what, "ok", answer)
    yield _clock(response.headers.get("date"))


def _clock(date: str | None) -> Diagnosis:
    try:
        theirs = parsedate_to_datetime(date or "")
        away = abs((now() - theirs).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return Diagnosis("clock", "warn", "the provider's answer has no valid Date header")
    if away > DRIFT:
        said = f"{stamp(now())} here, {stamp(theirs)} at the provider"
        todo = "Synchronize the clock of this machine, for example by NTP."
        return Diagnosis("clock", "warn", said, todo)
    return Diagnosis("clock", "ok", f"within {DRIFT:.0f} s of the provider's")


def _database(app: App) -> Diagnosis:
    """Open the database without an upgrade, check for damage, try to write."""
    from catalog.store.database import Database
    from catalog.store.verify import verify

    database = Database(app.loaded.settings.database, busy_timeout=SECONDS, upgrades=False)
    try:
        is_there = database.exists
        refused = _refused(database.file) if database.file else ""
        if refused:  # because SQLite writes a journal there before each change
            todo = "Let this user write to the folder of the database, or set database."
            return Diagnosis("database", "fail", refused, todo)
        if not is_there:
            return Diagnosis("database", "ok", f"the first poll makes {database.place}")
        with database.reading() as connection:
            checks = list(verify(connection))
        bad = [check.bad for check in checks if check.bad is not None]
        if bad:
            todo = "Run `catalog db verify`; `catalog db restore FILE` puts a backup in its place."
            return Diagnosis("database", "fail", str(bad[0]), todo)
        with database.writing(keep=False):
            pass  # because the first statement writes: SQLite begins on a read-only file too
    except StoreError as error:
        return Diagnosis("database", "fail", str(error), error.hint)
    finally:
        database.close()
    rows = sum(check.rows for check in checks)
    state = f"{database.place} is intact and writable, {rows:,} rows checked"
    return Diagnosis("database", "ok", state)


def _refused(file: Path) -> str:
    """Try to write beside a file, and return the error, if any.

    The temporary file leaves no trace.
    """
    place = _nearest(file.resolve().parent)
    try:
        with TemporaryFile(dir=place):
            return ""
    except OSError as error:
        return f"{place} is not writable: {error.strerror}"


def _nearest(place: Path) -> Path:
    """Return a folder, or its nearest existing parent."""
    while not place.exists() and place != place.parent:
        place = place.parent
    return place


def _document(path: Path, *, is_chosen: bool) -> Diagnosis:
    """Check the markers, and whether the folder is writable.

    If the folder does not exist, its nearest existing parent is checked.
    """
    place = _nearest(path.parent)
    if path.is_dir() or not place.is_dir():
        wrong = path if path.is_dir() else place
        kind = "a folder, not a file" if path.is_dir() else "not a folder"
        return Diagnosis("document", "fail", f"{wrong} is {kind}", "Set document.path.")
    refused = _refused(path)
    if refused:
        todo = "Let this user write to the folder, or set document.path."
        return Diagnosis("document", "fail", refused, todo)
    try:
        if is_spared(path):
            state: Literal["warn", "fail"] = "fail" if is_chosen else "warn"
            kept = f"{path} exists without markers, so it is not changed"
            return Diagnosis("document", state, kept, MarkersMissing.hint)
    except DocumentError as error:
        return Diagnosis("document", "fail", str(error), error.hint)
    return Diagnosis("document", "ok", f"{path} is writable")


def _channel(channel: AnyChannel, proxy: Proxy | None) -> Iterator[Diagnosis]:
    """Connect to the host of each target without sending anything."""
    from catalog.alerts.email import MailServer
    from catalog.config.channels import EmailSettings, LogSettings, WebhookSettings
    from catalog.config.types import reveal

    what = f"channel {channel.name}"
    match channel:
        case WebhookSettings():
            url = read_url(reveal(channel.url))
            host, port = url.hostname or "", url.port or {"http": 80}.get(url.scheme, 443)
            if proxy is not None and proxy.serves(host):
                yield _host(what, proxy.host, proxy.port, f", the proxy to {host}")
            else:
                yield _host(what, host, port)
        case EmailSettings():
            server = MailServer.read(channel.server)
            yield _host(what, server.host, server.port)
        case LogSettings():
            yield Diagnosis(what, "ok", "writes to the log")
        case _:
            for target in map(reveal, channel.urls):
                yield _target(channel.name, target)


def _target(channel: str, url: str) -> Diagnosis:
    what = f"channel {channel}/{apprise.target(url)}"
    address = apprise.address(url)
    if address is not None:
        return _host(what, *address)
    todo = f"`catalog alerts test {channel}` sends a real message."
    return Diagnosis(what, "warn", "the connection cannot be checked here", todo)


def _host(what: str, host: str, port: int, role: str = "") -> Diagnosis:
    try:
        socket.create_connection((host, port), SECONDS).close()
    except OSError as error:
        todo = "Check the channel's settings, and the network from this machine to the host."
        said = f"{host}:{port}{role}: {error.strerror or error}"
        return Diagnosis(what, "fail", said, todo)
    return Diagnosis(what, "ok", f"{host}:{port}{role} accepts connections")
