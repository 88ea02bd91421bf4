import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.core.errors import MarkersBroken, RegionEdited
from catalog.report.regions import append, lines_of, splice

KNOWN = {"a": "Alpha\n\n| x |\n| --- |", "b": "Beta", "none": ""}
A = "<!-- catalog:begin a -->\n<!-- catalog:end a -->\n"
B = "<!-- catalog:begin b -->\n<!-- catalog:end b -->\n"


def problems(document: str) -> list[str]:
    """Return the errors of a document, line by line."""
    with pytest.raises(MarkersBroken) as caught:
        splice(document, KNOWN, "doc.md")
    return str(caught.value).split("\n")


def test_a_region_is_filled_between_its_markers() -> None:
    """The text is between the markers, with blank lines around it and the checksum last."""
    written = splice(f"# Mine\n{A}end", KNOWN, "doc.md")
    assert re.fullmatch(
        r"# Mine\n<!-- catalog:begin a -->\n\nAlpha\n\n\| x \|\n\| --- \|\n\n"
        r"<!-- catalog:checksum [0-9a-f]{16} -->\n<!-- catalog:end a -->\nend",
        written,
    )


def test_filling_twice_changes_nothing() -> None:
    """A current document stays the same byte for byte, and empty regions stay empty."""
    empty = "<!-- catalog:begin none -->\n<!-- catalog:end none -->\n"
    once = splice(A + "\n" + B + empty, KNOWN, "doc.md")
    assert splice(once, KNOWN, "doc.md") == once
    assert once.endswith(empty)


def test_a_region_that_was_written_here_is_replaced() -> None:
    """New content replaces old content, and an emptied region becomes blank."""
    once = splice(A, KNOWN, "doc.md")
    assert splice(once, {"a": "Gamma"}, "doc.md") == splice(A, {"a": "Gamma"}, "doc.md")
    assert splice(once, {"a": ""}, "doc.md") == A


HAND = st.text(alphabet="ab \t\r\n\x0b\x0c\x85\u2028\ufeff|<").filter(lambda t: "<" not in t[-1:])


@given(HAND, HAND, HAND, st.sampled_from(["\n", "\r\n", "\r"]))
def test_all_else_survives_byte_for_byte(top: str, middle: str, end: str, newline: str) -> None:
    """User text around the regions stays unchanged."""
    # A carriage return before a line feed would be one line ending with it.
    around = [top + "x" + newline, "x" + middle + "x" + newline, "x" + end]
    first, second = A.replace("\n", newline), B.replace("\n", newline)
    written = splice(around[0] + first + around[1] + second + around[2], KNOWN, "doc.md")
    parts = re.split(
        r"<!-- catalog:begin .*?<!-- catalog:end . -->(?:\r\n|\r|\n)", written, flags=re.DOTALL
    )
    assert parts == around


@given(st.text(alphabet="a\r\n\x85\u2028 "))
def test_lines_join_to_the_document(document: str) -> None:
    """Joined lines equal the document."""
    assert "".join(lines_of(document)) == document


def test_line_endings_and_a_byte_order_mark_stay() -> None:
    """A document with CR LF and a BOM keeps both, also within regions."""
    document = "\ufeff" + A.replace("\n", "\r\n") + "Mine\r\n"
    written = splice(document, KNOWN, "doc.md")
    assert written.startswith("\ufeff<!-- catalog:begin a -->\r\n\r\nAlpha\r\n")
    assert written.count("\n") == written.count("\r\n")
    assert splice(written, KNOWN, "doc.md") == written


def test_changed_line_endings_are_no_edit_by_hand() -> None:
    """A checkout that converts LF to CR LF is no manual edit."""
    written = splice(A, KNOWN, "doc.md").replace("\n", "\r\n")
    assert splice(written, KNOWN, "doc.md") == written


def test_markers_may_have_trailing_spaces() -> None:
    """Trailing spaces after a marker, and in a blank region, are ignored."""
    document = "<!-- catalog:begin a -->  \n \t\n<!-- catalog:end a -->\t"
    assert splice(document, KNOWN, "doc.md").startswith("<!-- catalog:begin a -->  \n\nAlpha")


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace("Alpha", "Alpha, says me"),
        lambda text: re.sub(r"<!-- catalog:checksum .*\n", "", text),
        lambda text: re.sub(r"checksum .{16}", "checksum 0123456789abcdef", text),
        lambda text: text.replace("<!-- catalog:end a", "added\n<!-- catalog:end a"),
    ],
)
def test_an_edit_by_hand_is_not_overwritten(edit: object) -> None:
    """A changed region, or one without checksum, is refused with its line unless forced."""
    assert callable(edit)
    document = edit(splice("# Mine\n" + A, KNOWN, "doc.md"))
    with pytest.raises(RegionEdited, match=r"^doc\.md:2: region a was edited by hand$"):
        splice(document, KNOWN, "doc.md")
    assert splice(document, KNOWN, "doc.md", force=True) == splice("# Mine\n" + A, KNOWN, "doc.md")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("# Mine\n", ["doc.md exists without markers, so nothing was written to it"]),
        ("<!-- catalog:begin a -->\n", ["doc.md:1: region a begins but never ends"]),
        ("\n<!-- catalog:end a -->\n", ["doc.md:2: region a ends but never begins"]),
        (A + A, ["doc.md:3: region a exists twice, first on line 1"]),
        (
            "<!-- catalog:begin a -->\n" + A,
            ["doc.md:2: region a exists twice, first on line 1"],
        ),
        (
            "<!-- catalog:begin a -->\n" + B + "<!-- catalog:end a -->\n",
            ["doc.md:2: region b begins inside region a, which begins on line 1"],
        ),
        (
            A.replace(" a ", " x "),
            [
                "doc.md:1: unknown region x; known are a, b, none",
                "doc.md:2: unknown region x; known are a, b, none",
            ],
        ),
        (
            "<!-- catalog:begin a-->\n  <!--catalog:End a -->\n" + B,
            [
                "doc.md:1: misspelled marker; write only <!-- catalog:begin NAME --> on the line",
                "doc.md:2: misspelled marker; write only <!-- catalog:begin NAME --> on the line",
            ],
        ),
    ],
)
def test_broken_markers_are_refused_with_their_lines(document: str, expected: list[str]) -> None:
    """Missing, doubled, nested, unknown and misspelled markers are reported with lines."""
    assert problems(document) == expected


