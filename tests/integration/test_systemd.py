"""Notifications to systemd, received on a real socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.daemon.systemd import Systemd


@pytest.fixture
def manager() -> Iterator[socket.socket]:
    """Listen as a service manager does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.settimeout(10)
        yield bound


def test_a_socket_file_gets_all_messages(manager: socket.socket, tmp_path: Path) -> None:
    """A socket file gets each message of the protocol, with its status on one line."""
    manager.bind(str(tmp_path / "notify"))
    systemd = Systemd({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "3000000"})
    assert systemd.watchdog == 3.0
    systemd.ready("all\nWATCHDOG=trigger")
    systemd.status("x")
    systemd.alive()
    systemd.reloading()
    systemd.stopping("bye")
    received = [manager.recv(1000).decode() for _ in range(5)]
    reloading, _, moment = received.pop(3).partition("\nMONOTONIC_USEC=")
    assert received == [
        "READY=1\nSTATUS=all WATCHDOG=trigger",
        "STATUS=x",
        "WATCHDOG=1",
        "STOPPING=1\nSTATUS=bye",
    ]
    assert reloading == "RELOADING=1"
    assert int(moment) > 0


def test_an_abstract_socket_gets_messages_too(manager: socket.socket) -> None:
    """An address that begins with @ is an abstract socket."""
    name = f"catalog-test-{os.getpid()}"
    manager.bind(f"\0{name}")
    Systemd({"NOTIFY_SOCKET": f"@{name}"}).status("here")
    assert manager.recv(1000) == b"STATUS=here"


def test_without_a_manager_nothing_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a service manager nothing is sent or printed."""
    systemd = Systemd({"WATCHDOG_USEC": "3000000"})
    systemd.ready("x")
    systemd.alive()
    assert systemd.watchdog is None
    assert capsys.readouterr() == ("", "")


def test_a_watchdog_for_another_process_is_not_ours(tmp_path: Path) -> None:
    """Variables for another process, or without a number, are ignored."""
    given = {"NOTIFY_SOCKET": str(tmp_path / "x"), "WATCHDOG_USEC": "9"}
    assert Systemd(given | {"WATCHDOG_PID": str(os.getpid())}).watchdog == 9e-6
    assert Systemd(given | {"WATCHDOG_PID": "1"}).watchdog is None
    assert Systemd(given | {"WATCHDOG_USEC": "-1"}).watchdog is None


def test_a_manager_that_is_gone_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A missing socket is logged and is no error."""
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}).status("x")
    assert "the service manager could not be notified" in caplog.text
