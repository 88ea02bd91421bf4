"""Hostile answers at the command line: they block, silence and leak nothing."""

import json
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from catalog.store.bodies import read
from catalog.store.database import Database
from catalog.store.polls import bodies
from tests.support.builders import body, row
from tests.support.daemon import Gate, serving
from tests.support.http_server import Exchange, Step, answer, api_error, serve
from tests.support.shell import SECONDS, Live, Shell

ONE, TWO = answer(body=body(row())), answer(body=body(row(), row(id=2, name="beta")))
HOOKS = (
    '[[channel]]\nname = "ops"\nkind = "webhook"\n[[channel]]\nname = "team"\nkind = "webhook"\n'
)
PLACES = ["http://xn--a/", "javascript:alert(1)", "http://[::1"]
TOKEN = "kX7-abcdefghijklmnopqrstuvwxyz0123456789-ABCDEFGH"


def redirect(place: str) -> Step:
    """Answer with a redirect to that place."""
    return answer(302, b"", {"Location": place})


@pytest.mark.parametrize("place", PLACES)
def test_a_provider_that_redirects_to_an_odd_place_is_a_failed_poll(live: Live, place: str) -> None:
    """A redirect to an invalid place is a failed poll with exit code 3."""
    shell, _ = live(ONE, redirect(place))
    shell("sync")
    ran = shell("sync", code=3)
    assert "answered 302: a redirect to " in ran.err
    newest = shell("polls", "--format", "json").json["polls"][0]
    assert newest["outcome"] == "failed"
    assert "answered 302" in newest["error"]


@pytest.mark.parametrize("place", PLACES)
def test_a_receiver_that_redirects_to_an_odd_place_silences_no_other(
    live: Live, place: str
) -> None:
    """A bad redirect of one channel keeps its message pending, and the other channel delivers."""
    with serve(redirect(place)) as odd, serve(answer(204)) as good:
        urls = {"CATALOG_CHANNEL_OPS_URL": odd.url, "CATALOG_CHANNEL_TEAM_URL": good.url}
        shell, _ = live(ONE, TWO, **urls)
        Path(shell.folder, "catalog.toml").write_text(HOOKS)
        shell("sync")
        shell("sync")
        assert len(good.requests) == 1
        seen = shell("alerts", "--format", "json").json["alerts"]
        found = {each["channel"]: (each["state"], each["attempts"]) for each in seen}
        assert found == {"ops": ("owed", 1), "team": ("delivered", 1)}
        seen = shell("status", code=1).out
        assert "1 message not delivered\n" in seen
        assert "channel ops: 127.0.0.1 answered 302" in seen


