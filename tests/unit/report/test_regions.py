import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.core.errors import MarkersBroken, RegionEdited
from catalog.report.regions import lines_of, splice

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
        ("# Mine\n", ["doc.md:1: no region at all; put markers for one or more of a, b, none"]),
        ("<!-- catalog:begin a -->\n", ["doc.md:1: region a begins and never ends"]),
        ("\n<!-- catalog:end a -->\n", ["doc.md:2: region a ends without having begun"]),
        (A + A, ["doc.md:3: region a stands twice, first on line 1"]),
        (
            "<!-- catalog:begin a -->\n" + A,
            ["doc.md:2: region a stands twice, first on line 1"],
        ),
        (
            "<!-- catalog:begin a -->\n" + B + "<!-- catalog:end a -->\n",
            ["doc.md:2: region b begins inside region a, begun on line 1"],
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
                "doc.md:1: not quite a marker; write <!-- catalog:begin NAME --> and nothing else",
                "doc.md:2: not quite a marker; write <!-- catalog:begin NAME --> and nothing else",
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
