"""A file written whole or not at all: a reader sees the old one or the new one."""

import os
import secrets
from pathlib import Path


def replace(target: Path, data: bytes) -> None:
    """Write beside the target, then rename over it; raise OSError. The mode of the old one stays.

    A kill leaves at most a `.catalog-….tmp` beside it.
    """
    temporary = target.with_name(f".catalog-{secrets.token_hex(4)}.tmp")
    # Made as any program makes a file, so that a new one gets the user's usual mode.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if target.exists():
                os.fchmod(file.fileno(), target.stat().st_mode & 0o7777)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
