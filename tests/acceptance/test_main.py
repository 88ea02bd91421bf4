"""Behavior of every command: help, usage, streams, locales, colors."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from catalog import __version__
from catalog.cli.main import COMMANDS, load
from tests.support.builders import body, row
from tests.support.http_server import Exchange, answer, silence
from tests.support.shell import SECONDS, Live, Shell

LIBRARIES = ("sqlalchemy", "sqlmodel", "httpx", "pydantic", "jsonschema", "rich", "markdown_it")
"""Libraries that take long to load."""
WEB = ("fastapi", "starlette", "uvicorn", "jinja2", "icalendar", "prometheus_client", "mcp")
"""Libraries of the extras for pages and assistants."""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Return a shell that runs the installed script, not a fork."""
    return Shell(tmp_path, installed=True)


@pytest.mark.long
def test_json_lines_alone_where_they_are_asked_for(live: Live) -> None:
    """With --log-format json, errors and pending messages are JSON lines too."""
    shell, _ = live(answer(503))
    ran = shell("--log-format", "json", "-q", "sync", code=3)
    lines = [json.loads(line) for line in ran.err.splitlines()]
    assert [each["level"] for each in lines][-1] == "warning"
    assert any("error:" in each["message"] and "503" in each["message"] for each in lines)
    wrong = shell("--log-format", "json", "--config", "gone.toml", "models", code=2)
    (line,) = [json.loads(each) for each in wrong.err.splitlines()]
    assert (line["level"], line["message"].startswith("error: cannot read")) == ("error", True)


def test_help_names_every_command(shell: Shell) -> None:
    """Help lists each command with a whole sentence, and the exit codes."""
    ran = shell("-h")
    listed = [line.split()[0] for line in ran.out.partition("Commands:")[2].splitlines() if line]
    assert listed[: len(COMMANDS)] == sorted(COMMANDS)
    assert {"changes", "diff", "models", "show", "sync", "validate"} <= {*listed}
    assert "Exit codes: 0 done" in ran.out
    assert "..." not in ran.out.replace("[ARGS]...", "")
    assert shell("--version").out == f"catalog, version {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_agrees_with_the_command(name: str) -> None:
    """The line of a command in the overview is the first sentence of its own help."""
    _, line = COMMANDS[name]
    assert load(name).get_short_help_str(len(line)) == line


def test_the_package_runs_as_a_module(shell: Shell) -> None:
    """`python -m catalog` is the command, for an interpreter without its script."""
    with shell.python("-m", "catalog", "--version") as running:
        out, err = running.communicate(timeout=SECONDS)
    assert (running.returncode, out, err) == (0, f"catalog, version {__version__}\n", "")


def test_wrong_usage_is_exit_2(shell: Shell) -> None:
    """An unknown option or command exits with 2, and stderr mentions --help."""
    for words in (["--nope"], ["sync", "--nope"], ["nope"], ["diff", "1"]):
        ran = shell(*words, code=2)
        assert ran.out == ""
        assert "--help" in ran.err
        assert "Error: " in ran.err


def test_an_option_in_the_wrong_place_gets_a_hint(shell: Shell) -> None:
    """A global option after the command is wrong usage, and the hint shows its place."""
    for option in ("-q", "--verbose", "--config", "--database=x.db", "--log-format"):
        ran = shell("sync", option, code=2)
        name = option.partition("=")[0]
        hint = f"hint: {name} goes before the command, right after `catalog`."
        assert ran.err.splitlines()[-1] == hint
    assert "hint: " not in shell("sync", "--nope", code=2).err


