"""`catalog fleet`: share the passes of many providers among many workers."""

import logging

import click

from catalog.cli.app import App, pass_app
from catalog.core.errors import SettingsInvalid

MISSING = "Install it: `pip install 'model-catalog[fleet]'`."
NEEDED = (
    "Name one: `catalog --database postgresql+psycopg://USER@HOST/NAME fleet worker`. With SQLite, "
    "run `catalog serve`."
)


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
    if app.database.url.get_backend_name() != "postgresql":
        text = f"a fleet needs PostgreSQL, and the database is {app.database.place}"
        raise SettingsInvalid(text, hint=NEEDED)
    try:
        from catalog.fleet.tasks import Tasks
        from catalog.fleet.worker import Worker
    except ModuleNotFoundError as error:
        raise SettingsInvalid(f"the fleet is not installed: {error}", hint=MISSING) from None
    from catalog.config.build import refuse_channels, wire_http

    refuse_channels(app.loaded)
    with wire_http(app.loaded.settings) as http:
        return Worker(Tasks(app.loaded, app.database, http), concurrency).run()
