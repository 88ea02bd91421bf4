"""Measure polls by cron: one process each, for us and other tools.

The tools take turns and get the same answers.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.peers import Peers
from tests.bench.random_catalog import RandomCatalog
from tests.bench.result import Line, megabytes, seconds
from tests.bench.server import serving
from tests.bench.timing import Command, Took, cpu, in_turn, ratio
from tests.support.shell import COMMAND

FLOOR = Path(__file__).parent / "floor.py"
MOST_OF_FLOOR = 3
MOST_CHANGED = 2.5
MOST_MEMORY = 100e6
WATCHERS = ("urlwatch", "webchanges")
STARTING = "httpx and click are most of it: no settings are read, and SQLite has its own driver"
MEMORY = "the program takes 77 MB of it with 20 models"
MUCH = "a change takes the whole program: SQLAlchemy, SQLModel, pydantic and httpx are most of it"


@dataclass(frozen=True, slots=True)
class Cron:
    """Folder of the processes, number of rounds, and the installed peers."""

    folder: Path
    peers: Peers
    rounds: int

    def unchanged(self, models: int) -> list[Line]:
        """Measure polls that find nothing new, against the floor and urlwatch."""
        made = RandomCatalog(models)
        came = self._measure(f"unchanged-{models}", made, ["floor", "urlwatch"], changes=False)
        what = f"`catalog sync`, nothing changed, {models:,} models"
        floor, ours = came["floor"], came["ours"]
        lines = [
            Line(
                what,
                "the floor script",
                seconds(cpu(ours)),
                seconds(cpu(floor)),
                ratio(ours, floor),
                MOST_OF_FLOOR,
                f"at most {MOST_OF_FLOOR}",
                STARTING,
            )
        ]
        return [*lines, _against("urlwatch", what, came, 1, STARTING)]

    def changed(self, models: int) -> list[Line]:
        """Measure polls with one changed model in a hundred, against both watchers."""
        came = self._measure(f"changed-{models}", RandomCatalog(models), [*WATCHERS], changes=True)
        what = f"`catalog sync`, 1 % changed, {models:,} models"
        return [_against(name, what, came, MOST_CHANGED, MUCH) for name in WATCHERS]

    def memory(self, models: int) -> Line:
        """Measure the peak memory of a pass that finds changes."""
        came = self._measure(f"memory-{models}", RandomCatalog(models), [], changes=True)["ours"]
        peak = max(each.memory for each in came)
        what = f"peak memory of a pass, 1 % changed, {models:,} models"
        wanted = f"at most {megabytes(MOST_MEMORY)}"
        return Line(
            what, "–", megabytes(peak), "–", peak, MOST_MEMORY, wanted, MEMORY, is_ratio=False
        )

    def _measure(
        self, name: str, made: RandomCatalog, others: list[str], *, changes: bool
    ) -> Mapping[str, list[Took]]:
        folder = self.folder / name
        folder.mkdir()
        with serving(folder) as served:
            served.put(made.body)

            def prepare() -> None:
                if changes:
                    made.change()
                    served.put(made.body)

            runs = {"ours": ours(folder, served.url)}
            if "floor" in others:
                runs["floor"] = floor(folder, served.url)
            wanted = [each for each in others if each in WATCHERS and self.peers.has(each)]
            runs |= {each: self.peers.watcher(each, folder, served.url) for each in wanted}
            for run in runs.values():
                run()
            return in_turn(runs, self.rounds, prepare)


def ours(folder: Path, url: str) -> Command:
    """Return `catalog sync` in a folder of its own."""
    home = folder / "ours"
    home.mkdir()
    given = {"CATALOG_INFOMANIAK_URL": url, "INFOMANIAK_API_TOKEN": "any"}
    return Command((str(COMMAND), "sync"), home, plain(home) | given)


def floor(folder: Path, url: str) -> Command:
    """Return the floor script in a folder of its own."""
    home = folder / "floor"
    home.mkdir()
    words = (sys.executable, str(FLOOR), f"{url}/1/ai/models", str(home / "floor.db"))
    return Command(words, home, plain(home))


def plain(home: Path) -> dict[str, str]:
    """Return a minimal environment without the caller's variables."""
    return {"HOME": str(home), "PATH": os.defpath, "LANG": "C.UTF-8"}


def _against(name: str, what: str, came: Mapping[str, list[Took]], most: float, why: str) -> Line:
    ours, theirs = came["ours"], came.get(name)
    value = ratio(ours, theirs) if theirs else None
    shown = seconds(cpu(theirs)) if theirs else "–"
    wanted = "less CPU" if most == 1 else f"at most {most:g}"
    return Line(what, name, seconds(cpu(ours)), shown, value, most, wanted, why)
