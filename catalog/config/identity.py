"""Tell whether anything has moved that the settings are read from, without reading them."""

import hashlib
import json
import re
from collections.abc import Mapping
from errno import EINVAL
from pathlib import Path
from stat import S_ISREG

from catalog import __version__
from catalog.config.sources import PREFIX

_SECRET = re.compile(r"\w*_(TOKEN|SECRET|PASSWORD)|CATALOG_(CHANNEL|PING)_\w+(?<!_FILE)")
"""Variables that hold secrets, or may; only that they are there counts."""


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
