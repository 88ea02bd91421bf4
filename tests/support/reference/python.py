"""Describe the public names of a package by their docstrings.

Errors have a page of their own.
"""

import inspect
import re
from dataclasses import fields, is_dataclass
from enum import Enum
from types import ModuleType
from typing import get_args

import catalog
from tests.support.reference.text import unwrapped

_MODULE = re.compile(r"\b(?:[a-z_]+\.)+(?=[A-Z])|\b(?:datetime|typing|os)\.(?=[a-z])")
_SELF = re.compile(r"\((self|cls)(, )?")


def described(package: ModuleType = catalog) -> str:
    """Return a section for each public name of a package."""
    names = sorted(getattr(package, "__all__", ()), key=str.lower)
    values = {name: getattr(package, name) for name in names}
    errors = [f"`{name}`" for name, value in values.items() if _is_error(value)]
    parts = [_section(name, value) for name, value in values.items() if not _is_error(value)]
    if errors:
        parts.append(f"### Errors\n\nSee [errors](errors.md): {', '.join(errors)}.")
    return "\n\n".join(parts) or "There are none yet."


def _is_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Exception)


def _section(name: str, value: object) -> str:
    parts = [f"### {name}"]
    if inspect.isfunction(value):
        parts.append(f"```python\ndef {name}{_signature(value)}: ...\n```")
    parts.append(_text(value))
    if isinstance(value, type):
        parts.append(_values(value))
        own = {each: inspect.getattr_static(value, each) for each in vars(value)}
        parts += [_member(each, kind) for each, kind in own.items() if not each.startswith("_")]
    return "\n\n".join(filter(None, parts))


def _text(value: object) -> str:
    """Return the docstring. A union of classes has none, so list them."""
    kinds = get_args(value)
    return (
        f"One of {', '.join(f'`{kind.__name__}`' for kind in kinds)}."
        if kinds
        else unwrapped(inspect.getdoc(value))
    )


def _values(kind: type) -> str:
    """Return the attributes of a value, or the members of an enumeration."""
    if issubclass(kind, Enum):
        return f"Members: {', '.join(f'`{member.name}`' for member in kind)}."
    own = [field.name for field in fields(kind)] if is_dataclass(kind) else []
    shown = ", ".join(f"`{name}`" for name in own if not name.startswith("_"))
    return f"Attributes: {shown}." if shown else ""


def _member(name: str, value: object) -> str:
    """Return a method or property with its docstring.

    Without a docstring, the result is empty.
    """
    inner = getattr(value, "__func__", value)
    if isinstance(value, property):
        head = f"#### {name}"
    elif inspect.isfunction(inner):
        head = f"#### {name}\n\n```python\ndef {name}{_signature(inner)}: ...\n```"
    else:
        return ""
    text = inspect.getdoc(inner)
    return f"{head}\n\n{unwrapped(text)}" if text else ""


def _signature(function: object) -> str:
    assert callable(function)
    return _SELF.sub("(", _MODULE.sub("", str(inspect.signature(function))))
