"""`catalog web`: show the store as pages, feeds and an API."""

from typing import TYPE_CHECKING

import click

from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.output import note
from catalog.core.errors import SettingsInvalid

if TYPE_CHECKING:
    from catalog.web.reader import Reader

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
LAST_PORT = 65_535
MISSING = "Install it: `pip install 'model-catalog[web]'`."


@click.group(invoke_without_command=True)
@click.option("--listen", metavar="HOST:PORT", help="The address, by default 127.0.0.1:8080.")
@click.option("--public", is_flag=True, help="Allow an address beyond this machine.")
@provider_option
@pass_app
@click.pass_context
def web(context: click.Context, app: App, listen: str | None, public: bool) -> int:
    """Serve pages, feeds, a calendar, metrics and an API, read-only.

    It polls nothing: run `catalog serve` or cron beside it. Everybody who reaches the address can
    read all that is stored, unless the settings under [web] ask for a token. So an address beyond
    this machine needs --public.
    """
    if context.invoked_subcommand is not None:
        return 0
    try:
        from catalog.web import serve
    except ModuleNotFoundError as error:
        raise SettingsInvalid(f"the web server is not installed: {error}", hint=MISSING) from None
    from catalog.web.app import Options

    host, port = _address(listen or "127.0.0.1:8080")
    if host not in LOOPBACK and not public:
        hint = "Add --public if every reader of that network may see it, or set web.token_file."
        raise SettingsInvalid(f"{host} is reached from beyond this machine", hint=hint)
    reader = _reader(app)
    with serve.listen(host, port) as bound:
        note(f"serving http://{host}:{bound.getsockname()[1]}/ from {app.database.place}")
        serve.run(reader, Options(), bound)
    return 0


def _reader(app: App) -> "Reader":
    from catalog.store.database import Database
    from catalog.web.reader import Reader

    return Reader(app.each, Database(app.loaded.settings.database, writes=False))


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > LAST_PORT:
        raise click.BadParameter(f"{text!r} is no HOST:PORT, such as 127.0.0.1:8080")
    return host.strip("[]") or "127.0.0.1", int(port)
