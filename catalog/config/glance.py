"""What a run must know of the settings before it has read them, which takes longer than all else.

Where the database is, and whether anything has moved that the settings are read from.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from errno import EINVAL
from pathlib import Path
from stat import S_ISREG
from urllib.parse import unquote

from catalog import __version__
from catalog.config.sources import PREFIX, RawSettings, find_file, plain_variable
from catalog.core.errors import SettingsInvalid
from catalog.core.files import read_text

SQLITE = "sqlite:///"
DATABASE = "sqlite:///catalog.db"
TOKEN = re.compile(r"[!-~]+")
"""What a token may be."""
SECRET_BYTES = 64 * 1024
"""The most that a file with a secret may hold."""
_SECRET = re.compile(r"\w*_(TOKEN|SECRET|PASSWORD)|CATALOG_(CHANNEL|PING)_\w+(?<!_FILE)")
"""Variables that hold secrets, or may; only that they are there counts."""


@dataclass(frozen=True, slots=True)
class Glance:
    """The file of the database, and the identity of the settings: equal where they are the same."""

    database: Path
    identity: str
    given: RawSettings
    environ: Mapping[str, str]

    def token(self, kind: str, name: str) -> str | None:
        """Read a token anew from where it came from before: a variable, a file, or a setting.

        None where there is none any more, or none that may be sent.
        """
        match kind:
            case "variable":
                found = self.environ.get(name)
            case "file":
                found = _read(Path(name))
            case _:
                found = self.given.get(name)
        return found if isinstance(found, str) and TOKEN.fullmatch(found) else None


def _read(file: Path) -> str | None:
    try:
        return read_text(file, SECRET_BYTES).strip()
    except OSError:
        return None


def glance(file: Path | None, database: str | None, environ: Mapping[str, str]) -> Glance | None:
    """Look where the settings come from; None where there is no SQLite file, or too much is odd."""
    given = RawSettings()
    found = find_file(file, environ)
    try:
        identity = identify(found, environ)
        if found is not None:
            given.take_file(found.absolute())
        for url, source in (
            (environ.get(plain_variable("database")), "environment"),
            (database, "command line"),
        ):
            if url:
                given.set("database", url, source)
        place = rooted_database(str(given.get("database") or DATABASE), given)
    except (OSError, SettingsInvalid):
        return None
    return None if "://" in place else Glance(Path(place), identity, given, environ)


def identify(file: Path | None, environ: Mapping[str, str]) -> str:
    """Return a digest that differs where any setting may differ, and that gives no secret away.

    Raise OSError where the file cannot be looked at.
    """
    ours = sorted(
        (name, "" if _SECRET.fullmatch(name) else value)
        for name, value in environ.items()
        if value and name.startswith((PREFIX, "INFOMANIAK_"))
    )
    looked = None if file is None else (str(file.absolute()), look(file))
    known = json.dumps([__version__, str(Path.cwd()), looked, ours])
    return hashlib.sha256(known.encode()).hexdigest()


def look(file: Path) -> list[int]:
    """Return what moves when a file is written or replaced; nothing where there is none.

    Raise OSError for a pipe or a device: whoever looks into it takes away what is in it.
    """
    try:
        stat = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return []
    if not S_ISREG(stat.st_mode):
        raise OSError(EINVAL, "it is no regular file")
    return [stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino]


def rooted_database(url: str, given: RawSettings) -> str:
    """Return the absolute path of an SQLite file, or the URL of anything else as it is."""
    path = url
    if "://" in url:
        path = unquote(url.removeprefix(SQLITE))
        if "://" in path or "?" in path or path in {"", ":memory:"}:
            return url
    return str(given.root("database") / path)
