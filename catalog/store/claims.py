"""Claim work that only one process may do.

A claim of a process on this machine ends with the process, independent of any clock. Process ids
are only comparable within one boot of one machine and one container. All other claims expire by
time. PostgreSQL has one clock for all processes. Machines that share an SQLite file have their own
clocks, so a claim of another machine is kept longer by the allowed clock error.
"""

import hashlib
import os
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

FAR = timedelta(hours=1)
"""The allowed clock error of another machine."""
NEAR = timedelta(minutes=5)
"""The allowed clock error of another container, which shares our kernel clock."""
_RUN = secrets.token_hex(4)
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")
_ENDED = {"Z", "X"}


@dataclass(frozen=True, slots=True)
class Present:
    """The time of claims. `is_shared` if all processes use one clock."""

    now: datetime
    is_shared: bool = False


def present(connection: "Connection", now: datetime) -> Present:
    """Return the database's time if it has a clock, else `now`."""
    if connection.dialect.name != "postgresql":
        return Present(now)
    moment: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return Present(moment.astimezone(UTC).replace(microsecond=0), is_shared=True)


def owner() -> str:
    """Return a unique name of this process across machines.

    It ends with the process start time and the boot, because process ids are reused.
    """
    return _name(os.getpid())


@cache
def _name(pid: int) -> str:
    return f"{_place()}:{pid}:{_RUN}.{_stat(pid)[1]}.{_boot()}"


@cache
def _place() -> str:
    """Return a name of the host and its process id namespace.

    Containers may share a host name and count processes from 1. Systems without this information,
    such as macOS, have no such namespaces.
    """
    identity = ""
    with suppress(OSError):
        identity = f"{_BOOT.read_text(encoding='utf-8')}{_PROCESSES.readlink()}"
    return f"{socket.gethostname()}/{_short(identity)}"


@cache
def _boot() -> str:
    identity = ""
    with suppress(OSError):
        identity = _short(_BOOT.read_text(encoding="utf-8"))
    return identity


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def is_held(by: str | None, until: datetime | None, longest: timedelta, at: Present) -> bool:
    """Return whether another process holds the claim.

    `until` is the end of the claim by the clock of its owner. `longest` is the maximum time of a
    claim.
    """
    if by is None or until is None:
        return False
    place, number, run = [*by.rsplit(":", 2), "", ""][:3]
    _, started, boot = [*run.split("."), "", ""][:3]
    if place == _place() and number.isdecimal():
        is_alive = int(number) != os.getpid() and _is_alive(int(number), started)
        if is_alive is False:
            return False
        if is_alive and not at.is_shared:
            return True
    off = timedelta() if at.is_shared else NEAR if boot and boot == _boot() else FAR
    # A later end is ignored, because that clock was wrong by more than is allowed.
    return at.now < until + off and until <= at.now + longest + FAR


def _is_alive(pid: int, started: str) -> bool | None:
    """Return whether a process is alive, None if its id was reused."""
    state, since = _stat(pid)
    # Killed processes stay listed until their parent waits for them.
    if state in _ENDED or (not since and _is_gone(pid)):
        return False
    return since == started if since and started else None


def _is_gone(pid: int) -> bool:
    """Return whether no process has this id, even without `/proc`."""
    try:
        with suppress(PermissionError):
            os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    return False


def _stat(pid: int) -> tuple[str, str]:
    """Return the state and start tick of a process, empty if unknown.

    See proc_pid_stat(5). The program name may contain any character, and ends at the last `)`.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    fields = text.rpartition(")")[2].split()
    return fields[0], fields[19]
