"""Find secret files that every user of this machine can read."""

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_IMODE, S_IROTH

from catalog.config.load import SECRET_FILES, Loaded
from catalog.core.http.request import CREDENTIAL

_OF_REQUESTS = re.compile(rf"provider\.[0-9]+\.list\.(headers|query)\.{CREDENTIAL}", re.IGNORECASE)
_PASSWORD = re.compile(r"://[^/?@]*:[^/?@]+@|[?&]password=", re.IGNORECASE)
_MOUNTED = ("/run/secrets", "/run/credentials", "/var/run/secrets")
"""Folders of secrets mounted by containers and systemd with their own modes."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """A file that others can read, its mode, and its secret settings."""

    file: Path
    mode: int
    settings: tuple[str, ...]

    @property
    def warning(self) -> str:
        """Return the problem."""
        held = ", ".join(self.settings)
        return f"every user can read {self.file} (mode {self.mode:04o}), which holds {held}"

    @property
    def command(self) -> str:
        """Return the command that fixes it."""
        return f"chmod {self.mode & 0o700:o} {shlex.quote(str(self.file))}"


def exposed(loaded: Loaded, environ: Mapping[str, str] = os.environ) -> Iterator[Exposed]:
    """Yield the secret files that others can read.

    Group access is allowed, because a service often reads root's files through its group. Files
    mounted by a container or systemd are skipped.
    """
    of_file: dict[Path, list[str]] = {}
    for setting, source in loaded.sources.items():
        if source.startswith("file ") and _is_secret(setting, loaded):
            of_file.setdefault(Path(source.removeprefix("file ")), []).append(setting)
    for file, settings in of_file.items():
        try:
            mode = S_IMODE(file.stat().st_mode)
        except OSError:
            continue  # deleted meanwhile
        if mode & S_IROTH and not _is_mounted(file, environ):
            yield Exposed(file, mode, tuple(sorted(settings)))


def holds_password(database: str) -> bool:
    """Return whether the URL of a database has a password in it."""
    return bool(_PASSWORD.search(database))


def _is_secret(setting: str, loaded: Loaded) -> bool:
    if setting == "database":
        return holds_password(loaded.settings.database)
    if setting == "http.proxy" and (proxy := loaded.settings.http.proxy_route):
        return bool(proxy.secrets)
    return bool(SECRET_FILES.fullmatch(f"{setting}_file") or _OF_REQUESTS.fullmatch(setting))


def _is_mounted(file: Path, environ: Mapping[str, str]) -> bool:
    """Return whether a file is a mounted secret, also by Kubernetes."""
    given = environ.get("CREDENTIALS_DIRECTORY")
    folders = [*_MOUNTED, *([given] if given else [])]
    return any(map(file.is_relative_to, folders)) or (file.parent / "..data").is_symlink()
