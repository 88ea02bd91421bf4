"""`catalog serve`: the daemon, for systemd, a container or a terminal."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.cli.app import App, pass_app, provider_option

if TYPE_CHECKING:
    from catalog.daemon.work import Work


@click.command()
@provider_option
@pass_app
def serve(app: App) -> int:
    """Run a pass whenever the schedule says so, until stopped.

    One daemon serves one provider: where several are configured, run one for each.

    SIGTERM and Ctrl-C finish the running pass; a second one stops at once. SIGHUP reads the
    configuration again.
    """
    import logging
    from dataclasses import replace

    from catalog.config.given import is_file
    from catalog.daemon.daemon import Daemon
    from catalog.daemon.systemd import Systemd

    if app.verbosity == 0:
        logging.getLogger("catalog.daemon").setLevel(logging.INFO)
    in_force: Path | None = None

    def read() -> "Work":
        nonlocal in_force
        fresh = app.with_files()
        # A file that was found by itself and is gone must not be taken for one that never was.
        if in_force is not None and not is_file(in_force):
            fresh = replace(fresh, config=in_force)
        work = _work(fresh)
        in_force = fresh.loaded.file
        return work

    return Daemon(read, Systemd()).run()


def _work(app: App) -> "Work":
    """Read the settings and wire the parts; one HTTP client and one database for all passes."""
    from contextlib import ExitStack
    from datetime import timedelta
    from threading import Event

    from catalog.daemon.work import Work
    from catalog.wiring import refuse_channels, wire_http, wire_scheduled
    from catalog.wiring_probes import can_probe, wire_probe_times, wire_probing

    settings, database = app.one, app.database
    refuse_channels(settings, app.loaded.file)
    with ExitStack() as stack:
        http = stack.enter_context(wire_http(settings))
        stack.callback(database.close)
        scheduled = wire_scheduled(settings, database, http)
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
        return Work(scheduled, jitter, about, stack.pop_all().close, probes)
