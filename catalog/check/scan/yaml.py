"""Find uses in YAML by its nodes and positions."""

import re
from collections.abc import Hashable, Iterator
from itertools import islice

import yaml

from catalog.check.scan.entries import Budget, Entry, Group
from catalog.check.scan.frames import Held
from catalog.check.scan.places import DEFAULTS, IDENTITIES, PARTS, is_flag, place

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Refused = yaml.YAMLError
# Possible beginnings of a nested collection: a bracket, a mark, a deep indent.
DEEP = re.compile(r"[\[{]|[?-][ \t]|^[ ]{150}", re.MULTILINE)
DEEPEST = 150  # levels
NODE = re.compile(r"[,\[{\n]|[:?-](?=\s)")
"""Possible beginnings of a node, limited because each takes memory.

A node takes half a kilobyte and ten microseconds.
"""
MOST_NODES = 100_000
KEY = 2
"""The cost of a key with its sign and limit, counted in strings."""
DIRECTIVE = re.compile(r"^%", re.MULTILINE)
MOST_DIRECTIVES = 1000


def read(text: str) -> list[Group]:
    """Find the strings that have a place.

    Raise yaml.YAMLError or RecursionError for invalid texts and those that take too long.
    """
    if len(text) > MOST_NODES and next(islice(NODE.finditer(text), MOST_NODES, None), None):
        raise yaml.YAMLError("too many nodes")
    if len(DIRECTIVE.findall(text)) > MOST_DIRECTIVES:  # because the parser compares them all
        raise yaml.YAMLError("too many directives")
    if len(DEEP.findall(text)) > DEEPEST:
        check_depth(text)
    reader = Reader()
    for document in yaml.compose_all(text, Loader=LOADER):
        reader.see(document)
    return reader.groups


def check_depth(text: str) -> None:
    """Raise yaml.YAMLError if the nodes would overflow the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise yaml.YAMLError("nested too deeply")


class Reader:
    """A reader of the nodes. Aliases are read once."""

    def __init__(self) -> None:
        """Begin without nodes."""
        self.groups: list[Group] = []
        self.seen: set[int] = set()
        self.budget = Budget()

    def see(self, top: yaml.Node | None) -> None:
        """Read every node below one."""
        self.seen.clear()  # because the ids of earlier nodes are reused
        waiting = [(top, "", Group())] if isinstance(top, yaml.CollectionNode) else []
        while waiting:
            node, key, outer = waiting.pop()
            if id(node) in self.seen:
                continue
            self.seen.add(id(node))
            self.groups.append(group := Group(outer=outer))
            group.inside(key)
            inner: list[tuple[str, yaml.Node]]
            if isinstance(node, yaml.MappingNode):
                self.mapping(node, group)
                inner = [(text(one), two) for one, two in node.value]
                inner += [("", one) for one, _ in node.value]
            else:
                self.sequence(node, group)
                inner = [("", each) for each in node.value]
            waiting += [
                (each, key, group) for key, each in inner if isinstance(each, yaml.CollectionNode)
            ]

    def put(
        self, group: Group, name: str, node: yaml.Node, *, sure: bool, cluster: Hashable = None
    ) -> None:
        """Add a node if it is a string.

        Raise Exhausted if aliases add the same strings to too many places.
        """
        self.budget.spend()
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str":
            self.budget.spend(text=node.value)
            at = node.start_mark.index + (node.style in {'"', "'"})
            group.entries.append(Entry(node.value, at, name, sure, cluster))

    def mapping(self, node: yaml.MappingNode, group: Group) -> None:
        """Read the entries of a mapping."""
        pair: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = text(key)
            pair[name.lower()] = value
            self.put(group, "", key, sure=False)
            if kind := place(name):
                self.give(group, name, value, sure=kind.sure, many=kind.many)
            elif isinstance(value, yaml.ScalarNode):
                self.put(group, "", value, sure=False)
                self.limit(group, name, value)
            elif name.lower() in PARTS and isinstance(value, yaml.MappingNode):
                group.sign(name)
                self.budget.spend(KEY * len(value.value))
                for inner, scalar in scalars(value):
                    group.sign(inner, scalar.value)
                    if place(inner):
                        group.inside(scalar.value.partition("/")[0])
        self.pair(pair, group)

    def pair(self, pair: dict[str, yaml.Node], group: Group) -> None:
        """Read an entry such as {name: MODEL, value: x}."""
        name = pair.get("name") or pair.get("key")
        value = pair.get("value") or pair.get("default")
        if name is not None and value is not None and is_flag(text(name)):
            self.put(group, text(name), value, sure=True)

    def limit(self, group: Group, key: str, node: yaml.ScalarNode) -> None:
        """Add a limit, and the sign of a key."""
        group.number(key, node.value, node.start_mark.index)
        group.sign(key, node.value)

    def give(self, group: Group, name: str, node: yaml.Node, *, sure: bool, many: bool) -> None:
        """Add the strings of a node at a place."""
        held = Held(name)
        if isinstance(node, yaml.ScalarNode):
            self.put(group, name, node, sure=sure)
        elif isinstance(node, yaml.SequenceNode):
            for part in node.value:
                self.put(group, name, part, sure=sure and many)
                if held.maps and isinstance(part, yaml.MappingNode):
                    self.several(group, name, part, held)
                else:
                    self.identities(name, part, held, group)
        elif many:
            self.several(group, name, node, held)
        else:
            self.budget.spend(len(node.value))
            inner = self.identities(name, node, held, group) or group
            for key, value in node.value:
                if text(key).lower() in DEFAULTS:
                    for each in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                        self.put(inner, name, each, sure=sure)

    def several(self, group: Group, name: str, node: yaml.MappingNode, held: Held) -> None:
        """Add keys and values of a mapping of models."""
        for key, value in node.value:
            before = len(group.entries)
            for each in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                self.put(group, name, each, sure=False, cluster=(held, "value"))
            group.keyed(before, text(key))
            inner = self.identities(name, value, held, group, text(key)) or group
            self.put(inner, name, key, sure=False, cluster=(held, "key"))

    def identities(
        self, name: str, node: yaml.Node, held: Held, outer: Group, under: str = ""
    ) -> Group | None:
        """Add an object's ids in a list or mapping of models."""
        if not isinstance(node, yaml.MappingNode):
            return None
        self.budget.spend(KEY * len(node.value))
        self.groups.append(group := Group(outer=outer))
        group.inside(under)
        for key, value in scalars(node):
            if key.lower() in IDENTITIES:
                where = f"{name}.{key}"
                self.put(group, where, value, sure=False, cluster=(held, key.lower()))
            self.limit(group, key, value)
        return group

    def sequence(self, node: yaml.SequenceNode, group: Group) -> None:
        """Read entries such as MODEL=x, and values after --model."""
        before = ""
        for part in node.value:
            if before.startswith("-") and is_flag(before):
                self.put(group, before.lstrip("-"), part, sure=True)
            else:
                self.put(group, "", part, sure=False)
            before = text(part)


def text(node: yaml.Node) -> str:
    """Return the text of a scalar, else an empty one."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def scalars(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """Yield the keys and values if both are scalars."""
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode):
            yield key.value, value
