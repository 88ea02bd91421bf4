"""The list of scenarios, and running them one after the other."""

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random

from catalog.replay.faults import FAULTS
from tests.campaign import network, storage, surroundings
from tests.campaign.clock import daemon_clock
from tests.campaign.clock_skew import skewed_clocks
from tests.campaign.command_kills import killed_command
from tests.campaign.growth import lasting
from tests.campaign.pass_kills import killed_passes
from tests.campaign.passes import working
from tests.campaign.postgresql_cuts import cut_at_start
from tests.campaign.result import Result
from tests.campaign.scenario import Ground
from tests.campaign.shared_database import real_time, slots

Scenario = Callable[[Ground], Sequence[Result]]
ASIDE = "lasting"
"""It takes long, and needs nothing of the others: it is run beside them."""


def scenarios(*, quick: bool) -> Mapping[str, Scenario]:
    """Return every scenario by its name, in the order of the table; `quick` makes each small."""
    kinds = network.A_FEW if quick else tuple(FAULTS)

    def alone(play: Callable[[Ground], Result]) -> Scenario:
        return lambda ground: [play(ground)]

    def sized(play: Callable[[int, Ground], Result], full: int, small: int) -> Scenario:
        return lambda ground: [play(small if quick else full, ground)]

    return {
        "network": lambda ground: [network.through(kind, ground) for kind in kinds],
        "killed": sized(killed_passes, 500, 4),
        "killed-command": sized(killed_command, 50, 1),
        "disk-full": alone(storage.disk_full),
        "document-disk-full": alone(storage.document_disk_full),
        "read-only": alone(storage.read_only_database),
        "locked": lambda ground: [storage.locked(0.5 if quick else 60, ground)],
        "truncated": alone(storage.truncated),
        "hot-journal": alone(storage.hot_journal),
        "document-gone": alone(storage.no_document_folder),
        "document-read-only": alone(storage.read_only_document),
        "channel-down": sized(surroundings.channel_down, 8, 1),
        "too-large": alone(surroundings.too_large),
        "odd-redirect": sized(surroundings.odd_redirect, 8, 1),
        "secret-prefix": alone(surroundings.secret_prefix),
        "cut-at-start": sized(cut_at_start, 20, 3),
        "clock-back": lambda ground: [
            surroundings.clock_back(ground),
            daemon_clock(3 if quick else 20, ground),
        ],
        "slots": sized(slots, 1000, 10),
        "real-time": sized(real_time, 60, 2),
        "skewed-clocks": sized(skewed_clocks, 30, 2),
        ASIDE: sized(lasting, 10_000, 30),
    }


def run(names: Sequence[str], seed: int, *, quick: bool) -> Iterator[Result]:
    """Play these scenarios; give each result as it comes."""
    chosen = {name: play for name, play in scenarios(quick=quick).items() if name in names}
    with _ground(seed, quick=quick) as ground, ThreadPoolExecutor(1) as pool:
        aside: dict[str, Future[Sequence[Result]]] = {
            name: pool.submit(play, ground) for name, play in chosen.items() if name == ASIDE
        }
        for name, play in chosen.items():
            yield from aside[name].result() if name in aside else play(ground)


@contextmanager
def _ground(seed: int, *, quick: bool) -> Iterator[Ground]:
    # What the servers say of the faults that they serve, and of logins, is no news here.
    for name in ("catalog.replay", "mail.log"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module="aiosmtpd")
    with tempfile.TemporaryDirectory(prefix="faults-") as place, working() as worker:
        Path(place).chmod(0o755)  # for the passes of another user
        ground = Ground(Path(place), worker, Random(seed))  # noqa: S311  # to be repeated
        if quick:
            ground = Ground(ground.folder, worker, ground.dice, days=2)
        ground.warm_up()
        yield ground
