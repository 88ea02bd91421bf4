import re
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from catalog.report import markdown

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# Everything that Markdown gives a meaning to, crowded, beside any text at all.
CROWDED = st.text(alphabet="\\`*_~|<>&#;:!$@[](){}-+=.'\" \n\r\t\x00\x85\u2028\u00a0\u202eab1wé")
ANYTHING = st.one_of(CROWDED, st.text())


def cells_of(document: str) -> list[list[list[Token]]]:
    """Return the rows of a table, each cell as inline tokens."""
    rows: list[list[list[Token]]] = []
    tokens = READER.parse(document)
    assert (tokens[0].type, tokens[-1].type) == ("table_open", "table_close")
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(token.children or [])
    return rows


def plain(tokens: list[Token]) -> str:
    """Return the text of a cell that holds text and nothing else."""
    assert {token.type for token in tokens} <= {"text", "code_inline"}
    return "".join(token.content for token in tokens)


@given(st.lists(st.tuples(ANYTHING, ANYTHING), min_size=1, max_size=4))
@example([("a|b", "a|b"), ("\\|", "\\|"), ("\\\\|", "\\\\|"), ("\\", "\\")])
@example([("`", "`"), ("``|`", "``|`"), ("` `", "` `"), ("|", "|")])
@example([("_a_ __b__ a__b", "~~x~~"), ("&amp; &#35;", "&amp;"), ("![a](b)", "<b>")])
def test_any_text_survives_in_a_table(rows: list[tuple[str, str]]) -> None:
    """For any text, the table has its rows and cells, and each cell shows its text."""
    head = ["Text", "Code"]
    written = markdown.table(head, [[markdown.text(a), markdown.code_cell(b)] for a, b in rows])
    read = [[plain(cell) for cell in row] for row in cells_of(written)]
    assert read == [head, *[[markdown.fold(a), markdown.fold(b)] for a, b in rows]]


@given(ANYTHING)
def test_any_text_survives_in_a_bullet(value: str) -> None:
    """A bullet shows any text without markup."""
    tokens = READER.parse(f"- **info:** {markdown.text(value)} {markdown.code(value)}")
    types = [token.type for token in tokens]
    assert types[:2] == ["bullet_list_open", "list_item_open"]
    assert types.count("inline") == 1
    inline = next(token for token in tokens if token.type == "inline").children or []
    folded = markdown.fold(value)
    assert "".join(token.content for token in inline[:4]) == "info:"
    assert plain(inline[4:]).strip() == f"{folded} {folded}".strip()


@given(ANYTHING)
def test_folded_text_is_one_line(value: str) -> None:
    """Folding leaves one line, and folding twice changes nothing more."""
    folded = markdown.fold(value)
    assert len(folded.splitlines()) <= 1
    assert markdown.fold(folded) == folded
    assert folded.encode().decode() == folded


@pytest.mark.parametrize(
    "value",
    [
        "Qwen/Qwen3-VL-235B-A22B-Instruct (multimodal)",
        "Meta's open source LLM",
        "bge_multilingual_gemma2",
        "Research & Development, 50 % faster!",
        "C# and F#: fast.",
        "R&D",
    ],
)
def test_plain_text_needs_no_backslash(value: str) -> None:
    """Text without any markup is written as it is."""
    assert markdown.text(value) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("2 * 3", r"2 \* 3"),
        ("_private a_b", r"\_private a_b"),
        ("a__b", r"a\_\_b"),
        ("AT&amp;T", r"AT\&amp;T"),
        ("<script>", r"\<script>"),
        ("[x](y)", r"\[x](y)"),
        ("![x](y)", r"!\[x](y)"),
        ("~5 `ms`", r"\~5 \`ms\`"),
        ("a|b\\", r"a\|b\\"),
    ],
)
def test_markup_gets_the_backslashes_it_needs(value: str, written: str) -> None:
    """Special characters are escaped, their neighbors are not."""
    assert markdown.text(value) == written


@pytest.mark.parametrize(
    "value",
    [
        "see https://example.org/a_b",
        "WWW.example.org!",
        "thanks, @someone",
        "me@example.org",
        "a :tada: b",
        "costs $5 or $6",
        "fixes #12",
        "fixes gh-12",
    ],
)
def test_what_a_reader_would_bring_to_life_is_escaped_wholly(value: str) -> None:
    """Links, mentions, emoji, formulas and references are escaped completely."""
    written = markdown.text(value)
    assert re.sub(r"\\(.)", r"\1", written) == value
    assert not re.search(rf"(?<!\\)[{re.escape(string.punctuation)}]", re.sub(r"\\.", "", written))


def test_deceitful_characters_are_made_visible() -> None:
    """Invisible and direction characters are spelled out in text and code."""
    assert markdown.fold("safe\u202egnp.exe") == r"safe\u202egnp.exe"
    assert markdown.fold("torn \ud800") == r"torn \ud800"
    assert markdown.text("gpt\u200b-4") == r"gpt\\u200b-4"
    assert markdown.code_cell("gpt\u200b-4|") == r"`gpt\u200b-4\|`"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("llama3", "`llama3`"),
        ("a|b", r"`a\|b`"),
        ("a`b", "``a`b``"),
        ("`a`", "`` `a` ``"),
        (" \n", ""),
        ("a\\|b", r"a\\\|b"),
    ],
)
def test_code_cells(value: str, written: str) -> None:
    """A code cell has a fence longer than its backticks, or becomes text."""
    assert markdown.code_cell(value) == written


def test_code_outside_of_tables_keeps_its_bars() -> None:
    """In prose a bar in code needs no backslash, and would show one."""
    assert markdown.code("a|b") == "`a|b`"


def test_numbers_have_separators() -> None:
    """Limits are grouped by thousands, None is a dash, zero is zero."""
    assert [markdown.number(each) for each in (262144, 0, None)] == ["262,144", "0", "–"]


def test_a_table_aligns_its_numbers() -> None:
    """The named columns are right-aligned."""
    written = markdown.table(["Name", "Limit"], [["a", "1"]], right=["Limit"])
    assert written.split("\n") == ["| Name | Limit |", "| --- | ---: |", "| a | 1 |"]
