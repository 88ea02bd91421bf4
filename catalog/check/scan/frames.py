"""Track the state of one open bracket."""

from dataclasses import dataclass, field

from catalog.check.scan.entries import Entry, Group
from catalog.check.scan.places import (
    COPYING,
    DEFAULTS,
    FALLBACKS,
    FIRSTS,
    GETTERS,
    IDENTITIES,
    LISTS,
    SAME,
    SETTERS,
    is_flag,
    place,
)
from catalog.check.scan.signs import is_access


class Held:
    """A place of the values in a bracket, with its own cluster.

    `many` is whether it takes several names, `sure` whether it only takes model names.
    """

    __slots__ = ("many", "place", "sure")

    def __init__(self, name: str, *, doubtful: bool = False) -> None:
        """Find the kind of the place. In a `doubtful` one only known names count."""
        self.place = name
        self.many, sure = place(name) or (False, False)
        self.sure = sure and not doubtful

    @property
    def maps(self) -> bool:
        """Return whether its list may contain mappings: [{"a": ["b"]}]."""
        return self.many and "fallback" in self.place.lower()


# Calls that take a setting's default as an argument.
DEFAULTING = GETTERS | FALLBACKS | FIRSTS | COPYING
# Keys of a setting's name and of its value.
PAIRED = {
    "name": "name", "key": "name", "value": "value", "default": "value", "defaultvalue": "value",
    "default_value": "value",
}  # fmt: skip


