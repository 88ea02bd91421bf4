"""Install the compared programs, each in an environment of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.timing import Command

NAMES = ("urlwatch", "webchanges", "git-history")
NOWHERE = "http://127.0.0.1:9"
"""webchanges looks up its newest version here and gets no answer."""


@dataclass(frozen=True, slots=True)
class Peers:
    """The folder of the installed programs, or None without them."""

    folder: Path | None = None

    def has(self, name: str) -> bool:
        """Return True if a peer is installed."""
        return self.folder is not None and (self.folder / name).is_dir()

    def program(self, name: str) -> str:
        """Return the path of its command."""
        return str((self.folder or Path()) / name / "bin" / name)

    def version(self, name: str) -> str:
        """Return the installed version of a program."""
        code = f"from importlib.metadata import version; print(version({name!r}))"
        python = (self.folder or Path()) / name / "bin" / "python"
        ran = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    def watcher(self, name: str, folder: Path, url: str) -> Command:
        """Return the command of a watcher that polls one URL.

        All its files are in its own folder.
        """
        home = folder / name
        home.mkdir()
        job = home / "jobs.yaml"
        job.write_text(f'name: "models"\nurl: "{url}/1/ai/models"\n', encoding="utf-8")
        environ = {"HOME": str(home), "PATH": os.defpath, "LANG": "C.UTF-8", "https_proxy": NOWHERE}
        jobs, store = ("--urls", "--cache") if name == "urlwatch" else ("--jobs", "--database")
        words = (self.program(name), jobs, "jobs.yaml", "--config", "config.yaml")
        return Command((*words, store, "kept.db"), home, environ)


def install(folder: Path) -> Peers:
    """Install each program with pip, in an environment of its own."""
    folder.mkdir()
    for name in NAMES:
        subprocess.run([sys.executable, "-m", "venv", folder / name], check=True)
        pip = [
            str(folder / name / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--quiet",
            "--quiet",
        ]
        subprocess.run([*pip, "--disable-pip-version-check", name], check=True)
        subprocess.run(
            [folder / name / "bin" / "python", "-m", "compileall", "-q", folder / name / "lib"],
            check=False,
            stdout=subprocess.DEVNULL,
        )
    return Peers(folder)
