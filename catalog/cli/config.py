"""`catalog config`: show the settings with their sources, report every error."""

import click

from catalog.cli.app import App, pass_app
from catalog.cli.output import format_option, note, print_json, print_rows, say
from catalog.cli.tables import Column

COLUMNS = (Column("Setting"), Column("Value", fit="wrap"), Column("Source", rank=1, fit="cut"))


@click.group()
def config() -> None:
    """Show and check the configuration."""


@config.command("show")
@format_option("table", "json", "csv", "markdown")
@pass_app
def show_config(app: App, style: str) -> int:
    """List every setting with its value and source.

    Secrets are hidden.
    """
    from catalog.config.load import show

    shown = show(app.loaded)
    if style == "json":
        settings = {
            item.setting: {
                **({} if item.value is None else {"value": item.value}),
                "source": item.source,
            }
            for item in shown
        }
        print_json({"settings": settings})
    else:
        rows = [(item.setting, item.value or None, item.source) for item in shown]
        print_rows(style, COLUMNS, rows)
    return 0


@config.command("check")
@pass_app
def check_config(app: App) -> int:
    """Report every mistake at once.

    It exits with 2 if there is one. A file of secrets that others can read is a warning.
    """
    from catalog.config.build import refuse_channels
    from catalog.config.exposed import exposed
    from catalog.config.hints import names

    loaded = app.with_files().loaded
    refuse_channels(loaded)
    say(f"the configuration is valid: {loaded.file or 'no file, defaults and environment'}")
    for name in loaded.unknown_variables:
        note(f"the variable {name} is unknown, so it is ignored")
    for each in loaded.settings.each:
        one = each.one
        if one.kind == "infomaniak" and one.token is None:
            note("there is no token yet; `catalog sync` needs one in INFOMANIAK_API_TOKEN")
        elif one.description is not None and one.description.needs_token and one.token is None:
            text = f"there is no token for {one.name} yet; `catalog sync` needs one in"
            note(f"{text} {names(each, 'token').variable}")
    for open_file in exposed(loaded):
        note(f"warning: {open_file.warning}\nhint: run `{open_file.command}`")
    return 0
