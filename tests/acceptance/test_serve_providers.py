"""`catalog serve` with several providers, each with schedule and document."""

import json
import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.support.configuration import EVERY, OPENAI
from tests.support.daemon import Gate, serving
from tests.support.database import polls
from tests.support.http_server import Exchange, Server, Step, answer, serve
from tests.support.shell import SECONDS, Shell

HTTP = "\n[http]\nattempts = 1\n"


def models(*names: str) -> Step:
    """Answer with these models."""
    return answer(body=json.dumps({"data": [{"id": name} for name in names]}).encode())


def table(server: Server, name: str, every: str = "1s") -> str:
    """Write the table of a provider."""
    return (OPENAI + EVERY).format(name=name, url=server.url, every=every)


def configure(shell: Shell, *tables: str) -> None:
    """Write the configuration."""
    Path(shell.folder, "catalog.toml").write_text("".join([*tables, HTTP]), encoding="utf-8")


def ask(shell: Shell, sql: str) -> list[tuple[object, ...]]:
    """Ask the database file with plain SQL."""
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as database:
        return database.execute(sql).fetchall()


Start = Callable[..., Server]


@pytest.fixture
def start() -> Iterator[Start]:
    """Give a way to start providers that answer these steps."""
    with ExitStack() as stack:
        yield lambda *steps: stack.enter_context(serve(*steps))


@pytest.mark.long
def test_all_are_served_each_by_its_own_schedule(shell: Shell, start: Start) -> None:
    """One daemon polls each provider by its own schedule and writes each document."""
    mars, venus = start(models("argo")), start(models("dart"), models("dart", "dove"))
    configure(shell, table(mars, "mars", "1h"), table(venus, "venus"))
    with serving(shell) as daemon:
        daemon.until("mars: first, snapshot 1, 1 model; next run ")
        daemon.until("venus: changed, snapshot 3, 2 models, 1 finding; next run ")
        daemon.until("venus: unchanged, snapshot 3", times=2)
        daemon.stop()
    said = [line.partition(" info     ")[2] for line in daemon.lines]
    assert said[:8] == [
        "mars every 3,600 s, jitter 0 s",
        f"configuration {shell.folder}/catalog.toml",
        f"database {shell.folder}/catalog.db",
        f"document {shell.folder}/docs/models-mars.md",
        "channels none",
        "probes off",
        "venus every 1 s, jitter 0 s",
        f"document {shell.folder}/docs/models-venus.md",
    ]
    assert [line.split(" next run ")[0] for line in said[8:10]] == ["mars:", "venus:"]
    assert {"docs/models-mars.md", "docs/models-venus.md"} <= shell.files().keys()
    assert len(mars.requests) == 1
    assert ask(shell, "select count(*) from slot") == [(len(polls(shell.folder / "catalog.db")),)]
    known = shell("status", "--format", "json").json["providers"]
    assert [(each["provider"], each["state"]) for each in known] == [
        ("mars", "ok"),
        ("venus", "ok"),
    ]


@pytest.mark.long
def test_one_that_fails_stops_no_other(shell: Shell, start: Start) -> None:
    """Failed and invalid answers of two providers do not stop the third."""
    tables = (
        table(start(answer(500)), "mars"),
        table(start(answer(body=b"{")), "venus"),
        table(start(models("a")), "pluto"),
    )
    configure(shell, *tables)
    with serving(shell) as daemon:
        daemon.until("pluto: first")
        daemon.until("error    mars: 127.0.0.1:")
        for name, outcome in (("mars", "failed"), ("venus", "invalid"), ("pluto", "unchanged")):
            daemon.until(f"{name}: {outcome}")
        daemon.until("pluto: unchanged")
        daemon.stop()


@pytest.mark.long
def test_by_name_one_alone_is_served(shell: Shell, start: Start) -> None:
    """With --provider the daemon serves one provider, and keeps it if a reload drops it."""
    mars, venus = start(models("argo")), start(models("dart"))
    configure(shell, table(mars, "mars"), table(venus, "venus"))
    with serving(shell, after=("--provider", "venus")) as daemon:
        assert "mars" not in daemon.until("venus: unchanged, snapshot 1; next run ")
        configure(shell, table(mars, "mars"))
        daemon.tell(signal.SIGHUP)
        daemon.until("error    there is no provider 'venus'; there are: mars.")
        daemon.until("the previous configuration stays in use")
        daemon.until("venus: unchanged")
        daemon.stop()
    assert mars.requests == []
    assert "there is no provider 'venus'" in shell("serve", "--provider", "venus", code=2).err


def test_one_without_a_token_is_told_and_stops_no_other(shell: Shell, start: Start) -> None:
    """A provider without a token is reported, and the daemon fails only if all lack one."""
    mars, venus = start(), start(models("dart"))
    no_token = table(mars, "mars").replace('list = { authorization = "none" }', "")
    configure(shell, no_token, table(venus, "venus"))
    with serving(shell) as daemon:
        output = daemon.until("error    not served: there is no token for mars. Set the token")
        assert "mars" in output
        daemon.until("venus: first")
        daemon.stop()
    configure(shell, no_token, no_token.replace("mars", "moon"))
    assert "there is no token for mars" in shell("serve", code=2).err


