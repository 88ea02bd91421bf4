"""Measure the import of a git-scraped history by `catalog import` and git-history."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.bench.cron import plain
from tests.bench.git_history import NAME, commit, hourly
from tests.bench.peers import Peers
from tests.bench.random_catalog import RandomCatalog
from tests.bench.result import Line, seconds
from tests.bench.timing import Command, cpu, in_turn, ratio
from tests.support.shell import COMMAND

MOST = {"made": 0.25, "recorded": 0.2}
ROWS = "json.loads(content)['data']"
VERSIONS = {
    "ours": "SELECT count(*) FROM model_version",
    "git-history": "SELECT count(*) FROM item_version",
}
WHY = "the start, and each answer is a poll: judged, sealed, its body kept, through SQLAlchemy"


@dataclass(frozen=True, slots=True)
class HistoryImport:
    """Folder of the imports, the peers, and the number of rounds."""

    folder: Path
    peers: Peers
    rounds: int

    def made(self, models: int, commits: int) -> Line:
        """Measure a history of generated models."""
        what = f"`catalog import --git`, {commits} commits of {models:,} models"
        return self._measure("made", what, hourly(RandomCatalog(models).states(), commits), "")

    def recorded(self, states: list[tuple[datetime, bytes]]) -> Line:
        """Measure recorded answers of OpenRouter."""
        what = f"`catalog import --git`, {len(states)} recorded answers of OpenRouter"
        config = '[[provider]]\nname = "openrouter"\nkind = "openrouter"\n'
        return self._measure("recorded", what, states, config)

    def _measure(
        self, name: str, what: str, states: list[tuple[datetime, bytes]], config: str
    ) -> Line:
        folder = self.folder / f"import-{name}"
        folder.mkdir()
        commit(folder / "git", states)
        runs = {"ours": _ours(folder, config)}
        if self.peers.has("git-history"):
            runs["git-history"] = _theirs(folder, self.peers.program("git-history"))
        came = in_turn(runs, self.rounds, lambda: _clear(folder, list(runs)), warm_up=0)
        counts = {each: _count(folder / each / "it.db", VERSIONS[each]) for each in runs}
        what += f" ({' and '.join(f'{count:,}' for count in counts.values())} versions)"
        theirs = came.get("git-history")
        return Line(
            what,
            "git-history",
            seconds(cpu(came["ours"])),
            seconds(cpu(theirs)) if theirs else "–",
            ratio(came["ours"], theirs) if theirs else None,
            MOST[name],
            f"at most {MOST[name]:g}",
            WHY,
        )


def _ours(folder: Path, config: str) -> Command:
    home = folder / "ours"
    home.mkdir()
    (home / "catalog.toml").write_text(config, encoding="utf-8")
    words = ("--database", "it.db", "import", "--git", "../git", "--path", NAME)
    return Command((str(COMMAND), *words), home, plain(home))


def _theirs(folder: Path, program: str) -> Command:
    home = folder / "git-history"
    home.mkdir()
    git = folder / "git"
    words = (program, "file", "it.db", str(git / NAME), "--repo", str(git), "--id", "id")
    return Command((*words, "--convert", ROWS, "--silent"), home, plain(home))


def _clear(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name / "it.db").unlink(missing_ok=True)


def _count(file: Path, query: str) -> int:
    with closing(sqlite3.connect(file)) as database:
        return int(database.execute(query).fetchone()[0])
