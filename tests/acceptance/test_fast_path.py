"""The fast path of `catalog sync` agrees with a full pass."""

import re
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from catalog.changes.poll import Pass
from catalog.cli.fast_sync import Line, poll_fast
from catalog.core.clock import now
from tests.bench.random_catalog import RandomCatalog
from tests.support.fast_path import BODY, delete_rows, took_fast_path
from tests.support.http_server import Exchange, answer
from tests.support.shell import TOKEN, Live, Shell

AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.mark.long
def test_it_prints_the_lines_of_a_full_pass(live: Live) -> None:
    """Text, JSON, -q and the exit code are those of a pass that looked at everything."""
    shell, _ = live(answer(body=BODY))
    shell("sync")
    for words in (("sync",), ("sync", "--format", "json"), ("-q", "sync"), ("sync", "--exit-code")):
        at_rest = shell(*words)
        delete_rows(shell, "fast_path")
        whole = shell(*words)
        assert AT.sub("", at_rest.out) == AT.sub("", whole.out)
        assert at_rest.err == whole.err == ""


@pytest.mark.long
@pytest.mark.parametrize("place", ["variable", "file", "setting"])
def test_the_token_is_read_again(live: Live, place: str) -> None:
    """A replaced token is used from the next run on, from a variable or a file."""
    shell, server = live(answer(body=BODY))
    given = {**shell.given, "INFOMANIAK_API_TOKEN": ""}
    token, config = shell.folder / "token", shell.folder / "catalog.toml"
    if place == "file":
        config.write_text('[infomaniak]\ntoken_file = "token"\n', encoding="utf-8")

    def put(text: str) -> None:
        if place == "variable":
            given["INFOMANIAK_API_TOKEN"] = text
        elif place == "file":
            token.write_text(f"{text}\n", encoding="utf-8")
        else:
            config.write_text(f'[infomaniak]\ntoken = "{text}"\n', encoding="utf-8")

    for text in (TOKEN, f"{TOKEN}-2"):
        put(text)
        for _ in range(2):
            Shell(shell.folder, given)("sync")
    asked = [request.headers["authorization"] for request in server.requests]
    assert asked == [f"Bearer {TOKEN}"] * 2 + [f"Bearer {TOKEN}-2"] * 2
    assert TOKEN.encode() not in (shell.folder / "catalog.db").read_bytes()


def test_a_token_that_is_gone_is_missed(live: Live) -> None:
    """Rest does not hide that there is no token any more."""
    shell, server = live(answer(body=BODY))
    (shell.folder / "token").write_text(TOKEN, encoding="utf-8")
    (shell.folder / "catalog.toml").write_text(
        '[infomaniak]\ntoken_file = "token"\n', encoding="utf-8"
    )
    shell = Shell(shell.folder, {**shell.given, "INFOMANIAK_API_TOKEN": ""})
    shell("sync")
    (shell.folder / "token").unlink()
    assert "token" in shell("sync", code=2).err
    (shell.folder / "token").write_text("two words", encoding="utf-8")
    assert "a token must not be empty" in shell("sync", code=2).err
    assert len(server.requests) == 1


def test_a_slot_is_done_once(live: Live) -> None:
    """On the fast path --scheduled runs each slot once, and skips finished slots."""
    shell, server = live(answer(body=BODY), CATALOG_SCHEDULE_EVERY="7d")
    shell("sync", "--scheduled")
    assert "was already polled at" in shell("sync", "--scheduled").out
    assert len(server.requests) == 1
    delete_rows(shell, "slot")
    ran = shell("-v", "sync", "--scheduled")
    assert "fast path" in ran.err
    assert "was already polled at" in shell("sync", "--scheduled").out
    output = shell("sync", "--scheduled", "--format", "json").json
    assert (output["outcome"], output["provider"]) == ("skipped", "infomaniak")
    assert shell("-q", "sync", "--scheduled").out == ""
    assert len(server.requests) == 2


def test_a_monitor_is_pinged_on_the_fast_path(live: Live) -> None:
    """The fast path sends the same pings as a full pass."""
    shell, server = live(answer(body=BODY))
    shell = Shell(shell.folder, {**shell.given, "CATALOG_PING_URL": f"{server.url}/ping"})
    shell("sync")
    assert took_fast_path(shell)
    pings = [request.path for request in server.requests if request.path.startswith("/ping")]
    assert len(pings) == 4


