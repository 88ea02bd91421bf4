"""Plan and write the document atomically."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog.core.errors import DocumentError
from catalog.core.files import read_bytes, replace
from catalog.report.regions import append, has_markers, may_swallow, splice

LARGEST = 64 * 1024 * 1024
"""The maximum size of a document in bytes, user text included."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The current and planned document. `before` is empty without a file.

    A document without markers belongs to the user, and is not changed.
    """

    path: Path
    before: str
    after: str
    has_markers: bool = True

    @property
    def differs(self) -> bool:
        """Return whether a write is needed."""
        return self.before != self.after

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the planned document in hexadecimal."""
        return hashlib.sha256(self.after.encode()).hexdigest()


def compose(template: str, regions: Mapping[str, str]) -> str:
    """Return a new document from a template, for `--output -`."""
    return _filled(template.rstrip("\r\n") + "\n", regions, "template", force=False)


def plan(
    path: Path,
    template: str,
    regions: Mapping[str, str],
    *,
    force: bool = False,
    proved: bool = True,
) -> Plan:
    """Return the planned document without writing it.

    Without `proved`, a document is parsed as Markdown only if it changes and text of the user may
    hide a marker, because the parser takes a tenth of a poll. A missing or blank document is made
    from the template. Raise MarkersBroken, RegionEdited (not with `force`), or DocumentError if it
    cannot be read.
    """
    before = _read(path)
    if before.strip():
        return Plan(path, before, _filled(before, regions, str(path), force=force, proved=proved))
    return Plan(path, before, compose(template, regions))


def plan_appended(
    path: Path, template: str, regions: Mapping[str, str], *, force: bool = False
) -> Plan:
    """Return the planned document with the regions of the template.

    A document without markers gets the template at its end. Raise the errors of `plan`.
    """
    before = _read(path)
    text = append(before, template)
    return Plan(path, before, _filled(text, regions, str(path), force=force))


def plan_markers(path: Path, template: str) -> Plan:
    """Return the document with empty regions at its end.

    The first pass fills them.
    """
    before = _read(path)
    return Plan(path, before, append(before, template))


def plan_spared(path: Path) -> Plan:
    """Return a document without markers as it is."""
    before = _read(path)
    return Plan(path, before, before, has_markers=False)


def is_spared(path: Path) -> bool:
    """Return whether a document exists without markers. Raise DocumentError if unreadable."""
    text = _read(path)
    return bool(text.strip()) and not has_markers(text)


def write(plan: Plan) -> bool:
    """Write a plan if it differs, and return whether it did.

    Raise DocumentError if the write fails.
    """
    if not plan.differs:
        return False
    target = Path(os.path.realpath(plan.path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace(target, plan.after.encode())
    except OSError as error:
        raise _failed("written", plan.path, error) from error
    return True


def _filled(
    text: str, regions: Mapping[str, str], place: str, *, force: bool, proved: bool = True
) -> str:
    after = splice(text, regions, place, force=force)
    if proved or (after != text and may_swallow(text, regions, place)):
        from catalog.report.proof import prove

        prove(after, text, place)
    return after


def _read(path: Path) -> str:
    try:
        return read_bytes(path, LARGEST).decode("utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _failed("read", path, error) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DocumentError(
            f"{path}:{line}: the document could not be read: not valid UTF-8",
            hint="Save it as UTF-8; nothing was written.",
        ) from None


def _failed(done: str, path: Path, error: OSError) -> DocumentError:
    reason = error.strerror or type(error).__name__
    return DocumentError(f"{path}: the document could not be {done}: {reason}")
