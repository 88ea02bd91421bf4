"""Describe the tables of the database from their declarations."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, LargeBinary
from sqlmodel import SQLModel

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
    rows = [each for each in vars(tables).values() if _is_row(each)]
    return {f"table {row.__tablename__}": _section(row) for row in rows}


def _is_row(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, SQLModel) and value is not SQLModel


def _section(row: type[SQLModel]) -> str:
    table = tables.table_of(row)
    lines = ["| column | type |", "| --- | --- |"]
    lines += [f"| `{column.name}` | {_type(column)} |" for column in table.columns]
    return "\n\n".join([f"### {table.name}", unwrapped(row.__doc__), "\n".join(lines)])


def _type(column: Column[object]) -> str:
    kind = next((name for of, name in _KINDS.items() if isinstance(column.type, of)), "text")
    parts = [kind, "key" if column.primary_key else "", "or NULL" if column.nullable else ""]
    to = [f"→ `{each.target_fullname}`" for each in column.foreign_keys]
    return ", ".join(filter(None, [*parts[:2], *parts[2:], *to]))
