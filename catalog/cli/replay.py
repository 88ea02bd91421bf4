"""`catalog replay`: recorded answers served on the loopback, through a bad network if wanted."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.cli.output import say

if TYPE_CHECKING:
    from catalog.replay.faults import Faults


class _WithFaults(click.Command):
    """A command whose help lists the kinds of fault; they are loaded only where it is shown."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx  # what click gives; the list is the same in every run
        from catalog.replay.faults import ALL, FAULTS

        with formatter.section("Faults, and what a poll makes of them"):
            listed = [(each.kind, f"{each.does}: {each.outcome}") for each in FAULTS.values()]
            formatter.write_dl([*listed, (ALL, "any of these")])


@click.command(cls=_WithFaults)
@click.option(
    "--history",
    type=click.Path(path_type=Path),
    help="A directory of recorded payloads; the shipped history by default.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option("--fault", "kinds", metavar="KIND[,KIND…]", help="Serve faults; listed below.")
@click.option(
    "--fault-rate",
    "rate",
    type=click.FloatRange(0, 1),
    help="The share of polls that get a fault; 1, which is all, by default.",
)
@click.option("--seed", type=int, help="Which poll gets which fault: the same for a seed; 0.")
@click.option(
    "--behavior",
    "--behaviour",
    "behaves",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="What becomes of calls of the models: a TOML file.",
)
def replay(
    history: Path | None,
    port: int,
    kinds: str | None,
    rate: float | None,
    seed: int | None,
    behaves: Path | None,
) -> int:
    """Serve recorded answers on the loopback.

    They come as from the real route, one after the other: each poll moves on, dry runs too. With
    --fault, they come through a bad network: a poll that gets a fault moves nothing on.
    """
    from catalog.phrases import count
    from catalog.recordings import find, shipped
    from catalog.replay.behavior import Behavior, load
    from catalog.replay.server import ReplayServer

    faults = _faults(kinds, rate, seed)
    behavior = load(behaves) if behaves else Behavior()
    recordings = find(history or shipped())
    server = ReplayServer(recordings, port, faults=faults or (lambda _: None), behavior=behavior)
    known = count(len(recordings), "recording")
    say(f"serving {known} at {server.url}; each poll moves on, dry runs too; Ctrl-C ends")
    if faults:
        share = f"{100 * faults.rate:g} % of the polls get a fault (seed {faults.seed})"
        say(f"{share}, and move nothing on: {', '.join(faults.kinds)}")
    say(f"try: CATALOG_INFOMANIAK_URL={server.url} INFOMANIAK_API_TOKEN=any-token catalog sync")
    server.serve_forever()
    return 0


def _faults(kinds: str | None, rate: float | None, seed: int | None) -> "Faults | None":
    from catalog.errors import SettingsInvalid
    from catalog.replay.faults import Faults, read_kinds

    if kinds is None:
        if rate is None and seed is None:
            return None
        raise click.UsageError("--fault-rate and --seed are of no use without --fault.")
    try:
        return Faults(read_kinds(kinds), 1.0 if rate is None else rate, seed or 0)
    except SettingsInvalid as error:
        raise click.BadParameter(f"{error}. {error.hint}", param_hint="--fault") from None
