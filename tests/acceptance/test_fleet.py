"""`catalog fleet` with a real PostgreSQL server."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.support.daemon import Running, guarded
from tests.support.http_server import Server, Step, answer, serve
from tests.support.postgresql_server import new_database
from tests.support.shell import Shell

pytestmark = pytest.mark.xdist_group("postgresql")
PROVIDER = """
[[provider]]
name = "{name}"
kind = "openai"
url = "{url}"
list = {{ authorization = "none" }}
schedule = {{ every = "{every}", jitter = "" }}
document = {{ path = "" }}
"""


def models(*names: str) -> Step:
    """Answer with these models."""
    return answer(body=json.dumps({"data": [{"id": name} for name in names]}).encode())


def table(server: Server, name: str, every: str = "1h") -> str:
    """Write the table of a provider."""
    return PROVIDER.format(name=name, url=server.url, every=every)


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    """Give a way to start providers that answer these steps."""
    with ExitStack() as stack:
        yield lambda *steps: stack.enter_context(serve(*steps))


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the server."""
    return tmp_path_factory.getbasetemp() / "postgresql"


def configure(shell: Shell, *tables: str) -> None:
    """Write the configuration."""
    Path(shell.folder, "catalog.toml").write_text("".join(tables), encoding="utf-8")


@contextmanager
def working(shell: Shell, url: str, *words: str) -> Iterator[Running]:
    """Run `catalog fleet worker`, and kill it after the time limit."""
    line = ("--database", url, "fleet", "worker", *words)
    with shell.start(*line) as process, guarded(process) as running:
        yield running


def ask(url: str, sql: str) -> list[tuple[object, ...]]:
    """Ask the database with plain SQL."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute(sql.encode()).fetchall()


@pytest.mark.long
def test_a_worker_polls_each_provider_once_per_slot(
    shell: Shell, place: Path, start: Callable[..., Server]
) -> None:
    """A worker creates the tables, polls two providers once, and ends at SIGTERM."""
    mars, venus = start(models("argo")), start(models("dart", "dove"))
    configure(shell, table(mars, "mars"), table(venus, "venus"))
    url = new_database(place)
    with working(shell, url) as worker:
        worker.until("first, snapshot ")
        worker.until("first, snapshot ")
        worker.tell(signal.SIGTERM)
        worker.end()
    polls = ask(url, "SELECT provider, outcome FROM poll ORDER BY provider")
    assert polls == [("mars", "first"), ("venus", "first")]
    assert (len(mars.requests), len(venus.requests)) == (1, 1)
    assert ask(url, "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == [(0,)]


def test_a_fleet_needs_postgresql(shell: Shell) -> None:
    """With SQLite, the error names the file and the next command."""
    ran = shell("fleet", "worker", code=2)
    assert "a fleet needs PostgreSQL, and the database is" in ran.err
    assert "`catalog --database postgresql+psycopg://USER@HOST/NAME fleet worker`" in ran.err
