"""`catalog config`: the settings, where each came from, and every mistake at once."""

import click

from catalog.cli.app import App, pass_app
from catalog.cli.output import format_option, note, print_json, print_rows, say
from catalog.errors import SettingsInvalid


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
        print_rows(style, ("Setting", "Value", "Source"), rows)
    return 0


@config.command("check")
@pass_app
def check_config(app: App) -> int:
    """Report every mistake at once.

    Exits with 2 when there is one.
    """
    from catalog.wiring import check_channels

    loaded = app.with_files().loaded
    if mistakes := list(check_channels(loaded.settings)):
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        text = f"the channels ({loaded.file}) have mistakes:\n{lines}"
        raise SettingsInvalid(text, hint="docs/configuration.md explains every setting.")
    say(f"the configuration is right: {loaded.file or 'no file, defaults and environment'}")
    for name in loaded.strangers:
        note(f"the variable {name} is none of ours, and was passed over")
    if loaded.settings.infomaniak.token is None:
        note("there is no token yet; `catalog sync` needs one in INFOMANIAK_API_TOKEN")
    return 0
