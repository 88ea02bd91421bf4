"""Define the entries that all readers return, and select the uses."""

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from catalog.check.scan.names import Names
from catalog.check.scan.places import LEADING, limit, owner, place
from catalog.check.scan.signs import MOST as MOST_SIGNS
from catalog.check.scan.signs import NO_OWNER, Sign, sign

# A name has no blanks, placeholders or operators of code.
PLAUSIBLE = re.compile(r"(?=.*[A-Za-z])(?!.*::)[A-Za-z0-9][\w.:/@+-]{0,199}\Z", re.ASCII)
DEFAULTED = re.compile(r"\$\{([\w.-]+):[-=]?([^${}]*)\}")
ITEM = re.compile(r"[^\s,;]+")
# The default of a template: {{ .Values.model | default "x" }}, {{ default "x" .Values.model }}.
TEMPLATED = re.compile(
    r"(?<![\w.$-])(?P<key>[\w.$-]++)[)\s]*+\|\s*+default[\s(]++\\?[\"'](?P<d>[^\"'\\{}]*+)"
    r"|\bdefault\s++(?=\\?[\"'][^\"'\\{}]*+\\?[\"'][\s(]++(?P<of>[\w.$-]++))"
    r"\\?[\"'](?P<e>[^\"'\\{}]*+)"
)
PREFIXED = re.compile(r"@?[A-Za-z][\w-]{0,60}+:[\w]")
"""The beginning of a name after a prefix with a colon: openai:x."""
WORTH = re.compile(rf"[/=]|\$\{{|\{{\{{|\A{PREFIXED.pattern}")
"""Required content of a string without a place: a vendor, setting, default or prefix."""
SEVERAL = re.compile(r"[=,]|\$\{|\bdefault[\s(]")
SETTING = re.compile(r"\A-{0,2}([A-Za-z_][\w.-]*)=(\S+)\Z")
LONGEST = 12  # maximum digits of a limit
LONGEST_PATH = 200
MOST_ENTRIES = 100_000
"""Maximum strings of one file that may be names."""
MOST = 300_000
"""Maximum strings with a place in one file of Python or YAML."""
LONG = 100
"""Characters of a string that take as long as another string."""


class Exhausted(Exception):
    """A file exceeds a limit."""


@dataclass(slots=True)
class Budget:
    """The number of strings that one file may still add to places.

    It is limited, because aliases and repeated variables can add the same strings many times.
    """

    left: int = MOST

    def spend(self, many: int = 1, text: str = "") -> None:
        """Count strings, long ones several times. Raise Exhausted if they are too many."""
        self.left -= many + len(text) // LONG
        if self.left < 0:
            raise Exhausted(f"it repeats its strings in more than {MOST:,} places")


class Entry(NamedTuple):
    """A string, the offset of its first character, and its place.

    An entry that is not `sure` counts only if its name is known, or the name of another entry in
    its `cluster`, the same list or mapping. `prose` is a mention. `key` is the key of a value in a
    mapping of models: {"groq": "x"}.
    """

    name: str
    at: int
    place: str
    sure: bool = True
    cluster: Hashable = None
    prose: bool = False
    key: str = ""


class Limit(NamedTuple):
    """A number, its offset, and its key."""

    place: str
    value: int
    at: int


@dataclass(slots=True)
class Group:
    """The entries, limits and signs of one call, object, table or mapping.

    `outer` is the group around it. `given` is the variable that a call is assigned to, and `at` its
    offset. `renames` is whether its `model_name` is a free name for the model in its parameters.
    """

    entries: list[Entry] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    outer: "Group | None" = None
    given: str = ""
    at: int = 0
    renames: bool = False

    def sign(self, key: str, text: str = "") -> None:
        """Add the sign of a key and its value, if any."""
        self.renames = self.renames or key == "litellm_params"
        if len(self.signs) < MOST_SIGNS and (found := sign(key, text)):
            self.signs.append(found)

    def inside(self, path: str) -> None:
        """Add the name of the enclosing call, class, key or section."""
        if path and len(self.signs) < MOST_SIGNS:
            self.signs.append(Sign("path", NO_OWNER, path[:LONGEST_PATH]))

    def adopt(self, signs: Iterable[Sign]) -> None:
        """Add the signs of a part."""
        self.signs += islice(signs, max(0, MOST_SIGNS - len(self.signs)))

    def number(self, key: str, digits: str, at: int) -> None:
        """Add a number if its key is a token limit."""
        digits = digits.replace("_", "")
        if (
            digits.isascii()
            and digits.isdigit()
            and len(digits) < LONGEST
            and limit(key) is not None
        ):
            self.limits.append(Limit(key, int(digits), at))

    def keyed(self, since: int, key: str) -> None:
        """Set the key of all entries from index `since` on."""
        self.entries[since:] = [entry._replace(key=key) for entry in self.entries[since:]]

    def string(self, text: str, at: int, given: str, *, sure: bool = True) -> None:
        """Add a string with its place.

        The place "" is for strings that may only be a full name.
        """
        if given or WORTH.search(text):
            self.entries.append(Entry(text, at, given, sure and bool(given)))


