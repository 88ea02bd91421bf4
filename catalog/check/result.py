"""Apply ignore comments and baseline to notices, and summarize the result."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalog.changes.finding import REPORTED, Level
from catalog.check.counting import Uncounted
from catalog.check.known import Listing
from catalog.check.notice import CHECK_RULES, Notice, fingerprint
from catalog.check.scan.uses import Ignore, Scanned
from catalog.core.errors import PayloadInvalid, SettingsInvalid
from catalog.core.files import read_text, shown
from catalog.core.strict_json import Json, read_strict
from catalog.core.visible import visible

VERSION = 1
LARGEST = 64 * 1024 * 1024
"""Maximum bytes of a baseline."""
UNUSED = "unused-ignore"


@dataclass(frozen=True, slots=True)
class Notices:
    """Notices to report, those ignored by comments, those known by the baseline.

    `unneeded` counts the entries of the baseline that match no notice.
    """

    reported: tuple[Notice, ...]
    ignored: tuple[Notice, ...] = ()
    known: tuple[Notice, ...] = ()
    unneeded: int = 0


def ignore(notices: Sequence[Notice], scanned: Iterable[Scanned]) -> Notices:
    """Remove notices that a comment ignores, and report unused comments."""
    comments = {(each.path, comment.line): comment for each in scanned for comment in each.ignores}
    used: set[tuple[str, int]] = set()
    reported, ignored = [], []
    for notice in notices:
        place = (notice.path, notice.line)
        comment = comments.get(place)
        if comment is not None and (not comment.rules or notice.rule in comment.rules):
            used.add(place)
            ignored.append(notice)
        else:
            reported.append(notice)
    reported += [_unused(path, comments[path, line]) for path, line in comments.keys() - used]
    return Notices(tuple(sorted(reported, key=lambda each: each.order)), tuple(ignored))


def apply_baseline(notices: Notices, baseline: frozenset[str]) -> Notices:
    """Remove notices in the baseline, regardless of their line."""
    reported = tuple(each for each in notices.reported if each.fingerprint not in baseline)
    known = tuple(each for each in notices.reported if each.fingerprint in baseline)
    unneeded = len(baseline - {each.fingerprint for each in known})
    return Notices(reported, notices.ignored, known, unneeded)


def baseline_text(notices: Iterable[Notice]) -> str:
    """Return the text of a baseline: sorted, without duplicates."""
    rows = {(shown(each.path), each.rule, each.name) for each in notices}
    listed = [{"path": path, "rule": rule, "name": name} for path, rule, name in sorted(rows)]
    return f"{json.dumps({'baseline_version': VERSION, 'known': listed}, indent=2)}\n"


def read_baseline(path: Path) -> frozenset[str]:
    """Return the fingerprints of a baseline, or raise SettingsInvalid."""
    hint = "Write it again with `catalog check PATH… --baseline FILE --write-baseline`."
    try:
        return _fingerprints(read_strict(read_text(path, LARGEST).encode()))
    except OSError as error:
        what = f"cannot read the baseline {path}: {error.strerror}"
        raise SettingsInvalid(what, hint=hint) from None
    except (PayloadInvalid, KeyError, TypeError, ValueError) as error:
        what = f"the baseline {path} is damaged or has another format: {error}"
        raise SettingsInvalid(what, hint=hint) from None


def _fingerprints(document: Json) -> frozenset[str]:
    if document["baseline_version"] != VERSION:
        raise ValueError(f"version {document['baseline_version']}, not {VERSION}")
    return frozenset(
        fingerprint(row["path"], row["rule"], row["name"]) for row in document["known"]
    )


def _unused(path: str, comment: Ignore) -> Notice:
    unknown = sorted(set(comment.rules) - CHECK_RULES.keys())
    text = "this comment ignores nothing that is found here"
    if unknown:
        text = f"this comment ignores {', '.join(unknown)}, and there is no such rule"
    named = ",".join(comment.rules)
    return Notice(
        path=path,
        line=comment.line,
        column=1,
        rule=UNUSED,
        level=Level.INFO,
        name=f"catalog: ignore[{named}]" if named else "catalog: ignore",
        text=text,
        instead="delete the comment",
    )


FAIL_ON = {level.value: level for level in REPORTED}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check: files, notices, catalog and failing level.

    `source` names the origin of the catalog. With `fail_on` None nothing fails. `uncounted` are
    strings that look like names and do not count.
    """

    notices: Notices
    scanned: tuple[Scanned, ...]
    listing: Listing
    source: str
    fail_on: Level | None
    uncounted: tuple[Uncounted, ...] = ()

    @property
    def failed(self) -> bool:
        """Return whether any notice fails the check."""
        return any(self.fails(notice) for notice in self.notices.reported)

    def fails(self, notice: Notice) -> bool:
        """Return whether this notice fails the check."""
        return self.fail_on is not None and notice.level.rank <= self.fail_on.rank

    @property
    def uses(self) -> int:
        """Return the number of uses, without mentions in prose."""
        return sum(use.kind == "use" for each in self.scanned for use in each.uses)

    @property
    def files(self) -> tuple[str, ...]:
        """Return the files with a use or a mention."""
        return tuple(each.path for each in self.scanned if each.uses)

    @property
    def skipped(self) -> tuple[Scanned, ...]:
        """Return the files that were not checked completely."""
        return tuple(each for each in self.scanned if each.skipped)


def one_line(notice: Notice) -> str:
    """Return a notice with its advice in one line."""
    instead = f"; {notice.instead}" if notice.instead else ""
    return visible(f"{notice.name}: {notice.text}{instead}")
