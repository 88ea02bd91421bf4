"""Claims: which process does a thing that must be done once.

A claim of a process on this machine lasts as long as the process lives, whatever any clock says,
and ends with it. The numbers of processes are only known on the same boot of the same machine, and
in the same container; every other claim ends by time. PostgreSQL has one clock for all. Where
processes share an SQLite file, each has its own clock, so a claim of another machine is kept for as
long as that machine's clock may be wrong.
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
"""How far the clock of another machine may be from ours."""
NEAR = timedelta(minutes=5)
"""The same for another container of this machine, because both read the clock of one kernel."""
_RUN = secrets.token_hex(4)
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")
_ENDED = {"Z", "X"}


@dataclass(frozen=True, slots=True)
class Present:
    """The time that claims are written and judged by; `is_shared` where all read one clock."""

    now: datetime
    is_shared: bool = False


def present(connection: "Connection", now: datetime) -> Present:
    """Return the time of the database where it has a clock, else the time of this process."""
    if connection.dialect.name != "postgresql":
        return Present(now)
    moment: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return Present(moment.astimezone(UTC).replace(microsecond=0), is_shared=True)


def owner() -> str:
    """Name this process, in a way that tells it from every other, also on another machine.

    The name ends with the moment at which the process began, because its number may be given to
    another process later, and with the boot of the machine.
    """
    return _name(os.getpid())


@cache
def _name(pid: int) -> str:
    return f"{_place()}:{pid}:{_RUN}.{_stat(pid)[1]}.{_boot()}"


@cache
def _place() -> str:
    """Name the host and the space in which a process has its number.

    Containers may share a host's name and count their processes from 1. Where the system tells
    neither, as on macOS, there are no such spaces.
    """
    told = ""
    with suppress(OSError):
        told = f"{_BOOT.read_text(encoding='utf-8')}{_PROCESSES.readlink()}"
    return f"{socket.gethostname()}/{_short(told)}"


@cache
def _boot() -> str:
    """Name this boot of this machine; empty where the system does not tell."""
    told = ""
    with suppress(OSError):
        told = _short(_BOOT.read_text(encoding="utf-8"))
    return told


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def is_held(by: str | None, until: datetime | None, longest: timedelta, at: Present) -> bool:
    """Say whether another process has the claim.

    `until` is when it ends by the clock that it was written with, `longest` how long a claim lasts.
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
    # What ends later than any claim is of a clock that is wrong by more than we allow for.
    return at.now < until + off and until <= at.now + longest + FAR


def _is_alive(pid: int, started: str) -> bool | None:
    """Say whether a process lives; None where another one may have its number by now."""
    state, since = _stat(pid)
    # A process that was killed stays until its parent has looked.
    if state in _ENDED or (not since and _is_gone(pid)):
        return False
    return since == started if since and started else None


def _is_gone(pid: int) -> bool:
    """Say whether no process has a number, where `/proc` is not there or hides those of others."""
    try:
        with suppress(PermissionError):
            os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    return False


def _stat(pid: int) -> tuple[str, str]:
    """Return the state of a process and when it began, in ticks since the boot; empty if unknown.

    See proc_pid_stat(5). The name of the program, which may hold anything, ends at the last `)`.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    fields = text.rpartition(")")[2].split()
    return fields[0], fields[19]
