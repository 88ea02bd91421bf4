"""The pieces of work of a fleet, without the job engine."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from catalog.config.build import wire_http
from catalog.config.load import load
from catalog.config.stored import all_settings, stored_settings, with_token
from catalog.core.clock import now
from catalog.core.errors import SettingsInvalid
from catalog.fleet.due import PASS, PROBE, SEND
from catalog.fleet.tasks import Tasks
from catalog.store import providers
from catalog.store.database import Database
from catalog.store.tables import plain
from tests.support.configuration import NO_DOCUMENT, OPENAI
from tests.support.daemon import Gate
from tests.support.http_server import answer, serve
from tests.support.postgresql_server import laid_database
from tests.support.probe_stand import llm, stand
from tests.support.rig import TOKEN
from tests.support.statements import counting

MARS = OPENAI + NO_DOCUMENT
MOST = {
    "first": {"statements": 33, "commits": 7},
    "unchanged": {"statements": 25, "commits": 8},
    "changed": {"statements": 47, "commits": 9},
}
"""Bounds for one pass on PostgreSQL. Lower them after an improvement."""
LIST = answer(body=b'{"data": [{"id": "argo"}]}')


@contextmanager
def tasks(folder: Path, text: str, **given: Any) -> Iterator[Tasks]:
    """Make the tasks of a configuration."""
    file = folder / "catalog.toml"
    file.write_text(text, encoding="utf-8")
    loaded = load(file, given, environ={"HOME": str(folder)})
    with (
        wire_http(loaded.settings) as http,
        closing(Database(loaded.settings.database)) as database,
    ):
        with database.writing():
            pass
        yield Tasks(loaded, database, http)


def ask(made: Tasks, sql: str) -> list[tuple[Any, ...]]:
    """Run SQL on the database of the tasks."""
    with made.database.writing(ends_fast_path=False) as connection:
        cursor = connection.exec_driver_sql(sql)
        return [tuple(row) for row in cursor] if cursor.returns_rows else []


def due(made: Tasks) -> list[tuple[str, str]]:
    """Return kind and name of the due work."""
    return [(each.task, each.name) for each in made.due()]


def test_a_slot_is_due_until_it_is_done(tmp_path: Path) -> None:
    """A provider is due once per slot, also with a jitter of up to half a slot."""
    with serve(LIST) as server, tasks(tmp_path, MARS.format(name="mars", url=server.url)) as made:
        (first,) = made.due()
        assert (first.task, first.name) == (PASS, "mars")
        assert first.at - now() <= timedelta(minutes=1)
        assert made.run(PASS, "mars") == []
        assert due(made) == []


def test_one_process_runs_a_provider_once_at_a_time(tmp_path: Path) -> None:
    """A repeated job of the same process returns at once while the first one runs."""
    gate = Gate(LIST)
    with serve(gate) as server, tasks(tmp_path, MARS.format(name="mars", url=server.url)) as made:
        first = Thread(target=made.run, args=(PASS, "mars"))
        first.start()
        gate.arrived.wait(10)
        assert made.run(PASS, "mars") == []
        gate.opened.set()
        first.join()
        assert len(server.requests) == 1


@pytest.mark.xdist_group("postgresql")
def test_the_number_of_statements_of_a_pass(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each statement on PostgreSQL is a round trip, so a pass sends a limited number."""
    url = laid_database(tmp_path_factory.getbasetemp() / "postgresql")
    more = answer(body=b'{"data": [{"id": "argo"}, {"id": "bravo"}]}')
    with (
        serve(LIST, LIST, more) as server,
        tasks(tmp_path, MARS.format(name="mars", url=server.url), database=url) as made,
    ):
        for outcome, most in MOST.items():
            with counting() as counted:
                made.run(PASS, "mars")
            assert ask(made, "SELECT outcome FROM poll ORDER BY id DESC")[0] == (outcome,)
            assert Counter() < counted <= Counter(most)
            ask(made, "DELETE FROM slot")


