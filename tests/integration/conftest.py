from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.config.build import wire_scheduled
from catalog.config.load import load
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.store.database import Database
from tests.support.configuration import file, here  # noqa: F401  # fixtures of several modules
from tests.support.fast_path import NOON, FastRig
from tests.support.http_proxy import authority, encrypted  # noqa: F401  # fixtures of several modules
from tests.support.http_server import Step, serve
from tests.support.postgresql_server import laid_database, new_database
from tests.support.rig import FAST, TLS, TOKEN, Clock, Ear, lay_database

# All tests share one server, because several fresh servers that start together race.
ON_POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))


@pytest.fixture(params=["sqlite", ON_POSTGRESQL])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URL of an empty database, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return str(lay_database(tmp_path_factory.mktemp("store")))
    return laid_database(tmp_path_factory.getbasetemp() / "postgresql")


@pytest.fixture(params=["sqlite", ON_POSTGRESQL])
def new_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URL of a database without schema, on SQLite and PostgreSQL."""
    if request.param == "sqlite":
        return str(tmp_path_factory.mktemp("store") / "catalog.db")
    return new_database(tmp_path_factory.getbasetemp() / "postgresql")


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Make an empty database, on SQLite and on PostgreSQL."""
    made = Database(url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    """Return one client for all tests of a file.

    It does not wait between attempts.
    """
    with Http(FAST, tls=TLS) as client:
        yield client


@pytest.fixture
def fast_rig(tmp_path: Path) -> Iterator[Callable[..., FastRig]]:
    """Return a function that makes a rig on the fast path."""
    with ExitStack() as stack:

        def make(*steps: Step, folder: str = "a", removals: str = "at once") -> FastRig:
            home = tmp_path / folder
            home.mkdir()
            lay_database(home)
            server, clock, ear = stack.enter_context(serve(*steps)), Clock(NOON), Ear()
            given = {
                "database": str(home / "catalog.db"),
                "document.path": str(home / "models.md"),
                "http.attempts": 1,
                "infomaniak.url": server.url,
                "infomaniak.token": TOKEN,
                "signal.removals": removals,
                "trouble.failures": 1,
            }
            loaded = load(None, given, environ={"HOME": str(home)})
            database = Database(loaded.settings.database)
            http = stack.enter_context(Http(Limits(attempts=1)))
            work = wire_scheduled(loaded.settings, loaded, database, http, clock)
            work = replace(work, sync=replace(work.sync, channels=(ear,)))
            return FastRig(work, server, home, clock, ear)

        yield make
