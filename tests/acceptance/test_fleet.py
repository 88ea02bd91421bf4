"""`catalog fleet` with a real PostgreSQL server."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from tests.support.configuration import EVERY, NO_DOCUMENT, OPENAI
from tests.support.daemon import Gate, Running, guarded
from tests.support.http_server import Server, Step, answer, serve
from tests.support.postgresql_server import laid_database, new_database
from tests.support.shell import SECONDS, Shell

pytestmark = pytest.mark.xdist_group("postgresql")
GIVEN = '[[provider]]\nname = "a"\nkind = "openai"\nurl = "http://127.0.0.1:9"'

CUT_ALL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
DEAD = """
INSERT INTO procrastinate_jobs (queue_name, task_name, lock, status, args)
VALUES ('pass', 'pass', 'pass mars', 'doing', '{"name": "mars"}')
"""
WAITING = """
INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, scheduled_at, args)
VALUES ('{0}', '{0}', '{1}', now() + interval '12 s', '{2}')
"""


def models(*names: str) -> Step:
    """Answer with these models."""
    return answer(body=json.dumps({"data": [{"id": name} for name in names]}).encode())


def table(server: Server, name: str, every: str = "1h") -> str:
    """Write the table of a provider."""
    return (OPENAI + EVERY + NO_DOCUMENT).format(name=name, url=server.url, every=every)


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
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


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


@pytest.mark.long
def test_a_stored_provider_is_polled_without_a_restart(
    shell: Shell, place: Path, start: Callable[..., Server]
) -> None:
    """A running worker polls an added provider with its token, and no longer a removed one."""
    mars, venus = start(models("argo")), start(models("dart"))
    configure(shell, table(mars, "mars"))
    url = new_database(place)
    stored = table(venus, "venus", "1s").replace(
        'list = { authorization = "none" }', 'token_env = "VENUS"'
    )
    stored = stored.replace('document = { path = "" }\n', "")
    secret = {"VENUS": "venus-token"}
    with working(replace(shell, given=secret), url) as worker:
        worker.until("mars: first, snapshot ")
        Path(shell.folder, "more.toml").write_text(stored, encoding="utf-8")
        shell("--database", url, "provider", "add", "more.toml")
        worker.until("venus: first, snapshot ")
        listed = shell("--database", url, "provider", "list", "--format", "json").json
        assert [each["name"] for each in listed["providers"]] == ["mars", "venus"]
        status = shell("--database", url, "fleet", "status", "--format", "json").json
        assert (status["workers"], status["providers"]) == (1, 2)
        assert "workers    1" in shell("--database", url, "fleet", "status").out
        shell("--database", url, "provider", "remove", "venus")
        worker.stop()
    assert venus.requests[0].headers["authorization"] == "Bearer venus-token"
    assert shell("--database", url, "fleet", "status", code=1).out.startswith("workers    0\n")
    text = ask(url, "SELECT count(*) FROM provider")
    assert text == [(0,)]
    ran = shell("--database", url, "provider", "remove", "venus", code=2)
    assert "there is no stored provider venus" in ran.err


@pytest.mark.long
def test_messages_are_sent_once_by_their_own_task(
    shell: Shell, place: Path, start: Callable[..., Server]
) -> None:
    """Two workers send each change to the channel once, with one slot a second."""
    gate = Gate(answer(204))
    gate.opened.set()
    hook, mars = start(gate), start(models("argo"), models("argo", "dove"))
    channel = f"""
