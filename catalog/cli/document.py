"""`catalog render`: the markdown overview, written, checked or shown."""

from difflib import unified_diff
from pathlib import Path

import click

from catalog.cli.app import App, pass_app
from catalog.cli.models import at_option
from catalog.cli.output import note, say, visible
from catalog.cli.when import read_when
from catalog.clock import now
from catalog.errors import SettingsInvalid


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when it is behind.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; show what would change.")
@at_option
@click.option("--output", metavar="FILE|-", help="Another file than the configured one, or stdout.")
@click.option("--force", is_flag=True, help="Overwrite regions that were edited by hand.")
@pass_app
def render(
    app: App, check: bool, show_diff: bool, at: str | None, output: str | None, force: bool
) -> int:
    """Write the document from the store. Text outside the marked regions is never touched."""
    from catalog.document.publish import write
    from catalog.store import history
    from catalog.wiring import wire_publisher

    publisher = wire_publisher(app.loaded.settings)
    if publisher is None:
        raise SettingsInvalid("no document is configured", hint="Set document.path.")
    when = None if at is None else read_when(at, now())
    with app.database.reading() as connection:
        number = history.number_at(connection, publisher.provider, when)
        overview = publisher.overview(connection, number)
    if output == "-":
        click.echo(publisher.fresh(overview), nl=False)
        return 0
    path = Path(output).absolute() if output else publisher.path
    wanted = publisher.plan(overview, path=path, force=force)
    if show_diff:
        lines = unified_diff(
            wanted.before.splitlines(), wanted.after.splitlines(), str(path), str(path), lineterm=""
        )
        for line in lines:
            say(visible(line), fg={"+": "green", "-": "red", "@": "cyan"}.get(line[0]))
    if check or show_diff:
        if check and wanted.differs:
            note(f"{path} is behind: run `catalog render`")
        return int(check and wanted.differs)
    if wanted.differs:
        write(wanted)
    say(f"{path} {'written' if wanted.differs else 'is up to date'}")
    return 0
