"""The scripts of a checkout, run as a newcomer runs them."""

import os
import pty
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.checkout import ROOT, lay_checkout
from tests.support.shell import HEEDS_CTRL_C, SECONDS, Ran


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a folder with scripts/run, in which everything is set up already."""
    lay_checkout(tmp_path)
    return tmp_path


def run(checkout: Path, *words: str, **given: str) -> Ran:
    """Run scripts/run with these arguments in a minimal environment."""
    measured = {name: text for name, text in os.environ.items() if name.startswith("COVERAGE_")}
    ended = subprocess.run(
        [checkout / "scripts" / "run", *words],
        cwd=checkout,
        env=measured | {"HOME": str(checkout), "PATH": os.defpath} | given,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    return Ran(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.long
def test_a_database_of_ones_own_is_never_mixed_up_with_the_demos(checkout: Path) -> None:
    """CATALOG_DATABASE counts as configured: it is asked, and the demo is not made."""
    own = checkout / "own.db"
    asked = run(checkout, "models", CATALOG_DATABASE=str(own))
    assert (asked.code, asked.out) == (6, "")
    assert f"there is no database at {own}" in asked.err
    polled = run(checkout, CATALOG_DATABASE=str(own))
    assert polled.code == 2
    assert "there is no token" in polled.err
    assert not (checkout / "demo").exists()


@pytest.mark.long
def test_the_demo_prints_commands_that_work_as_typed(checkout: Path) -> None:
    """Each printed command works in the folder in which scripts/run was typed."""
    output = run(checkout)
    assert output.code == 0, output
    typed = [line.strip() for line in output.lines if line.startswith(f"  {checkout}/scripts/run ")]
    assert len(typed) == 4
    assert f"In a browser: {checkout}/scripts/run web" in output.lines
    for line in typed:
        again = run(checkout, *shlex.split(line)[1:])
        assert (again.code, bool(again.out)) == (0, True), (line, again)
    own = run(checkout, "demo", "other")
    assert f"  {checkout}/scripts/run --config other/catalog.toml changes" in own.lines


SERVER = """\
import os, signal, subprocess, sys
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); "
server = subprocess.Popen(
    [sys.executable, "-c", deaf + "time.sleep(600)"], start_new_session=True, stdout=subprocess.PIPE
)
server.stdout.readline()
print(server.pid, os.getpid(), flush=True)
signal.pause()
"""


@pytest.fixture
def tested(checkout: Path) -> Path:
    """Give a checkout whose test waits for a server that ignores signals."""
    for name in ("test", "supervise", "progress"):
        shutil.copy(ROOT / "scripts" / name, checkout / "scripts")
    for name in ("browser", "check"):
        (checkout / "scripts" / name).write_text("exit 0\n", encoding="utf-8")
    programs = checkout / ".venv" / "bin"
    (programs / "python").symlink_to(sys.executable)
    (checkout / "server.py").write_text(SERVER, encoding="utf-8")
    coverage = programs / "coverage"
    coverage.write_text(f"#!/bin/sh\nexec {sys.executable} server.py\n", encoding="utf-8")
    coverage.chmod(0o755)
    return checkout


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_tests_leave_no_server(tested: Path, number: signal.Signals) -> None:
    """A signal to scripts/test ends the tests, and then servers in sessions of their own."""
    plain = {"HOME": str(tested), "PATH": os.defpath}
    with subprocess.Popen(
        [sys.executable, "-c", HEEDS_CTRL_C, str(tested / "scripts" / "test")],
        cwd=tested,
        env=plain,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout
        pids = [int(word) for word in running.stdout.readline().split()]
        running.send_signal(number)
        assert running.wait(SECONDS) == 128 + number
    assert len(pids) == 2
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def _missing_programs(folder: Path, apt_get: str, **given: str) -> tuple[Ran, str]:
    """Run scripts/browser as root without Chromium and Prometheus. Return the calls of apt-get."""
    programs = {"id": "echo 0", "apt-get": f'echo "$*" >>{folder}/calls\n{apt_get}'}
    for name in ("bash", "dirname", "mktemp", "rm", "tail", "timeout"):
        programs[name] = f'exec {shutil.which(name)} "$@"'
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    ended = subprocess.run(
        ["/bin/bash", ROOT / "scripts" / "browser"],
        env={"PATH": str(folder)} | given,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    calls = folder / "calls"
    return Ran(ended.returncode, ended.stdout, ended.stderr), (
        calls.read_text() if calls.exists() else ""
    )


def test_ci_installs_what_the_tests_need(tmp_path: Path) -> None:
    """With CI=true, the missing packages of Debian are installed."""
    ran, calls = _missing_programs(tmp_path, "exit 0", CI="true")
    assert (ran.code, ran.err.count("\n")) == (0, 1)
    assert calls.endswith("--no-install-recommends chromium prometheus zsh\n")


def test_a_failed_installation_does_not_fail_the_tests(tmp_path: Path) -> None:
    """If apt-get fails, its last lines and the effect are shown, and the tests go on."""
    ran, _ = _missing_programs(tmp_path, "echo no network; exit 100", CI="true")
    assert ran.code == 0
    assert "no network" in ran.err
    assert "could not install chromium prometheus zsh" in ran.err


def test_nothing_is_installed_without_ci(tmp_path: Path) -> None:
    """On a developer's machine the missing packages are only named."""
    ran, calls = _missing_programs(tmp_path, "exit 0")
    assert (ran.code, calls) == (0, "")
    assert ran.err.endswith("apt-get install chromium prometheus zsh\n")


@pytest.mark.long
def test_progress_is_shown_on_a_terminal_until_the_end(tmp_path: Path) -> None:
    """The seconds so far appear while a command runs, its exit code stays, and nothing is left."""
    os.mkfifo(tmp_path / "go")
    line = f". {ROOT}/scripts/progress; with_progress packages '9 s' sh -c 'cat go; exit 3'"
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        ["/bin/bash", "-c", f"{line}; echo ended $?"],
        cwd=tmp_path,
        env={"PATH": os.defpath, "PROGRESS_EVERY": "0.1"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    ) as running:
        os.close(theirs)
        shown = b""
        while b"packages: " not in shown:  # then 0 s, or 1 s
            shown += os.read(ours, 4096)
        (tmp_path / "go").write_bytes(b"")
        assert running.communicate(timeout=SECONDS)[0] == "ended 3\n"
    os.close(ours)
    assert shown.startswith(b"packages (about 9 s)\r\n")
