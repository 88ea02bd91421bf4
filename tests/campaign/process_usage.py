"""A process's use of the machine, from /proc on Linux."""

import os
from pathlib import Path


def peak(process: int | str = "self") -> int:
    """Return the most memory that a process ever held, in bytes."""
    return _status("VmHWM", process)


def memory(process: int | str = "self") -> int:
    """Return the memory that a process holds, in bytes."""
    return _status("VmRSS", process)


def open_files(process: int | str = "self") -> int:
    """Count the open files of a process."""
    return len(os.listdir(f"/proc/{process}/fd"))  # noqa: PTH208  # no path is wanted


def _status(name: str, process: int | str) -> int:
    # Bytes: a user without rights may not be able to load a codec.
    for line in Path(f"/proc/{process}/status").read_bytes().splitlines():
        if line.startswith(f"{name}:".encode()):
            return int(line.split()[1]) * 1024
    raise AssertionError(name)
