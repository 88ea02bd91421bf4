"""Store providers that are added without a change of the configuration."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from catalog.core.clock import stamp
from catalog.store.driver import Execute

_ALL: Final = "SELECT name, settings FROM provider ORDER BY name"
_ONE: Final = "SELECT settings FROM provider WHERE name = :name"
_ADD: Final = """
INSERT INTO provider (name, settings, added_at) VALUES (:name, :settings, :now)
ON CONFLICT (name) DO UPDATE SET settings = excluded.settings
"""
_REMOVE: Final = "DELETE FROM provider WHERE name = :name"


def stored(execute: Execute) -> dict[str, str]:
    """Return the settings of all stored providers by name, each as JSON."""
    return {str(name): str(settings) for name, settings in execute(_ALL, {}).fetchall()}


def find(execute: Execute, name: str) -> str | None:
    """Return the settings of a stored provider as JSON, or None."""
    row = execute(_ONE, {"name": name}).fetchone()
    return None if row is None else str(row[0])


def add(execute: Execute, settings: Iterable[tuple[str, str]], now: datetime) -> None:
    """Store providers, each a name and JSON.

    A known name gets the new settings.
    """
    for name, text in settings:
        execute(_ADD, {"name": name, "settings": text, "now": stamp(now)})


def remove(execute: Execute, name: str) -> bool:
    """Remove a provider, but not its history. Return whether it was stored."""
    return bool(execute(_REMOVE, {"name": name}).rowcount)
