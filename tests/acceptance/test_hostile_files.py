"""No file can hang or crash a command."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from tests.support.builders import body, row
from tests.support.http_server import answer
from tests.support.odd_files import bound_socket, device
from tests.support.shell import Live, Shell

SECONDS = 20
"""Seconds in which every command ends, even if it meets a file without an end."""
HOSTILE = "hostile"
DEEP = 50_000


def large(path: Path) -> None:
    """Make a file of 200 MB that takes no disk space."""
    with path.open("wb") as file:
        file.truncate(200_000_000)


KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "fifo": (os.mkfifo, "it is not a regular file but a pipe"),
    "device": (device, "it is not a regular file but a device"),
    "socket": (bound_socket, "it is not a regular file but a socket"),
    "folder": (Path.mkdir, "Is a directory"),
    "large": (large, "it has 200,000,000 bytes, and at most"),
}
NUMBER = b"9" * 5_000
DEEPLY = "it is nested too deeply"
TOO_LONG = "does not fit into 64 bits"
TOML = {
    "deep lists": (b"a = " + b"[" * DEEP, DEEPLY),
    "deep tables": (b"a = " + b"{a=" * DEEP, DEEPLY),
    "a long key": (b"a." * DEEP + b"a = 1", DEEPLY),
    "a long number": (b"a = " + NUMBER, TOO_LONG),
    "65 bits": (b"a = 36893488147419103232", TOO_LONG),
    "latin-1": (b"a = '\xe9'", "it is not valid UTF-8"),
    "nul": (b"\0" * 100, "Invalid statement"),
}
JSON = {
    "deep lists": b"[" * DEEP,
    "deep objects": b'{"a":' * DEEP,
    "a long number": b'{"lock_version": ' + NUMBER + b"}",
    "surrogate": b'{"baseline_version": 1, "lock_version": 1, "known": ["\\ud800"], "models": []}',
    "a number as text": b'{"lock_version": 1, "models": [{"provider": "a", "name": "b",'
    b' "limit": "1", "at": "2026-01-01T00:00:00Z", "files": []}]}',
    "latin-1": b'"\xe9"',
    "nul": b"\0" * 100,
}


def given(setting: str) -> str:
    """Write a configuration that names the file in a section."""
    section, _, name = setting.partition(".")
    return f"[{section}]\n{name} = '{HOSTILE}'\n"


TEMPLATE = (
    "[[channel]]\nname = 'a'\nkind = 'webhook'\nurl = 'http://127.0.0.1:9/'\nformat = 'slack'\n"
    f"template = '{HOSTILE}'\n"
)
USES: dict[str, tuple[str, str]] = {
    "configuration": (f"--config {HOSTILE} config show", ""),
    "configuration of a poll": (f"--config {HOSTILE} sync", ""),
    "token": ("config check", given("infomaniak.token_file")),
    "annotations": ("config check", given("document.annotations")),
    "template": ("config check", TEMPLATE),
    "lock": (f"check --shipped app.py --lock {HOSTILE}", ""),
    "baseline": (f"check --shipped app.py --baseline {HOSTILE}", ""),
    "catalog": (f"check app.py --catalog {HOSTILE}", ""),
    "payload": (f"validate {HOSTILE}", ""),
    "state": (f"diff {HOSTILE} right.json", ""),
    "described": (f"provider infer {HOSTILE}", ""),
    "token of a question": (f"provider infer http://127.0.0.1:9/ --token-file {HOSTILE}", ""),
    "behavior": (f"replay --behavior {HOSTILE}", ""),
    "export": (f"db import {HOSTILE}", ""),
    "recordings": (f"import {HOSTILE}", ""),
    "report": (f"check --shipped app.py --also json {HOSTILE}", ""),
}
TOML_USES = ("configuration", "annotations", "behavior")
JSON_USES = ("lock", "baseline", "catalog", "export")
CODES = {"report": 6, "catalog": 4, "export": 6}
"""Exit codes of the uses that do not end as wrong usage."""
READ_IN_PARTS = {"catalog", "described", "export", "payload", "state"}
"""These uses read large files, so other tests cover their size."""


def play(shell: Shell, use: str, make: Callable[[Path], object], code: int) -> str:
    """Run the command of a use on a hostile file, return stderr."""
    words, configuration = USES[use]
    (shell.folder / "app.py").write_text("model = 'mixtral'\n", encoding="utf-8")
    (shell.folder / "right.json").write_bytes(body(row()))
    if configuration:
        (shell.folder / "catalog.toml").write_text(configuration, encoding="utf-8")
    make(shell.folder / HOSTILE)
    before = time.monotonic()
    ran = shell(*words.split(), code=code)
    assert time.monotonic() - before < SECONDS
    assert HOSTILE in ran.err
    assert len(ran.err.splitlines()) <= 4
    return ran.err


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("use", USES)
def test_a_special_file_is_refused(shell: Shell, use: str, kind: str) -> None:
    """Each command names a file that is not regular, explains the problem and ends."""
    make, reason = KINDS[kind]
    if use == "recordings":  # because this command takes a folder
        reason = "contains no recorded payload" if kind == "folder" else "Not a directory"
    elif kind == "folder" and use in {"state", "catalog", "report", "baseline", "lock"}:
        reason = HOSTILE  # because the check of arguments reports it
    elif kind == "large" and use in READ_IN_PARTS | {"report"}:
        return
    code = 6 if use == "report" and kind != "folder" else 2
    assert reason in play(shell, use, make, code)


@pytest.mark.long
@pytest.mark.parametrize("content", TOML)
@pytest.mark.parametrize("use", TOML_USES)
def test_odd_toml_is_refused(shell: Shell, use: str, content: str) -> None:
    """Deeply nested, too long or non-UTF-8 TOML is an error with the file's name."""
    text, reason = TOML[content]
    assert reason in play(shell, use, lambda path: path.write_bytes(text), 2)


