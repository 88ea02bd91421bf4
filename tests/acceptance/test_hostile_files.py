"""No file that a person names or a repository holds can hang a command or end it untidily."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import body, row
from tests.shell import Shell

SECONDS = 20
"""Within so long every command ends; without a door to files, some of these never would."""
HOSTILE = "hostile"
DEEP = 50_000


def fifo(path: Path) -> None:
    """Make a pipe with a name, which nobody writes to."""
    os.mkfifo(path)


def device(path: Path) -> None:
    """Make a link to what never ends."""
    path.symlink_to("/dev/zero")


def bound_socket(path: Path) -> None:
    """Make a socket that nobody listens on."""
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)  # the path of a socket must be short
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def large(path: Path) -> None:
    """Make a file of 200 MB that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(200_000_000)


def written(content: bytes) -> Callable[[Path], None]:
    """Make a file of these bytes."""

    def make(path: Path) -> None:
        path.write_bytes(content)

    return make


NUMBER = b"9" * 5_000
HOSTILES: dict[str, Callable[[Path], None]] = {
    "fifo": fifo,
    "device": device,
    "socket": bound_socket,
    "folder": Path.mkdir,
    "large": large,
    "latin-1": written(b"a = '\xe9'\n"),
    "nul": written(b"\0" * 100),
    "deep json": written(b"[" * DEEP),
    "deep json objects": written(b'{"a":' * DEEP),
    "deep toml": written(b"a = " + b"[" * DEEP),
    "deep toml tables": written(b"a = " + b"{a=" * DEEP),
    "long toml key": written(b"a." * DEEP + b"a = 1"),
    "json number": written(b'{"lock_version": ' + NUMBER + b"}"),
    "toml number": written(b"a = " + NUMBER),
    "toml number of 65 bits": written(b"a = 36893488147419103232"),
    "json surrogate": written(b'{"baseline_version": 1, "known": ["\\ud800"]}'),
}
USES: dict[str, tuple[tuple[str, ...], str]] = {
    "configuration": (("--config", HOSTILE, "config", "show"), ""),
    "configuration of a poll": (("--config", HOSTILE, "sync"), ""),
    "configuration of doctor": (("--config", HOSTILE, "models"), ""),
    "token": (("config", "check"), f"[infomaniak]\ntoken_file = '{HOSTILE}'\n"),
    "token of a poll": (("sync",), f"[infomaniak]\ntoken_file = '{HOSTILE}'\n"),
    "annotations": (("config", "check"), f"[document]\nannotations = '{HOSTILE}'\n"),
    "template": (
        ("config", "check"),
        "[[channel]]\nname = 'a'\nkind = 'webhook'\nurl = 'http://127.0.0.1:9/'\n"
        f"format = 'slack'\ntemplate = '{HOSTILE}'\n",
    ),
    "lock": (("check", "--shipped", "app.py", "--lock", HOSTILE), ""),
    "baseline": (("check", "--shipped", "app.py", "--baseline", HOSTILE), ""),
    "catalog": (("check", "app.py", "--catalog", HOSTILE), ""),
    "payload": (("validate", HOSTILE), ""),
    "state": (("diff", HOSTILE, "right.json"), ""),
    "packed": (("validate", f"{HOSTILE}.gz"), ""),
    "described": (("provider", "infer", HOSTILE), ""),
    "token of a question": (
        ("provider", "infer", "http://127.0.0.1:9/", "--token-file", HOSTILE),
        "",
    ),
    "behavior": (("replay", "--behavior", HOSTILE), ""),
    "export": (("--database", "new.db", "db", "import", HOSTILE), ""),
    "recordings": (("import", HOSTILE), ""),
    "document": (("render", "--output", HOSTILE), ""),
    "report": (("check", "--shipped", "app.py", "--also", "json", HOSTILE), ""),
}
