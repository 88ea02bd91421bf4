"""Find the strings of Python expressions and their places."""

import ast
import re
from collections.abc import Hashable, Iterator

from catalog.check.scan.entries import Budget, Entry, Group
from catalog.check.scan.frames import Held
from catalog.check.scan.places import DEFAULTS, GETTERS, IDENTITIES, LISTS, is_flag, place
from catalog.check.scan.signs import is_access
from catalog.check.scan.uses import Columns

QUOTE = re.compile(r"[A-Za-z]{0,2}(?:\"\"\"|'''|\"|')")
LINE_END = re.compile(r"\r\n?|\n")
"""Line ends in Python, which include a lone carriage return."""
DEEPEST = 30
"""Maximum depth of expressions. Code rarely nests a name deeper."""
CALL = 4
"""Depth of a call, because reading one takes longer."""
# Calls that use their first argument as a field's default.
FIELDS = {"field", "Field", "mapped_column", "Column", "Setting", "Option", "Argument", "Query"}


class Values:
    """A collector of the strings in one file's expressions."""

    def __init__(self, text: str) -> None:
        """Find the starts of the lines."""
        self.text = text
        self.is_ascii = text.isascii()
        self.starts = [0, *(match.end() for match in LINE_END.finditer(text))]
        self.columns: dict[int, Columns] = {}
        self.given: dict[int, str] = {}
        self.keys: dict[int, str] = {}
        self.branch_of: dict[int, Group] = {}
        self.groups: list[Group] = []
        self.outer = Group()
        self.depth = 0
        self.budget = Budget()

    def at(self, node: ast.expr) -> int:
        """Return the offset of a string's first character."""
        line = node.lineno
        at = self.starts[line - 1] + node.col_offset
        if not self.is_ascii:
            start = self.starts[line - 1]
            end = self.starts[line] if line < len(self.starts) else len(self.text)
            if line not in self.columns:
                self.columns = {line: Columns(self.text[start:end])}
            at = start + self.columns[line].letters(node.col_offset)
        quote = QUOTE.match(self.text, at)
        return quote.end() if quote else at

    def put(
        self,
        group: Group,
        name: str,
        node: ast.expr,
        *,
        sure: bool = True,
        cluster: Hashable = None,
    ) -> None:
        """Add a node if it is a string.

        Raise Exhausted if the strings are added to too many places.
        """
        self.budget.spend()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.budget.spend(text=node.value)
            group.entries.append(Entry(node.value, self.at(node), name, sure, cluster))

    def give(self, group: Group, name: str, node: ast.expr | None, *, sure: bool = True) -> None:
        """Add the strings of a value. Deeply nested ones are omitted."""
        if self.depth > DEEPEST:
            return
        self.budget.spend()
        self.depth += 1
        self.see(group, name, node, sure=sure)
        self.depth -= 1

    def see(self, group: Group, name: str, node: ast.expr | None, *, sure: bool) -> None:
        """Add the strings of an expression by its kind."""
        match node:
            case ast.Constant():
                self.put(group, name, node, sure=sure)
            case ast.List() | ast.Tuple() | ast.Set():
                self.several(group, name, node.elts, sure=sure)
            case ast.Dict():
                self.mapping(group, name, node)
            case ast.Call():
                self.through(group, name, node, sure=sure)
            case ast.Subscript() if last(node.value) in {"Literal", "Annotated", "Optional"}:
                self.literal(group, name, node.slice, sure=sure)
            case ast.expr():
                for part in parts(node):
                    self.give(group, name, part, sure=sure)

    def literal(self, group: Group, name: str, node: ast.expr, *, sure: bool) -> None:
        """Add the values of a type such as Literal["a", "b"]."""
        for part in node.elts if isinstance(node, ast.Tuple) else [node]:
            self.give(group, name, part, sure=sure)

    def several(self, group: Group, name: str, items: list[ast.expr], *, sure: bool) -> None:
        """Add the entries of a list, or the ids of its objects."""
        kind = place(name)
        sure = sure and kind is not None and kind.many
        listed = Held(name)
        self.budget.spend(len(items))
        for part in items:
            if isinstance(part, ast.Dict) and listed.maps:
                self.mapping(group, name, part)
            elif isinstance(part, ast.Dict | ast.Call):
                self.identities(group, name, part, listed)
            elif isinstance(part, ast.Tuple):
                for inner in part.elts[:1]:
                    self.put(group, name, inner, sure=False, cluster=listed)
            elif isinstance(part, ast.Starred):
                self.give(group, name, part.value, sure=sure)
            else:
                self.put(group, name, part, sure=sure)

    def identities(self, outer: Group, name: str, node: ast.Dict | ast.Call, listed: Held) -> None:
        """Add the ids of an object in a list of models."""
        self.groups.append(group := Group(outer=outer))
        self.budget.spend(len(node.keywords if isinstance(node, ast.Call) else node.keys))
        for key, value in pairs(node):
            if isinstance(key, str):
                self.limit(group, key, value)
                if key.lower() in IDENTITIES:
                    where = f"{name}.{key}"
                    self.put(group, where, value, sure=False, cluster=(listed, key.lower()))

    def mapping(self, group: Group, name: str, node: ast.Dict) -> None:
        """Add the keys and values of a mapping of models.

        Keys and values count if one of them is known. For a place of one model, the default is
        added.
        """
        held = Held(name)
        self.budget.spend(len(node.keys))
        if not held.many:
            self.identities(group, name, node, held)
            inner = self.groups[-1]
            for key, value in pairs(node):
                if isinstance(key, str) and key.lower() in DEFAULTS:
                    self.option(inner, name, value, sure=held.sure)
            return
        for key, value in zip(node.keys, node.values, strict=True):
            inner, under = group, constant(key)
            if isinstance(value, ast.Dict | ast.Call):
                self.identities(group, name, value, held)
                inner = self.groups[-1]
                inner.inside(under)
            else:
                before = len(group.entries)
                for each in value.elts if isinstance(value, ast.List | ast.Tuple) else [value]:
                    self.put(group, name, each, sure=False, cluster=(held, "value"))
                group.keyed(before, under)
            if key is not None:
                self.put(inner, name, key, sure=False, cluster=(held, "key"))

    def through(self, group: Group, name: str, node: ast.Call, *, sure: bool) -> None:
        """Add the strings of a call's argument.

        For example Field("x"), str("x"), set(["a", "b"]).
        """
        callee = last(node.func)
        kind = place(name)
        self.depth += CALL
        self.budget.spend(len(node.keywords))
        group = self.call(group, node)
        if node.args:
            listing = callee.lower() in LISTS and kind is not None and kind.many
            certain = sure and (callee in FIELDS or listing)
            first = node.args[0]
            if not (isinstance(first, ast.Constant) and is_flag(str(first.value))):
                self.give(group, name, first, sure=certain)
        for argument in node.args[1:] if callee.lower() in GETTERS else ():
            self.put(group, name, argument, sure=False)
        for word in node.keywords:
            if word.arg and word.arg.lower() in DEFAULTS:
                self.option(group, name, word.value, sure=sure)
        self.depth -= CALL

    def call(self, outer: Group, node: ast.Call) -> Group:
        """Return the group of a call inside of an outer group's value."""
        self.groups.append(group := Group(limits=outer.limits, outer=outer))
        group.inside(path(node.func))
        for word in node.keywords:
            value = word.value.value if isinstance(word.value, ast.Constant) else None
            group.sign(word.arg or "", value if isinstance(value, str) else "")
        return group

    def option(self, group: Group, name: str, node: ast.expr, *, sure: bool) -> None:
        """Add the default or the choices of an option."""
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            for part in node.elts:
                self.put(group, name, part, sure=sure)
        else:
            self.give(group, name, node, sure=sure)

    def limit(self, group: Group, key: str, node: ast.expr) -> None:
        """Add a limit, and the sign of a key."""
        value = node.value if isinstance(node, ast.Constant) else None
        group.sign(key, value if isinstance(value, str) else "")
        if value is None and is_access(key):
            group.inside(last(node))
        if type(value) is int:
            group.number(key, str(value), self.starts[node.lineno - 1] + node.col_offset)

    def variable(self, name: str, node: ast.expr | None) -> None:
        """Add the sign of a variable, and remember its client."""
        if not name or place(name):
            return
        if isinstance(node, ast.Constant):
            self.outer.sign(name, node.value if isinstance(node.value, str) else "")
        elif isinstance(node, ast.Call | ast.Await):
            self.given[id(node.value if isinstance(node, ast.Await) else node)] = name

    def client(self, group: Group, node: ast.Call) -> None:
        """Remember the name of a call, and its variable."""
        group.inside(path(node.func))
        group.given = self.given.pop(id(node), "")
        inner = within(node.func)
        for word in inner.keywords if inner else ():
            self.limit(group, word.arg or "", word.value)
        group.at = self.starts[node.lineno - 1]
        for argument in node.args:
            if isinstance(argument, ast.Constant) and str(argument.value)[:4] == "http":
                group.sign("url", str(argument.value))


