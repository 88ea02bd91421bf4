"""Describe what `import catalog` offers, from its docstrings."""

import inspect

import catalog


def described() -> str:
    """Return a section for each public name of the package."""
    names = sorted(name for name in getattr(catalog, "__all__", ()) if not name.startswith("_"))
    return "\n\n".join(_section(name, getattr(catalog, name)) for name in names) or "None yet."


def _section(name: str, value: object) -> str:
    parts = [f"### {name}"]
    if callable(value):
        parts.append(f"```python\n{name}{_signature(value)}\n```")
    parts.append(inspect.getdoc(value) or "")
    if inspect.isclass(value) and not issubclass(value, Exception):
        parts += [_member(value, own) for own in vars(value) if not own.startswith("_")]
    return "\n\n".join(filter(None, parts))


def _member(kind: type, name: str) -> str:
    value = inspect.getattr_static(kind, name)
    inner = getattr(value, "__func__", value)
    if isinstance(value, property):
        return f"**`{name}`** {inspect.getdoc(value) or ''}"
    if not inspect.isfunction(inner):
        return ""
    return f"**`{name}{_signature(inner)}`** {inspect.getdoc(inner) or ''}"


def _signature(value: object) -> str:
    try:
        return str(inspect.signature(value)).replace("self, ", "").replace("(self)", "()")  # type: ignore[arg-type]  # only callables come here
    except ValueError:
        return "()"
