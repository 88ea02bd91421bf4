"""What a check came to, for whoever writes it down: text, JSON, SARIF, JUnit, annotations."""

from collections.abc import Iterable
from dataclasses import dataclass

from catalog.changes.change import TOLD, Level
from catalog.check.heeding import Heeded
from catalog.check.listing import Listing
from catalog.check.notice import Notice
from catalog.check.scan.use import Scanned
from catalog.core.visible import visible

FAIL_ON = {level.value: level for level in TOLD}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found in which files, against which catalog, and from which level on it fails.

    `source` says where the catalog was read from. `fail_on` is None where nothing is to fail.
    """

    heeded: Heeded
    scanned: tuple[Scanned, ...]
    listing: Listing
    source: str
    fail_on: Level | None

    @property
    def failed(self) -> bool:
        """Whether anything is as grave as what it is to fail on."""
        return any(self.fails(notice) for notice in self.heeded.notices)

    def fails(self, notice: Notice) -> bool:
        """Whether the check fails because of this one."""
        return self.fail_on is not None and notice.level.rank <= self.fail_on.rank

    @property
    def uses(self) -> int:
        """How often a name stands where a model's goes; mentions in prose do not count."""
        return sum(use.kind == "use" for each in self.scanned for use in each.uses)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that hold a use or a mention."""
        return tuple(each.path for each in self.scanned if each.uses)

    @property
    def skipped(self) -> tuple[Scanned, ...]:
        """The files that met a limit, so that they, or their rest, were not checked."""
        return tuple(each for each in self.scanned if each.skipped)


def one_line(notice: Notice) -> str:
    """Say a notice in one line, with what to do."""
    instead = f"; {notice.instead}" if notice.instead else ""
    return visible(f"{notice.name}: {notice.text}{instead}")


def counted(notices: Iterable[Notice]) -> str:
    """Count notices by level: `2 breaking, 1 info`; empty for none."""
    levels = [notice.level for notice in notices]
    return ", ".join(f"{levels.count(level):,} {level}" for level in Level if level in levels)
