"""Read and write `catalog.lock`.

It lists the models in the code with their files and the facts that the code relies on.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from catalog.alerts.channel import Used
from catalog.check.known import Known, Listing
from catalog.check.scan.uses import Scanned
from catalog.core.clock import stamp
from catalog.core.errors import PayloadInvalid, SettingsInvalid
from catalog.core.files import read_text, shown
from catalog.core.strict_json import Json, read_strict, shorten

logger = logging.getLogger(__name__)


class InUse:
    """The files that use each model, by provider and name.

    `used` is the last valid content.
    """

    def __init__(self, path: Path) -> None:
        """Read the lock, or raise SettingsInvalid. A missing one is empty."""
        self._path = path
        self.used = _locked_in(path)

    def __call__(self) -> Used:
        """Read the lock again, and keep the last content on an error.

        A broken lock is logged, because a daemon must continue. A missing one is ignored.
        """
        try:
            self.used = _locked_in(self._path) or self.used
        except SettingsInvalid as error:
            logger.warning("%s", error)
        return self.used


def _locked_in(path: Path) -> Used:
    return {(each.provider, each.name): each.files for each in read(path)}


VERSION = 1
LARGEST = 16 * 1024 * 1024
"""Maximum bytes of a lock."""
LARGEST_LIMIT = 2**63
_NEEDED = {"provider": str, "name": str, "at": str, "files": list}
_KINDS = {**_NEEDED, "type": str, "limit": int, "description": str}
_WORDS = {str: "text", int: "a number", list: "a list"}
_HINT = "Write it again with `catalog check PATH… --write-lock`."


@dataclass(frozen=True, slots=True)
class Locked:
    """One model that the code uses, with its facts at `at`.

    `limit` is in tokens.
    """

    provider: str
    name: str
    type: str | None
    limit: int | None
    description: str | None
    at: datetime
    files: tuple[str, ...]


def make(
    scanned: Iterable[Scanned], listing: Listing, before: Iterable[Locked]
) -> tuple[Locked, ...]:
    """Return the lock entries of one provider.

    Unchanged entries keep their date, so that the same code and facts give the same file. Unknown
    names and mentions in prose are omitted.
    """
    files: dict[str, set[str]] = {}
    for each in scanned:
        for use in each.uses:
            if use.kind == "use" and use.means in listing.names:
                files.setdefault(use.means, set()).add(shown(use.path))
    known = by_name(before, listing.provider)
    return tuple(
        _entry(listing.names[name], listing, files[name], known.get(name)) for name in sorted(files)
    )


def text(locked: Iterable[Locked]) -> str:
    """Return the text of a lock: sorted, one value per line.

    Reviews of a change then show only the changed values.
    """
    models = [_json(each) for each in sorted(locked, key=lambda one: (one.provider, one.name))]
    document = {"lock_version": VERSION, "models": models}
    return f"{json.dumps(document, indent=2, ensure_ascii=False)}\n"


def read(path: Path) -> tuple[Locked, ...]:
    """Read a lock, empty if missing, or raise SettingsInvalid."""
    try:
        return _read(read_strict(read_text(path, LARGEST).encode()))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise SettingsInvalid(
            f"cannot read the lock {path}: {error.strerror}", hint=_HINT
        ) from None
    except (PayloadInvalid, KeyError, TypeError, ValueError, OverflowError) as error:
        what = f"the lock {path} is damaged or has another format: {error}"
        raise SettingsInvalid(what, hint=_HINT) from None


def by_name(locked: Iterable[Locked], provider: str) -> dict[str, Locked]:
    """Return the entries of one provider by name."""
    return {each.name: each for each in locked if each.provider == provider}


def _read(document: Json) -> tuple[Locked, ...]:
    if document["lock_version"] != VERSION:
        raise ValueError(f"version {document['lock_version']}, not {VERSION}")
    return tuple(_locked(row) for row in document["models"])


def _entry(known: Known, listing: Listing, files: Iterable[str], before: Locked | None) -> Locked:
    facts = (known.model.type, known.limit, known.model.description)
    at = listing.as_of
    if before is not None and (before.type, before.limit, before.description) == facts:
        at = before.at
    return Locked(listing.provider, known.name, *facts, at, tuple(sorted(files)))


def _json(locked: Locked) -> dict[str, Json]:
    known = {
        "provider": locked.provider,
        "name": locked.name,
        "type": locked.type,
        "limit": locked.limit,
        "description": locked.description,
        "at": stamp(locked.at),
        "files": list(locked.files),
    }
    return {name: value for name, value in known.items() if value is not None}


def _locked(row: Mapping[str, Json]) -> Locked:
    for key, kind in _KINDS.items():
        value = row[key] if key in _NEEDED else row.get(key)
        if type(value) is not kind and not (value is None and key not in _NEEDED):
            raise ValueError(f"{key}: found {shorten(value)}, expected {_WORDS[kind]}")
    limit, files = row.get("limit"), row["files"]
    if limit is not None and not 0 <= limit < LARGEST_LIMIT:
        raise ValueError(f"limit: found {shorten(limit)}, expected a number of tokens")
    if not all(isinstance(each, str) for each in files):
        raise ValueError(f"files: found {shorten(files)}, expected the names of files")
    return Locked(
        provider=row["provider"],
        name=row["name"],
        type=row.get("type"),
        limit=limit,
        description=row.get("description"),
        at=datetime.fromisoformat(row["at"]).astimezone(UTC),
        files=tuple(files),
    )
