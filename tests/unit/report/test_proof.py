import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.core.errors import DocumentError, MarkersBroken
from catalog.report.proof import prove
from catalog.report.regions import may_swallow, splice

KNOWN = {"a": "## Alpha\n\n| x | y |\n| --- | --- |\n| `1\\|2` | 3 |"}
BEGIN = "<!-- catalog:begin a -->\n"
END = "<!-- catalog:end a -->\n"
LINES = (
    *("", "text", "> quote", "- item", "1. item", "    code", "\tcode", "---", "===", "# Title"),
    *("```", "  ~~~ x", "   ```sh", "- ```", "> ~~~", "`` code", "[a]: x", "[a]:", "'title", "\\"),
    *("| a | b |", "| --- | --- |", "| 1 | 2 |", "a | b", "-|-", "* * *", "a  ", "[^1]: note"),
    *(
        "<!--",
        "<!-- x -->",
        "<div>",
        "</div>",
        "<pre>",
        "<?x",
        "<!A",
        "<![CDATA[",
        "<b>",
        "- <div>",
    ),
    *("> <!--", "<https://a.example>", "a <!-- b", "`<", "<", " <script>", "    <div>"),
)
"""The lines of all blocks of Markdown, open and closed."""


def check(document: str, contents: dict[str, str] = KNOWN) -> None:
    """Fill a document and prove the result."""
    prove(splice(document, contents, "doc.md", force=True), document, "doc.md")


@pytest.mark.parametrize(
    "document",
    [
        BEGIN + END,
        "Mine\n" + BEGIN + END + "more",
        "- a list\n" + BEGIN + END,
        "> a quotation\n" + BEGIN + END,
        "```\ncode\n```\n" + BEGIN + END,
        "<details>\n\n" + BEGIN + END + "\n</details>\n",
        "\ufeff" + BEGIN + END,
        ("# Mine\n" + BEGIN + END).replace("\n", "\r\n"),
        "one\rtwo\n" + BEGIN + END,
        "| a | person's |\n|---|---|\n| table | is | theirs |\n\n" + BEGIN + END,
    ],
)
def test_markers_that_read_as_comments_are_fine(document: str) -> None:
    """Closed blocks before a region do not affect it."""
    check(document)


@pytest.mark.parametrize(
    ("above", "culprit"),
    [
        ("<div>\n", "<div>"),
        ("<!-- a comment\nwithout end\n\n", "<!-- a comment"),
        ("```sh\nmake\n\n", "```sh"),
        ("~~~\n", "~~~"),
        ("<pre>\n\n", "<pre>"),
        ("<script>\n\n\n", "<script>"),
        ("<b>\n", "<b>"),
    ],
)
def test_a_swallowed_marker_is_refused(above: str, culprit: str) -> None:
    """An open block above a region is reported with the line in the user's document."""
    document = "# Mine\n\n" + above + BEGIN + "old\n" * 5 + END
    with pytest.raises(MarkersBroken) as caught:
        check(document)
    line = document[: document.index(BEGIN)].count("\n") + 1
    first = str(caught.value).split("\n")[0]
    assert first == (
        f"doc.md:{line}: the begin marker of region a is inside the block that begins with"
        f" {culprit!r}; end the block before the marker, or add a blank line"
    )


def test_a_swallowed_marker_further_down_has_the_line_that_the_person_sees() -> None:
    """Line numbers are those of the document before filling."""
    contents = {"a": "Alpha\n" * 9 + "Omega", "b": "Beta"}
    other = re.sub(" a ", " b ", BEGIN + END)
    with pytest.raises(MarkersBroken, match=r"^doc\.md:4: the begin marker of region b"):
        check(BEGIN + END + "<div>\n" + other, contents)


@pytest.mark.parametrize(
    "table",
    [
        "| x | y |\n| --- | --- |\n| 1 | 2 | 3 |",
        "| x | y |\n| --- | --- |\n| 1 |",
        "| x | y |\n| --- |\n| 1 | 2 |",
        "| x | y |",
    ],
)
def test_a_table_that_would_read_otherwise_is_refused(table: str) -> None:
    """Rows with missing or extra cells, or broken tables, are never written."""
    with pytest.raises(
        DocumentError, match=r"doc\.md: a table of region a would be displayed wrongly"
    ):
        check(BEGIN + END, {"a": table})


@given(st.lists(st.sampled_from(LINES), max_size=5), st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_text_that_opens_no_block_hides_no_marker(lines: list[str], ending: str) -> None:
    """A document that a poll does not parse passes the check of the parser too."""
    document = ("".join(f"{line}\n" for line in lines) + BEGIN + "old\n" + END).replace(
        "\n", ending
    )
    if not may_swallow(document, KNOWN, "doc.md"):
        check(document)
