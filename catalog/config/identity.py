"""Detect changed sources of the settings without reading the settings."""

import hashlib
import json
import re
from collections.abc import Mapping
from errno import EINVAL
from pathlib import Path
from stat import S_ISREG

from catalog import __version__
from catalog.config.sources import PREFIX

_SECRET = re.compile(r"\w*_(TOKEN|SECRET|PASSWORD)|CATALOG_(CHANNEL|PING|HTTP_PROXY)\w*(?<!_FILE)")
"""Variables that may hold secrets, so their values are ignored."""


def identify(file: Path | None, environ: Mapping[str, str]) -> str:
    """Return a digest that differs if any setting may differ.

    Secrets are not part of it. Raise OSError if the file is not accessible.
    """
    variables = sorted(
        (name, "" if _SECRET.fullmatch(name) else value)
        for name, value in environ.items()
        if value and name.startswith((PREFIX, "INFOMANIAK_"))
    )
    source = None if file is None else (str(file.absolute()), file_state(file))
    known = json.dumps([__version__, str(Path.cwd()), source, variables])
    return hashlib.sha256(known.encode()).hexdigest()


def file_state(file: Path) -> list[int]:
    """Return values that change when a file is written or replaced.

    A missing file has none. Raise OSError for a pipe or a device, because its content can be read
    only once.
    """
    try:
        stat = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return []
    if not S_ISREG(stat.st_mode):
        raise OSError(EINVAL, "it is not a regular file")
    return [stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino]
