from collections.abc import Iterator

import pytest

from catalog.http.client import Http
from catalog.store.database import Database
from tests.postgresql import new_database
from tests.rig import FAST

# One server for all: starting several at once, on a machine that never had one, is a race.
ON_POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))


@pytest.fixture(params=["sqlite", ON_POSTGRESQL])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Make an empty database: everything here holds on SQLite and on PostgreSQL alike."""
    if request.param == "sqlite":
        made = Database(str(tmp_path_factory.mktemp("store") / "catalog.db"))
    else:
        made = Database(new_database(tmp_path_factory.getbasetemp() / "postgresql"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    """Give one client for all tests of a file, which does not wait between its attempts."""
    with Http(FAST) as client:
        yield client
