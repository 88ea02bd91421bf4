"""Who does a thing that must be done once: the process that claimed it, for as long as it lives.

A claim ends by itself when its process is dead, which is known on the same machine alone, and in
any case when its time is over.
"""

import os
import secrets
import socket
from datetime import datetime

_RUN = secrets.token_hex(4)


def owner() -> str:
    """Name this process, in a way that tells it from every other, also on another machine."""
    return f"{socket.gethostname()}:{os.getpid()}:{_RUN}"


def is_held(by: str | None, until: datetime | None, now: datetime) -> bool:
    """Say whether a claim still holds: its time is not over, and another live process has it."""
    if by is None or until is None or until <= now:
        return False
    host, pid, _ = by.rsplit(":", 2)
    if host != socket.gethostname():
        return True
    return int(pid) != os.getpid() and _is_alive(int(pid))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)  # somebody else's process is alive too
    return True
