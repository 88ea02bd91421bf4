"""`catalog serve` as a real process with signals and a service manager."""

import json
import os
import re
import signal
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.builders import body, row
from tests.support.daemon import Gate, serving
from tests.support.database import outcomes
from tests.support.http_server import Exchange, answer, serve
from tests.support.shell import SECONDS, Live, Shell

ONE = answer(body=body(row()))
QUICK = {"CATALOG_SCHEDULE_EVERY": "1s", "CATALOG_SCHEDULE_JITTER": "1ms"}


def configure(shell: Shell, text: str) -> None:
    """Write the configuration."""
    Path(shell.folder, "catalog.toml").write_text(text, encoding="utf-8")


def test_the_daemon_logs_its_settings_and_begins_at_once(live: Live) -> None:
    """The daemon logs its settings, and runs its first pass at the start."""
    shell, server = live(ONE)
    configure(shell, '[[channel]]\nname = "ops"\nkind = "log"\n')
    with serving(shell) as daemon:
        outcome = daemon.until("infomaniak: first, snapshot 1, 1 model; next run ")
        daemon.until(f"document {shell.folder}/docs/models.md written")
        daemon.stop()
    said = [line.partition(" info     ")[2] for line in daemon.lines]
    assert said[:6] == [
        "infomaniak every 3,600 s, jitter 60 s",
        f"configuration {shell.folder}/catalog.toml",
        f"database {shell.folder}/catalog.db",
        f"document {shell.folder}/docs/models.md",
        "channels ops",
        "probes off",
    ]
    assert said[6].startswith("next run ")
    assert said[-1] == "stopped"
    assert re.search(r"next run \S+Z run=[0-9a-f]{8}$", outcome)

    configure(shell, '[document]\npath = ""\n[schedule]\njitter = ""\ncron = "@hourly"\n')
    with serving(shell) as daemon:
        daemon.until("infomaniak cron @hourly, jitter 0 s")
        daemon.until("document none")
        daemon.until("channels none")
        assert ":00:00Z" in daemon.until("next run ")
        daemon.stop()
    assert len(server.requests) == 1


def test_quiet_logs_only_errors_and_json_has_its_lines(live: Live) -> None:
    """With -q only errors are logged, and with JSON each line is a document."""
    shell, _ = live(answer(503), ONE, **QUICK)
    with serving(shell, "-q", "--log-format", "json") as daemon:
        first = json.loads(daemon.until("answered 503"))
        assert first.keys() == {"time", "level", "logger", "message", "run"}
        daemon.stop()
    assert {json.loads(line)["level"] for line in daemon.lines} == {"error"}


@pytest.mark.long
def test_a_failed_pass_does_not_end_it(live: Live) -> None:
    """A failed pass is logged with its reason, and the next slot still runs."""
    shell, server = live(answer(503), answer(body=b"{"), ONE, **QUICK)
    with serving(shell, "--database", "sqlite://") as daemon:
        daemon.until("infomaniak: failed; next run ")
        daemon.until("error    127.0.0.1:")
        daemon.until("infomaniak: invalid; next run ")
        daemon.until("infomaniak: first, snapshot 1, 1 model")
        daemon.until("infomaniak: unchanged, snapshot 1; next run ")
        daemon.stop()
    assert len(server.requests) >= 4