def test_heavy_libraries_are_not_loaded_for_help(shell: Shell) -> None:
    """Help imports no database, HTTP, settings, tables, log or cryptography."""
    ran = subprocess.run(
        [str(Path(shell.line()[0]).parent / "python"), "-X", "importtime", *shell.line("--help")],
        cwd=shell.folder,
        # Not measured, because coverage loads libraries of its own.
        env={k: v for k, v in shell.environ.items() if not k.startswith("COVERAGE_")},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "click" in loaded
    light = {"csv", "difflib", "hashlib", "hmac", "json", "logging"}
    assert loaded.isdisjoint({*LIBRARIES, *WEB, *light, "catalog.cli.status"})


def test_no_command_loads_a_heavy_library_for_its_own_help(shell: Shell) -> None:
    """Loading a command's help imports no heavy library."""
    code = """
import sys
from catalog.cli.main import COMMANDS, load
for name in COMMANDS:
    load(name)
print(*sys.modules)
"""
    # Not measured, because coverage loads libraries of its own.
    environ = {k: v for k, v in shell.environ.items() if not k.startswith("COVERAGE_")}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=shell.folder,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {*ran.stdout.split()}
    assert loaded >= {"click", "catalog.cli.serve"}
    assert loaded.isdisjoint({*LIBRARIES, *WEB, "pathspec", "yaml"})


def test_a_poll_loads_no_library_of_the_pages(live: Live) -> None:
    """`catalog sync` starts as fast as without the web part."""
    code = """
import sys
from catalog.cli.main import main
sys.argv = ["catalog", "sync"]
try:
    main()
finally:
    sys.stderr.write("loaded " + " ".join(sys.modules))
"""
    polled, _ = live(answer(body=body(row())))
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=polled.folder,
        env={k: v for k, v in polled.environ.items() if not k.startswith("COVERAGE_")},
        capture_output=True,
        text=True,
        check=False,
    )
    loaded = {*ran.stderr.rpartition("loaded ")[2].split()}
    assert "first, snapshot 1" in ran.stdout + ran.stderr
    assert "sqlalchemy" in loaded
    assert loaded.isdisjoint(WEB)


@pytest.mark.long
def test_a_reader_that_leaves_early_is_no_error(demo: Shell) -> None:
    """A closed stdout or stderr does not change the exit code."""
    for words, code in ((["diff", "1", "2", "--exit-code"], 1), (["show", "x"], 2)):
        ours, theirs = os.pipe()
        os.close(ours)
        ended = subprocess.run(
            demo.line(*words),
            cwd=demo.folder,
            env=demo.environ,
            stdout=theirs,
            stderr=theirs,
            check=False,
        )
        os.close(theirs)
        assert ended.returncode == code


@pytest.mark.long
def test_a_full_disk_is_reported(shell: Shell) -> None:
    """Output that has no place is exit 6 with one line and a hint."""
    Path(shell.folder, "right.json").write_bytes(body(row()))
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            shell.line("validate", "right.json"),
            cwd=shell.folder,
            env=shell.environ,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 6
    error, hint = ended.stderr.splitlines()
    assert "No space left on device" in error
    assert hint.startswith("hint: ")


@pytest.mark.long
def test_ctrl_c_ends_quietly(live: Live) -> None:
    """An interrupted pass ends with 130 and leaves no poll behind."""
    arrived = Event()

    def stall(exchange: Exchange) -> None:
        arrived.set()
        silence(exchange)

    shell, _ = live(stall, laid=False)
    with shell.start("sync") as running:
        assert arrived.wait(SECONDS)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=SECONDS)
    assert running.returncode == 130
    assert (out.strip(), err.strip()) == ("", "")
    assert shell.files() == {}


@pytest.mark.long
def test_closed_streams_are_no_error(shell: Shell) -> None:
    """Started without stdin, stdout and stderr, a command works and ends with its code."""
    Path(shell.folder, "right.json").write_bytes(body(row()))
    line = ' "$0" validate "$1" <&- >&- 2>&-; exit $?'
    for file, code in (("right.json", 0), ("-", 1)):
        ended = subprocess.run(
            ["/bin/sh", "-c", line, shell.line()[0], file],
            cwd=shell.folder,
            env=shell.environ,
            check=False,
        )
        assert ended.returncode == code


@pytest.mark.long
def test_an_ascii_terminal_gets_every_line(demo: Shell) -> None:
    """An ASCII terminal shows `->` for an arrow."""
    ascii_only = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    ran = demo("changes", "--model", "qwen3", given=ascii_only)
    assert ran.out.isascii()
    assert "Qwen3-235B-A22B-Instruct-2507 -> Qwen/Qwen3-VL-235B-A22B-Instruct" in ran.out
    assert "no model 'm\\xfcller' is known" in demo("show", "müller", code=2, given=ascii_only).err


@pytest.mark.long
def test_a_terminal_gets_color_and_no_escape_of_a_name(shell: Shell) -> None:
    """A terminal shows colors unless NO_COLOR is set, and names cannot control it."""
    Path(shell.folder, "old.json").write_bytes(body(row()))
    Path(shell.folder, "new.json").write_bytes(body(row(name="new\x1b[5m")))
    words = ("diff", "old.json", "new.json", "--format")
    table, _ = shell.on_terminal(*words, "table")
    plain, _ = shell.on_terminal(*words, "table", given={"NO_COLOR": "1"})
    rows, _ = shell.on_terminal(*words, "csv")
    assert "\x1b[31m" in table
    assert "\x1b" not in plain + rows
    assert "\x1b[5m" not in table
    assert "new\\x1b[5m" in rows
