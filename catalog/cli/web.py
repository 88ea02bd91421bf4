"""`catalog web`: show the store as pages, feeds and an API."""

from dataclasses import replace
from types import ModuleType

import click

from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.output import note
from catalog.cli.web_build import build
from catalog.core.errors import SettingsInvalid

MISSING = "Install it: `pip install 'model-catalog[web]'`."


@click.group(invoke_without_command=True)
@click.option("--listen", metavar="HOST:PORT", help="The address, by default 127.0.0.1:8080.")
@click.option("--public", is_flag=True, help="Allow an address beyond this machine.")
@provider_option
@pass_app
@click.pass_context
def web(context: click.Context, app: App, listen: str | None, public: bool) -> int:
    """Serve pages, feeds, a calendar, metrics and an API, read-only.

    It polls nothing: run `catalog serve` or cron beside it. Every reader who reaches the address
    can read all that is stored, unless the settings under [web] ask for a token. So an address
    beyond this machine needs --public.
    """
    if context.invoked_subcommand is not None:
        _refuse_options(listen, public=public)
        return 0
    from catalog.config.web import read_address

    app = replace(app, files="web.token_file")
    settings = app.loaded.settings.web
    if listen is not None:
        try:
            read_address(listen)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--listen") from None
        settings = settings.model_copy(update={"listen": listen})
    if public:
        settings = settings.model_copy(update={"public": True})
    serve = web_server()
    with serve.listen(settings) as bound:
        note(f"serving {serve.address_of(bound)} from {app.database.place}")
        serve.run(app.each, settings, bound)
    return 0


def _refuse_options(listen: str | None, *, public: bool) -> None:
    """Raise UsageError for options that a build would ignore."""
    for flag, given in (("--listen", listen is not None), ("--public", public)):
        if given:
            raise click.UsageError(
                f"{flag} is for the server. To write the pages: catalog web build DIR."
            )


def web_server() -> ModuleType:
    """Return the module of the server, or raise SettingsInvalid without its packages."""
    try:
        from catalog.web import serve
    except ModuleNotFoundError as error:
        raise SettingsInvalid(f"the web server is not installed: {error}", hint=MISSING) from None
    return serve


web.add_command(build)
