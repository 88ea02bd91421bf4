"""Read a process's memory and open files from /proc on Linux."""

import os
from pathlib import Path


def peak(process: int | str = "self") -> int:
    """Return the peak memory of a process in bytes."""
    return _status("VmHWM", process)


def memory(process: int | str = "self") -> int:
    """Return the present memory of a process in bytes."""
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
