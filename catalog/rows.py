"""The rows of one answer after the other: what one process has read before is not read again.

Of a large catalog, little differs from one answer to the next. A row of which the whole text stood
in the last answer is the same row, and so is all that follows from it.
"""

from collections.abc import Callable
from typing import Any, TypeVar, TypeVarTuple, Unpack

from catalog.errors import Problem
from catalog.fields import ANY, Trail
from catalog.jsontext import MAX_DEPTH, Json, Values, read

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_SPACE = " \t\n\r"


class Rows:
    """The rows of the last answer of one provider, with what was made of each; none before.

    It holds the rows of one answer at a time, whatever the number of answers. Where `lasts` is off,
    it holds none: for a process that reads one answer, they are nothing but memory.
    """

    def __init__(self, *, lasts: bool = True) -> None:
        """Begin without a row."""
        self._lasts = lasts
        self._place: Trail = ()
        self._last: dict[str, Json] = {}
        self._ids: frozenset[int] = frozenset()
        self._made: dict[str, dict[int, tuple[tuple[Any, ...], Any]]] = {}

    def read(self, body: bytes, place: Trail) -> tuple[Json, tuple[Problem, ...]]:
        """Read a body as `jsontext.read` does; a row that was there before is the same object."""
        if place != self._place:
            self._keep({})  # below another place, a row may be nested less deep
            self._place = place
        try:
            walk = _Walk(body.decode(), self._last, MAX_DEPTH - len(place))
            value, found, flaws = walk.whole(place), walk.found, ()
        except (ValueError, IndexError, RecursionError):
            # It is not sure to be well: who reads the whole knows all that is wrong with it.
            self._keep({})
            return read(body)
        self._keep(found)
        return value, flaws

    def once(
        self, what: str, make: Callable[[Json, Unpack[Ts]], T]
    ) -> Callable[[Json, Unpack[Ts]], T]:
        """Return `make` so that it is asked once of a row that stays, as long as the rest is same.

        `what` names it among all that is made of rows. What it is asked of no row, it is asked.
        """
        made = self._made.setdefault(what, {})

        def asked(row: Json, *more: *Ts) -> T:
            known = made.get(id(row))
            if known is not None and known[0] == more:
                return known[1]  # type: ignore[no-any-return]  # by `what`, it is of this kind
            came = make(row, *more)
            if id(row) in self._ids:
                made[id(row)] = (more, came)
            return came

        return asked

    def _keep(self, found: dict[str, Json]) -> None:
        """Take the place of the last answer; an id is only unique while its owner lives."""
        if not self._lasts:
            return
        self._last, self._ids = found, frozenset(map(id, found.values()))
        for made in self._made.values():
            for gone in made.keys() - self._ids:
                del made[gone]


class _Walk:
    """One way through a JSON text to its rows; what is beside it is read in one piece.

    Raises ValueError or IndexError where the text is not sure to be well. `found` holds the rows by
    their text.
    """

    def __init__(self, text: str, last: dict[str, Json], levels: int) -> None:
        self._text = text
        self._values = Values(text, levels)
        self._last = last
        self._order = list(last)
        self._places = {each: number for number, each in enumerate(self._order)}
        self._next = 0
        self.found: dict[str, Json] = {}

    def whole(self, place: Trail) -> Json:
        """Return the value of the whole text."""
        value, end = self._value(self._skip(0), place)
        if self._text[end:].strip(_SPACE):
            raise ValueError("more than one value")
        return value

    def _value(self, at: int, place: Trail | None) -> tuple[Json, int]:
        """Return the value that begins here, and where it ends; None is no way to a row."""
        if place is None:
            return self._values.at(at)
        if not place:
            return self._row(at)
        if self._text[at] == "{":
            return self._members(at, place)
        if self._text[at] == "[" and place[0] == ANY:
            return self._items(at, place[1:])
        return self._values.at(at)

    def _row(self, at: int) -> tuple[Json, int]:
        """Return a row; mostly it is the one that came next the last time.

        A text that begins with a whole object holds that object: its end is in itself.
        """
        expected = self._order[self._next] if self._next < len(self._order) else ""
        if expected and self._text.startswith(expected, at):
            self._next += 1
            row = self.found[expected] = self._last[expected]
            return row, at + len(expected)
        row, end = self._values.at(at)
        text = self._text[at:end]
        self._next = self._places.get(text, self._next) + 1
        if self._text[at] == "{":
            row = self.found.setdefault(text, self._last.get(text, row))
        return row, end

    def _items(self, at: int, place: Trail) -> tuple[list[Json], int]:
        found: list[Json] = []
        at = self._skip(at + 1)
        if self._text[at] == "]":
            return found, at + 1
        while True:
            value, at = self._value(at, place)
            found.append(value)
            at = self._skip(at)
            if self._text[at] == "]":
                return found, at + 1
            at = self._after(",", at)

    def _members(self, at: int, place: Trail) -> tuple[dict[str, Json], int]:
        found: dict[str, Json] = {}
        at = self._skip(at + 1)
        if self._text[at] == "}":
            return found, at + 1
        while True:
            key, at = self._values.at(at)
            if not isinstance(key, str) or key in found:
                raise ValueError("no key, or one that was there before")
            at = self._after(":", self._skip(at))
            found[key], at = self._value(at, place[1:] if place[0] in {ANY, key} else None)
            at = self._skip(at)
            if self._text[at] == "}":
                return found, at + 1
            at = self._after(",", at)

    def _after(self, mark: str, at: int) -> int:
        if self._text[at] != mark:
            raise ValueError(f"no {mark}")
        return self._skip(at + 1)

    def _skip(self, at: int) -> int:
        while self._text[at] in _SPACE:
            at += 1
        return at
