"""`catalog fleet`: share the passes of many providers among many workers."""

import logging
from collections.abc import Mapping

import click

from catalog.cli.app import App, pass_app
from catalog.cli.output import format_option, print_json, say
from catalog.core.clock import now
from catalog.core.errors import SettingsInvalid

MISSING = "Install it: `pip install 'model-catalog[fleet]'`."
NEEDED = (
    "Name one: `catalog --database postgresql+psycopg://USER@HOST/NAME fleet worker`. With SQLite, "
    "run `catalog serve`."
)

ALIVE = 30.0
"""Seconds after which a silent worker counts as dead."""


@click.group()
def fleet() -> None:
    """Poll many providers from many machines."""


@fleet.command()
@click.option(
    "--concurrency",
    type=click.IntRange(1, 12),
    default=4,
    show_default=True,
    help="The number of passes at the same time.",
)
@pass_app
def worker(app: App, concurrency: int) -> int:
    """Run due passes, until stopped.

    Start as many workers as you like, on any machine: each slot of a provider is run once. SIGTERM
    and Ctrl-C stop after the running passes, and a second one stops at once.
    """
    if app.verbosity == 0:
        logging.getLogger("catalog.fleet").setLevel(logging.INFO)
    app = app.with_files()
    app.require_server("a fleet", NEEDED)
    try:
        from catalog.fleet.tasks import Tasks
        from catalog.fleet.worker import Worker
    except ModuleNotFoundError as error:
        raise SettingsInvalid(f"the fleet is not installed: {error}", hint=MISSING) from None
    from catalog.config.build import refuse_channels, wire_http

    refuse_channels(app.loaded)
    with wire_http(app.loaded.settings) as http:
        return Worker(Tasks(app.loaded, app.database, http), concurrency).run()


@fleet.command()
@format_option("text", "json")
@pass_app
def status(app: App, style: str) -> int:
    """Show the workers, their jobs, and the providers with an open slot.

    It exits with 1 if no worker has given a sign of life for 30 seconds.
    """
    from catalog.fleet.due import due_slots
    from catalog.store import job_tables, slots
    from catalog.store.tables import plain

    app.require_server("a fleet", NEEDED)
    each = app.each
    with app.database.reading() as connection:
        jobs = job_tables.read(connection)
        done = slots.newest_done(plain(connection))
    moment = now()
    late = sum(1 for one in each if any(due_slots(one, done, moment)))
    alive = [age for age in jobs.heartbeats if age < ALIVE]
    waiting, running = dict(jobs.waiting), dict(jobs.running)
    if style == "json":
        counts = {"workers": len(alive), "providers": len(each), "open": late}
        print_json({**counts, "waiting": waiting, "running": running})
    else:
        say(f"workers    {len(alive)}")
        say(f"running    {_listed(running)}")
        say(f"waiting    {_listed(waiting)}")
        say(f"providers  {len(each):,}, {late:,} with an open slot")
    return int(not alive)


def _listed(jobs: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {kind}" for kind, number in sorted(jobs.items())) or "none"
