"""Decide what stands beside each name: a provider, goods for sale, a call of a model."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from catalog.check.scan.entries import Group, Settled
from catalog.check.scan.places import LEADING, LONGEST, owner
from catalog.check.scan.signs import NO_OWNER, is_ai
from catalog.check.scan.speakers import OWN, Speakers
from catalog.check.scan.uses import Beside

FARTHEST = 8
"""Maximum groups around a name that are asked."""
NEAR = 2
"""Maximum groups around a name in which goods or arguments count."""
HOLDERS = {"self", "this", "cls"}


@dataclass(slots=True)
class _Heard:
    """What the signs of one group say.

    `root` is the variable whose method is called, and `outer` the next group around with signs.
    """

    who: dict[frozenset[str], str] = field(default_factory=dict)
    goods: str = ""
    call: bool = False
    root: str = ""
    outer: Group | None = None


class Neighbors:
    """A search for what stands beside the names of one file."""

    def __init__(self, groups: Iterable[Group], speakers: Speakers) -> None:
        """Find the variables that hold a client of a provider."""
        self.speakers = speakers
        self._of = lru_cache(maxsize=8192)(speakers.of)  # because parts repeat their signs
        self._heard: dict[int, _Heard] = {}
        self._clients: dict[str, list[tuple[int, str]]] = {}
        for group in sorted((each for each in groups if each.given), key=lambda each: each.at):
            who = self._own(group).who.get(NO_OWNER, "")
            self._clients.setdefault(group.given, []).append((group.at, who))

    def of(self, found: Settled) -> Beside:
        """Return what stands beside a name."""
        entry, group = found.entry, found.group
        provider = None if found.means else self.speakers.of_prefix(entry.name)
        provider = provider or self.speakers.of_place(entry.key[:LONGEST] or entry.place)
        owners = _owners(entry.place)
        goods, call = "", is_ai(entry.place) or is_ai(entry.key)
        for steps, heard in enumerate(self._around(group)):
            if not provider:
                provider = _who(heard, owners) or self._client(heard.root, entry.at)
            if steps < NEAR and not (goods or call):
                goods, call = "" if heard.call else heard.goods, heard.call
        return Beside(provider or "", goods, call)

    def _around(self, group: Group) -> Iterator[_Heard]:
        """Yield what a group says, and what the next ones around it with signs say."""
        inner: Group | None = group
        for _ in range(FARTHEST):
            if inner is None:
                return
            heard = self._own(inner)
            yield heard
            inner = heard.outer

    def _own(self, group: Group) -> _Heard:
        """Return what a group's own signs say."""
        if id(group) not in self._heard:
            self._heard[id(group)] = heard = _Heard(outer=self._signed(group.outer))
            for sign in group.signs:
                if sign.kind == "path":
                    heard.root = heard.root or _root(sign.text)
                if sign.kind == "goods":
                    heard.goods = heard.goods or sign.text
                elif sign.kind == "call" or (sign.kind == "path" and is_ai(sign.text)):
                    heard.call = True
                if (who := self._of(sign)) and heard.who.get(sign.owner) != OWN:
                    heard.who[sign.owner] = who
        return self._heard[id(group)]

    def _signed(self, group: Group | None) -> Group | None:
        """Return the nearest group with signs, and shorten the way to it."""
        passed = []
        while group is not None and not group.signs:
            passed.append(group)
            group = group.outer
        for each in passed:
            each.outer = group
        return group

    def _client(self, root: str, at: int) -> str:
        """Return the provider of a variable, as last assigned before an offset."""
        held = self._clients.get(root)
        return held[max(bisect_left(held, (at, "")) - 1, 0)][1] if held else ""


@lru_cache(maxsize=1024)
def _owners(place: str) -> tuple[frozenset[str], ...]:
    """Return the owners whose signs stand for a place, the nearest first."""
    mine = owner(place) - LEADING if place else NO_OWNER
    return (mine, NO_OWNER, *(frozenset((word,)) for word in mine))


def _who(heard: _Heard, owners: tuple[frozenset[str], ...]) -> str:
    """Return the provider that signs of the first of these owners speak of."""
    found = (heard.who.get(each) for each in owners) if heard.who else ()
    return next(filter(None, found), "")


def _root(path: str) -> str:
    """Return the variable whose method is called."""
    root, *rest = path.split(".")
    return rest[0] if root in HOLDERS and rest else root
