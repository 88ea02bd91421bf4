"""Call models on a replay, with a clock that tests set."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Lock
from typing import Any

from catalog.config.build import wire_sync
from catalog.config.build_probes import wire_probing
from catalog.config.load import load
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.probes.run import Probing, Results, Selection
from catalog.providers.recordings import find
from catalog.replay.behavior import Behavior
from catalog.replay.server import ReplayServer
from catalog.store import probes
from catalog.store.database import Database
from catalog.sync.deliver import recipients
from catalog.sync.sync import Options, Sync
from tests.support.builders import body, row
from tests.support.rig import TLS, TOKEN, Clock, Ear, lay_database

NAME = "infomaniak"
MINUTE = timedelta(minutes=1)
PATHS = "https://developer.infomaniak.com/docs/api/post"
CHAT_V1 = f"{PATHS}/1/ai/%7Bproduct_id%7D/openai/chat/completions"
CHAT_V2 = f"{PATHS}/2/ai/%7Bproduct_id%7D/openai/v1/chat/completions"


class Patient(Event):
    """An event that counts the seconds of waits and never waits."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self._guard = Lock()

    def wait(self, timeout: float | None = None) -> bool:
        """Count the seconds."""
        with self._guard:
            self.seconds += timeout or 0.0
        return self.is_set()


@dataclass
class Stand:
    """A stored catalog, a provider with models, and a recording channel."""

    probing: Probing
    sync: Sync
    server: ReplayServer
    clock: Clock
    ear: Ear
    folder: Path
    runs: list[Results] = field(default_factory=list)

    def run(self, minutes: float = 0, **wish: Any) -> Results:
        """Call the models some minutes later."""
        self.clock.now += minutes * MINUTE
        self.runs.append(self.probing.run(Selection(**wish)))
        return self.runs[-1]

    def run_twice(self, **wish: Any) -> set[tuple[str, str]]:
        """Call the models twice, with second tries.

        Return rule and model of each finding.
        """
        both = self.run(**wish).findings + self.run(11, **wish).findings
        return {(each.rule, getattr(each.change, "name", "")) for each in both}

    def believed(self) -> dict[tuple[str, str], str]:
        """Return the believed verdicts, by name and route."""
        with self.probing.database.reading() as connection:
            cells = probes.cells(connection, NAME)
        return {place: str(cell.verdict) for place, cell in cells.items() if cell.verdict}

    def on(self, **terms: Any) -> "Stand":
        """Return the same, with other settings."""
        probing = replace(self.probing, terms=replace(self.probing.terms, **terms))
        return replace(self, probing=probing)


def llm(number: int, name: str, route: str = CHAT_V2) -> dict[str, Any]:
    """Make the row of a language model."""
    return row(id=number, name=name, type="llm", documentation_link=route)


def other(number: int, name: str, kind: str) -> dict[str, Any]:
    """Make a row of another type, whose link names no route."""
    return row(id=number, name=name, type=kind, documentation_link="https://example.org/")


@contextmanager
def stand(
    folder: Path,
    states: Sequence[Sequence[Mapping[str, Any]]],
    behavior: Behavior | None = None,
    **given: Any,
) -> Iterator[Stand]:
    """Poll these states of the catalog, a day apart.

    Then serve the models of the last state.
    """
    history = folder / "history"
    history.mkdir()
    for day, rows in enumerate(states, start=1):
        (history / f"2026-01-{day:02}T000000Z.json").write_bytes(body(*rows))
    clock, ear, database = Clock(), Ear(), Database(str(lay_database(folder)))
    server = ReplayServer(find(history), step="manual")
    server.behave(behavior or Behavior())
    settings = {
        "infomaniak.url": server.url,
        "infomaniak.token": TOKEN,
        "document.path": str(folder / "models.md"),
        "hold.share": 1.0,
        **given,
    }
    loaded = load(None, settings, environ={"HOME": str(folder)}).settings
    with server, Http(Limits(deadline=2, attempts=1), tls=TLS) as http:
        sync = replace(wire_sync(loaded, database, http, clock), channels=(ear,))
        for each in states:
            sync.run(Options(accept=True))
            clock.now += timedelta(days=1)
            if each is not states[-1]:
                server.advance()
        probing = wire_probing(loaded, database, http, Patient(), clock)
        yield Stand(
            replace(probing, recipients=recipients((ear,))), sync, server, clock, ear, folder
        )
    database.close()
