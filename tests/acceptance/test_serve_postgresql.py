"""`catalog serve` on a server whose connections break while it starts."""

import pytest

from tests.support.builders import body, row
from tests.support.daemon import serving
from tests.support.http_server import answer
from tests.support.postgresql_proxy import cut_connections
from tests.support.postgresql_server import new_database
from tests.support.shell import Live


@pytest.mark.long
@pytest.mark.xdist_group("postgresql")
def test_a_daemon_whose_database_is_cut_off_at_the_start_tries_again(
    live: Live, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The daemon survives cut connections at its start, and runs its pass later."""
    folder = tmp_path_factory.getbasetemp() / "postgresql"
    shell, _ = live(answer(body=body(row())), laid=False)
    # Before the greeting, within it, after it, and within the migration.
    with cut_connections(new_database(folder), (0, 20, 600, 2000)) as (way, url):
        with serving(shell, "--database", url) as daemon:
            daemon.until("; a pass is tried anyway")
            daemon.until("infomaniak: no pass, ")
            daemon.until("infomaniak: first, snapshot 1, 1 model")
            daemon.stop()
        assert way.cut == 4
    assert not [line for line in daemon.lines if "mistake of this program" in line]
