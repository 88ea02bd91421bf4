"""Find uses in Python by its syntax tree."""

import ast
import re
import warnings
from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any

from catalog.check.scan.entries import PREFIXED, Group
from catalog.check.scan.frames import Held
from catalog.check.scan.places import GETTERS, SETTERS, place
from catalog.check.scan.python_values import Values, constant, last, pairs, setting

NODE = re.compile(r"""\w+|[(\[{]|[-+*/~|&^%<>@]|["'][^\w"']*["']|\.{3}""")
"""Possible beginnings of a node, limited because each takes a kilobyte."""
MOST_NODES = 100_000
DOTTED = re.compile(r"(?<!\w)\w++(?:[ \t\f\\\r\n]*+\.[ \t\f\\\r\n]*+\w++)++")
"""A name with dots, also with blanks or line breaks beside them."""
MOST_DOTS = 100
"""Maximum dots of one name, because parsing an import takes time with their square."""
LONGEST = 200
"""Maximum characters of a model name."""


def read(text: str) -> list[Group]:
    """Find the strings that have a place.

    Raise the errors of `ast.parse` for invalid Python: SyntaxError, ValueError, RecursionError or
    MemoryError. Raise MemoryError also if the tree would be too large.
    """
    if len(text) > MOST_NODES and next(islice(NODE.finditer(text), MOST_NODES, None), None):
        raise MemoryError
    if any(match[0].count(".") > MOST_DOTS for match in DOTTED.finditer(text)):
        raise MemoryError
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    return Reader(text).read(tree)