def test_a_person_may_embed_only_some_regions() -> None:
    """A document may omit regions."""
    assert "Alpha" not in splice(B, KNOWN, "doc.md")


def test_markers_in_running_text_or_indented_code_are_no_markers() -> None:
    """Quoted markers in text or indented code are ignored."""
    quoted = "Write `<!-- catalog:begin a -->`:\n\n    <!-- catalog:end a -->\n\n"
    assert splice(quoted + B, KNOWN, "doc.md").startswith(quoted)


TABLE = {
    "a": (
        "Alpha\n\n- one\n- two\n\n| Name | Limit | Note |\n| --- | ---: | --- |\n"
        "| ash | 8,000 | `x \\| y` |\n| elm |  | – |"
    )
}
WRITTEN = splice(A, TABLE, "doc.md")
ALIGNED = (
    WRITTEN.replace("| Name | Limit | Note |", "| Name | Limit | Note      |")
    .replace("| --- | ---: | --- |", "| ---- | ----: | --------- |")
    .replace("| ash | 8,000 | `x \\| y` |", "| ash  | 8,000 | `x \\| y`  |")
    .replace("| elm |  | – |", "| elm  |       | –         |")
)


@pytest.mark.parametrize(
    "formatted",
    [
        ALIGNED,
        WRITTEN.replace("| --- | ---: | --- |", "|-|-:|-|").replace("| elm |  | – |", "|elm||–|"),
        WRITTEN.replace("| elm |  | – |", "  | elm |\t| – "),
        WRITTEN.replace("Alpha\n\n", "Alpha  \n\n\n")
        .replace("end a", "end a")
        .replace("\n\n<!-- catalog:checksum", "\n\n\n<!-- catalog:checksum"),
        WRITTEN.replace("\n<!-- catalog:end", "\n\n<!-- catalog:end"),
        ALIGNED.replace("\n", "\r\n"),
    ],
    ids=["aligned", "narrow", "indented", "blank lines", "blank at the end", "line endings"],
)
def test_a_region_that_a_formatter_touched_is_no_edit(formatted: str) -> None:
    """Aligned tables and other blanks stay as they are, and new content replaces them."""
    assert formatted != WRITTEN
    assert splice(formatted, TABLE, "doc.md") == formatted
    new = {"a": TABLE["a"].replace("elm", "oak")}
    assert splice(formatted, new, "doc.md").replace("\r\n", "\n") == splice(A, new, "doc.md")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("8,000", "9,000"),
        ("| elm |  | – |", "| elm | – |"),
        ("| elm |  | – |", "| elm |  | – | |"),
        ("| elm |  | – |\n", ""),
        ("| ---: |", "| --- |"),
        ("`x \\| y`", "`x  \\| y`"),
        ("- two", "- two more"),
        ("| ash |", "| - |"),
        ("Alpha", "  Alpha"),
    ],
)
def test_an_edit_in_a_formatted_region_is_still_noticed(before: str, after: str) -> None:
    """Another value, column, row, alignment or word is an edit by hand."""
    for text in (WRITTEN, ALIGNED):
        edited = text.replace(before, after)
        if edited == text:  # the formatter wrote this place in another way
            continue
        with pytest.raises(RegionEdited, match="region a was edited by hand"):
            splice(edited, TABLE, "doc.md")


CELLS = st.text(alphabet="ab-:`\\ ~*", max_size=4).map(
    lambda cell: cell.strip().rstrip("\\").strip()
)


@given(
    st.lists(st.tuples(CELLS, CELLS), max_size=4),
    st.integers(0, 3),
    st.sampled_from(["", " ", "\t"]),
)
def test_any_table_survives_any_padding(
    rows: list[tuple[str, str]], dashes: int, blank: str
) -> None:
    """A table is ours whatever the width of its cells and dashes."""
    head, rule = ("A", "B"), ("---", "---:")
    cells = [head, rule, *rows]
    content = "\n".join(f"| {one} | {other} |" for one, other in cells)
    written = splice(A, {"a": content}, "doc.md")
    padded = [head, ("-" * (dashes + 1), "-" * (dashes + 1) + ":"), *rows]
    text = "\n".join(f"|{blank}{one}{blank}|{blank * 2}{other} |" for one, other in padded)
    assert splice(written.replace(content, text), {"a": content}, "doc.md")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "# T\n\nx\n"),
        ("\ufeff", "\ufeff# T\n\nx\n"),
        ("Mine", "Mine\n\n## T\n\nx\n"),
        ("# Mine\r\n\r\n", "# Mine\r\n\r\n## T\r\n\r\nx\r\n"),
        (A, A),
        ("<!-- catalog begin a -->\n", "<!-- catalog begin a -->\n"),
    ],
)
def test_a_template_is_added_to_a_document_without_markers(text: str, expected: str) -> None:
    """Its title goes one level down below the user's text, and lines end as the user's do."""
    assert append(text, "# T\n\nx\n\n") == expected