@pytest.mark.long
def test_what_is_owed_is_told(live: Live) -> None:
    """A failed delivery is logged after its pass."""
    shell, _ = live(ONE, answer(body=body(row(), row(id=2, name="beta"))), **QUICK)
    configure(shell, '[[channel]]\nname = "ops"\nkind = "webhook"\nurl = "http://127.0.0.1:9/"\n')
    with serving(shell) as daemon:
        daemon.until("warning  1 message not delivered, ")
        daemon.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_finishes_the_pass(live: Live, number: signal.Signals) -> None:
    """On a signal the daemon finishes its pass, ignores SIGHUP and exits with 0."""
    gate = Gate(ONE)
    shell, _ = live(gate)
    with serving(shell) as daemon:
        assert gate.arrived.wait(SECONDS)
        daemon.tell(number)
        daemon.until(f"{number.name}: finishing the pass, then stopping")
        daemon.tell(signal.SIGHUP)
        gate.opened.set()
        daemon.until("infomaniak: first, snapshot 1, 1 model; stopping")
        daemon.end()
    assert outcomes(shell.folder / "catalog.db") == ["first"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_twice_it_stops_at_once_without_harm(live: Live, number: signal.Signals) -> None:
    """A second signal stops the daemon without a stored pass, and the next daemon repeats it."""
    gate = Gate(ONE)
    shell, _ = live(gate, ONE)
    with serving(shell) as daemon:
        assert gate.arrived.wait(SECONDS)
        daemon.tell(number)
        daemon.until("finishing the pass")
        daemon.tell(number)
        daemon.end(128 + number)
    gate.opened.set()
    assert outcomes(shell.folder / "catalog.db") == []
    with serving(shell) as daemon:
        daemon.until("infomaniak: first")
        daemon.stop()


@pytest.mark.long
@pytest.mark.parametrize("again", [False, True])
def test_told_to_stop_while_it_sends_it_waits_for_that_alone(live: Live, again: bool) -> None:
    """A stopping daemon finishes a delivery between passes, unless a second signal arrives."""
    gate, is_up = Gate(answer(204)), threading.Event()
    shell, _ = live(ONE, answer(body=body(row(), row(id=2, name="beta"))))
    watched = {"NOTIFY_SOCKET": "@nobody", "WATCHDOG_USEC": "400000"}
    shell = replace(shell, given={**shell.given, **watched})

    def hook(exchange: Exchange) -> None:
        step = gate if is_up.is_set() else answer(500)
        step(exchange)

    with serve(hook) as chat:
        url = f"{chat.url}/hook"
        configure(shell, f'[[channel]]\nname = "ops"\nkind = "webhook"\nurl = "{url}"\n')
        shell("sync")
        shell("sync")
        is_up.set()
        with serving(shell) as daemon:
            assert gate.arrived.wait(SECONDS)
            daemon.tell(signal.SIGTERM)
            daemon.until("SIGTERM: finishing the current jobs, then stopping")
            if again:
                daemon.tell(signal.SIGTERM)
                daemon.end(143)
                gate.opened.set()
            else:
                gate.opened.set()
                daemon.end()
    states = {each["state"] for each in shell("alerts", "--format", "json").json["alerts"]}
    assert states == {"owed" if again else "delivered"}


def test_it_reads_the_configuration_again(live: Live) -> None:
    """A valid new configuration takes effect, and every mistake of a broken one is logged."""
    shell, server = live(ONE)
    with serving(shell) as daemon:
        daemon.until("infomaniak: first")
        configure(shell, '[schedule]\nevery = "0.5s"\n[nonsense]\n')
        daemon.tell(signal.SIGHUP)
        daemon.until("whole seconds from 1s to 7d are expected")
        daemon.until("nonsense: there is no such setting")
        daemon.until("the previous configuration stays in use")
        configure(shell, '[schedule]\nevery = "1s"\n')
        daemon.tell(signal.SIGHUP)
        daemon.until("the configuration was reloaded")
        daemon.until("infomaniak every 1 s")
        daemon.until("infomaniak: unchanged")
        daemon.stop()
    assert len(server.requests) >= 2


def test_a_configuration_read_during_a_pass_waits_for_its_end(live: Live) -> None:
    """The running pass keeps its configuration, and only the newest one is used next."""
    gate = Gate(ONE)
    shell, _ = live(gate, ONE)
    with serving(shell) as daemon:
        assert gate.arrived.wait(SECONDS)
        for every in ("2h", "1s"):
            configure(shell, f'[schedule]\nevery = "{every}"\n[document]\npath = "{every}.md"\n')
            daemon.tell(signal.SIGHUP)
            daemon.until("next run ", times=2 if every == "2h" else 1)
        gate.opened.set()
        daemon.until(f"document {shell.folder}/docs/models.md written")
        daemon.until(f"document {shell.folder}/1s.md written")
        daemon.stop()
    assert not Path(shell.folder, "2h.md").exists()


def test_what_is_wrong_at_the_start_ends_it(live: Live, shell: Shell) -> None:
    """The daemon exits at a missing token, a broken setting or an unusable database."""
    assert "INFOMANIAK_API_TOKEN" in shell("serve", code=2).err
    assert shell.files() == {}
    right, _ = live(ONE)
    output = right("serve", code=2, given={"CATALOG_SCHEDULE_CRON": "0 0 30 2 *"}).err
    assert "the cron expression is wrong or never fires: bad day-of-month" in output
    Path(right.folder, "catalog.db").write_text("this is no database, but long enough for one" * 9)
    assert "not a database" in right("serve", code=6).err


def test_a_service_manager_is_told_all(live: Live, tmp_path: Path) -> None:
    """Ready, status, watchdog, reload and stop reach a real socket, in the protocol's words."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(SECONDS)
        output = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
        shell, _ = live(ONE, **output)

        def heard(words: str) -> str:
            while words not in (message := manager.recv(4096).decode()):
                pass
            return message

        with serving(shell) as daemon:
            assert heard("READY=1").startswith("READY=1\nSTATUS=started; next run ")
            assert "infomaniak: first, snapshot 1, 1 model; next run " in heard("STATUS=")
            heard("WATCHDOG=1")
            heard("WATCHDOG=1")
            daemon.tell(signal.SIGHUP)
            heard("RELOADING=1\nMONOTONIC_USEC=")
            heard("READY=1")
            daemon.tell(signal.SIGTERM)
            assert heard("STOPPING=1") == "STOPPING=1\nSTATUS=stopped"
            daemon.end()


def test_a_configuration_that_cannot_be_read_at_all_changes_nothing(live: Live) -> None:
    """An unreadable or missing configuration is reported, and the old one stays."""
    shell, _ = live(ONE)
    configure(shell, '[document]\npath = "other.md"\n')
    with serving(shell) as daemon:
        daemon.until(f"document {shell.folder}/other.md written")
        configure(shell, f"a = {'[' * 3000}{']' * 3000}\n")
        daemon.tell(signal.SIGHUP)
        daemon.until(f"{shell.folder}/catalog.toml cannot be read: it is nested too deeply")
        daemon.until("the previous configuration stays in use")
        Path(shell.folder, "catalog.toml").unlink()
        daemon.tell(signal.SIGHUP)
        daemon.until(f"cannot read {shell.folder}/catalog.toml: No such file or directory")
        daemon.until("the previous configuration stays in use")
        configure(shell, '[document]\npath = ""\n')
        daemon.tell(signal.SIGHUP)
        daemon.until("document none")
        daemon.stop()


@pytest.mark.long
def test_a_database_that_was_emptied_is_told_until_a_backup_is_put_back(live: Live) -> None:
    """The daemon reports an emptied database, and continues after a backup is put back."""
    shell, _ = live(ONE, **QUICK)
    file = shell.folder / "catalog.db"
    with serving(shell) as daemon:
        daemon.until("infomaniak: unchanged")
        shell("db", "backup", "kept.db")
        os.truncate(file, 0)
        # A pass that was under way may break off with other words first.
        daemon.until("catalog.db is an empty file: its data is lost. `catalog db restore FILE`")
        assert file.stat().st_size == 0
        (shell.folder / "kept.db").replace(file)
        daemon.until("infomaniak: unchanged")
        daemon.stop()
    assert outcomes(shell.folder / "catalog.db")[-1] == "unchanged"
