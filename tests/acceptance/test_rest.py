"""`catalog sync` where nothing is left to do: as quick as can be, and as right as ever."""

import os
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from catalog.clock import now
from catalog.poll import Pass
from catalog.wiring_quick import Line, poll_at_rest
from tests.bench.made import Made
from tests.servers import Exchange, answer
from tests.shell import TOKEN, Live, Shell

BODY = Made(20).body
AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def rested(shell: Shell, *words: str) -> bool:
    """Run `catalog -v WORDS sync`; say whether it found the provider at rest."""
    ran = shell("-v", *words, "sync")
    assert "infomaniak: unchanged" in ran.out
    return "at rest" in ran.err


def test_it_says_what_a_pass_says(live: Live) -> None:
    """Text, JSON, -q and the exit code are those of a pass that looked at everything."""
    shell, _ = live(answer(body=BODY))
    shell("sync")
    for words in (("sync",), ("sync", "--format", "json"), ("-q", "sync"), ("sync", "--exit-code")):
        at_rest = shell(*words)
        stir(shell)
        whole = shell(*words)
        assert AT.sub("", at_rest.out) == AT.sub("", whole.out)
        assert at_rest.err == whole.err == ""


def stir(shell: Shell, file: str = "catalog.db") -> None:
    """End the rest, as whoever writes does."""
    with closing(sqlite3.connect(shell.folder / file)) as connection:
        connection.execute("delete from rest")
        connection.commit()


def test_settings_that_moved_are_read(live: Live) -> None:
    """A file that was written, or a variable that was set, ends the rest until it was read."""
    shell, _ = live(answer(body=BODY))
    file = shell.folder / "catalog.toml"
    file.write_text("[http]\nattempts = 1\n", encoding="utf-8")
    shell("sync")
    assert rested(shell)
    file.write_text("[http]\nattempts = 2\n", encoding="utf-8")
    assert [rested(shell), rested(shell)] == [False, True]
    moved = Shell(shell.folder, {**shell.given, "CATALOG_DOCUMENT_RECENT": "3"})
    assert [rested(moved), rested(moved)] == [False, True]
    file.unlink()
    assert not rested(moved)
    file.write_text("[http]\natempts = 2\n", encoding="utf-8")
    assert "did you mean" in shell("sync", code=2).err


def test_annotations_that_moved_are_read(live: Live) -> None:
    """What people call a model is in the document after the next run."""
    shell, _ = live(answer(body=BODY))
    own = shell.folder / "own.toml"
    own.write_text("", encoding="utf-8")
    (shell.folder / "catalog.toml").write_text(
        '[document]\nannotations = "own.toml"\n', encoding="utf-8"
    )
    shell("sync")
    assert rested(shell)
    own.write_text('["1"]\ntitle = "The First"\n', encoding="utf-8")
    shell("sync")
    document = shell.folder / "docs" / "models.md"
    assert "The First" in document.read_text(encoding="utf-8")
    assert rested(shell)
    own.unlink()
    assert "own.toml" in shell("sync", code=2).err


@pytest.mark.parametrize("place", ["variable", "file", "setting"])
def test_the_token_is_read_anew(live: Live, place: str) -> None:
    """A token that was replaced is the one that is sent, wherever it stands."""
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
    assert "a token is not empty" in shell("sync", code=2).err
    assert len(server.requests) == 1


def test_a_slot_is_done_once(live: Live) -> None:
    """At rest too, --scheduled does each slot once, and asks nobody for one that was done."""
    shell, server = live(answer(body=BODY), CATALOG_SCHEDULE_EVERY="7d")
    shell("sync", "--scheduled")
    assert "was done at" in shell("sync", "--scheduled").out
    assert len(server.requests) == 1
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as connection:
        connection.execute("delete from slot")
        connection.commit()
    ran = shell("-v", "sync", "--scheduled")
    assert "at rest" in ran.err
    assert "was done at" in shell("sync", "--scheduled").out
    told = shell("sync", "--scheduled", "--format", "json").json
    assert (told["outcome"], told["provider"]) == ("skipped", "infomaniak")
    assert shell("-q", "sync", "--scheduled").out == ""
    assert len(server.requests) == 2