def test_a_failed_pass_frees_its_slot(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """After an error of the database, another worker can claim the slot."""
    logging.getLogger("catalog").propagate = True
    with serve(LIST) as server, tasks(tmp_path, MARS.format(name="mars", url=server.url)) as made:
        stop = "CREATE TRIGGER no BEFORE INSERT ON poll BEGIN SELECT RAISE(ABORT, 'full'); END"
        ask(made, stop)
        assert made.run(PASS, "mars") == []
        assert "mars: no pass, " in caplog.text
        assert ask(made, "SELECT claimed_until, done_at FROM slot") == [(None, None)]
        assert due(made) == [(PASS, "mars")]


def test_a_removed_provider_is_no_error_of_the_worker(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A job of a removed provider logs one line, and stored providers without a use too."""
    logging.getLogger("catalog").propagate = True
    with tasks(tmp_path, MARS.format(name="mars", url="http://127.0.0.1:9")) as made:
        assert made.run(PASS, "venus") == []
        assert "there is no provider 'venus'" in caplog.text
        assert made.run(SEND, "ops") == []
        with made.database.writing() as connection:
            more = [("mars", "{}"), ("venus", "[]"), ("zeta", '{"name": "zeta"}')]
            providers.add(plain(connection), more, now())
        assert due(made) == [(PASS, "mars")]
        assert "venus: not polled, a stored provider is invalid" in caplog.text
        assert made.run(PASS, "zeta") == []


class Broken(Database):
    """A database with a bug."""

    def reading(self) -> Any:
        """Fail with an exception that is no CatalogError."""
        raise RuntimeError("odd")


def test_a_bug_ends_one_job_and_not_the_worker(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected exception is logged in one line for each kind of work."""
    logging.getLogger("catalog").propagate = True
    with tasks(tmp_path, MARS.format(name="mars", url="http://127.0.0.1:9")) as made:
        made.database = Broken(str(tmp_path / "other.db"))
        for kind, name in ((PASS, "mars"), (PROBE, "mars"), (SEND, "ops")):
            assert made.run(kind, name) == []
        assert "mars: the pass failed by a mistake of this program" in caplog.text
        assert "mars: the calls of models failed by a mistake of this program" in caplog.text
        assert "channel ops: sending stopped, " in caplog.text


def test_probes_are_work_of_their_own(tmp_path: Path) -> None:
    """Calls of models are due once per slot, and a second call is due after the first ones."""
    with stand(tmp_path, [[llm(1, "a/one")]]) as it:
        text = f'[infomaniak]\nurl = "{it.server.url}"\ntoken = "{TOKEN}"\n'
        text += '[document]\npath = ""\n[probe]\nenabled = true\n'
        with tasks(tmp_path, text) as made:
            assert due(made) == [(PASS, "infomaniak"), (PROBE, "infomaniak")]
            made.run(PROBE, "infomaniak")
            assert due(made) == [(PASS, "infomaniak")]
            assert ask(made, "SELECT count(*) FROM probe")[0][0] > 0
            assert made.run(PROBE, "infomaniak") == []
            made.run(PASS, "infomaniak")
            assert due(made) == []


def test_a_token_comes_from_a_variable_or_a_file(tmp_path: Path) -> None:
    """A stored provider names the source of its token, and a missing one is an error."""
    general = load(None, {}, environ={"HOME": str(tmp_path)}).settings
    file = tmp_path / "token.txt"
    known = '{{"name": "a", "kind": "openai", "url": "http://127.0.0.1:9", "{}": "{}"}}'
    by_file, by_name = known.format("token_file", file), known.format("token_env", "A")
    with pytest.raises(SettingsInvalid, match="there is no token for a: cannot read "):
        with_token(general, by_file)
    file.write_text("secret\n", encoding="utf-8")
    for text, environ in ((by_file, {}), (by_name, {"A": "secret"})):
        token = with_token(general, text, environ).one.token
        assert token is not None
        assert token.get_secret_value() == "secret"
    assert stored_settings(general, by_file).one.token is None
    (one,) = all_settings(general, {"a": by_name}, tokens=True)
    assert (one.one.name, one.one.token, one.document.path) == ("a", None, None)
    assert all_settings(general, {}, tokens=False) == general.each
