"""Read the query of an address: moments, levels, numbers, words."""

from collections.abc import Collection, Mapping
from datetime import datetime

from catalog.api.when import Edge, When, read_when
from catalog.changes.finding import Level
from catalog.core.errors import ArgumentInvalid
from catalog.core.text import closest, did_you_mean

LONGEST = 500
"""Maximum characters of a value."""
LARGEST = 2**31 - 1
LONGEST_NUMBER = 12


def without_nul(text: str) -> str:
    """Return a text without NUL.

    PostgreSQL accepts none, and no stored name has it.
    """
    return text.replace("\0", "\ufffd")


class Query:
    """The query of one address. Unknown names are ignored, as servers do.

    Every method raises ArgumentInvalid for a value that it cannot read.
    """

    def __init__(self, values: Mapping[str, str], now: datetime) -> None:
        stripped = {name: without_nul(value).strip() for name, value in values.items()}
        self.values = {name: value for name, value in stripped.items() if value}
        self._now = now

    def text(self, name: str) -> str | None:
        """Return a text, None if it is absent or empty."""
        value = self.values.get(name)
        if value is not None and len(value) > LONGEST:
            raise ArgumentInvalid(f"{name}: longer than {LONGEST} characters")
        return value

    def chosen(self, names: Collection[str]) -> dict[str, str]:
        """Return the values of these names."""
        return {name: value for name, value in self.values.items() if name in names}

    def when(self, name: str, edge: Edge = "end") -> When | None:
        """Return a moment as the command line reads it, None if absent."""
        value = self.text(name)
        try:
            return None if value is None else read_when(value, self._now, edge)
        except ValueError as error:
            raise ArgumentInvalid(f"{name}: {error}") from None

    def level(self, name: str = "level") -> Level | None:
        """Return a level, None if absent."""
        value = self.text(name)
        if value is None:
            return None
        if value not in tuple(Level):
            meant = did_you_mean(closest(value, tuple(Level)))
            known = ", ".join(Level)
            raise ArgumentInvalid(
                f"{name}: there is no level {value[:40]!r}{meant}", hint=f"Levels: {known}."
            )
        return Level(value)

    def number(self, name: str, default: int, largest: int = LARGEST, *, least: int = 0) -> int:
        """Return a number from `least` to `largest`."""
        value = self.text(name)
        if value is None:
            return default
        is_number = value.isascii() and value.isdecimal() and len(value) <= LONGEST_NUMBER
        if not is_number or not least <= int(value) <= largest:
            text = f"{name}: {value[:40]!r} is no number from {least} to {largest:,}"
            raise ArgumentInvalid(text)
        return int(value)
