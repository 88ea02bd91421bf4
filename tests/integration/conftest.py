from collections.abc import Iterator

import pytest

from catalog.http.client import Http
from catalog.store.database import Database
from tests.configuration import file, here  # noqa: F401  # fixtures of several modules
from tests.postgresql import new_database
from tests.rig import FAST, TLS, lay_database

# One server for all: starting several at once, on a machine that never had one, is a race.
ON_POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))


@pytest.fixture(params=["sqlite", ON_POSTGRESQL])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name an empty database, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return str(lay_database(tmp_path_factory.mktemp("store")))
    return new_database(tmp_path_factory.getbasetemp() / "postgresql")


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Make an empty database: what uses it holds on SQLite and on PostgreSQL alike."""
    made = Database(url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    """Give one client for all tests of a file, which does not wait between its attempts."""
    with Http(FAST, tls=TLS) as client:
        yield client
