"""scripts/setup in a separate checkout, with locks of tiny wheels."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.checkout import ROOT
from tests.support.shell import SECONDS, Ran
from tests.support.wheels import make_wheel, pin

BACKEND = """\
import shutil
def build_editable(folder, *_, **__):
    return shutil.copy({wheel!r}, folder).rpartition("/")[2]
"""
# Does the work of `python -m venv` with a copied pip, because installing pip takes seconds.
COPIED = """\
if [ "$1 $2" = "-m venv" ]; then
  shift 2
  "$python" -m venv --without-pip "$@" && exec cp -Rp {pip} .venv/lib/python*/site-packages
  exit 1
fi
"""
# Debian without python3-venv: the folder is there, pip is not.
HALF = '[ "$1 $2" = "-m venv" ] && { "$python" -m venv --without-pip .venv; exit 1; }\n'


@pytest.fixture
def copied() -> str:
    """Return a fake python3 that makes environments with this pip."""
    packages = Path(sysconfig.get_path("purelib"))
    found = shlex.join(map(str, [packages / "pip", *packages.glob("pip-*.dist-info")]))
    return COPIED.format(pip=found)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a project that needs `dep`, `backend` and `tool`.

    It needs them to run, to build and to test.
    """
    scripts, wheels = tmp_path / "scripts", tmp_path / "wheels"
    for folder in (scripts, wheels, tmp_path / "bin"):
        folder.mkdir()
    for name in ("setup", "progress"):
        shutil.copy(ROOT / "scripts" / name, scripts)
    project = make_wheel(wheels, "project", script="catalog = dep:main")
    dep = make_wheel(wheels, "dep", "def main():\n    print('catalog')\n")
    backend = make_wheel(wheels, "backend", BACKEND.format(wheel=str(project)))
    tool = make_wheel(wheels, "tool")
    (tmp_path / "requirements.txt").write_text(pin(dep))
    (tmp_path / "requirements-build.txt").write_text(pin(backend))
    (tmp_path / "requirements-dev.txt").write_text(pin(dep, backend, tool))
    project_file = '[build-system]\nrequires = ["backend"]\nbuild-backend = "backend"\n'
    (tmp_path / "pyproject.toml").write_text(project_file)
    python(tmp_path)
    return tmp_path


def python(checkout: Path, first: str = "") -> None:
    """Put a python3 on the path that does something else first."""
    shim = checkout / "bin" / "python3"
    shim.write_text(f'#!/bin/sh\npython={sys.executable}\n{first}exec "$python" "$@"\n')
    shim.chmod(0o755)


def setup(checkout: Path, *words: str, code: int = 0) -> Ran:
    """Run scripts/setup, which must end with this code."""
    pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1"}
    pip["PIP_FIND_LINKS"] = str(checkout / "wheels")
    ended = subprocess.run(
        [checkout / "scripts" / "setup", *words],
        cwd=checkout,
        env=pip | {"HOME": str(checkout), "PATH": f"{checkout}/bin:{os.defpath}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    ran = Ran(ended.returncode, ended.stdout, ended.stderr)
    assert ran.code == code, ran
    return ran


def installed(checkout: Path) -> set[str]:
    """Return which of the wheels are in the environment."""
    found = checkout.glob(".venv/lib/python*/site-packages/*-1.0.dist-info")
    return {path.name.partition("-")[0] for path in found}


@pytest.mark.long
def test_what_is_set_up_is_what_was_asked_for(checkout: Path) -> None:
    """--dev adds the tools and they stay, and a repeated call does nothing."""
    assert "setting up .venv for run" in setup(checkout).err
    assert installed(checkout) == {"dep", "backend", "project"}
    assert setup(checkout) == Ran(0, "", "")
    assert "setting up .venv for dev" in setup(checkout, "--dev").err
    everything = {"dep", "backend", "project", "tool"}
    assert installed(checkout) == everything
    assert setup(checkout, "--dev") == setup(checkout) == Ran(0, "", "")

    with (checkout / "requirements-dev.txt").open("a") as lock:
        lock.write("# another\n")
    assert "setting up .venv for dev" in setup(checkout).err
    assert installed(checkout) == everything
    assert setup(checkout, "--dev") == Ran(0, "", "")


@pytest.mark.long
def test_an_environment_that_was_left_half_made_is_mended(checkout: Path, copied: str) -> None:
    """Setup without pip names the package to install, and completes once pip works."""
    python(checkout, HALF)
    for _ in range(2):
        assert "apt-get install python3-venv. Then run this again." in setup(checkout, code=2).err
    assert (checkout / ".venv" / "bin" / "python").exists()
    python(checkout, copied)
    setup(checkout)
    assert installed(checkout) == {"dep", "backend", "project"}

    interpreter = checkout / ".venv" / "bin" / "python"
    interpreter.unlink()
    interpreter.symlink_to("/nowhere/python3")  # an upgrade of the system took it away
    setup(checkout)
    assert installed(checkout) == {"dep", "backend", "project"}


@pytest.mark.long
def test_a_damaged_environment_is_not_taken_for_a_good_one(checkout: Path, copied: str) -> None:
    """A damaged environment is reported until .venv is removed."""
    python(checkout, copied)
    setup(checkout)
    (module,) = checkout.glob(".venv/lib/python*/site-packages/dep.py")
    module.unlink()
    for _ in range(2):
        output = setup(checkout, code=2).err
        assert "No module named 'dep'" in output
        assert "remove the folder .venv, then run this again" in output
    shutil.rmtree(checkout / ".venv")
    (checkout / ".venv").touch()
    assert setup(checkout, code=2).err.endswith(
        "error: .venv is not a folder. Remove it, then run this again.\n"
    )
    (checkout / ".venv").unlink()
    setup(checkout)
    assert setup(checkout) == Ran(0, "", "")


@pytest.mark.long
def test_what_cannot_be_set_up_is_told(checkout: Path, copied: str) -> None:
    """A missing package or an unknown option ends with 2 and a next step."""
    python(checkout, copied)
    assert setup(checkout, "--nope", code=2).err == "usage: scripts/setup [--web | --dev]\n"
    (checkout / "wheels" / "dep-1.0-py3-none-any.whl").unlink()
    assert "error: pip could not install into .venv" in setup(checkout, code=2).err


def test_the_lock_of_the_tests_holds_the_others() -> None:
    """The development lock pins every package of run, build and image with the same hashes."""
    run, image, build, dev = (
        # Without markers, because another package may need it on every system.
        set(re.findall(r"^(\S+)==(\S+)[^\\]*\\(\n(?: +--hash=.*\n)+)", text, flags=re.MULTILINE))
        for name in (
            *("requirements.txt", "requirements-image.txt"),
            *("requirements-build.txt", "requirements-dev.txt"),
        )
        for text in [(ROOT / name).read_text()]
    )
    assert run | build | image <= dev
    assert {name for name, *_ in image - run} >= {"psycopg", "psycopg-binary"}
    assert run <= image
    assert {name for name, *_ in build} >= {"hatchling", "editables"}
    assert len(run) > 20
