"""List the scenarios, and run them one after the other."""

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

from catalog.replay.faults import FAULTS
from tests.campaign import network, storage, surroundings
from tests.campaign.clock_setback import daemon_clock
from tests.campaign.clock_skew import skewed_clocks
from tests.campaign.command_kills import killed_command
from tests.campaign.fleet import FULL, QUICK, fleet_faults
from tests.campaign.growth import lasting
from tests.campaign.pass_kills import killed_passes
from tests.campaign.postgresql_cuts import cut_at_start
from tests.campaign.result import Result
from tests.campaign.scenario import Context
from tests.campaign.shared_database import real_time, slots
from tests.campaign.worker import working

Scenario = Callable[[Context], Sequence[Result]]
ASIDE = "lasting"
"""A long scenario that needs no other, so it runs next to them."""


def scenarios(*, quick: bool) -> Mapping[str, Scenario]:
    """Return every scenario by name, in the order of the table.

    `quick` makes each one small.
    """
    kinds = network.A_FEW if quick else tuple(FAULTS)

    def alone(play: Callable[[Context], Result]) -> Scenario:
        return lambda context: [play(context)]

    def sized(play: Callable[[int, Context], Result], full: int, small: int) -> Scenario:
        return lambda context: [play(small if quick else full, context)]

    def fleet(workers: int) -> Scenario:
        size = replace(QUICK if quick else FULL, workers=workers)
        return lambda context: [fleet_faults(size, context)]

    return {
        "network": lambda context: [network.through(kind, context) for kind in kinds],
        "killed": sized(killed_passes, 500, 4),
        "killed-command": sized(killed_command, 50, 1),
        "disk-full": alone(storage.disk_full),
        "document-disk-full": alone(storage.document_disk_full),
        "read-only": alone(storage.read_only_database),
        "locked": lambda context: [storage.locked(0.5 if quick else 60, context)],
        "truncated": alone(storage.truncated),
        "hot-journal": alone(storage.hot_journal),
        "document-gone": alone(storage.no_document_folder),
        "document-read-only": alone(storage.read_only_document),
        "channel-down": sized(surroundings.channel_down, 8, 1),
        "too-large": alone(surroundings.too_large),
        "odd-redirect": sized(surroundings.odd_redirect, 8, 1),
        "secret-prefix": alone(surroundings.secret_prefix),
        "cut-at-start": sized(cut_at_start, 20, 3),
        "clock-back": lambda context: [
            surroundings.clock_back(context),
            daemon_clock(3 if quick else 20, context),
        ],
        "slots": sized(slots, 1000, 10),
        "real-time": sized(real_time, 60, 2),
        "skewed-clocks": sized(skewed_clocks, 30, 2),
        "fleet": fleet(4),
        "fleet-of-two": fleet(2),
        ASIDE: sized(lasting, 10_000, 30),
    }


def run(names: Sequence[str], seed: int, *, quick: bool) -> Iterator[Result]:
    """Run these scenarios and yield each result."""
    chosen = {name: play for name, play in scenarios(quick=quick).items() if name in names}
    with _context(seed, quick=quick) as context, ThreadPoolExecutor(1) as pool:
        aside: dict[str, Future[Sequence[Result]]] = {
            name: pool.submit(play, context) for name, play in chosen.items() if name == ASIDE
        }
        for name, play in chosen.items():
            yield from aside[name].result() if name in aside else play(context)


@contextmanager
def _context(seed: int, *, quick: bool) -> Iterator[Context]:
    # Served faults and logins are expected here, so their log lines are dropped.
    for name in ("catalog.replay", "mail.log"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module="aiosmtpd")
    with tempfile.TemporaryDirectory(prefix="faults-") as place, working() as worker:
        Path(place).chmod(0o755)  # for the passes of another user
        context = Context(Path(place), worker, Random(seed))  # noqa: S311  # to be repeated
        if quick:
            context = Context(context.folder, worker, context.dice, days=2)
        context.warm_up()
        yield context