def test_a_monitor_is_told_all_the_same(live: Live) -> None:
    """Whoever is pinged at each pass is pinged at rest too."""
    shell, server = live(answer(body=BODY))
    shell = Shell(shell.folder, {**shell.given, "CATALOG_PING_URL": f"{server.url}/ping"})
    shell("sync")
    assert rested(shell)
    pings = [request.path for request in server.requests if request.path.startswith("/ping")]
    assert len(pings) == 4


def test_the_database_is_looked_for_as_ever(live: Live, tmp_path: Path) -> None:
    """Named on the command line, by a variable or in the file, it is the one that is at rest."""
    shell, _ = live(answer(body=BODY))
    config = shell.folder / "catalog.toml"
    config.write_text('database = "own.db"\n', encoding="utf-8")
    shell("sync")
    other = Shell(shell.folder, {**shell.given, "CATALOG_DATABASE": "sqlite:///other.db"})
    other("sync")
    named = ("--database", str(tmp_path / "third.db"))
    shell(*named, "sync")
    assert [rested(shell), rested(other), rested(shell, *named)] == [True] * 3
    stir(other, "other.db")
    assert [rested(shell), rested(other), rested(shell, *named)] == [True, False, True]
    (tmp_path / "third.db").unlink()
    assert "first" in shell(*named, "sync").out


def test_a_provider_by_name(live: Live) -> None:
    """Of several providers each is at rest by its name; all of them take a whole pass."""
    shell, server = live(answer(body=b'{"object": "list", "data": [{"id": "a"}]}'))
    tables = "".join(
        f'[[provider]]\nname = "{name}"\nkind = "openai"\n'
        f'url = "{server.url}"\ntoken = "t-{name}"\n'
        for name in ("one", "two")
    )
    (shell.folder / "catalog.toml").write_text(tables, encoding="utf-8")
    shell("sync")
    ran = shell("-v", "sync", "--provider", "two")
    assert "two: unchanged, at rest" in ran.err
    assert server.requests[-1].headers["authorization"] == "Bearer t-two"
    assert shell("sync").out.count("unchanged") == 2


def test_odd_settings_are_told_as_ever(live: Live) -> None:
    """What cannot be read, or is no database file, is left to who reads all settings."""
    shell, _ = live(answer(body=BODY))
    assert "cannot read" in shell("--config", "none.toml", "sync", code=2).err
    (shell.folder / "catalog.toml").write_text("[", encoding="utf-8")
    assert "is not TOML" in shell("sync", code=2).err
    (shell.folder / "catalog.toml").unlink()
    assert shell("--database", "oracle://x", "sync", code=2).err
    (shell.folder / "catalog.db").write_bytes(b"no database at all, but long enough to be one")
    assert "catalog.db" in shell("sync", code=6).err
    assert list(shell.files()) == ["catalog.db"]


def test_headers_of_the_user_are_noted_nowhere(live: Live) -> None:
    """A header may hold a secret: it is sent at rest too, read from the settings anew."""
    shell, server = live(answer(body=b'{"data": [{"id": "a"}]}'))
    (shell.folder / "catalog.toml").write_text(
        f'[[provider]]\nname = "own"\nkind = "openai"\nurl = "{server.url}"\ntoken = "t"\n'
        '[provider.list]\nheaders = { X-Key = "key-never-noted" }\n',
        encoding="utf-8",
    )
    shell("sync")
    assert "at rest" in shell("-v", "sync").err
    assert [request.headers["x-key"] for request in server.requests] == ["key-never-noted"] * 2
    assert b"key-never-noted" not in (shell.folder / "catalog.db").read_bytes()


@pytest.mark.parametrize(
    "of_provider", ['kind = "openrouter"', 'kind = "openai"\nlist.authorization = "none"']
)
def test_a_token_goes_to_no_other_provider(live: Live, of_provider: str) -> None:
    """That of Infomaniak, which is there too, is not sent to a provider that wants none."""
    shell, server = live(answer(body=b'{"data": [{"id": "a"}]}'))
    (shell.folder / "catalog.toml").write_text(
        f'[[provider]]\nname = "x"\nurl = "{server.url}"\n{of_provider}\n', encoding="utf-8"
    )
    shell("sync")
    assert "at rest" in shell("-v", "sync").err
    assert [request.headers.get("authorization") for request in server.requests] == [None] * 2