@pytest.mark.long
def test_providers_come_and_go_by_a_reload(shell: Shell, start: Start) -> None:
    """After a reload a new provider is polled, and a removed one is not."""
    mars, venus = start(models("argo")), start(models("dart"))
    configure(shell, table(mars, "mars"))
    with serving(shell) as daemon:
        daemon.until("mars: first")
        configure(shell, table(mars, "mars"), table(venus, "venus"))
        daemon.tell(signal.SIGHUP)
        daemon.until("the configuration was reloaded")
        daemon.until("venus: first")
        daemon.until("mars: unchanged")
        configure(shell, table(venus, "venus"))
        daemon.tell(signal.SIGHUP)
        daemon.until("the configuration was reloaded")
        daemon.until("venus: unchanged", times=2)  # by now no pass of mars is under way
        asked = len(mars.requests)
        daemon.until("venus: unchanged", times=2)
        daemon.stop()
    assert len(mars.requests) == asked


@pytest.mark.long
@pytest.mark.parametrize("back", [False, True])
def test_one_that_goes_during_its_pass_is_finished(shell: Shell, start: Start, back: bool) -> None:
    """A provider removed during its pass finishes it, and continues if it returns."""
    gate = Gate(models("argo"))
    mars, venus = start(gate, models("argo", "astra")), start(models("dart"))
    both = (table(mars, "mars"), table(venus, "venus"))
    configure(shell, *both)
    with serving(shell) as daemon:
        assert gate.arrived.wait(SECONDS)
        configure(shell, table(mars, "mars", "2h"), both[1])
        daemon.tell(signal.SIGHUP)
        daemon.until("the configuration was reloaded")
        configure(shell, both[1])
        daemon.tell(signal.SIGHUP)
        daemon.until("the configuration was reloaded")
        if back:
            configure(shell, *both)
            daemon.tell(signal.SIGHUP)
            daemon.until("the configuration was reloaded")
        gate.opened.set()
        daemon.until(f"mars: first, snapshot 1, 1 model; {'next run' if back else 'no longer'}")
        daemon.until("mars: changed" if back else "venus: unchanged")
        daemon.stop()
    said = [line.partition(" info     ")[2] for line in daemon.lines]
    described = [line.split(",")[0] for line in said if ", jitter" in line]
    assert described == [
        *("mars every 1 s", "venus every 1 s"),
        *("mars every 7", "venus every 1 s"),
        "venus every 1 s",
        *(("mars every 1 s", "venus every 1 s") if back else ()),
    ]
    assert len(mars.requests) >= 2 if back else len(mars.requests) == 1


def test_told_to_stop_it_begins_no_pass_that_waits(shell: Shell, start: Start) -> None:
    """A stopping daemon finishes the running pass and starts no waiting one."""
    gate = Gate(models("argo"))
    mars, venus = start(gate), start(models("dart"))
    configure(shell, table(mars, "mars"), table(venus, "venus"))
    with serving(shell) as daemon:
        assert gate.arrived.wait(SECONDS)
        daemon.tell(signal.SIGTERM)
        daemon.until("SIGTERM: finishing the pass, then stopping")
        gate.opened.set()
        daemon.until("mars: first, snapshot 1, 1 model; stopping")
        daemon.end()
    assert venus.requests == []
    assert ask(shell, "select provider from poll") == [("mars",)]


@pytest.mark.long
def test_what_is_found_of_each_is_told_once(shell: Shell, start: Start) -> None:
    """A channel gets the changes of every provider, each once."""
    heard = list[str]()

    def hook(exchange: Exchange) -> None:
        heard.extend(each["key"] for each in json.loads(exchange.request.body)["data"]["changes"])
        exchange.send(204, {}, b"")

    mars = start(models("argo"), models("argo", "astra"))
    venus = start(models("dart"), models("dart", "dove"))
    channel = f'[[channel]]\nname = "ops"\nkind = "webhook"\nurl = "{start(hook).url}"\n'
    configure(shell, channel, table(mars, "mars"), table(venus, "venus"))
    with serving(shell) as daemon:
        daemon.until("mars: changed")
        daemon.until("mars: unchanged", times=2)
        daemon.until("venus: unchanged")
        daemon.stop()
    assert sorted(heard) == ["astra", "dove"]


def test_the_status_line_has_what_came_of_each(shell: Shell, start: Start, tmp_path: Path) -> None:
    """The service manager shows the last run of every provider, and when the next one is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(SECONDS)
        output = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        mars, venus = start(answer(500)), start(models("dart"))
        configure(shell, table(mars, "mars", "1h"), table(venus, "venus", "2h"))
        shell = Shell(shell.folder, output)
        with serving(shell) as daemon:
            said = manager.recv(4096).decode()
            assert said.startswith("READY=1\nSTATUS=started; next run ")
            while "venus" not in said:
                said = manager.recv(4096).decode()
            first, second, following = said.split("; ")
            assert "mars: failed" in first
            assert "venus: first, snapshot 1, 1 model" in second
            assert following.startswith("next run ")
            daemon.stop()