def parts(node: ast.expr) -> list[ast.expr]:
    """Return the expressions that another one chooses from or combines."""
    match node:
        case ast.IfExp():
            return [node.body, node.orelse]
        case ast.BoolOp():
            return node.values
        case ast.NamedExpr() | ast.Starred() | ast.Await():
            return [node.value]
        case ast.Lambda():
            return [node.body]
        case ast.BinOp():
            return [side for side in (node.left, node.right) if not isinstance(side, ast.Constant)]
    return []


def within(node: ast.expr) -> ast.Call | None:
    """Return the call whose result has the called method: Client(url=x).chat.create()."""
    for _ in range(DEEPEST):
        if not isinstance(node, ast.Attribute):
            break
        node = node.value
    return node if isinstance(node, ast.Call) else None


def path(node: ast.expr) -> str:
    """Return the names of a call, joined by dots: client.chat.create."""
    names: list[str] = []
    for _ in range(DEEPEST):
        match node:
            case ast.Attribute():
                names.insert(0, node.attr)
                node = node.value
            case ast.Call():
                node = node.func
            case _:
                break
    return ".".join((*([node.id] if isinstance(node, ast.Name) else ()), *names))


def last(node: ast.expr, deepest: int = DEEPEST) -> str:
    """Return the last name of an expression: variable, attribute or item."""
    if not deepest:
        return ""
    inside = deepest - 1
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute(attr="value" | "lower" | "strip", value=inner):
            return last(inner, inside)
        case ast.NamedExpr() | ast.Await():
            return last(node.value, inside)
        case ast.BoolOp(values=[first, *_]):
            return last(first, inside)
        case ast.Attribute():
            return node.attr
        case ast.Subscript(slice=ast.Constant(value=str() as key)):
            return key
        case ast.Call(args=[]):
            return last(node.func, inside)
        case ast.Call(args=[ast.Constant(value=str() as key), *_]):
            return key if last(node.func, inside) in GETTERS else ""
    return ""


def constant(node: ast.expr | None) -> str:
    """Return a string's text, or an expression's last name: Provider.GROQ."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "" if node is None else last(node)


def setting(node: ast.expr | None) -> str:
    """Return a setting's name if it takes a model, else ""."""
    match node:
        case ast.Constant(value=str() as text) if is_flag(text):
            return text
    return ""


def pairs(node: ast.Dict | ast.Call) -> Iterator[tuple[object, ast.expr]]:
    """Yield keys and values of a mapping, or keyword arguments."""
    if isinstance(node, ast.Call):
        yield from ((word.arg, word.value) for word in node.keywords)
        return
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant):
            yield key.value, value
