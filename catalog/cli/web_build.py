"""`catalog web build`: write the pages as a static site."""

from pathlib import Path

import click

from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.output import say
from catalog.core.errors import SettingsInvalid

MISSING = "Install it: `pip install 'model-catalog[web]'`."


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@provider_option
@pass_app
def build(app: App, directory: Path) -> int:
    """Write the pages into DIR, as files that need no server.

    Only what changed is written, and files that no longer belong are removed. Links are relative.
    DIR must be empty, or from an earlier build. Times are absolute, because the files get old.
    """
    try:
        from catalog.web.build import build as build_site
    except ModuleNotFoundError as error:
        raise SettingsInvalid(f"the web pages are not installed: {error}", hint=MISSING) from None
    from catalog.store.database import Database
    from catalog.web.reader import Reader

    reader = Reader(app.each, Database(app.loaded.settings.database, writes=False))
    built = build_site(reader, directory)
    removed = f" ({built.removed:,} removed)" if built.removed else ""
    say(f"wrote {built.written:,} of {built.total:,} files to {directory}{removed}")
    return 0