@pytest.mark.long
@pytest.mark.parametrize("content", JSON)
@pytest.mark.parametrize("use", JSON_USES)
def test_odd_json_is_refused(shell: Shell, use: str, content: str) -> None:
    """Deeply nested, too long or non-UTF-8 JSON is an error with the file's name."""
    if (use, content) == ("baseline", "a number as text"):
        return  # because a baseline contains no number
    play(shell, use, lambda path: path.write_bytes(JSON[content]), CODES.get(use, 2))


def test_a_byte_order_mark_is_no_error(shell: Shell) -> None:
    """A configuration, token, lock and baseline with a byte order mark are read."""
    mark = "\ufeff"
    files = {
        "catalog.toml": f"{mark}[infomaniak]\ntoken_file = 'token'\n",
        "token": f"{mark}right-token\r\n",
        "lock": f'{mark}{{"lock_version": 1, "models": []}}',
        "base": f'{mark}{{"baseline_version": 1, "known": []}}',
        "app.py": f"{mark}model = 'mixtral'\n",
    }
    for name, text in files.items():
        (shell.folder / name).write_text(text, encoding="utf-8")
    assert "the configuration is valid" in shell("config", "check").out
    ran = shell("check", "--shipped", "app.py", "--lock", "lock", "--baseline", "base", code=1)
    assert "1:10  breaking  delisted  mixtral" in ran.out


NAME = os.fsdecode(b"a\xff.py")


@pytest.mark.long
def test_invalid_file_names_are_in_every_output(shell: Shell) -> None:
    """A file with a non-UTF-8 name is reported in each format, lock and baseline."""
    (shell.folder / NAME).write_text("model = 'mixtral'\n", encoding="utf-8")
    check = ("check", "--shipped", ".")
    assert shell(*check, code=1).lines[0] == "a\\xff.py"
    assert shell(*check, "--format", "json", code=1).json["notices"][0]["path"] == "a\\xff.py"
    assert "file=a\\xff.py," in shell(*check, "--format", "github", code=1).out
    assert 'classname="a\\xff.py"' in shell(*check, "--format", "junit", code=1).out
    (result,) = shell(*check, "--format", "sarif", code=1).json["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert os.fsdecode(unquote_to_bytes(place["uri"])) == NAME
    shell(*check, "--write-lock", code=1)
    shell(*check, "--baseline", "known.json", "--write-baseline")
    again = shell(*check, "--baseline", "known.json")
    assert "1 in the baseline" in again.out
    assert again.err == shell(*check, code=1).err  # the lock is not behind
    assert "a\\\\xff.py" in (shell.folder / "known.json").read_text(encoding="utf-8")


@pytest.mark.long
def test_a_folder_with_an_invalid_name(live: Live) -> None:
    """A poll, its database and document, a backup and JSON work in such a folder."""
    shell, _ = live(answer(body=body(row())))
    folder = shell.folder / os.fsdecode(b"f\xff")
    folder.mkdir()
    shell = replace(shell, folder=folder)
    assert "f\\xff" in shell("sync").out
    assert "unchanged" in shell("sync").out
    (listed,) = shell("provider", "--format", "json").json["providers"]
    assert listed["document"].endswith("f\\xff/docs/models.md")
    shell("db", "backup", os.fsdecode(b"b\xff.db"))
    shell("db", "export", os.fsdecode(b"e\xff"))
    shell("--database", "other.db", "db", "import", os.fsdecode(b"e\xff"))
    assert "f\\xff/none" in shell("--config", folder / "none", "status", code=2).err


@pytest.mark.long
def test_unchecked_files_are_reported(shell: Shell) -> None:
    """Links to devices and pipes in a pull request are reported, also in JSON."""
    (shell.folder / "a").mkdir()
    (shell.folder / "a" / ".gitignore").symlink_to("/dev/zero")
    (shell.folder / "a" / "link.py").symlink_to("/dev/zero")
    for number in range(25):
        os.mkfifo(shell.folder / f"{number:02}.py")
    ran = shell("check", "--shipped", ".")
    skipped = [line for line in ran.err.splitlines() if line.startswith("not checked: ")]
    assert skipped[0] == "not checked: a/.gitignore: it is not a regular file but a link"
    assert skipped[1] == "not checked: 00.py: it is not a regular file but a pipe"
    assert skipped[-1] == "not checked: 6 more; --format json lists all of them"
    found = shell("check", "--shipped", ".", "--format", "json").json["skipped"]
    assert len(found) == 26
    assert found[0] == {"path": "a/.gitignore", "reason": "it is not a regular file but a link"}
