"""`catalog serve`: run the daemon under systemd, in a container or terminal."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Event

import click

from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.lazy_types import Http, Settings, WebSettings, Work
from catalog.cli.web import web_server
from catalog.config.sources import is_file
from catalog.core.errors import SettingsInvalid
from catalog.daemon.systemd import Systemd


@click.command()
@provider_option
@pass_app
def serve(app: App) -> int:
    """Poll by the schedule, until stopped.

    Each provider is polled by its own schedule, one after the other.

    SIGTERM and Ctrl-C stop after the running pass; a second one stops at once. SIGHUP reads the
    configuration again.
    """
    from catalog.daemon.daemon import Daemon

    if app.verbosity == 0:
        logging.getLogger("catalog.daemon").setLevel(logging.INFO)
    in_force: Path | None = None

    def read(reload_pages: Callable[[App], None]) -> list[Work]:
        nonlocal in_force
        fresh = app.with_files()
        # The file is named here, because a deleted configuration must be an error.
        if in_force is not None and not is_file(in_force):
            fresh = replace(fresh, config=in_force)
        try:
            works = _works(fresh)
        except click.UsageError as error:  # because a reload has no usage errors
            raise SettingsInvalid(error.format_message()) from None
        in_force = fresh.loaded.file
        reload_pages(fresh)
        return works

    with _pages(app) as reload_pages:
        return Daemon(lambda: read(reload_pages), Systemd()).run()


@contextmanager
def _pages(app: App) -> Iterator[Callable[[App], None]]:
    """Serve the pages of `catalog web` meanwhile, if web.listen is set.

    Yield what reloads them.
    """
    fresh = replace(app, files="web.token_file")
    try:
        settings, each = fresh.loaded.settings.web, fresh.each
    except (SettingsInvalid, click.UsageError):
        settings = None  # reported by the daemon
    if settings is None or settings.listen is None:
        yield lambda reloaded: _note_restart(reloaded, None)
        return

    serve = web_server()
    with serve.listen(settings) as bound, serve.in_background(each, settings, bound) as pages:
        logging.getLogger("catalog.daemon").info("serving %s", serve.address_of(bound))

        def reload(reloaded: App) -> None:
            _note_restart(reloaded, settings)
            kept = {"listen": settings.listen, "public": settings.public}
            pages.reload(reloaded.each, reloaded.loaded.settings.web.model_copy(update=kept))

        yield reload


def _note_restart(app: App, served: WebSettings | None) -> None:
    """Report that changed settings of the pages need a restart."""
    wanted, logger = app.loaded.settings.web, logging.getLogger("catalog.daemon")
    address = None if served is None else served.listen
    if wanted.listen != address:
        text = "web.listen is now %s, but the pages stay at %s until a restart"
        logger.warning(text, wanted.listen or "unset", address or "no address")
    elif served is not None and wanted.public != served.public:
        logger.warning("web.public has changed, but the pages keep the old value until a restart")


def _works(app: App) -> list[Work]:
    """Read the settings, and build one unit of work per provider.

    All passes share one HTTP client and one database. With several providers, one without a token
    is reported, and the others run.
    """
    from catalog.config.build import refuse_channels, wire_http
    from catalog.daemon.report import error_line

    works: list[Work] = []
    errors: list[SettingsInvalid] = []
    closed = count(1)
    refuse_channels(app.loaded)
    with ExitStack() as stack:
        http = stack.enter_context(wire_http(app.loaded.settings))
        stack.callback(app.database.close)

        def close() -> None:
            """Close the shared parts with the last user of them."""
            if next(closed) == len(works):
                shared.close()

        for settings in app.publishing:
            try:
                works.append(_work(app, settings, http, close))
            except SettingsInvalid as error:
                errors.append(error)
        if not works:
            raise errors[0]
        shared = stack.pop_all()
    for lacking in errors:
        logging.getLogger("catalog.daemon").error("not served: %s", error_line(lacking))
    return works


def _work(app: App, settings: Settings, http: Http, close: Callable[[], None]) -> Work:
    """Build the parts of one provider, or raise SettingsInvalid."""
    from catalog.config.build import wire_scheduled
    from catalog.config.build_probes import can_probe, wire_probe_times, wire_probing
    from catalog.daemon.job import Work

    database = app.database
    scheduled = wire_scheduled(settings, app.loaded, database, http)
    probes = None
    if settings.probe.enabled and can_probe(settings):
        probes = wire_probe_times(settings, wire_probing(settings, database, http, Event()))
    jitter = settings.schedule.jitter or timedelta()
    channels = ", ".join(channel.name for channel in settings.channel)
    about = (
        f"{scheduled.provider} {scheduled.schedule}, jitter {jitter.total_seconds():g} s",
        f"configuration {app.loaded.file or 'from defaults and environment'}",
        f"database {database.place}",
        f"document {settings.document.path or 'none'}",
        f"channels {channels or 'none'}",
        f"probes {probes.schedule if probes else 'off'}",
    )
    return Work(scheduled, jitter, about, close, probes)