def test_the_token_of_the_environment_goes_before(live: Live) -> None:
    """A file that a variable names is read at rest too, in place of what the configuration has."""
    shell, server = live(answer(body=b'{"data": [{"id": "a"}]}'))
    (shell.folder / "catalog.toml").write_text(
        f'[[provider]]\nname = "one"\nkind = "openai"\nurl = "{server.url}"\ntoken = "old"\n',
        encoding="utf-8",
    )
    (shell.folder / "token").write_text("new", encoding="utf-8")
    named = str(shell.folder / "token")
    shell = Shell(shell.folder, {**shell.given, "CATALOG_PROVIDER_ONE_TOKEN_FILE": named})
    shell("sync")
    assert "at rest" in shell("-v", "sync").err
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer new"] * 2


def test_a_configuration_from_a_pipe_is_read_once(live: Live) -> None:
    """What comes by stdin is the configuration at each run; nothing of it is at rest."""
    shell, server = live(answer(body=BODY))
    given = f'database = "{shell.folder}/own.db"\n[document]\npath = ""\n'.encode()
    for _ in range(2):
        shell("--config", "/dev/stdin", "sync", stdin=given)
    assert list(shell.files()) == ["own.db"]
    assert len(server.requests) == 2


def test_a_document_that_became_a_pipe_is_told(live: Live) -> None:
    """It is not waited for until somebody writes into it."""
    shell, _ = live(answer(body=BODY))
    shell("sync")
    document = shell.folder / "docs" / "models.md"
    document.unlink()
    os.mkfifo(document)
    assert "it is no regular file" in shell("sync", code=6).err


