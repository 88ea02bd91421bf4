"""What a process takes of its machine, as Linux tells it in /proc."""

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
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(name)
