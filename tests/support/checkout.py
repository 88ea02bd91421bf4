"""The checkout of the tests: its root, and its scripts."""

import shutil
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Final

from tests.support.shell import COMMAND

ROOT: Final = Path(__file__).resolve().parents[2]


def load_script(name: str) -> ModuleType:
    """Load a Python script of scripts/ as a module."""
    loader = SourceFileLoader(name, str(ROOT / "scripts" / name))
    spec = spec_from_loader(name, loader)
    assert spec
    loaded = module_from_spec(spec)
    loader.exec_module(loaded)
    return loaded


def lay_checkout(folder: Path) -> None:
    """Make a folder with scripts/run and a link to the command.

    Its scripts/setup is empty.
    """
    scripts, programs = folder / "scripts", folder / ".venv" / "bin"
    scripts.mkdir()
    programs.mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "run", scripts)
    (scripts / "setup").write_text("exit 0\n", encoding="utf-8")
    (programs / "catalog").symlink_to(COMMAND)
