"""Describe the settings from their classes: type, bounds, default, variable, docstring."""

import ast
import inspect
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from catalog.changes.finding import Level
from catalog.config.channels import AnyChannel
from catalog.config.providers import ListSettings, ProviderSettings
from catalog.config.settings import Settings
from catalog.config.sources import (
    CHANNEL_SECRETS,
    PROVIDER_VARIABLES,
    TOKEN_VARIABLES,
    plain_variable,
    table_variable,
)
from catalog.config.types import write_duration
from tests.support.reference.text import unwrapped
from tests.support.reference.types import WORDS


@cache
def docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring below each field, of the class and its parents."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if kind is BaseModel or not issubclass(kind, BaseModel):
            continue
        body = _body(kind)
        for field, text in pairwise(body):
            match field, text:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(ast.Constant(str(words))):
                    found.setdefault(name, inspect.cleandoc(words))
    return found


@cache
def _annotations(model: type[BaseModel]) -> dict[str, str]:
    return {
        each.target.id: ast.unparse(each.annotation)
        for kind in reversed(model.__mro__)
        if kind is not BaseModel and issubclass(kind, BaseModel)
        for each in _body(kind)
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    }


def _body(kind: type[BaseModel]) -> list[ast.stmt]:
    definition = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(definition, ast.ClassDef)
    return definition.body


def described() -> dict[str, str]:
    """Return the sections by region name: `settings http`, `settings channel`."""
    found = {"settings database": _section(Settings, "database", "database")}
    found["settings rules"] = _section(Settings, "rules", "rules.ID", _or(map(_code, Level)))
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            sections = [_section(kind, one, f"{name}.{one}") for one in kind.model_fields]
            found[f"settings {name}"] = "\n\n".join(sections)
    own = [name for name in ProviderSettings.model_fields if name != "list"]
    found["settings provider"] = "\n\n".join(
        [_section(ProviderSettings, name, f"provider.N.{name}") for name in own]
    )
    found["settings list"] = "\n\n".join(
        [
            _section(ListSettings, name, f"provider.N.list.{name}")
            for name in ListSettings.model_fields
        ]
    )
    found["settings channel"] = "\n\n".join(_channels())
    return found


def _channels() -> Iterator[str]:
    """Yield a section per setting, with its kinds of channel."""
    kinds: tuple[type[BaseModel], ...] = get_args(AnyChannel)
    every = [_kind(kind) for kind in kinds]
    for name in dict.fromkeys(name for kind in kinds for name in kind.model_fields):
        having = [kind for kind in kinds if name in kind.model_fields]
        first = next(kind for kind in having if name in docstrings(kind))
        of = "" if having == [*kinds] else f"; for {_or(map(_kind, having))}"
        words = _or(every) if name == "kind" else f"{_type(first, name)}{of}"
        yield _section(first, name, f"channel.N.{name}", words)


def _code(word: str) -> str:
    return f"`{word}`"


def _kind(channel: type[BaseModel]) -> str:
    return _literals(channel.model_fields["kind"].annotation)[0]


def _section(model: type[BaseModel], name: str, path: str, words: str = "") -> str:
    text = docstrings(model).get(name)
    assert text, f"{path} has no docstring below it in {model.__module__}"
    lines = [
        f"- **Type:** {words or _type(model, name)}",
        f"- **Default:** {_default(model.model_fields[name])}",
    ]
    if variable := _variable(path):
        lines.append(f"- **Variable:** `{variable}`")
    return "\n\n".join([f"### {path}", unwrapped(text), "\n".join(lines)])


def _variable(path: str) -> str:
    head, _, name = path.rpartition(".")
    if head in {"provider.N", "channel.N"}:
        of = head.partition(".")[0]
        having = PROVIDER_VARIABLES if of == "provider" else CHANNEL_SECRETS
        return table_variable(of, "NAME", name) if name in having else ""
    return (
        ""
        if ".N." in path or path == "rules.ID"
        else TOKEN_VARIABLES.get(path, plain_variable(path))
    )


def _type(model: type[BaseModel], name: str) -> str:
    field, source = model.model_fields[name], _annotations(model)[name]
    alias = source.removesuffix(" | None")
    choices = _literals(field.annotation)
    if alias in WORDS:
        return WORDS[alias] + _bounds(field)
    if choices:
        return _or(choices)
    assert alias.endswith("Settings"), f"give the type {alias} words in {WORDS.__module__}"
    return "a table"


def _literals(annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [f"`{each.value}`" for each in annotation]
    if get_origin(annotation) is Literal:
        return [f"`{each}`" for each in get_args(annotation)]
    return [word for each in get_args(annotation) for word in _literals(each)]


def _or(words: Any) -> str:
    *first, last = [*words] or [""]
    return f"{', '.join(first)} or {last}" if first else last


def _bounds(field: FieldInfo) -> str:
    low = next((str(each.ge) for each in field.metadata if isinstance(each, Ge)), "")
    low = next((f"more than {each.gt}" for each in field.metadata if isinstance(each, Gt)), low)
    high = next((str(each.le) for each in field.metadata if isinstance(each, Le)), "")
    if low and high:
        return f" from {low} to {high}" if low[0].isdigit() else f", {low}, up to {high}"
    return f", {low}{' or more' if low[0].isdigit() else ''}" if low else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "none: it must be given"
    value = field.get_default()
    match value:
        case timedelta():
            text = write_duration(value)
        case bool():
            text = str(value).lower()
        case tuple() | list():
            text = ", ".join(map(str, value))
        case Enum():
            text = str(value.value)
        case None | BaseModel() | dict():
            text = ""
        case _:
            text = str(value)
    return f"`{text}`" if text else "none"