def test_a_message_that_a_pass_left_behind_is_trouble(live: Live) -> None:
    """`status` fails if the last poll did not try a due message."""
    with serve(answer(503)) as hook:
        shell, _ = live(ONE, TWO, CATALOG_CHANNEL_OPS_URL=hook.url)
        Path(shell.folder, "catalog.toml").write_text(HOOKS[: len(HOOKS) // 2])
        shell("sync")
        shell("sync")
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as database, database:
        database.execute("update delivery set error = null, next_at = null, attempts = 0")
    shell("status")
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as database, database:
        hour = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-1 hour')"
        database.execute(f"update poll set started_at = {hour}")  # noqa: S608  # our own
    assert "the last pass did not send; next attempt at the next run" in shell("status", code=1).out
    (provider,) = shell("status", "--format", "json", code=1).json["providers"]
    assert provider["owed"][0]["overdue"]


def begins(secret: str, *, json_: bool) -> bytes:
    """Write an answer with many incomplete copies of a secret."""
    texts = [secret[:length] for length in range(6, len(secret))] * 20
    return json.dumps({"docs": texts}).encode() if json_ else "%2F".join(texts).encode()


@pytest.mark.parametrize("status", [200, 400])
def test_a_receiver_that_repeats_the_begin_of_its_url_is_done_with_soon(
    live: Live, status: int
) -> None:
    """A receiver that repeats its URL cannot delay the pass, and gets one attempt."""
    path = "/hooks/T00000000/B11111111/abcdefghijklmnopqrstuvwxyz"

    def step(exchange: Exchange) -> None:
        url = f"{exchange.server.url}{path}"
        exchange.send(status, {}, begins(url, json_=True) + b"\n" + begins(url, json_=False))

    with serve(step) as hook:
        shell, _ = live(ONE, TWO, CATALOG_CHANNEL_OPS_URL=f"{hook.url}{path}")
        Path(shell.folder, "catalog.toml").write_text(HOOKS[: len(HOOKS) // 2])
        shell("sync")
        started = time.monotonic()
        shell("sync")
        assert time.monotonic() - started < 15
        (alert,) = shell("alerts", "--format", "json").json["alerts"]
        assert alert["attempts"] == 1
        assert alert["state"] == ("delivered" if status == 200 else "given up")


@pytest.mark.long
def test_a_daemon_stops_while_it_reads_an_answer(live: Live) -> None:
    """A daemon stops on a signal while it reads a hostile answer."""
    path = "/hooks/T00000000/B11111111/abcdefghijklmnopqrstuvwxyz"

    def step(exchange: Exchange) -> None:
        exchange.send(200, {}, begins(f"{exchange.server.url}{path}", json_=True) * 20)

    gate = Gate(step)
    with serve(gate) as hook:
        shell, _ = live(ONE, TWO, CATALOG_CHANNEL_OPS_URL=f"{hook.url}{path}")
        Path(shell.folder, "catalog.toml").write_text(HOOKS[: len(HOOKS) // 2])
        shell("sync")
        with closing(sqlite3.connect(shell.folder / "catalog.db")) as database, database:
            database.execute("delete from slot")
            database.execute("update poll set started_at = '2026-01-01T00:00:00Z'")
        with serving(shell) as daemon:
            assert gate.arrived.wait(SECONDS)
            gate.opened.set()
            started = time.monotonic()
            daemon.tell(signal.SIGTERM)
            daemon.end()
            assert time.monotonic() - started < 20


@pytest.mark.parametrize("length", [8, 36, 48])
@pytest.mark.parametrize("status", [200, 401, 500])
def test_a_part_of_the_token_is_neither_shown_nor_stored(
    live: Live, status: int, length: int
) -> None:
    """A part of the token in an answer is masked in output and database."""
    part = TOKEN[:length]
    said = answer(status, api_error("not_authorized", f"the token {part} is none"), {"X": part})
    shell, _ = live(said, INFOMANIAK_API_TOKEN=TOKEN)
    ran = shell("-vv", "sync", code=4 if status == 200 else 3)
    shown = ran.out + ran.err + shell("polls", "--format", "json").out
    assert part not in shown
    assert "the token ***" in shown
    file = shell.folder / "catalog.db"
    database = Database(str(file))
    with closing(database), database.reading() as connection:
        kept = [read(connection, each) for each in bodies(connection)]
    assert not [each for each in (*kept, file.read_bytes()) if part.encode() in each]


def test_a_mistake_of_the_program_has_an_exit_code_of_its_own(own_demo: Shell) -> None:
    """An internal error exits with 70, and shows its traceback only with -vv."""
    with closing(sqlite3.connect(own_demo.folder / "demo" / "catalog.db")) as database, database:
        database.execute("update change set before = '{' where before is not null")
    ran = own_demo("changes", code=70)
    assert ran.err.startswith("error: the command broke off by a mistake of this program: JSON")
    assert ran.err.splitlines()[1].startswith(
        "hint: Run it again with `catalog --config demo/catalog.toml -vv`"
    )
    assert len(ran.err.splitlines()) == 2
    again = own_demo("-vv", "changes", code=70)
    assert "debug    traceback of JSONDecodeError" in again.err
    assert "in fact: " in again.err
