"""Make files that are not regular."""

import os
import socket
from pathlib import Path


def device(path: Path) -> None:
    """Make a link to an endless file."""
    path.symlink_to("/dev/zero")


def bound_socket(path: Path) -> None:
    """Make a socket without a listener."""
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)  # the path of a socket must be short
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)