def test_the_moment_of_a_poll_is_read_once(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """A poll that begins before midnight counts for that day: the ends of models are by days."""
    shell, _ = live(answer(body=BODY))
    shell("sync")
    for name, text in shell.given.items():
        monkeypatch.setenv(name, text)
    monkeypatch.chdir(shell.folder)
    monkeypatch.setenv("HOME", str(shell.folder))
    ticks = iter([now(), now() + timedelta(days=1)])
    environ = {**shell.environ}
    came = poll_at_rest(Line(None, None, None, environ), lambda: next(ticks))
    assert isinstance(came, Pass)
    assert next(ticks) > now()


@pytest.mark.parametrize("lost", ["template", "lock", "secret"])
def test_a_file_that_the_settings_name_is_missed(live: Live, lost: str) -> None:
    """What a message will need is not found missing when it is wanted, but at the next run."""
    shell, server = live(answer(body=BODY))
    files = {"template": "ops.txt", "lock": "catalog.lock", "secret": "url"}
    (shell.folder / "ops.txt").write_text("$title\n", encoding="utf-8")
    (shell.folder / "url").write_text(server.url, encoding="utf-8")
    (shell.folder / "catalog.toml").write_text(
        '[[channel]]\nname = "ops"\nkind = "webhook"\nurl_file = "url"\nformat = "slack"\n'
        'template = "ops.txt"\n',
        encoding="utf-8",
    )
    shell("sync")
    assert rested(shell)
    if lost == "lock":
        (shell.folder / files[lost]).write_text("no lock", encoding="utf-8")
    else:
        (shell.folder / files[lost]).unlink()
    assert files[lost] in shell("sync", code=2).err


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
        assert "at rest" in shell("-v", "sync", "--provider", name).err
    assert shell("-v", "sync").err.count("at rest") == 2


def test_a_slot_in_hand_is_asked_for_once(live: Live) -> None:
    """While a run at rest waits for its answer, another one finds the slot taken."""
    held: list[Shell] = []
    told: list[str] = []

    def meanwhile(exchange: Exchange) -> None:
        told.append(held[0]("sync", "--scheduled").out)
        answer(body=BODY)(exchange)

    shell, server = live(answer(body=BODY), meanwhile, CATALOG_SCHEDULE_EVERY="7d")
    held.append(shell)
    shell("sync")
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as connection:
        connection.execute("delete from slot")
        connection.commit()
    ran = shell("-v", "sync", "--scheduled")
    assert "at rest" in ran.err
    assert "run=" in ran.err
    assert "is being done by another process" in told[0]
    assert len(server.requests) == 2


def test_a_missing_file_of_one_provider_stops_no_other(live: Live) -> None:
    """The one whose annotations are not there is told, the other one is polled."""
    shell, server = live(answer(body=b'{"data": [{"id": "a"}]}'))
    tables = "".join(
        f'[[provider]]\nname = "{name}"\nkind = "openai"\nurl = "{server.url}"\ntoken = "t"\n'
        f'document = {{ path = "{name}.md"{more} }}\n'
        for name, more in (("one", ', annotations = "nope.toml"'), ("two", ""))
    )
    (shell.folder / "catalog.toml").write_text(tables, encoding="utf-8")
    ran = shell("sync", code=2)
    assert "nope.toml" in ran.err
    assert "two: first" in ran.out


def test_a_row_that_was_damaged_is_no_rest(live: Live) -> None:
    """What somebody wrote there by hand is not believed, and shows no traceback."""
    shell, _ = live(answer(body=BODY))
    shell("sync")
    for damage in ("{", "{}", "[]", '{"is_alone": true, "files": [1]}'):
        with closing(sqlite3.connect(shell.folder / "catalog.db")) as connection:
            connection.execute("update rest set asking = ?", (damage,))
            connection.commit()
        assert not rested(shell)


def test_another_schema_is_no_rest(live: Live) -> None:
    """A database that a newer version of the program has upgraded is refused, not written to."""
    shell, server = live(answer(body=BODY))
    shell("sync")
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
        connection.commit()
    assert "this version knows up to" in shell("sync", code=6).err
    assert len(server.requests) == 1


@pytest.mark.parametrize("odd", ["folder", "document"])
def test_names_that_are_no_text(tmp_path: Path, live: Live, odd: str) -> None:
    """A folder or a document may have any bytes for a name, as before."""
    shell, _ = live(answer(body=BODY))
    given = dict(shell.given)
    folder = tmp_path / "plain"
    if odd == "folder":
        folder = tmp_path / os.fsdecode(b"f\xfcr")
    else:
        given["CATALOG_DOCUMENT_PATH"] = os.fsdecode(b"docs/\xff.md")
    folder.mkdir()
    for outcome in ("first", "unchanged"):
        assert outcome in Shell(folder, given)("sync").out


def test_what_is_handed_on_is_one_pass(live: Live) -> None:
    """The lines of a poll that failed at rest and of the pass that tells it bear one id."""
    shell, server = live(answer(body=BODY), answer(503), CATALOG_HTTP_ATTEMPTS="2")
    shell("sync")
    ran = shell("-v", "sync", code=3)
    runs = re.findall(r"run=(\w+)", ran.err)
    assert len(runs) == 2
    assert len(set(runs)) == 1
    assert len(server.requests) == 3


def test_a_slot_is_that_of_the_question(live: Live) -> None:
    """An answer that comes when the next slot has begun counts for the one that it was asked in."""
    made = Made(20)
    before = made.body
    made.change()

    def late(exchange: Exchange) -> None:
        exchange.wait(1.2)
        answer(body=made.body)(exchange)

    shell, _ = live(answer(body=before), late, CATALOG_SCHEDULE_EVERY="1s")
    shell("sync")
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as connection:
        connection.execute("delete from slot")
        connection.commit()
        assert "changed" in shell("sync", "--scheduled").out
        slots = connection.execute("select moment, claimed_by from slot").fetchall()
        polls = connection.execute("select started_at from poll where id = 2").fetchall()
    assert slots == [(*polls[0], None)]


def test_a_file_that_a_variable_names_is_told_apart(live: Live) -> None:
    """Where a variable names another file with a secret, that file is wanted."""
    shell, server = live(answer(body=BODY))
    (shell.folder / "url").write_text(server.url, encoding="utf-8")
    (shell.folder / "catalog.toml").write_text(
        '[[channel]]\nname = "ops"\nkind = "webhook"\nformat = "slack"\n', encoding="utf-8"
    )
    shell = Shell(shell.folder, {**shell.given, "CATALOG_CHANNEL_OPS_URL_FILE": "url"})
    shell("sync")
    assert rested(shell)
    shell = Shell(shell.folder, {**shell.given, "CATALOG_CHANNEL_OPS_URL_FILE": "missing"})
    assert "missing" in shell("sync", code=2).err


def test_a_folder_in_the_place_of_a_file_is_told(live: Live) -> None:
    """What the settings name and is no file is never at rest: it is told at each run."""
    shell, _ = live(answer(body=BODY))
    (shell.folder / "catalog.lock").mkdir()
    for _ in range(2):
        assert "catalog.lock" in shell("sync", code=2).err
