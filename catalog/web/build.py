"""Build the static site: `catalog web build`."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import catalog
from catalog.core.errors import NotFound
from catalog.core.files import read_bytes
from catalog.store import polls
from catalog.web.answer import made
from catalog.web.folder import Bundle, Folder, Manifest, Stored
from catalog.web.reader import Reader, Reading

SOURCES = frozenset({".py", ".html", ".css", ".svg", ".toml"})
"""The endings of the files of this program that make the pages."""
LARGEST = 64 * 1024 * 1024
"""Maximum bytes of a file that settings name."""


@dataclass(frozen=True, slots=True)
class Built:
    """The numbers of files of the site, written ones and removed ones."""

    total: int
    written: int = 0
    removed: int = 0


def build(reader: Reader, target: Path) -> Built:
    """Write the site into a folder, only what changed.

    The time of the site is that of the newest poll, so the same store gives the same bytes. Raise
    StoreError, SettingsInvalid for a folder of foreign files, and NotFound for an empty store.
    """
    folder, program = Folder(target), _program()
    with reader.reading() as reading:
        if folder.is_whole(program, _content(reading)):
            return Built(len(folder.before.files))
    from catalog.web.bundles import bundles  # here, because an unchanged site does not need it

    with reader.steady() as reading:
        at = replace(reading, now=_newest(reading))
        return _write(folder, program, _content(reading), list(bundles(at)))


def _write(folder: Folder, program: str, content: str, each: list[Bundle]) -> Built:
    """Write the bundles that the folder does not have yet."""
    is_same = folder.before.program == program
    source = {file: bundle.source if is_same else "" for bundle in each for file in bundle.files}
    folder.begin(program, source)
    stored: dict[str, Stored] = {}
    written = 0
    for bundle in each:
        if all(folder.has(file, source[file]) for file in bundle.files):
            stored |= {file: folder.before.files[file] for file in bundle.files}
            continue
        for file, body in zip(bundle.files, made(bundle.make, bundle.files[0]), strict=True):
            written += folder.write(file, body)
            stored[file] = Stored(len(body), bundle.source)
    removed = folder.end(Manifest(program, content, stored))
    return Built(len(stored), written, removed)


def _newest(reading: Reading) -> datetime:
    """Return the time of the newest poll, or raise NotFound."""
    found = [polls.newest(reading.connection, name) for name in reading.providers]
    times = [poll.started_at for poll in found if poll is not None]
    if not times:
        hint = "Run `catalog sync`, `catalog import` or `catalog demo` first."
        raise NotFound("no poll is stored yet, so there is nothing to show", hint=hint)
    return max(times).astimezone(UTC).replace(microsecond=0)


def _content(reading: Reading) -> str:
    """Return a digest of the store, the settings and their files."""
    digest = hashlib.sha256(reading.revision(polls=True).encode())
    for settings in reading.each:
        digest.update(repr(settings).encode())
        for file in (settings.check.lock, settings.document.annotations):
            digest.update(_digest(file))
    return digest.hexdigest()[:32]


def _digest(file: Path | None) -> bytes:
    """Return the digest of a file, empty if it cannot be read."""
    try:
        return b"" if file is None else hashlib.sha256(read_bytes(file, LARGEST)).digest()
    except OSError:
        return b""


def _program() -> str:
    """Return a digest of this program."""
    digest, root = hashlib.sha256(), Path(catalog.__file__).parent
    for file in sorted(root.rglob("*")):
        if file.suffix in SOURCES:
            digest.update(str(file.relative_to(root)).encode() + file.read_bytes())
    return digest.hexdigest()[:32]
