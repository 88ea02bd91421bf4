"""Write the changed files of the static site.

A file that no build wrote is never replaced.

A manifest in the folder lists the files of the last build. Files that it does not list stay.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from catalog.core.errors import PayloadInvalid, SettingsInvalid, StoreError
from catalog.core.files import read_bytes, replace
from catalog.core.strict_json import read_strict

MANIFEST: Final = "catalog-site.json"
LARGEST = 256 * 1024 * 1024
"""Maximum bytes of the manifest."""
_TEMPORARY = re.compile(r"\.catalog-[0-9a-f]{8}\.tmp")
_OURS = re.compile(r"[A-Za-z0-9=@,-][A-Za-z0-9=@,._~-]*(/[A-Za-z0-9=@,-][A-Za-z0-9=@,._~-]*)*")
"""A file that this program may have written. None has a part `..`."""
_OTHER = "Name an empty folder, or one of an earlier build."


class Stored(NamedTuple):
    """The size of a file, and the source of its content."""

    size: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files that are made together. `source` is the same as long as the content is."""

    files: tuple[str, ...]
    make: Callable[[], tuple[bytes, ...]]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The result of the last build.

    `program` and `content` are empty if it did not end.
    """

    program: str = ""
    content: str = ""
    files: Mapping[str, Stored] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Present:
    """The content of the folder: sizes of files, and links."""

    sizes: Mapping[str, int]
    links: frozenset[str]


class Folder:
    """The folder of a static site."""

    def __init__(self, place: Path) -> None:
        """Read the folder, or make it.

        Raise SettingsInvalid if it has foreign files and no manifest, and StoreError if it cannot
        be read.
        """
        self._place = place
        self._made: set[str] = set()
        with self._explained():
            place.mkdir(parents=True, exist_ok=True)
            self.before = self._read()
            self._present = _look(place)

    def is_whole(self, program: str, content: str) -> bool:
        """Return whether the last build is complete and had the same sources."""
        known, sizes = self.before, self._present.sizes
        return (known.program, known.content) == (program, content) and all(
            sizes.get(file) == stored.size for file, stored in known.files.items()
        )

    def has(self, file: str, source: str) -> bool:
        """Return whether a file is there, made from this source."""
        stored = self.before.files.get(file)
        return (
            stored is not None
            and bool(source)
            and stored == Stored(self._present.sizes.get(file, -1), source)
        )

    def begin(self, program: str, files: Mapping[str, str]) -> None:
        """List the files with their sources before they are written.

        So the files of a killed build are known. Raise SettingsInvalid if one is foreign.
        """
        known = {
            file: stored
            for file, stored in self.before.files.items()
            if file not in files or self.has(file, files[file])
        }
        for file in files:
            if file not in self.before.files and file in self._present.sizes:
                text = f"{self._place / file} is not from `catalog web build`"
                raise SettingsInvalid(text, hint="Remove it, or name another folder.")
            known.setdefault(file, Stored(-1))
        self._save(Manifest(program, "", known))

    def write(self, file: str, content: bytes) -> bool:
        """Write a file if its content differs, and return whether it did. Raise StoreError."""
        target = self._place / file
        with self._explained():
            if self._present.sizes.get(file) == len(content) and target.read_bytes() == content:
                return False
            self._make_parents(file)
            if file in self._present.sizes:
                replace(target, content, is_durable=False)
            else:  # No page names it yet, so a half may stay after a kill.
                target.write_bytes(content)
        return True

    def end(self, manifest: Manifest) -> int:
        """Remove the files that no longer belong, and return how many. Raise StoreError."""
        removed = 0
        for file in sorted(self.before.files.keys() - manifest.files.keys()):
            with self._explained():
                if file in self._present.sizes and not self._linked(file):
                    (self._place / file).unlink(missing_ok=True)
                    removed += 1
            self._remove_parents(file)
        self._save(manifest)
        return removed

    def _read(self) -> Manifest:
        """Return the manifest of the last build."""
        try:
            return _manifest(read_strict(read_bytes(self._place / MANIFEST, LARGEST)))
        except FileNotFoundError:
            foreign = _foreign(self._place)
            if foreign is None:
                return Manifest()
            text = f"{self._place} has files that are not from `catalog web build`: {foreign[:200]}"
            raise SettingsInvalid(text, hint=_OTHER) from None
        except (PayloadInvalid, ValueError, KeyError, TypeError, AttributeError):
            text = f"{self._place / MANIFEST} is no list of files of `catalog web build`"
            raise SettingsInvalid(text, hint=_OTHER) from None

    def _save(self, manifest: Manifest) -> None:
        document = {"program": manifest.program, "content": manifest.content}
        files = dict(sorted(manifest.files.items()))
        text = json.dumps(document | {"files": files}, indent=0, separators=(",", ":"))
        with self._explained():
            replace(self._place / MANIFEST, f"{text}\n".encode(), is_durable=False)

    def _make_parents(self, file: str) -> None:
        folder = file.rpartition("/")[0]
        if folder in self._made:
            return
        if self._linked(file):
            text = f"{self._place / folder} is a link, so files would be written elsewhere"
            raise SettingsInvalid(text, hint="Remove the link, or name another folder.")
        (self._place / folder).mkdir(parents=True, exist_ok=True)
        self._made.add(folder)

    def _linked(self, file: str) -> bool:
        """Return whether a folder above a file is a link."""
        return bool(self._present.links) and any(
            each in self._present.links for each in _above(file)
        )

    def _remove_parents(self, file: str) -> None:
        with suppress(OSError):  # because the folder has other files
            for folder in _above(file):
                (self._place / folder).rmdir()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or type(error).__name__
            hint = "Check its permissions and the free space, or name another folder."
            place = error.filename or self._place
            raise StoreError(f"{place}: the site cannot be written: {reason}", hint=hint) from error


def _manifest(document: Any) -> Manifest:
    files = {
        file: Stored(int(size), str(source)) for file, (size, source) in document["files"].items()
    }
    if not all(_OURS.fullmatch(file) for file in files):
        raise ValueError
    return Manifest(str(document["program"]), str(document["content"]), files)


def _above(file: str) -> Iterator[str]:
    """Yield the folders of a file, the innermost first."""
    while file := file.rpartition("/")[0]:
        yield file


def _look(place: Path) -> Present:
    """Return what is in the folder of a site. Leftovers of killed builds are removed."""
    sizes: dict[str, int] = {}
    links: set[str] = set()
    for name, entry in _entries(place):
        if _TEMPORARY.fullmatch(entry.name):
            Path(entry.path).unlink(missing_ok=True)
            continue
        sizes[name] = entry.stat(follow_symlinks=False).st_size
        if entry.is_symlink():
            links.add(name)
            sizes[name] = -1
    return Present(sizes, frozenset(links))


def _foreign(place: Path) -> str | None:
    """Return a file that no build left behind, or None."""
    return next((name for name, _ in _entries(place) if not _TEMPORARY.fullmatch(name)), None)


def _entries(place: Path | str, above: str = "") -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield every file and link. `.git` is left out, because a site may be a branch."""
    with os.scandir(place) as found:
        entries = list(found)
    for entry in entries:
        name = f"{above}{entry.name}"
        if name == ".git":
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(entry.path, f"{name}/")
        else:
            yield name, entry
