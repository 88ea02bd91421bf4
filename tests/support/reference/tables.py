"""Describe the tables of the database from their declarations."""

import ast
import inspect
from itertools import pairwise

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, LargeBinary, Table

from catalog.store import tables
from tests.support.reference.text import unwrapped

_KINDS = {
    tables.Moment: "time",
    Boolean: "boolean",
    Date: "day",
    LargeBinary: "bytes",
    BigInteger: "integer",
    Integer: "integer",
}


def described() -> dict[str, str]:
    """Return each table's section by region name, such as `table poll`."""
    texts, declared = _docstrings(), vars(tables)
    known = {name: value for name, value in declared.items() if isinstance(value, Table)}
    return {f"table {each.name}": _section(each, texts[name]) for name, each in known.items()}


def _docstrings() -> dict[str, str]:
    """Return the docstring below each table by the name of its constant."""
    found: dict[str, str] = {}
    for statement, text in pairwise(ast.parse(inspect.getsource(tables)).body):
        match statement, text:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(ast.Constant(str(words))):
                found[name] = inspect.cleandoc(words)
    return found


def _section(table: Table, text: str) -> str:
    lines = ["| column | type |", "| --- | --- |"]
    lines += [f"| `{column.name}` | {_type(column)} |" for column in table.columns]
    return "\n\n".join([f"### {table.name}", unwrapped(text), "\n".join(lines)])


def _type(column: Column[object]) -> str:
    kind = next((name for of, name in _KINDS.items() if isinstance(column.type, of)), "text")
    parts = [kind, "key" if column.primary_key else "", "or NULL" if column.nullable else ""]
    to = [f"→ `{each.target_fullname}`" for each in column.foreign_keys]
    return ", ".join(filter(None, [*parts[:2], *parts[2:], *to]))
