"""Read recorded payloads: one file per answer, named by UTC time."""

import gzip
import re
import shlex
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, ClassVar, Protocol

from catalog.core.clock import now, stamp
from catalog.core.errors import NotFound, PayloadInvalid, Problem, SettingsInvalid
from catalog.core.files import stream
from catalog.core.payload import Payload
from catalog.core.text import count
from catalog.providers.provider import Provider

MAX_BYTES = 64 * 1024 * 1024
_NAME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T)([0-9]{2})(:?)([0-9]{2})\3([0-9]{2})(?:\.[0-9]+)?Z\.json(?:\.gz)?"
)
_NEARLY = re.compile(
    r"(?<!\d)(?:19|20)[0-9]{2}-?[0-9]{2}-?[0-9]{2}(?!\d)(?:T[0-9]{2}|.*\.json)", re.IGNORECASE
)
_NAMING = "Name each file by its UTC time, such as 2025-08-13T185522Z.json (or .json.gz)."


class Recorded(Protocol):
    """A recorded answer: a file, or a file in a commit."""

    @property
    def at(self) -> datetime:
        """Return its time in UTC."""

    @property
    def name(self) -> str:
        """Return its name for people."""

    @property
    def listing(self) -> str:
        """Return the command that lists all its problems."""

    @property
    def is_cut(self) -> bool:
        """Return whether the answer may be older than its time."""

    def payload(self, provider: Provider) -> Payload:
        """Read the answer."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded answer and its time in UTC."""

    path: Path
    at: datetime
    is_cut: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """Return the name of the file."""
        return self.path.name

    @property
    def listing(self) -> str:
        """Return the command that lists all problems of the answer."""
        return f"catalog validate {shlex.quote(str(self.path))}"

    def payload(self, provider: Provider) -> Payload:
        """Read the answer, see `read_payload`."""
        return read_payload(self.path, provider)


def shipped() -> Path:
    """Return the directory of the shipped history."""
    return Path(str(files("catalog").joinpath("replay", "history")))


def moment(path: Path) -> datetime | None:
    """Return the time in a file name, cut to seconds, or None."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    day, hour, _, minute, second = match.groups()
    try:
        return datetime.strptime(f"{day}{hour}{minute}{second}Z", "%Y-%m-%dT%H%M%S%z")
    except ValueError:  # such as 31 June
        return None


def read_payload(path: Path, provider: Provider) -> Payload:
    """Return a payload from a file, stdin for `-`, or raise NotFound.

    Its time is the time in the file name, or now.
    """
    return Payload(provider.name, path.name, moment(path) or now(), read(path))


def find(directory: Path) -> tuple[Recording, ...]:
    """Return the recordings in a directory, oldest first.

    Other files are ignored, see `misnamed`. Raise NotFound for a missing or unreadable directory or
    one without recordings, and SettingsInvalid if two files have the same time.
    """
    timed = ((path, moment(path)) for path in _files(directory))
    recordings = [Recording(path, at) for path, at in timed if at is not None]
    if not recordings:
        near = "".join(f"; {path.name}: {why}" for path, why in misnamed(directory)[:1])
        raise NotFound(f"{directory} contains no recorded payload{near}", hint=_NAMING)
    recordings.sort(key=lambda recording: recording.at)
    _refuse_duplicates(recordings)
    return tuple(recordings)


def misnamed(directory: Path) -> tuple[tuple[Path, str], ...]:
    """Return files with almost correct names, each with the difference."""
    others = (path for path in _files(directory) if moment(path) is None)
    return tuple((path, _difference(path.name)) for path in others if _NEARLY.search(path.name))


def _files(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if path.is_file())
    except OSError as error:
        text = f"{directory} cannot be read as a directory: {error.strerror}"
        raise NotFound(text, hint="Name a directory of recorded payloads.") from None


def _difference(name: str) -> str:
    """Return the mistake in a name that has a date."""
    if _NAME.fullmatch(name):
        return "there is no such day or time"
    if not name.endswith((".json", ".json.gz")):
        return "the name does not end with .json or .json.gz"
    stem = name.removesuffix(".gz").removesuffix(".json")
    start = _NAME.match(f"{stem.partition('Z')[0]}Z.json")
    if start is None:
        return "the time is not written like 2025-08-13T185522Z"
    if "Z" not in stem:
        return "the time does not end with Z, which means UTC"
    return f"{stem.partition('Z')[2]!r} is between the time and the ending"


def refuse_future(recordings: Iterable[Recording], now: datetime) -> None:
    """Raise SettingsInvalid if a recording is later than `now`."""
    late = [recording for recording in recordings if recording.at > now]
    if late:
        what = f"{count(len(late), 'recording')} (the first: {late[0].path})"
        text = f"recordings cannot be in the future: {what} after now, {stamp(now)}"
        raise SettingsInvalid(text, hint=f"{_NAMING} Check the clock of this machine too.")


def read(path: Path) -> bytes:
    """Return a recorded payload, decompressed if `.gz`, or stdin for `-`.

    Raise NotFound for an unreadable file, and PayloadInvalid for broken gzip data or more than 64
    MiB. The JSON is validated later.
    """
    try:
        with _opened(path) as file:
            return unpacked(file, str(path))
    except OSError as error:
        text = f"{path} cannot be read: {error.strerror}"
        raise NotFound(text, hint="Check the path and its permissions.") from None


def unpacked(file: BinaryIO, name: str) -> bytes:
    """Return the content of an open file, decompressed if `.gz`.

    `name` is its path. Raise PayloadInvalid for broken gzip data or more than 64 MiB.
    """
    packed = gzip.GzipFile(fileobj=file) if name.endswith(".gz") else file
    try:
        # Reading stops one byte after the limit, because the size in the file may be wrong.
        body = packed.read(MAX_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _unusable(f"broken gzip data in {name} ({error})", "a whole gzip file") from None
    if len(body) > MAX_BYTES:
        raise _unusable(f"more than {MAX_BYTES:,} bytes in {name}", "a payload within that size")
    return body


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    with stream(path, piped=True) as file:
        yield file


def _unusable(found: str, expected: str) -> PayloadInvalid:
    return PayloadInvalid([Problem("$", found, expected)])


def _refuse_duplicates(recordings: list[Recording]) -> None:
    duplicates = [
        f"{one.path.name} and {other.path.name} both have the time {stamp(one.at)}"
        for one, other in pairwise(recordings)
        if one.at == other.at
    ]
    if duplicates:
        directory = recordings[0].path.parent
        text = f"two recordings of the same time in {directory}: {'; '.join(duplicates)}"
        hint = "Keep one file for each time, and move the other to another directory."
        raise SettingsInvalid(text, hint=hint)
