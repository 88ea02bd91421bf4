"""The line of each key of a TOML document."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.core.toml_lines import key_lines

DOCUMENT = '''\
# A comment with "quotes" and [brackets]
database = "a.db"  # and = here

http.attempts = 2
[document]
path = """
[not.a.table]
also = "not"
"""
[[channel]]
name = 'a # b'
to = [
  "x",  # y = 1
  "z",
]
  [channel.extra]
  deep = { key = 1, "odd key" = [{ x = 1 }] }
[[channel]]
name = "b"
text = \'\'\'it's
kind = "no"\'\'\'
kind = "log"
'''


def test_each_key_has_its_line() -> None:
    """Keys of tables, lists of tables and inline tables have the line where they begin."""
    lines = key_lines(DOCUMENT)
    assert {path: lines[path] for path in ("database", "http", "http.attempts", "document")} == {
        "database": 2,
        "http": 4,
        "http.attempts": 4,
        "document": 5,
    }
    assert (lines["document.path"], lines["channel.0"], lines["channel.0.name"]) == (6, 10, 11)
    assert (lines["channel.0.to"], lines["channel.0.to.1"]) == (12, 12)
    assert (lines["channel.0.extra"], lines["channel.0.extra.deep.odd key.0.x"]) == (16, 17)
    assert (lines["channel.1"], lines["channel.1.name"], lines["channel.1.kind"]) == (18, 19, 22)
    assert "also" not in str(lines)
    assert key_lines("") == {}


def test_a_list_in_a_list_is_numbered_by_its_parent() -> None:
    """The tables of a list begin at 0 in each table above it."""
    lines = key_lines("[[a]]\n[[a.b]]\n[[a.b]]\n[[a]]\n[[a.b]]\nc = 1\n")
    assert lines == {"a": 1, "a.0": 1, "a.0.b": 2, "a.0.b.0": 2, "a.0.b.1": 3} | {
        "a.1": 4,
        "a.1.b": 5,
        "a.1.b.0": 5,
        "a.1.b.0.c": 6,
    }


TEXTS = ('"a"', "'b'", '"""c\n[d]\n"""', "'''e\n# f'''", "1", "[1,\n 2]", "{ x = '}' }", '"\\""')


@given(
    values=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=6),
    gap=st.sampled_from("\n #x[\"'"),
)
def test_any_document_that_tomllib_reads(values: list[str], gap: str) -> None:
    """Each key is found in the line where its text begins, with any text around it."""
    between = f"# {gap}\n" if gap.strip() else "\n"
    text = between.join(f"k{at} = {value}\n" for at, value in enumerate(values))
    tree: dict[str, Any] = tomllib.loads(text)
    lines, rows = key_lines(text), text.split("\n")
    assert tree.keys() <= lines.keys()
    assert all(rows[lines[key] - 1].startswith(f"{key} = ") for key in tree)


@pytest.mark.parametrize("text", ["a = 1\r\nb = 2\r\n", "\n\na = 1\n\tb = 2"])
def test_other_breaks_and_blanks(text: str) -> None:
    """Windows line breaks and leading blanks change nothing."""
    first = 1 if text.startswith("a") else 3
    assert key_lines(text) == {"a": first, "b": first + 1}
