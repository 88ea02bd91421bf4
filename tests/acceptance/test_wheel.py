"""The wheel, installed in a clean environment outside the checkout."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import files, version
from pathlib import Path

import pytest

from catalog.providers.recordings import find, shipped
from catalog.replay.server import ReplayServer
from tests.support.checkout import ROOT


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """Run a command that must succeed and return its output."""
    # Without coverage's hook: the clean environment does not have it.
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=clean | pip | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def locked() -> dict[str, str]:
    """Return the pinned versions for this system, by name."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pinned = re.findall(r"^(\S+)==(\S+) (; sys_platform == 'win32')?", text, flags=re.MULTILINE)
    return {name: pin for name, pin, elsewhere in pinned if not elsewhere}


def copy(name: str, packages: Path) -> None:
    """Copy an installed package, because pip would need too long."""
    for file in files(name) or ():
        source, place = Path(str(file.locate())), packages / file
        if file.suffix != ".pyc" and packages in place.parents and ".." not in file.parts:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)


@pytest.mark.long
def test_the_wheel_works_by_itself(tmp_path: Path) -> None:
    """Demo and sync run from the installed wheel with the runtime lock alone."""
    built, python = tmp_path / "dist", tmp_path / "env" / "bin" / "python"
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", built, folder=ROOT)
    (wheel,) = built.glob("model_catalog-*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "env", folder=tmp_path)
    (packages,) = tmp_path.glob("env/lib/python*/site-packages")
    for name, pin in locked().items():
        assert version(name) == pin
        copy(name, packages)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", python]
    # Modules are compiled on their first use.
    run(*pip, "install", "--no-compile", "--no-index", "--no-deps", wheel, folder=tmp_path)
    run(*pip, "check", folder=tmp_path)
    place = run(python, "-c", "import catalog; print(catalog.__file__)", folder=tmp_path)
    assert place.startswith(str(tmp_path))

    assert (tmp_path / "env" / "share" / "man" / "man1" / "catalog.1").exists()

    catalog = python.with_name("catalog")
    assert run(catalog, "help", "hold.share", folder=tmp_path).startswith("### hold.share")
    assert "  configuration  " in run(catalog, "help", folder=tmp_path)
    shown = run(catalog, "demo", folder=tmp_path)
    assert "qwen3: description" in shown
    assert "moonshotai/Kimi-K2.6" in (tmp_path / "demo" / "models.md").read_text()
    with ReplayServer(find(shipped())) as server:
        live = {"CATALOG_INFOMANIAK_URL": server.url, "INFOMANIAK_API_TOKEN": "any"}
        assert "first" in run(catalog, "sync", folder=tmp_path, **live)
        assert "changed" in run(catalog, "sync", folder=tmp_path, **live)
    assert (tmp_path / "catalog.db").exists()
    assert "Apertus" in (tmp_path / "docs" / "models.md").read_text()
