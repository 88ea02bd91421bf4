"""`catalog mcp`: answer an assistant's questions over stdin and stdout."""

import click

from catalog.cli.app import App, pass_app, provider_option
from catalog.core.errors import SettingsInvalid


@click.command()
@provider_option
@pass_app
def mcp(app: App) -> int:
    """Answer an assistant's questions, until stdin is closed.

    It speaks the Model Context Protocol (MCP) over stdin and stdout. Its tools only read: they
    search models, show one, list changes and ends, suggest replacements, and check code.
    """
    try:
        from catalog.web.mcp import run
    except ModuleNotFoundError as error:
        hint = "Install it: `pip install 'model-catalog[mcp]'`."
        raise SettingsInvalid(f"the extra mcp is not installed: {error}", hint=hint) from None
    from catalog.web.tools.store import Store

    run(Store(app.each, app.loaded.settings.database))
    return 0
