"""What the user's code uses, for those who tell of changes: read from the lock when asked."""

import logging
from pathlib import Path

from catalog.alerts.usage import Used
from catalog.check import lock
from catalog.core.errors import SettingsInvalid

logger = logging.getLogger(__name__)


class InUse:
    """Which files use which model, by provider and name; what was read last is in `used`."""

    def __init__(self, path: Path) -> None:
        """Read the lock; raise SettingsInvalid for a broken one. A missing one says nothing."""
        self._path = path
        self.used = _read(path)

    def __call__(self) -> Used:
        """Read the lock anew; one that is broken or gone since is told in the log, and passed over.

        A daemon must go on, and the old answer is better than none.
        """
        try:
            self.used = _read(self._path) or self.used
        except SettingsInvalid as error:
            logger.warning("%s", error)
        return self.used


def _read(path: Path) -> Used:
    return {(each.provider, each.name): each.files for each in lock.read(path)}
