"""Who does a thing that must be done once: the process that claimed it, for as long as it lives.

A claim ends by itself when its process is dead, and in any case when its time is over. That a
process is dead is only known where the numbers of processes are ours: on the same boot of the same
machine, and in the same container.
"""

import hashlib
import os
import secrets
import socket
from contextlib import suppress
from datetime import datetime
from functools import cache
from pathlib import Path

_RUN = secrets.token_hex(4)
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")


def owner() -> str:
    """Name this process, in a way that tells it from every other, also on another machine."""
    return f"{_place()}:{os.getpid()}:{_RUN}"


@cache
def _place() -> str:
    """Name the host and the space in which a process has its number.

    Containers may share a host's name and count their processes from 1. Where the system tells
    neither, as on macOS, there are no such spaces.
    """
    told = ""
    with suppress(OSError):
        told = f"{_BOOT.read_text(encoding='utf-8')}{_PROCESSES.readlink()}"
    return f"{socket.gethostname()}/{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def is_held(by: str | None, until: datetime | None, now: datetime) -> bool:
    """Say whether a claim still holds: its time is not over, and another live process has it."""
    if by is None or until is None or until <= now:
        return False
    place, pid, _ = by.rsplit(":", 2)
    if place != _place():
        return True
    return int(pid) != os.getpid() and _is_alive(int(pid))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)  # somebody else's process is alive too
    return True
