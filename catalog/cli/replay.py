"""`catalog replay`: serve recorded answers locally, with network faults if wanted."""

from pathlib import Path

import click

from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.lazy_types import Faults, Route
from catalog.cli.output import say
from catalog.config.sources import table_variable
from catalog.core.errors import SettingsInvalid
from catalog.core.text import count
from catalog.providers.recordings import find, shipped
from catalog.replay.behavior import load


class _WithFaults(click.Command):
    """A command whose help lists the faults. They are loaded only for the help."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx  # unused, because the list is the same in every run
        from catalog.replay.faults import ALL, FAULTS

        with formatter.section("Faults, and the result of a poll"):
            listed = [(each.kind, f"{each.does}: {each.outcome}") for each in FAULTS.values()]
            formatter.write_dl([*listed, (ALL, "any of these")])


@click.command(cls=_WithFaults)
@click.option(
    "--history",
    type=click.Path(path_type=Path),
    help="A directory of recorded answers; the shipped history by default.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 means any free port.")
@click.option("--fault", "kinds", metavar="KIND[,KIND…]", help="Serve faults; listed below.")
@click.option(
    "--fault-rate",
    "rate",
    type=click.FloatRange(0, 1),
    help="The share of polls that get a fault; 1 (all) by default.",
)
@click.option("--seed", type=int, help="Seed of the random faults; 0 by default.")
@click.option(
    "--behavior",
    "--behaviour",
    "behaves",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="TOML file that scripts the replies to model calls.",
)
@provider_option
@pass_app
def replay(
    app: App,
    history: Path | None,
    port: int,
    kinds: str | None,
    rate: float | None,
    seed: int | None,
    behaves: Path | None,
) -> int:
    """Serve recorded answers on this machine.

    Each poll gets the next answer, dry runs too. With --fault, some polls get a network fault in
    place of an answer, and the next poll gets that answer.

    Without --provider, the route is Infomaniak's. A configured provider is served at its own route,
    from the recordings of --history.
    """
    from catalog.replay.server import ReplayServer

    route = _route(app, history, behaves)
    faults = _faults(kinds, rate, seed, route)
    recordings = find(history or shipped())
    behavior = load(behaves) if behaves else None
    server = ReplayServer(recordings, port, faults=faults or (lambda _: None), route=route)
    if behavior is not None:
        server.behave(behavior)
    known = count(len(recordings), "recording")
    say(f"serving {known} at {server.url}; each poll gets the next, dry runs too; Ctrl-C ends")
    if faults:
        share = f"{100 * faults.rate:g} % of the polls get a fault (seed {faults.seed})"
        say(f"{share} in place of an answer: {', '.join(faults.kinds)}")
    say(f"try: {_poller(app.provider, server.url, route)}")
    server.serve_forever()
    return 0


def _route(app: App, history: Path | None, behaves: Path | None) -> Route:
    """Return the route to serve.

    Raise UsageError for options that only Infomaniak supports.
    """
    from catalog.replay.route import USUAL, Route

    if app.provider is None:
        return USUAL
    from catalog.config.build import wire_provider

    settings = app.one.one
    route = Route(wire_provider(settings), settings.description or USUAL.list_request)
    if not route.can_be_called:
        if history is None:
            text = f"no recordings of {app.provider} are shipped: name yours with --history."
            raise click.UsageError(text)
        if behaves is not None:
            text = f"the calls of {app.provider}'s models are unknown: leave out --behavior."
            raise click.UsageError(text)
    return route


def _poller(provider: str | None, url: str, route: Route) -> str:
    """Return the command that polls the server."""
    if provider is None:
        return f"CATALOG_INFOMANIAK_URL={url} INFOMANIAK_API_TOKEN=any-token catalog sync"
    given = f"{table_variable('provider', provider, 'url')}={url}"
    if route.list_request.needs_token:
        given += f" {table_variable('provider', provider, 'token')}=any-token"
    return f"{given} catalog sync --provider {provider}"


def _faults(kinds: str | None, rate: float | None, seed: int | None, route: Route) -> Faults | None:
    from catalog.replay.faults import Faults, read_kinds

    if kinds is None:
        if rate is None and seed is None:
            return None
        raise click.UsageError("--fault-rate and --seed need --fault.")
    try:
        chosen = read_kinds(kinds, of_rows=route.is_usual)
        return Faults(chosen, 1.0 if rate is None else rate, seed or 0)
    except SettingsInvalid as error:
        raise click.BadParameter(f"{error}. {error.hint}", param_hint="--fault") from None