[[channel]]
name = "ops"
kind = "webhook"
url = "{hook.url}"
level = "info"
"""
    configure(shell, table(mars, "mars", "1s"), channel)
    url = laid_database(place)
    with working(shell, url) as one, working(shell, url) as other:
        assert gate.arrived.wait(SECONDS)
        one.stop()
        other.stop()
    assert len(hook.requests) == 1
    assert ask(url, "SELECT state, attempts FROM delivery") == [("delivered", 1)]


@pytest.mark.long
def test_a_missing_token_is_reported_once_per_slot(
    shell: Shell, place: Path, start: Callable[..., Server]
) -> None:
    """A stored provider without its variable is logged, and the others are polled."""
    mars = start(models("argo"))
    url = laid_database(place)
    stored = table(mars, "mars") + table(mars, "venus").replace(
        'list = { authorization = "none" }', 'token_env = "VENUS"'
    )
    text = stored.replace('document = { path = "" }\n', "")
    shell("--database", url, "provider", "add", "-", stdin=text.encode())
    with working(shell, url) as worker:
        worker.until("mars: first, snapshot ")
        worker.stop()
    output = [line for line in worker.lines if "the variable VENUS for venus is not set" in line]
    assert len(output) == 1
    assert ask(url, "SELECT count(*) FROM slot WHERE done_at IS NOT NULL") == [(2,)]


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("[[provider", "is not TOML"),
        ('[http]\nattempts = 1\n[[provider]]\nname = "a"', "must only have [[provider]] tables"),
        ('[[provider]]\nname = "a"\nkind = "openai"', "provider.0.url: the kind openai needs one"),
        ('[[provider]]\nname = "a"\nkind = "other"', "provider.0.kind: "),
        ('provider = ["a"]', "provider.0: a table is expected"),
        (f'{GIVEN}\ntoken = "x"', "provider.0: secrets are not stored; use token_file"),
        (f'{GIVEN}\ntoken_file = "x"', "provider.0.token_file: the path must be absolute"),
        (f'{GIVEN}\ndocument = {{ path = "x" }}', "a stored provider has no document"),
        (f"{GIVEN}\n{GIVEN}", "has a name twice"),
    ],
)
def test_a_wrong_provider_is_not_stored(shell: Shell, place: Path, text: str, output: str) -> None:
    """Each mistake in the tables of providers is named, and nothing is stored."""
    url = laid_database(place)
    ran = shell("--database", url, "provider", "add", "-", stdin=text.encode(), code=2)
    assert output in ran.err
    assert ask(url, "SELECT count(*) FROM provider") == [(0,)]


def test_a_provider_of_the_configuration_is_not_stored(shell: Shell, place: Path) -> None:
    """A name that the configuration has, and bytes that are not text, are refused."""
    url = laid_database(place)
    configure(shell, GIVEN)
    ran = shell("--database", url, "provider", "add", "-", stdin=GIVEN.encode(), code=2)
    assert "the configuration already has a" in ran.err
    ran = shell("--database", url, "provider", "add", "-", stdin=b"\xff", code=2)
    assert "stdin is not UTF-8" in ran.err


def test_stored_providers_need_postgresql(shell: Shell) -> None:
    """With SQLite, the error says where a provider is written instead."""
    ran = shell("provider", "add", "-", code=2)
    assert "a stored provider needs PostgreSQL, and the database is" in ran.err
    assert "Write a [[provider]] into the configuration" in ran.err


@pytest.mark.long
def test_a_second_signal_stops_at_once(
    shell: Shell, place: Path, start: Callable[..., Server]
) -> None:
    """The first SIGTERM waits for the running pass, the second one does not."""
    gate = Gate(models("argo"))
    configure(shell, table(start(gate), "mars"))
    with working(shell, laid_database(place)) as worker:
        gate.arrived.wait(SECONDS)
        worker.tell(signal.SIGTERM)
        worker.until("SIGTERM: finishing the current jobs, then stopping")
        worker.tell(signal.SIGTERM)
        worker.until("SIGTERM again: stopped at once")
        worker.end(143)
    gate.opened.set()


@pytest.mark.long
def test_a_worker_outlives_broken_connections(
    shell: Shell, place: Path, start: Callable[..., Server]
) -> None:
    """Jobs of dead workers are repeated, and a lost connection or table is no end."""
    configure(shell, table(start(models("argo")), "mars", "1s"))
    url = laid_database(place)
    assert "waiting    none" in shell("--database", url, "fleet", "status", code=1).out
    with working(shell, url) as worker:
        worker.until("mars: first, snapshot ")
        worker.stop()
    ask(url, DEAD)
    ask(url, WAITING.format("pass", "pass mars", '{"name": "mars"}'))
    assert "waiting    1 pass" in shell("--database", url, "fleet", "status", code=1).out
    with working(shell, url) as worker:
        worker.until("a worker died: its job pass[")
        worker.until("mars: unchanged, snapshot ")
        ask(url, "ALTER TABLE slot RENAME TO moved")
        worker.until("nothing was enqueued: ")
        ask(url, WAITING.format("dispatch", "dispatch", '{"timestamp": 0}'))
        ask(url, "ALTER TABLE moved RENAME TO slot")
        worker.until("mars: unchanged, snapshot ")
        name = make_url(url).database
        other = url.replace(f"/{name}?", "/postgres?")
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            ask(other, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            connection.execute(CUT_ALL)
        worker.until("the connection to the database broke")
        ask(other, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        worker.until("mars: unchanged, snapshot ")
        worker.stop()


@pytest.mark.long
def test_a_database_of_a_newer_version_ends_a_worker(shell: Shell, place: Path) -> None:
    """An error that a new attempt does not change is reported, with its exit code."""
    url = laid_database(place)
    configure(shell, GIVEN)
    ask(url, "UPDATE alembic_version SET version_num = '9999'")
    ran = shell("-v", "--database", url, "fleet", "worker", code=6)
    assert "has schema 9999, this version supports at most" in ran.err


def test_without_the_extra_the_command_that_installs_it_is_named(shell: Shell) -> None:
    """Without the job engine, the error names the extra."""
    code = "import sys; sys.modules.pop('catalog.fleet.worker', None); "
    code += "sys.modules['procrastinate'] = None; "
    code += "from catalog.cli.main import main; main()"
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    with shell.python("-c", code, "--database", url, "fleet", "worker") as running:
        _, err = running.communicate()
    assert running.returncode == 2, err
    assert "`pip install 'model-catalog[fleet]'`" in err


def test_an_unreachable_server_is_reported_by_the_command(shell: Shell) -> None:
    """A command that needs the providers reports the lost database as its own error."""
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    assert "127.0.0.1" in shell("--database", url, "status", code=6).err
