"""Plant secrets in every run, and search for them in all files."""

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from catalog.core.errors import StoreError
from catalog.store.bodies import read
from catalog.store.database import Database
from catalog.store.polls import bodies

TOKEN: Final = "tok-campaign-5b0c-9e77"
KEY: Final = b"webhook-secret-of-the-campaign"
SECRET: Final = f"whsec_{base64.b64encode(KEY).decode()}"
HOOK: Final = "hook-campaign-41d8"
"""A secret part of the channels' URLs, because a chat's URL allows writing there."""
PASSWORD: Final = "smtp-campaign-c3f0"
SECRETS: Final = (TOKEN, SECRET, HOOK, PASSWORD)
PARTS: Final = tuple(secret[:14] for secret in SECRETS)
"""A part of a secret is a secret too."""


def needles() -> tuple[bytes, ...]:
    """Return each secret in all its encodings."""
    plain = [*(secret.encode() for secret in (*SECRETS, *PARTS)), KEY]
    plain.append(SECRET.removeprefix("whsec_").encode())
    encoded = [base64.b64encode(each) for each in plain]
    quoted = [quote(each).encode() for each in plain]
    return tuple(dict.fromkeys(plain + encoded + quoted))


def found(folder: Path, messages: Iterable[bytes]) -> int:
    """Count the files and messages with a secret.

    Files are those below a folder.
    """
    texts = [*_files(folder), *messages]
    return sum(any(needle in text for needle in needles()) for text in texts)


def _files(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            yield content
            if content.startswith(b"SQLite format 3\0"):
                yield from _payloads(path)


def _payloads(file: Path) -> Iterator[bytes]:
    """Decompress the bodies of a database, up to the first damaged one."""
    try:
        database = Database(str(file), upgrades=False)
        with database.reading() as connection:
            for sha256 in bodies(connection):
                yield read(connection, sha256)
    except StoreError:
        return
