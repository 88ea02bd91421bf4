"""Errors of a real PostgreSQL server, each with a useful hint."""

from contextlib import closing

import pytest
from sqlalchemy import make_url, text

from catalog.core.errors import DatabaseUnreachable, StoreError
from catalog.store import server_errors
from catalog.store.database import Database
from tests.support.postgresql_server import laid_database

pytestmark = pytest.mark.xdist_group("postgresql")


@pytest.fixture(name="url")
def laid(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URL of a migrated database without rows."""
    return laid_database(tmp_path_factory.getbasetemp() / "postgresql")


def fail(url: str, statement: str = "select 1") -> StoreError:
    """Run a statement that fails, and return the error."""
    with (
        closing(Database(url)) as database,
        pytest.raises(StoreError) as failed,
        database.writing() as connection,
    ):
        connection.execute(text(statement))
    return failed.value


def test_a_database_that_is_not_there_can_be_created(url: str) -> None:
    """The hint for a missing database creates it, because the server runs."""
    error = fail(make_url(url).set(database="no_such").render_as_string(hide_password=False))
    assert isinstance(error, DatabaseUnreachable)
    assert error.hint == server_errors.CREATE


def test_a_role_that_is_not_there_is_a_login(url: str) -> None:
    """The hint for an unknown user names user and password."""
    wrong = make_url(url).set(username="nobody_known").render_as_string(hide_password=False)
    assert fail(wrong).hint == server_errors.LOGIN


def test_a_statement_without_the_right_asks_for_it(url: str) -> None:
    """A refused statement asks for rights on the tables, not for free space on this machine."""
    error = fail(url, "set local transaction_read_only = on; insert into slot default values")
    assert not isinstance(error, DatabaseUnreachable)
    assert error.hint == server_errors.READ_ONLY
    assert fail(url, "select * from no_such_table").hint == server_errors.OTHER