class Settled(NamedTuple):
    """An entry that may be a name, with its limit and group.

    `means` is the known name, "" for an unknown one.
    """

    entry: Entry
    means: str
    limit: Limit | None
    group: Group


def settle(groups: Iterable[Group], names: Names) -> list[Settled]:
    """Return the entries that may be names, one per offset, in order.

    Of several limits beside a name, the highest counts. Raise Exhausted for too many strings.
    """
    spread = [(_spread(group.entries), group) for group in groups if group.entries]
    if sum(len(entries) for entries, _ in spread) > MOST_ENTRIES:
        raise Exhausted(f"it has more than {MOST_ENTRIES:,} strings that may be names")
    clusters = {
        entry.cluster
        for entries, _ in spread
        for entry in entries
        if entry.cluster is not None and names.of(entry.name)
    }
    found: dict[int, Settled] = {}
    for entries, group in spread:
        highest = _highest(group.limits)
        for entry in entries:
            means = names.of(entry.name) or ""
            is_free = group.renames and entry.place == "model_name"
            if _may_count(entry, means, clusters, names) and not is_free:
                new = Settled(entry, means, _beside(entry, highest) if highest else None, group)
                if entry.at not in found or _rank(new) > _rank(found[entry.at]):
                    found[entry.at] = new
    return list(_apart(found[at] for at in sorted(found)))


def _apart(found: Iterable[Settled]) -> Iterator[Settled]:
    """Omit entries that are part of the string before them."""
    end = 0
    for each in found:
        if each.entry.at >= end:
            yield each
        end = max(end, each.entry.at + len(each.entry.name))


def _may_count(entry: Entry, means: str, clusters: set[Hashable], names: Names) -> bool:
    """Return whether an entry may be a use."""
    if means:
        return bool(entry.place) or "/" in means or names.is_routed(entry.name)
    return (entry.sure or entry.cluster in clusters) and PLAUSIBLE.match(entry.name) is not None


def _spread(entries: list[Entry]) -> list[Entry]:
    """Split strings with a default, a setting, or several names."""
    if not any(SEVERAL.search(entry.name) for entry in entries):
        return entries
    found: list[Entry] = []
    for entry in entries:
        several = SEVERAL.search(entry.name)
        left = MOST_ENTRIES + 1 - len(found)
        found += islice(_inside(entry), left) if several else (entry,)
        if len(found) > MOST_ENTRIES:
            break
    return found


def _inside(entry: Entry) -> Iterator[Entry]:
    """Yield the entries in one string."""
    name = entry.name
    if "default" in name and TEMPLATED.search(name):
        for match in TEMPLATED.finditer(name):
            key, value = ("key", "d") if match["key"] else ("of", "e")
            yield from _setting(entry, match[key], match, value, entry.place)
    elif "${" in name:
        for match in DEFAULTED.finditer(name):
            yield from _setting(entry, match[1], match, 2, entry.place)
    elif "=" in name:
        for match in SETTING.finditer(name):
            yield from _setting(entry, match[1], match, 2, "")
    elif "," in name and entry.place and (kind := place(entry.place)) and kind.many:
        for match in ITEM.finditer(name):
            yield entry._replace(name=match[0], at=entry.at + match.start())
    else:
        yield entry


def _setting(
    entry: Entry, name: str, match: re.Match[str], value: int | str, otherwise: str
) -> Iterator[Entry]:
    """Yield the value of a setting, with the setting as its place.

    `value` is a group of the match. If the setting takes no model, `otherwise` is the place.
    """
    given = name if place(name) else otherwise
    if given and (kind := place(given)):
        at = entry.at + match.start(value)
        yield entry._replace(name=match[value], at=at, place=given, sure=kind.sure)


def _highest(limits: Iterable[Limit]) -> dict[frozenset[str], tuple[int, int, Limit]]:
    """Return the highest limit of each owner, with value and order.

    Of equal ones, the first counts.
    """
    highest: dict[frozenset[str], tuple[int, int, Limit]] = {}
    for n, one in enumerate(limits):
        words = limit(one.place)
        if words is not None and (words not in highest or one.value > highest[words][0]):
            highest[words] = (one.value, -n, one)
    return highest


def _beside(entry: Entry, highest: Mapping[frozenset[str], tuple[int, int, Limit]]) -> Limit | None:
    """Return the limit with the same owner as the entry."""
    kind = place(entry.place)
    if not entry.place or (kind and kind.many and entry.cluster is None):
        return None
    mine = owner(entry.place)
    fitting = [highest[words] for words in {mine, mine - LEADING} if words in highest]
    return max(fitting)[2] if fitting else None


def _rank(settled: Settled) -> tuple[bool, bool, bool]:
    return settled.limit is not None, settled.entry.sure, bool(settled.entry.place)