class Reader(Values):
    """A reader of one tree."""

    def read(self, tree: ast.AST) -> list[Group]:
        """Visit every node once, and return the groups."""
        waiting: list[Any] = [tree]
        outers = [Group()]
        while waiting:
            node, outer = waiting.pop(), outers.pop()
            outer = self.branch_of.pop(id(node), outer)
            see = SEE.get(node.__class__)
            if see is not None:
                self.outer = outer
                group = Group(outer=outer)
                see(self, node, group)
                if group.entries or group.given:
                    self.groups.append(group)
                if group.signs:
                    outer = group
            for name in children(node.__class__):
                value = getattr(node, name)
                if value.__class__ is list:
                    waiting += value
                    outers += [outer] * len(value)
                elif value is not None:
                    waiting.append(value)
                    outers.append(outer)
        return self.groups

    def see_string(self, node: ast.Constant, group: Group) -> None:
        """Add a string that may be a full name."""
        text = node.value
        if isinstance(text, str) and len(text) <= LONGEST and ("/" in text or PREFIXED.match(text)):
            self.put(group, "", node, sure=False)

    def see_assign(self, node: ast.Assign, group: Group) -> None:
        """Read an assignment to names, attributes and items."""
        for target in node.targets:
            self.target(group, target, node.value)
            self.variable(last(target), node.value)

    def target(self, group: Group, target: ast.expr, value: ast.expr | None) -> None:
        """Assign to one target, or pairwise to a tuple."""
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, given in zip(target.elts, value.elts, strict=False):
                self.target(group, one, given)
        elif kind := place(name := last(target)):
            self.give(group, name, value, sure=kind.sure)

    def see_annotated(self, node: ast.AnnAssign, group: Group) -> None:
        """Read a variable or field with a type."""
        self.target(group, node.target, node.value)
        self.target(group, node.target, node.annotation)
        self.variable(last(node.target), node.value)

    def see_other(self, node: ast.NamedExpr | ast.AugAssign, group: Group) -> None:
        """Read := and +=."""
        self.target(group, node.target, node.value)

    def see_call(self, node: ast.Call, group: Group) -> None:
        """Read the arguments of a call."""
        group.inside(self.keys.pop(id(node), ""))
        self.client(group, node)
        for word in node.keywords:
            if word.arg and (kind := place(word.arg)):
                self.give(group, word.arg, word.value, sure=kind.sure)
            elif word.arg:
                self.limit(group, word.arg, word.value)
        callee = last(node.func)
        asked = next(filter(None, map(setting, node.args)), "")
        if asked:
            name = asked.lstrip("-")
            sure = callee.lower() in GETTERS and Held(name).sure
            self.asked(group, name, node, sure=sure)
        elif node.args and (kind := place(callee)) and not kind.many and kind.sure:
            self.put(group, callee, node.args[0], sure=callee.startswith(SETTERS))

    def asked(self, group: Group, name: str, node: ast.Call, *, sure: bool) -> None:
        """Read the default of a setting.

        For example get("MODEL", "x") and ("--model", default="x").
        """
        seen = False
        for argument in node.args:
            if seen:
                self.put(group, name, argument, sure=sure)
            seen = seen or bool(setting(argument))
        self.through(
            group, name, ast.Call(func=node.func, args=[], keywords=node.keywords), sure=sure
        )

    def see_dict(self, node: ast.Dict, group: Group) -> None:
        """Read the entries of a mapping."""
        group.inside(self.keys.pop(id(node), ""))
        environment: dict[str, ast.expr] = {}
        for key, value in pairs(node):
            if not isinstance(key, str):
                continue
            environment[key.lower()] = value
            if isinstance(value, ast.Dict | ast.List | ast.Call):
                self.keys[id(value)] = key
            if kind := place(key):
                self.give(group, key, value, sure=kind.sure)
            else:
                self.limit(group, key, value)
        name = setting(environment.get("name") or environment.get("key"))
        given = environment.get("value", environment.get("default"))
        if name and given is not None:
            self.put(group, name, given)

    def see_function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, group: Group
    ) -> None:
        """Read the defaults of parameters."""
        arguments = node.args
        group.inside(getattr(node, "name", ""))
        named = [*arguments.posonlyargs, *arguments.args]
        both = [
            *zip(reversed(named), reversed(arguments.defaults), strict=False),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        for argument, value in both:
            if value is None:
                continue
            if kind := place(argument.arg):
                self.give(group, argument.arg, value, sure=kind.sure)
            else:
                self.limit(group, argument.arg, value)
        for argument in [*named, *arguments.kwonlyargs]:
            if argument.annotation is not None and place(argument.arg):
                self.give(group, argument.arg, argument.annotation)

    def see_class(self, node: ast.ClassDef, group: Group) -> None:
        """Read fields with limits beside them, and members of a model enumeration."""
        enum = any("Enum" in last(base) for base in node.bases) and place(node.name)
        held = Held(node.name)
        group.inside(node.name)
        for part in node.body:
            if not isinstance(part, ast.Assign | ast.AnnAssign) or part.value is None:
                continue
            target = part.targets[0] if isinstance(part, ast.Assign) else part.target
            name = last(target)
            if kind := place(name):
                self.give(group, name, part.value, sure=kind.sure)
            elif enum:
                self.put(group, node.name, part.value, sure=False, cluster=held)
            else:
                self.limit(group, name, part.value)

    def see_compare(self, node: ast.Compare, group: Group) -> None:
        """Read the values that a model name is compared with."""
        kind = place(name := last(node.left))
        for right in node.comparators:
            if kind and isinstance(right, ast.List | ast.Tuple | ast.Set):
                for part in right.elts:
                    self.put(group, name, part, sure=kind.sure)
            elif kind:
                self.give(group, name, right, sure=kind.sure)
            elif other := place(last(right)):
                self.put(group, last(right), node.left, sure=other.sure)

    def see_either(self, node: ast.BoolOp, group: Group) -> None:
        """Read the default of a setting: os.getenv("MODEL") or "x"."""
        if isinstance(node.op, ast.Or):
            self.default(group, node.values[:-1], node.values[1:])

    def see_choice(self, node: ast.IfExp, group: Group) -> None:
        """Read the alternative to a branch that reads a setting."""
        self.default(group, [node.body], [node.orelse])
        self.default(group, [node.orelse], [node.body])

    def see_if(self, node: ast.If, group: Group) -> None:
        """Read the alternative to a branch that reads a setting.

        Both branches assign to the same variable.
        """
        self.branches(group, node.body, node.orelse)
        self.branches(group, node.orelse, node.body)
        match node.test:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                self.case(last(left), right, node.body)

    def see_try(self, node: ast.Try, group: Group) -> None:
        """Read what is assigned if reading a setting fails."""
        for handler in node.handlers:
            self.branches(group, node.body, handler.body)

    def branches(self, group: Group, read: list[ast.stmt], other: list[ast.stmt]) -> None:
        """Read the alternative to an assignment or return of a setting."""
        if len(read) != 1 or len(other) != 1:
            return
        match read[0], other[0]:
            case ast.Assign(targets=[one]), ast.Assign(targets=[two]) if last(one) == last(two):
                pass
            case ast.Return(), ast.Return():
                pass
            case _:
                return
        first, second = getattr(read[0], "value", None), getattr(other[0], "value", None)
        if first is not None and second is not None:
            self.default(group, [first], [second])

    def default(self, group: Group, read: list[ast.expr], other: list[ast.expr]) -> None:
        """Add values as defaults of the setting that is read."""
        name = next((name for name in map(last, read) if place(name)), "")
        for value in other if name else ():
            if not place(last(value)):
                self.give(group, name, value, sure=Held(name).sure)

    def see_with(self, node: ast.With | ast.AsyncWith, group: Group) -> None:  # noqa: ARG002  # because all readers have the same arguments
        """Remember a client that a block opens."""
        for item in node.items:
            if item.optional_vars is not None:
                self.variable(last(item.optional_vars), item.context_expr)

    def see_match(self, node: ast.Match, group: Group) -> None:
        """Read the cases of a match on a model name."""
        name = last(node.subject)
        for case in node.cases:
            if isinstance(case.pattern, ast.MatchValue):
                self.case(name, case.pattern.value, case.body)
        if not (kind := place(name)):
            return
        for case in node.cases:
            for inner in ast.walk(case.pattern):
                if isinstance(inner, ast.MatchValue):
                    self.put(group, name, inner.value, sure=kind.sure)

    def case(self, name: str, value: ast.expr, body: list[ast.stmt]) -> None:
        """Add the compared value as a sign: provider == "groq"."""
        group = Group(outer=self.outer)
        group.sign(name, constant(value))
        if group.signs:
            self.branch_of.update((id(each), group) for each in body)

    def see_list(self, node: ast.List | ast.Tuple, group: Group) -> None:
        """Read the value after an option in a command: ["--model", "x"]."""
        group.inside(self.keys.pop(id(node), ""))
        for option, value in zip(node.elts, node.elts[1:], strict=False):
            if (name := setting(option)).startswith("-"):
                self.put(group, name.lstrip("-"), value)


# Fields that are skipped, because they contain no strings in nodes.
LEAVES = {
    "arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "kind", "kwd_attrs", "level",
    "module", "name", "names", "op", "ops", "rest", "simple", "tag", "type_comment",
    "type_ignores",
}  # fmt: skip
CLOSED = (ast.Constant, ast.MatchSingleton, ast.Import, ast.ImportFrom)


@cache
def children(kind: Any) -> tuple[str, ...]:
    """Return the fields of a node class that contain nodes."""
    if issubclass(kind, CLOSED):
        return ()
    return tuple(name for name in getattr(kind, "_fields", ()) if name not in LEAVES)


SEE: dict[type, Callable[[Any, Any, Group], None]] = {
    ast.Constant: Reader.see_string,
    ast.Assign: Reader.see_assign,
    ast.AnnAssign: Reader.see_annotated,
    ast.NamedExpr: Reader.see_other,
    ast.AugAssign: Reader.see_other,
    ast.Call: Reader.see_call,
    ast.Dict: Reader.see_dict,
    ast.FunctionDef: Reader.see_function,
    ast.AsyncFunctionDef: Reader.see_function,
    ast.Lambda: Reader.see_function,
    ast.ClassDef: Reader.see_class,
    ast.Compare: Reader.see_compare,
    ast.BoolOp: Reader.see_either,
    ast.IfExp: Reader.see_choice,
    ast.If: Reader.see_if,
    ast.Try: Reader.see_try,
    ast.With: Reader.see_with,
    ast.AsyncWith: Reader.see_with,
    ast.Match: Reader.see_match,
    ast.List: Reader.see_list,
    ast.Tuple: Reader.see_list,
}
