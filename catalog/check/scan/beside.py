"""Find the provider, goods and model calls that surround each name.

Goods are things for sale that have a `model` too, such as cars.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from catalog.check.scan.entries import Group, Settled
from catalog.check.scan.places import LEADING, LONGEST, owner
from catalog.check.scan.signs import NO_OWNER, is_ai
from catalog.check.scan.uses import Beside
from catalog.check.scan.vendors import OWN, ProviderFinder

FARTHEST = 8
"""Maximum groups around a name that are searched."""
NEAR = 2
"""Maximum groups around a name in which goods or arguments count."""
HOLDERS = {"self", "this", "cls"}


@dataclass(slots=True)
class _Summary:
    """The summary of one group's signs.

    `root` is the variable whose method is called, and `outer` the next group around with signs.
    """

    providers: dict[frozenset[str], str] = field(default_factory=dict)
    goods: str = ""
    call: bool = False
    root: str = ""
    outer: Group | None = None


class Neighbors:
    """A search of the surroundings of each name in one file."""

    def __init__(self, groups: Iterable[Group], finder: ProviderFinder) -> None:
        """Find the variables that are a client of a provider."""
        self.finder = finder
        self._of = lru_cache(maxsize=8192)(finder.of)  # because parts repeat their signs
        self._summaries: dict[int, _Summary] = {}
        self._clients: dict[str, list[tuple[int, str]]] = {}
        for group in sorted((each for each in groups if each.given), key=lambda each: each.at):
            provider = self._own(group).providers.get(NO_OWNER, "")
            self._clients.setdefault(group.given, []).append((group.at, provider))

    def of(self, found: Settled) -> Beside:
        """Return the surroundings of a name."""
        entry, group = found.entry, found.group
        provider = None if found.means else self.finder.of_prefix(entry.name)
        provider = provider or self.finder.of_place(entry.key[:LONGEST] or entry.place)
        owners = _owners(entry.place)
        goods, call = "", is_ai(entry.place) or is_ai(entry.key)
        for steps, summary in enumerate(self._around(group)):
            if not provider:
                provider = _provider(summary, owners) or self._client(summary.root, entry.at)
            if steps < NEAR and not (goods or call):
                goods, call = "" if summary.call else summary.goods, summary.call
        return Beside(provider or "", goods, call)

    def _around(self, group: Group) -> Iterator[_Summary]:
        """Yield the summary of a group, then of the groups around it."""
        inner: Group | None = group
        for _ in range(FARTHEST):
            if inner is None:
                return
            summary = self._own(inner)
            yield summary
            inner = summary.outer

    def _own(self, group: Group) -> _Summary:
        """Return the summary of a group's own signs."""
        if id(group) not in self._summaries:
            self._summaries[id(group)] = summary = _Summary(outer=self._signed(group.outer))
            for sign in group.signs:
                if sign.kind == "path":
                    summary.root = summary.root or _root(sign.text)
                if sign.kind == "goods":
                    summary.goods = summary.goods or sign.text
                elif sign.kind == "call" or (sign.kind == "path" and is_ai(sign.text)):
                    summary.call = True
                if (provider := self._of(sign)) and summary.providers.get(sign.owner) != OWN:
                    summary.providers[sign.owner] = provider
        return self._summaries[id(group)]

    def _signed(self, group: Group | None) -> Group | None:
        """Return the nearest group with signs, and link to it directly."""
        passed = []
        while group is not None and not group.signs:
            passed.append(group)
            group = group.outer
        for each in passed:
            each.outer = group
        return group

    def _client(self, root: str, at: int) -> str:
        """Return the provider of a variable, as last assigned before an offset."""
        clients = self._clients.get(root)
        return clients[max(bisect_left(clients, (at, "")) - 1, 0)][1] if clients else ""


@lru_cache(maxsize=1024)
def _owners(place: str) -> tuple[frozenset[str], ...]:
    """Return the owners whose signs apply to a place, nearest first."""
    mine = owner(place) - LEADING if place else NO_OWNER
    return (mine, NO_OWNER, *(frozenset((word,)) for word in mine))


def _provider(summary: _Summary, owners: tuple[frozenset[str], ...]) -> str:
    """Return the provider of the first owner that has one."""
    found = (summary.providers.get(each) for each in owners) if summary.providers else ()
    return next(filter(None, found), "")


def _root(path: str) -> str:
    """Return the variable whose method is called."""
    root, *rest = path.split(".")
    return rest[0] if root in HOLDERS and rest else root
