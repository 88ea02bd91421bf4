"""Recorded payloads on disk: one file an answer, named by the UTC time at which it was taken."""

import gzip
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from catalog.core.clock import stamp
from catalog.core.errors import NotFound, PayloadInvalid, Problem, SettingsInvalid
from catalog.core.files import stream
from catalog.core.text import count

MAX_BYTES = 64 * 1024 * 1024
_NAME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T)([0-9]{2})(:?)([0-9]{2})\3([0-9]{2})(?:\.[0-9]+)?Z\.json(?:\.gz)?"
)
_JSON_SPACE = b" \t\r\n"
_NAMING = "Name each file by its UTC time, such as 2025-08-13T185522Z.json (or .json.gz)."


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded answer: its file, and the moment in UTC at which it was taken."""

    path: Path
    at: datetime


def shipped() -> Path:
    """Return the directory of the history that comes with the program."""
    return Path(str(files("catalog").joinpath("replay", "history")))


def moment(path: Path) -> datetime | None:
    """Read the moment from a file's name, cut to whole seconds; None where it names none."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    day, hour, _, minute, second = match.groups()
    try:
        return datetime.strptime(f"{day}{hour}{minute}{second}Z", "%Y-%m-%dT%H%M%S%z")
    except ValueError:  # the 31st of June and its like
        return None


def find(directory: Path) -> tuple[Recording, ...]:
    """List the recordings in a directory, the oldest first; other files are passed over.

    Raise NotFound for a directory that is missing, unreadable or without a single recording, and
    SettingsInvalid where two files stand for the same moment.
    """
    try:
        paths = sorted(path for path in directory.iterdir() if path.is_file())
    except OSError as error:
        text = f"{directory} cannot be read as a directory: {error.strerror}"
        raise NotFound(text, hint="Name a directory of recorded payloads.") from None
    timed = ((path, moment(path)) for path in paths)
    recordings = [Recording(path, at) for path, at in timed if at is not None]
    if not recordings:
        raise NotFound(f"{directory} holds no recorded payload", hint=_NAMING)
    recordings.sort(key=lambda recording: recording.at)
    _refuse_twins(recordings)
    return tuple(recordings)


def refuse_future(recordings: Iterable[Recording], now: datetime) -> None:
    """Raise SettingsInvalid where a recording is of a time after `now`: its name cannot be true."""
    late = [recording for recording in recordings if recording.at > now]
    if late:
        what = f"{count(len(late), 'recording')} (the first: {late[0].path})"
        text = f"the future cannot be recorded: {what} of a time after now, {stamp(now)}"
        raise SettingsInvalid(text, hint=f"{_NAMING} Check the clock of this machine too.")


def read(path: Path, envelope: tuple[bytes, bytes] = (b"", b"")) -> bytes:
    """Read a recorded payload, unpacked if it is `.gz`, or stdin for `-`.

    A bare JSON list gets the envelope of its provider.

    Raise NotFound for a file that cannot be read, and PayloadInvalid for broken gzip data or more
    than 64 MiB. Whether the bytes are JSON is for the validation to say.
    """
    body = _bytes(path)
    if body.lstrip(_JSON_SPACE).startswith(b"["):
        return body.join(envelope)
    return body


def _bytes(path: Path) -> bytes:
    try:
        # Never more than the cap and one byte is unpacked, whatever the file claims to hold.
        with _opened(path) as file:
            body = file.read(MAX_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _unusable(f"broken gzip data in {path} ({error})", "a whole gzip file") from None
    except OSError as error:
        text = f"{path} cannot be read: {error.strerror}"
        raise NotFound(text, hint="Check the path and its permissions.") from None
    if len(body) > MAX_BYTES:
        raise _unusable(f"more than {MAX_BYTES:,} bytes in {path}", "a payload within that size")
    return body


@contextmanager
def _opened(path: Path) -> Iterator[gzip.GzipFile | BinaryIO]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    with stream(path, piped=True) as file:
        yield gzip.GzipFile(fileobj=file) if path.name.endswith(".gz") else file


def _unusable(found: str, expected: str) -> PayloadInvalid:
    return PayloadInvalid([Problem("$", found, expected)])


def _refuse_twins(recordings: list[Recording]) -> None:
    twins = [
        f"{one.path.name} and {other.path.name} both stand for {stamp(one.at)}"
        for one, other in pairwise(recordings)
        if one.at == other.at
    ]
    if twins:
        directory = recordings[0].path.parent
        text = f"two recordings of the same moment in {directory}: {'; '.join(twins)}"
        raise SettingsInvalid(text, hint="Keep one file for each moment, and move the other away.")
