"""Choose the database of a pass."""

from catalog.config.settings import Settings
from catalog.store.database import MEMORY, Database


def dry_database(settings: Settings, database: Database) -> Database:
    """Return the database of a dry run.

    An existing one is not upgraded. If none exists, it is in memory.
    """
    is_there = database.exists
    return Database(settings.database if is_there else MEMORY, upgrades=not is_there)
