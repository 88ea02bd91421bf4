"""Files with secrets that every user of this machine can read."""

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
"""Where containers and systemd put secrets, with modes that are not ours to choose."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """A file that others can read, its mode, and the settings whose secrets are in it."""

    file: Path
    mode: int
    settings: tuple[str, ...]

    @property
    def warning(self) -> str:
        """What is wrong."""
        held = ", ".join(self.settings)
        return f"every user can read {self.file} (mode {self.mode:04o}), which holds {held}"

    @property
    def command(self) -> str:
        """What puts it right."""
        return f"chmod {self.mode & 0o700:o} {shlex.quote(str(self.file))}"


def exposed(loaded: Loaded, environ: Mapping[str, str] = os.environ) -> Iterator[Exposed]:
    """Find the files of secrets that others can read.

    A group may read them, because that is how a service reads a file of root. What a container or
    systemd has mounted is passed over.
    """
    of_file: dict[Path, list[str]] = {}
    for setting, source in loaded.sources.items():
        if source.startswith("file ") and _is_secret(setting, loaded):
            of_file.setdefault(Path(source.removeprefix("file ")), []).append(setting)
    for file, settings in of_file.items():
        try:
            mode = S_IMODE(file.stat().st_mode)
        except OSError:
            continue  # it is gone by now
        if mode & S_IROTH and not _is_mounted(file, environ):
            yield Exposed(file, mode, tuple(sorted(settings)))


def _is_secret(setting: str, loaded: Loaded) -> bool:
    if setting == "database":
        return bool(_PASSWORD.search(loaded.settings.database))
    return bool(SECRET_FILES.fullmatch(f"{setting}_file") or _OF_REQUESTS.fullmatch(setting))


def _is_mounted(file: Path, environ: Mapping[str, str]) -> bool:
    """Say whether a file was mounted as a secret; Kubernetes does that in any folder."""
    given = environ.get("CREDENTIALS_DIRECTORY")
    folders = [*_MOUNTED, *([given] if given else [])]
    return any(map(file.is_relative_to, folders)) or (file.parent / "..data").is_symlink()