@pytest.mark.long
def test_the_database_is_looked_for_as_ever(live: Live, tmp_path: Path) -> None:
    """The fast path finds the database by option, variable and file."""
    shell, _ = live(answer(body=BODY))
    config = shell.folder / "catalog.toml"
    config.write_text('database = "own.db"\n', encoding="utf-8")
    shell("sync")
    other = Shell(shell.folder, {**shell.given, "CATALOG_DATABASE": "sqlite:///other.db"})
    other("sync")
    named = ("--database", str(tmp_path / "third.db"))
    shell(*named, "sync")
    fast = [took_fast_path(shell), took_fast_path(other), took_fast_path(shell, *named)]
    assert fast == [True] * 3
    delete_rows(other, "fast_path", "other.db")
    fast = [took_fast_path(shell), took_fast_path(other), took_fast_path(shell, *named)]
    assert fast == [True, False, True]
    (tmp_path / "third.db").unlink()
    assert "first" in shell(*named, "sync").out


def test_a_provider_by_name(live: Live) -> None:
    """Each of several providers takes the fast path by name. All together take a full pass."""
    shell, server = live(answer(body=b'{"object": "list", "data": [{"id": "a"}]}'))
    tables = "".join(
        f'[[provider]]\nname = "{name}"\nkind = "openai"\n'
        f'url = "{server.url}"\ntoken = "t-{name}"\n'
        for name in ("one", "two")
    )
    (shell.folder / "catalog.toml").write_text(tables, encoding="utf-8")
    shell("sync")
    ran = shell("-v", "sync", "--provider", "two")
    assert "two: unchanged, fast path" in ran.err
    assert server.requests[-1].headers["authorization"] == "Bearer t-two"
    assert shell("sync").out.count("unchanged") == 2


def test_headers_of_the_user_are_noted_nowhere(live: Live) -> None:
    """The fast path sends a user's header and never stores it."""
    shell, server = live(answer(body=b'{"data": [{"id": "a"}]}'))
    (shell.folder / "catalog.toml").write_text(
        f'[[provider]]\nname = "own"\nkind = "openai"\nurl = "{server.url}"\ntoken = "t"\n'
        '[provider.list]\nheaders = { X-Key = "key-never-noted" }\n',
        encoding="utf-8",
    )
    shell("sync")
    assert "fast path" in shell("-v", "sync").err
    assert [request.headers["x-key"] for request in server.requests] == ["key-never-noted"] * 2
    assert b"key-never-noted" not in (shell.folder / "catalog.db").read_bytes()


@pytest.mark.parametrize(
    "of_provider", ['kind = "openrouter"', 'kind = "openai"\nlist.authorization = "none"']
)
def test_a_token_goes_to_no_other_provider(live: Live, of_provider: str) -> None:
    """Infomaniak's token is not sent to a provider without a token."""
    shell, server = live(answer(body=b'{"data": [{"id": "a"}]}'))
    (shell.folder / "catalog.toml").write_text(
        f'[[provider]]\nname = "x"\nurl = "{server.url}"\n{of_provider}\n', encoding="utf-8"
    )
    shell("sync")
    assert "fast path" in shell("-v", "sync").err
    assert [request.headers.get("authorization") for request in server.requests] == [None] * 2


def test_the_token_of_the_environment_goes_before(live: Live) -> None:
    """A file that a variable names is read on the fast path too, not the configuration."""
    shell, server = live(answer(body=b'{"data": [{"id": "a"}]}'))
    (shell.folder / "catalog.toml").write_text(
        f'[[provider]]\nname = "one"\nkind = "openai"\nurl = "{server.url}"\ntoken = "old"\n',
        encoding="utf-8",
    )
    (shell.folder / "token").write_text("new", encoding="utf-8")
    named = str(shell.folder / "token")
    shell = Shell(shell.folder, {**shell.given, "CATALOG_PROVIDER_ONE_TOKEN_FILE": named})
    shell("sync")
    assert "fast path" in shell("-v", "sync").err
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer new"] * 2


