import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.check.scan.languages import LANGUAGES
from catalog.check.scan.scan import scan_text
from catalog.check.scan.uses import Ignore
from tests.support.known_names import KNOWN
from tests.unit.check.scan.test_languages import cases

NAMES = [*(f"a.{suffix}" for suffix in sorted(LANGUAGES)), ".env", "Dockerfile", "tool", "a.bin"]
PIECES = [
    "model", "models", "MODEL", "--model", "mixtral", "openai/gpt-oss-120b", "max_tokens", "case",
    "match ", "switch", "enum", "default", "name", "value", "id", "1", "12345678901234567890",
    *"=:(){}[],;.?!|&+%'\"`\\/#-<>$@~\n\t \r\0é\U0001f600", "=>", "->", "==", "::", "?:", "??",
    "'''", '"""', "```", "/*", "*/", "//", "${", "#!", "python", "%w[", "- ", ": ", "[[", "]]",
    '{"cells": [{"source": ["', "catalog: ignore[",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join)


@pytest.mark.long
@given(st.sampled_from(NAMES), texts)
@example("a.yaml", "model: !!python/object:x\n- [")
@example("a.py", "model = " + "(" * 300)
@example("a.js", "model = 'm1'\n" + "=/[" * 30_000)
@example("a.rb", "model = 'm1'\n" + "%w[" * 30_000)
@example("a.rs", "model = 'm1'\n" + 'r#"' * 30_000)
@example("a.py", "model = '\0'")
@example("a.yaml", "model: " + "[" * 300)
@example("a.json", '{"models": ' * 300)
def test_no_text_breaks_it(path: str, text: str) -> None:
    """A file with any content is read, and each use has a position within the file."""
    scanned = scan_text(path, text, KNOWN, ("openai",))
    assert scanned == scan_text(path, text, KNOWN, ("openai",))
    places = [(use.line, use.column) for use in scanned.uses]
    assert places == sorted(set(places))
    lines = text.split("\n")
    for use in scanned.uses:
        assert 1 <= use.line <= len(lines)
        assert 1 <= use.column <= len(lines[use.line - 1]) + 1


@pytest.mark.long
@pytest.mark.parametrize(("path", "text"), sorted({(path, text) for _, path, text, _ in cases()}))
def test_cut_off(path: str, text: str) -> None:
    """A text that is cut off anywhere is read, and so is its other half."""
    for at in range(len(text)):
        scan_text(path, text[:at], KNOWN, ())
        scan_text(path, text[at:], KNOWN, ())


def test_deep_yaml() -> None:
    """YAML that is nested too deeply for its parser is read by lines, and long YAML is parsed."""
    deep = "model: m1\nx: " + "[" * 300_000
    assert [use.name for use in scan_text("a.yaml", deep, KNOWN, ()).uses] == ["m1"]
    wide = "x:\n" + "- [{model: m1}]\n" * 200
    assert len(scan_text("a.yaml", wide, KNOWN, ()).uses) == 200


def test_about() -> None:
    """A file that mentions the provider is marked, in any case of letters and without uses."""
    assert scan_text("a.py", "url = 'https://API.Infomaniak.com'", KNOWN, ("infomaniak",)).about
    assert not scan_text("a.py", "model = 'mixtral'", KNOWN, ("infomaniak",)).about


@pytest.mark.parametrize(
    ("line", "ignore"),
    [
        ("model = 'm1'  # catalog: ignore", Ignore(1, (), "")),
        ("model = 'm1'  # catalog: ignore[delisted] we know", Ignore(1, ("delisted",), "we know")),
        ("model = 'm1'  # catalog:ignore[a, b-c]: why", Ignore(1, ("a", "b-c"), "why")),
        ("# catalog: ignore[a] why\nmodel = 'm1'", Ignore(2, ("a",), "why")),
        ("  // catalog: ignore why\nmodel = 'm1'", Ignore(2, (), "why")),
        ("x('model', 'm1') /* catalog: ignore[a] why */", Ignore(1, ("a",), "why")),
        ("<!-- catalog: ignore[a] why -->\nmodel = 'm1'", Ignore(2, ("a",), "why")),
        ("; catalog: ignore\nmodel = 'm1'", Ignore(2, (), "")),
    ],
)
def test_ignores(line: str, ignore: Ignore) -> None:
    """A comment ignores rules in its line, or in the next line if it is alone in its line."""
    assert scan_text("a.py", "model = 'm0'\n" + line, KNOWN, ()).ignores == (
        Ignore(ignore.line + 1, ignore.rules, ignore.reason),
    )


def test_no_ignores() -> None:
    """Other comments and strings ignore nothing."""
    text = "model = 'm1' # catalog: all\nx = 'catalog: ignore'\n"
    assert scan_text("a.py", text, KNOWN, ()).ignores == ()


def test_lone_carriage_returns_in_python() -> None:
    """A Python file whose lines end in a carriage return is read."""
    scanned = scan_text("a.py", "x = 1\rmodel = 'm1'\r\nmodel = 'm2'\r", frozenset(), ())
    assert [(use.name, use.line) for use in scanned.uses] == [("m1", 1), ("m2", 2)]


def test_several_strings_of_one_line() -> None:
    """Each string after multi-byte letters or notebook escapes is found at its position."""
    text = "\xe9 = 1; model = 'm1'; llm = 'm2'\n"
    scanned = scan_text("a.py", text, frozenset({"m2"}), ())
    assert [text[use.column - 1 :][:2] for use in scanned.uses] == ["m1", "m2"]
    text = "\"source\": [\"x = 1\\nmodel = 'm1'; model = 'm2'\"]"
    scanned = scan_text("a.ipynb", text, frozenset(), ())
    assert [text[use.column - 1 :][:2] for use in scanned.uses] == ["m1", "m2"]
