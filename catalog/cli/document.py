"""`catalog render`: write, check or print the Markdown overview."""

from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path

import click

from catalog.api.when import When
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.models import at_option
from catalog.cli.output import note, say
from catalog.core.errors import SettingsInvalid
from catalog.core.visible import visible
from catalog.report.write import Plan, write

COLORS = {"+": "green", "-": "red", "@": "cyan"}


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if it is outdated.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; show what would change.")
@at_option
@click.option("--output", metavar="FILE|-", help="Another file than the configured one, or stdout.")
@click.option("--force", is_flag=True, help="Overwrite marked regions that were edited by hand.")
@click.option(
    "--append",
    "appends",
    is_flag=True,
    help="Add the regions that the program fills at the end of your own document.",
)
@provider_option
@pass_app
def render(
    app: App,
    check: bool,
    show_diff: bool,
    at: When | None,
    output: str | None,
    force: bool,
    appends: bool,
) -> int:
    """Write the document from the store.

    The program writes only its own regions, between `<!-- catalog:begin NAME -->` and `<!--
    catalog:end NAME -->`. Your text outside of them is never changed.
    """
    from catalog.config.build_document import wire_publisher
    from catalog.store import history

    if output == "-":
        _refuse({"--check": check, "--diff": show_diff, "--force": force, "--append": appends})
    publisher = wire_publisher(app.one)
    if publisher is None:
        raise SettingsInvalid("no document is configured", hint="Set document.path.")
    with app.database.reading() as connection:
        number = history.number_at(connection, publisher.provider, at)
        overview = publisher.overview(connection, number)
    if output == "-":
        say(publisher.compose(overview), nl=False)
        return 0
    path = Path(output).absolute() if output else None
    wanted = publisher.plan(overview, path=path, force=force, appends=appends)
    if show_diff:
        _print_diff(wanted)
    if check and wanted.differs:
        note(f"{wanted.path} is outdated; run `catalog render`")
    if check or show_diff:
        return int(check and wanted.differs)
    say(f"{wanted.path} {'written' if write(wanted) else 'is up to date'}")
    return 0


def _refuse(given: Mapping[str, bool]) -> None:
    """Raise UsageError for flags that need a file.

    Stdout always gets a new, complete document.
    """
    flags = ", ".join(flag for flag, is_given in given.items() if is_given)
    if flags:
        raise click.UsageError(
            f"{flags} does not go with --output -, which prints a whole new document: "
            "there is no file to check, compare or overwrite."
        )


def _print_diff(plan: Plan) -> None:
    name = str(plan.path)
    before, after = plan.before.split("\n"), plan.after.split("\n")
    for line in unified_diff(before, after, name, name, lineterm=""):
        say(visible(line), fg=COLORS.get(line[:1]))