@dataclass(slots=True)
class Frame:
    """The state of an open bracket.

    `key` takes the next value after `sign`. `last` is the last name, and `before` the name directly
    before it. `held` is the place of the whole bracket, `listed` the list of models that contains
    this object, and `subject` the value that its cases are compared with. `asked` is the setting
    that a call reads, `flag` the option before an entry. `number` counts the brackets opened
    before. `pending` is a key without its value yet. `was_read` is the setting that the expression
    reads so far, `tested` the one in the last call, `condition` the one before a question mark.
    `closed` is the call that just ended, with its names in `chain`. `value_of` is the key of this
    bracket, and `path` has the names of this call. `reached` is the group whose address or secret
    the bracket reads.
    """

    opener: str
    callee: str = ""
    index: bool = False
    group: Group = field(default_factory=Group)
    held: Held | None = None
    listed: Held | None = None
    subject: str = ""
    key: str = ""
    sign: str = ""
    last: str = ""
    last_at: int = 0
    before: str = ""
    asked: str = ""
    was_read: str = ""
    condition: str = ""
    tested: str = ""
    closed: str = ""
    value_of: str = ""
    path: str = ""
    chain: str = ""
    doubtful: bool = False
    flag: str = ""
    switched: str = ""
    position: int = 0
    ternaries: int = 0
    number: int = 0
    reached: Group | None = None
    pending: tuple[str, int] | None = None
    pair: dict[str, tuple[str, int]] = field(default_factory=dict)

    def name(self, text: str, at: int, *, adjacent: bool) -> None:
        """Set the last name. An `adjacent` one becomes `before`."""
        self.before = self.last if adjacent else ""
        self.last, self.last_at = text.lstrip("$@"), at
        self.access(self.last)
        if self.last.lower() not in SAME:
            self.reads(self.last)

    def access(self, name: str) -> None:
        """Add the setting of an address or secret: baseURL: env.GROQ_URL."""
        if self.reached or (self.key and is_access(self.key)):
            (self.reached or self.group).inside(name)

    def reads(self, name: str) -> None:
        """Remember a name that is read, if it takes a model."""
        self.was_read = name if place(name) else ""

    @property
    def setting(self) -> str:
        """Return the setting that the expression reads, if it takes a model."""
        return self.asked or self.was_read

    def end(self) -> None:
        """End a statement or an entry."""
        self.settle(self.group)
        self.key = self.sign = self.last = self.before = self.asked = ""
        self.was_read = self.condition = self.tested = ""
        self.ternaries, self.doubtful = 0, False

    def separate(self, sign: str) -> None:
        """End a value. The setting of a call stays known."""
        asked, callee = self.asked, self.callee.lower()
        is_symbol = self.sign == ":" and callee in GETTERS
        if not self.position and (callee in FIRSTS or is_symbol):
            asked = self.setting
        self.end()
        if sign == ",":
            self.asked = asked if self.opener == "(" else ""
            self.position += 1

    def give(self, sign: str, *, first: bool) -> None:
        """Set the key of the next value.

        Of two names, `first` selects the first. `model: str =` keeps the key `model`.
        """
        if not (sign == "=" and self.sign == ":" and place(self.key)):
            self.key = self.before if first and place(self.before) else self.last
        self.sign, self.was_read, self.doubtful = sign, "", False
        self.group.sign(self.key)
        if self.is_mapping() and self.key == self.last:
            self.pending = (self.last, self.last_at)

    def otherwise(self) -> None:
        """Take the next value as a default of the setting or name."""
        if not place(self.key) or self.doubtful:
            self.key, self.doubtful = self.setting or self.last, False
        self.was_read = ""

    def ask(self) -> None:
        """Begin the first branch of a condition."""
        self.ternaries += 1
        self.condition = self.setting or self.tested
        self.branch("")

    def branch(self, read: str) -> None:
        """Take the next value as the alternative to a setting.

        If only the condition reads it, the value may be anything.
        """
        if (self.doubtful or not place(self.key)) and (read or self.condition):
            self.key, self.doubtful = read or self.condition, not read
        self.asked = self.was_read = ""

    def is_mapping(self) -> bool:
        """Return whether its keys may be model names."""
        return self.held is not None and self.held.many and self.opener in {"{", "[", ""}

    def settle(self, group: Group) -> None:
        """Add the pending key to the group of its value."""
        if self.pending and self.held:
            text, at = self.pending
            group.entries.append(Entry(text, at, self.held.place, False, (self.held, "key")))
        self.pending = None

    @property
    def default_of(self) -> str:
        """Return the place that a default in this bracket belongs to."""
        return self.asked or (self.held.place if self.held else "")

    @property
    def option_of(self) -> str:
        """Return the place that an object in this call describes.

        For example option("model", {default: "x"}) and MODEL: str({default: "x"}).
        """
        name = self.asked or (self.held.place if self.held else "")
        return "" if Held(name).many else name

    # State for inner brackets

    def block(self, new: "Frame", *, called: bool) -> None:
        """Pass the setting to a default block: fetch("MODEL") { "x" }.

        The block follows the closing bracket of a call, or the name of a call.
        """
        call = self.closed if called else self.last
        if self.setting and call.lower() in GETTERS | FALLBACKS:
            new.key, new.held = self.setting, None

    def pass_on(self, new: "Frame") -> None:
        """Pass the place on to a new inner bracket."""
        if new.index:
            return
        if self.setting and new.callee.lower() in FALLBACKS:
            new.asked, new.position = self.setting, 1
        elif self.asked and self.position and new.callee.lower() in COPYING:
            new.asked, new.position = self.asked, 1
        elif self.key:
            self.pass_value(new)
        elif new.opener == "{" and self.opener == "(" and (place_of := self.option_of):
            new.held = Held(place_of, doubtful=self.callee.lower() not in GETTERS)
        elif self.held and self.opener == "[" and new.opener in {"{", "("}:
            new.listed = self.held
            if new.opener == "{" and self.held.maps:
                new.held = Held(self.held.place, doubtful=True)
        elif self.held and self.opener == "(" and new.opener != "{":
            listing = not self.callee or self.callee.lower() in LISTS or new.opener == "["
            new.held = self.held if listing else None
        if self.switched and new.opener == "{":
            new.subject, self.switched = self.switched, ""

    def pass_access(self, new: "Frame") -> None:
        """Pass on the group whose address or secret is read."""
        if new.opener != "{" and is_access(self.key):
            new.reached = self.reached or self.group

    def pass_value(self, new: "Frame") -> None:
        """Pass the place on to a bracket that is a key's value."""
        if place(self.key):
            new.held = Held(self.key)
        elif self.default_of and self.key.lower() in DEFAULTS:
            new.held = Held(self.default_of)
        elif self.held and self.held.many:
            new.listed = self.held
            new.held = Held(self.held.place, doubtful=True) if new.opener == "[" else None
        if new.opener in {"{", "["}:
            self.settle(new.group)

    def header(
        self, names: list[tuple[str, int]], tables: dict[str, Held], *, repeated: bool
    ) -> None:
        """Begin a table of TOML: [models], [[models]] or [models.NAME]."""
        self.group.inside(".".join(text for text, _ in names))
        held = [tables.setdefault(text, Held(text)) for text, _ in names[-2:]]
        if held and held[-1].many:
            self.held, self.listed = None if repeated else held[-1], held[-1]
        elif len(held) > 1 and held[0].many:
            self.held, self.pending = held[0], names[-1]
            self.settle(self.group)
            self.held, self.listed = None, held[0]
        elif held and place(held[-1].place):
            self.held = held[-1]

    # Classification of strings

    def string_key(self, text: str, at: int) -> None:
        """Take a string as a key."""
        self.last, self.last_at, self.before = text, at, ""
        self.group.string(text, at, "")

    def value(self, text: str, at: int) -> None:
        """Add a string as a value of its key, case or list."""
        if self.key:
            self.given(text, at)
        elif self.subject and not self.sign:
            self.group.string(text, at, self.subject)
        elif self.opener == "(":
            self.argument(text, at)
        else:
            self.item(text, at)

    def given(self, text: str, at: int) -> None:
        """Add the value of a key."""
        key = self.key
        lower = key.lower()
        self.group.sign(key, text)
        if lower in PAIRED:
            self.pair.setdefault(PAIRED[lower], (text, at))
        if kind := place(key):
            self.group.string(text, at, key, sure=kind.sure and not self.doubtful)
        elif lower in DEFAULTS and (holder := self.default_of):
            self.group.string(text, at, holder, sure=self.held is None or self.held.sure)
        elif lower in IDENTITIES and self.held and not self.held.many:
            self.group.string(text, at, self.held.place, sure=False)
        elif self.listed and lower in IDENTITIES:
            where = f"{self.listed.place}.{key}"
            self.group.entries.append(Entry(text, at, where, False, (self.listed, lower)))
        elif self.held and self.is_mapping():
            cluster = (self.held, "value")
            self.group.entries.append(Entry(text, at, self.held.place, False, cluster, key=key))
        else:
            self.group.string(text, at, "")

    def argument(self, text: str, at: int) -> None:
        """Add an argument of a call, or a value in plain parentheses."""
        callee = self.callee.lower()
        setter = Held(self.callee)
        if self.reached and callee in GETTERS:
            self.access(text)
        if self.group.outer and not self.position:
            self.group.outer.sign(self.callee, text)
        if self.asked and self.position:
            sure = callee in DEFAULTING and Held(self.asked).sure
            self.group.string(text, at, self.asked, sure=sure)
        elif self.callee and is_flag(text):
            self.asked = text.lstrip("-")
        elif self.position == 0 and setter.sure and not setter.many:
            self.group.string(text, at, self.callee, sure=self.callee.startswith(SETTERS))
        elif self.held:
            is_map = "map" in self.path.lower().split(".")
            listing = not callee or (self.held.many and callee in LISTS and not is_map)
            if listing or is_map or self.position == 0 or callee in GETTERS:
                self.group.string(text, at, self.held.place, sure=listing and self.held.sure)
        else:
            self.group.string(text, at, "")

    def item(self, text: str, at: int) -> None:
        """Add an entry of a list, or take an index."""
        if self.index:
            self.access(text)
            self.last = text
            self.reads(text)
        elif self.flag:
            self.group.string(text, at, self.flag)
        elif self.held:
            self.group.string(text, at, self.held.place, sure=self.held.many and self.held.sure)
        else:
            self.group.string(text, at, "")
        self.flag = text.lstrip("-") if text.startswith("-") and is_flag(text) else ""

    # Completion

    def finish(self) -> None:
        """Complete the bracket.

        An entry such as {"name": "MODEL", "value": "x"} sets a variable.
        """
        self.settle(self.group)
        if len(self.pair) > 1 and place(self.pair["name"][0]):
            self.group.string(*self.pair["value"], self.pair["name"][0])