def test_the_moment_of_a_poll_is_read_once(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """A poll that starts before midnight counts for that day."""
    shell, _ = live(answer(body=BODY))
    shell("sync")
    for name, text in shell.given.items():
        monkeypatch.setenv(name, text)
    monkeypatch.chdir(shell.folder)
    monkeypatch.setenv("HOME", str(shell.folder))
    ticks = iter([now(), now() + timedelta(days=1)])
    environ = {**shell.environ}
    came = poll_fast(Line(None, None, None, environ), lambda: next(ticks))
    assert isinstance(came, Pass)
    assert next(ticks) > now()


def test_several_providers_rest_side_by_side(live: Live) -> None:
    """A poll of one does not wake the other."""
    shell, server = live(answer(body=b'{"data": [{"id": "a"}]}'))
    tables = "".join(
        f'[[provider]]\nname = "{name}"\nkind = "openai"\nurl = "{server.url}"\ntoken = "t"\n'
        for name in ("one", "two")
    )
    (shell.folder / "catalog.toml").write_text(tables, encoding="utf-8")
    shell("sync")
    for name in ("one", "two", "one"):
        assert "fast path" in shell("-v", "sync", "--provider", name).err
    assert shell("-v", "sync").err.count("fast path") == 2


def test_a_slot_in_hand_is_asked_for_once(live: Live) -> None:
    """While a run waits for its answer, a second one finds the slot claimed."""
    held: list[Shell] = []
    output: list[str] = []

    def meanwhile(exchange: Exchange) -> None:
        output.append(held[0]("sync", "--scheduled").out)
        answer(body=BODY)(exchange)

    shell, server = live(answer(body=BODY), meanwhile, CATALOG_SCHEDULE_EVERY="7d")
    held.append(shell)
    shell("sync")
    delete_rows(shell, "slot")
    ran = shell("-v", "sync", "--scheduled")
    assert "fast path" in ran.err
    assert "run=" in ran.err
    assert "is being polled by another process" in output[0]
    assert len(server.requests) == 2


def test_a_mistake_on_the_fast_path_stops_no_poll(
    live: Live, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A mistake of the program is logged, and leaves the poll to the full pass."""
    shell, _ = live(answer(body=BODY))
    shell("sync")
    monkeypatch.chdir(shell.folder)

    def clock() -> datetime:
        raise RuntimeError("tok-secret")

    assert poll_fast(Line(None, None, None, {**shell.environ}), clock) is None
    assert "the fast path failed by a mistake of this program: RuntimeError at" in caplog.text
    assert "tok-secret" not in caplog.text


@pytest.mark.long
def test_a_304_about_a_state_that_moved_is_asked_for_again(live: Live) -> None:
    """An answer of 304 says nothing of a state that another process has written meanwhile."""
    held: list[Shell] = []

    def meanwhile(exchange: Exchange) -> None:
        delete_rows(held[0], "fast_path")
        answer(304, body=b"")(exchange)

    tagged = answer(body=BODY, headers={"ETag": '"a"'})
    shell, server = live(tagged, meanwhile, answer(304, body=b""))
    held.append(shell)
    shell("sync")
    assert "unchanged" in shell("sync").out
    assert len(server.requests) == 3


@pytest.mark.long
def test_a_full_pass_after_the_fast_path_is_one_pass(live: Live) -> None:
    """The log lines of a failed request and its full pass share one id."""
    shell, server = live(answer(body=BODY), answer(503), CATALOG_HTTP_ATTEMPTS="2")
    shell("sync")
    ran = shell("-v", "sync", code=3)
    runs = re.findall(r"run=(\w+)", ran.err)
    assert len(runs) == 2
    assert len(set(runs)) == 1
    assert len(server.requests) == 3


@pytest.mark.long
def test_a_slot_is_that_of_the_request(live: Live) -> None:
    """A late answer counts for the slot of its request, not for the next slot."""
    made = RandomCatalog(20)
    before = made.body
    made.change()

    def late(exchange: Exchange) -> None:
        exchange.wait(1.2)
        answer(body=made.body)(exchange)

    shell, server = live(answer(body=before), late, CATALOG_SCHEDULE_EVERY="1s")
    shell("sync")
    delete_rows(shell, "slot")
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as connection:
        assert "changed" in shell("sync", "--scheduled").out
        slots = connection.execute("select moment, claimed_until from slot").fetchall()
        polls = connection.execute("select started_at from poll where id = 2").fetchall()
    assert slots == [(*polls[0], None)]
    assert len(server.requests) == 2


@pytest.mark.long
def test_a_secret_of_a_channel_is_hidden_on_the_fast_path(live: Live) -> None:
    """A webhook address that the provider repeats is stored in no table."""
    hook = "https://chat.example/hooks/x7Kq9Zp2Lm4N8vRwABCDEF5"
    repeated = {"ETag": f'"{hook}"'}
    shell, _ = live(
        answer(body=BODY), answer(body=BODY, headers=repeated), CATALOG_CHANNEL_OPS_URL=hook
    )
    (shell.folder / "catalog.toml").write_text(
        '[[channel]]\nname = "ops"\nkind = "webhook"\n', encoding="utf-8"
    )
    shell("sync")
    assert took_fast_path(shell)
    assert b"x7Kq9Zp2Lm4N8vRw" not in (shell.folder / "catalog.db").read_bytes()


@pytest.mark.long
def test_a_killed_pass_leaves_its_slot(live: Live) -> None:
    """A run that dies before the document is written is repeated in the same slot."""
    shell, server = live(answer(body=BODY), CATALOG_SCHEDULE_EVERY="7d")
    code = (
        "import os, sys; from catalog.cli.main import main\n"
        "from catalog.sync.publish import Publisher\n"
        "Publisher.overview = lambda *_: os._exit(9)\n"
        "sys.argv[1:] = ['sync', '--scheduled']\n"
        "main()"
    )
    with shell.python("-c", code) as killed:
        assert killed.wait() == 9
    assert "unchanged" in shell("sync", "--scheduled").out
    assert "was already polled at" in shell("sync", "--scheduled").out
    assert (shell.folder / "docs" / "models.md").is_file()
    assert len(server.requests) == 2
