"""A run from cron without changes loads few modules."""

import pstats
import subprocess
import sys

import pytest

from catalog.core.http.client import Http
from tests.bench.random_catalog import RandomCatalog
from tests.support.http_server import answer
from tests.support.shell import Live, Shell

LIBRARIES = {
    *("alembic", "apscheduler", "jsonschema", "markdown_it", "pathspec", "pydantic", "rich"),
    *("sqlalchemy", "sqlmodel", "yaml"),
}
"""Libraries that no help needs."""
HEAVY = {
    *("alembic", "apprise", "apscheduler", "aiosmtpd", "jsonschema", "markdown_it", "pathspec"),
    *("psycopg", "pydantic", "pygments", "requests", "rich", "smtplib", "sqlalchemy", "sqlmodel"),
    *(
        "yaml",
        "catalog.changes.change",
        "catalog.config.load",
        "catalog.report.json_output",
        "catalog.sync.sync",
    ),
    *("catalog.store.database", "catalog.config.build", "catalog.report.sentences"),
}
"""Libraries that an unchanged run does not need."""
UNUSED = {
    *("alembic", "apscheduler", "markdown_it", "pathspec", "psycopg", "rich", "smtplib", "yaml"),
    *("catalog.alerts.email", "catalog.daemon.daemon", "catalog.probes.run", "catalog.replay"),
    "sqlalchemy.dialects.postgresql",
}
"""Libraries that a changed run does not need if the answer is valid."""
MOST_MODULES = 360
"""Ten percent above the count at the time of writing."""
LISTED = """
import sys
from catalog.core.http.client import Http
from catalog.cli.main import main
try:
    main()
finally:
    print("\\n".join(sys.modules), file=sys.stderr)
"""


def unmeasured(shell: Shell) -> dict[str, str]:
    """Return an environment without coverage, which loads libraries of its own."""
    return {k: v for k, v in shell.environ.items() if not k.startswith("COVERAGE_")}


def listed(shell: Shell, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command and list its loaded modules on stderr."""
    return subprocess.run(
        [sys.executable, "-c", LISTED, *(command or ("sync",))],
        cwd=shell.folder,
        env=unmeasured(shell),
        capture_output=True,
        text=True,
        check=True,
    )


def test_an_unchanged_run_loads_little(live: Live) -> None:
    """The fast path reads no settings and opens its database with the driver only."""
    shell, _ = live(answer(body=RandomCatalog(20).body))
    shell("sync")
    ran = listed(shell)
    assert "unchanged" in ran.stdout
    loaded = set(ran.stderr.splitlines())
    assert loaded >= {"catalog.sync.fast", "httpx", "sqlite3"}
    assert loaded & HEAVY == set()
    assert len(loaded) <= MOST_MODULES


@pytest.mark.long
def test_a_valid_change_is_not_proved_twice(live: Live) -> None:
    """A valid changed answer does not load the library that explains problems."""
    made = RandomCatalog(20)
    before = made.body
    made.change()
    shell, _ = live(answer(body=before), answer(body=made.body))
    shell("sync")
    ran = listed(shell)
    assert "changed" in ran.stdout
    loaded = set(ran.stderr.splitlines())
    assert "catalog.providers.validate" in loaded
    assert loaded & UNUSED == set()


@pytest.mark.long
def test_a_process_has_one_http_client(live: Live) -> None:
    """Provider, channels and monitor are all asked through one client: a second costs 20 ms."""
    shell, server = live(answer(body=RandomCatalog(20).body))
    hooks = "".join(
        f'[[channel]]\nname = "{name}"\nkind = "webhook"\nformat = "slack"\nurl = "{server.url}"\n'
        for name in ("a", "b")
    )
    configured = f'[ping]\nurl = "{server.url}/ping"\n{hooks}'
    (shell.folder / "catalog.toml").write_text(configured, encoding="utf-8")
    profile = shell.folder / "run.prof"
    subprocess.run(
        [sys.executable, "-m", "cProfile", "-o", profile, *shell.line("sync")],
        cwd=shell.folder,
        env=unmeasured(shell),
        capture_output=True,
        check=True,
    )
    asked = {request.path for request in server.requests}
    assert {path.partition("?")[0] for path in asked} >= {"/ping/start", "/1/ai/models"}
    stats: dict[tuple[str, int, str], tuple[int, ...]] = vars(pstats.Stats(str(profile)))["stats"]
    code = Http.__init__.__code__
    assert stats[code.co_filename, code.co_firstlineno, code.co_name][0] == 1


def test_a_check_without_a_database_loads_none(shell: Shell) -> None:
    """A check against the shipped history imports nothing that opens a database."""
    (shell.folder / "a.py").write_text("x = 1\n", encoding="utf-8")
    loaded = set(listed(shell, "check", "--shipped", "a.py").stderr.splitlines())
    assert "catalog.check.judge" in loaded
    assert not loaded & {"alembic", "sqlalchemy", "sqlmodel", "catalog.store.database"}


def test_the_package_loads_its_names_on_use(shell: Shell) -> None:
    """`import catalog` loads nothing else, and the name of an error loads no library."""
    for code, most in (("import catalog", 1), ("from catalog import CatalogError", 3)):
        script = f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*set(sys.modules) - before)"
        ran = subprocess.run(
            [sys.executable, "-c", script],
            env=unmeasured(shell),
            capture_output=True,
            text=True,
            check=True,
        )
        loaded = ran.stdout.split()
        ours = [name for name in loaded if name.split(".")[0] == "catalog"]
        assert "catalog" in ours
        assert len(ours) <= most, ours
        assert set(loaded) & (HEAVY | {"click", "httpx"}) == set()


@pytest.mark.parametrize("command", ["", "models", "show", "changes", "diff", "check", "sync"])
def test_help_loads_no_heavy_library(command: str, shell: Shell) -> None:
    """Help is printed without the database, the settings and the Python interface."""
    loaded = set(listed(shell, *command.split(), "--help").stderr.splitlines())
    assert loaded & LIBRARIES == set()
    ours = {name for name in loaded if name.startswith("catalog.api.")}
    assert ours <= ({"catalog.api.compare", "catalog.api.when"} if command else set())
