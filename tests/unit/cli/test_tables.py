"""A table fits into a width without broken names."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.cli.tables import Column, Fit, Table, wrap

NAME = "mistralai/Ministral-3-14B-Instruct-2512"
COLUMNS = (
    Column("Name", fit="name"),
    Column("Type", rank=1),
    Column("Tokens", rank=2),
    Column("About", rank=3, fit="cut"),
)
ROWS = (
    (NAME, "llm", "100,000", "A small model with vision"),
    ("flux", "image", "–", "Advanced image generation"),
)
TABLE = Table(COLUMNS, ROWS)
SAID = Table((Column("At"), Column("What", fit="wrap")), (("2026-05-19", f"{NAME} is gone now"),))


def plain(padded: str, _text: str | None) -> str:
    """Add no color."""
    return padded


def lines(table: Table, width: int | None, *, headed: bool = True) -> list[str]:
    """Return the lines of a table without color."""
    return list(table.lines(width, plain, headed=headed))


def test_without_a_terminal_every_column_is_whole() -> None:
    """Without a width nothing is dropped or cut."""
    head, first, _ = lines(TABLE, None)
    assert head.split() == ["Name", "Type", "Tokens", "About"]
    assert first == f"{NAME}  llm    100,000  A small model with vision"


@pytest.mark.parametrize(
    ("width", "headings", "dropped"),
    [
        (81, ["Name", "Type", "Tokens", "About"], ()),
        (80, ["Name", "Type", "Tokens", "About"], ()),
        (71, ["Name", "Type", "Tokens"], ("About",)),
        (54, ["Name", "Type"], ("Tokens", "About")),
        (45, ["Name"], ("Type", "Tokens", "About")),
    ],
)
def test_the_least_important_columns_go_first(
    width: int, headings: list[str], dropped: tuple[str, ...]
) -> None:
    """The narrower the terminal, the fewer columns there are, and each name stays whole."""
    head, first, second = lines(TABLE, width)
    assert head.split() == headings
    assert TABLE.dropped(width) == dropped
    assert first.startswith(NAME)
    assert second.startswith("flux")
    assert max(map(len, (head, first, second))) <= width


def test_a_text_is_cut_before_its_column_is_dropped() -> None:
    """A text ends with `…`, or with `...` on an ASCII terminal, and has at least 16 characters."""
    assert lines(TABLE, 79)[1].endswith("A small model with vi…")
    assert lines(Table(COLUMNS, ROWS, more="..."), 79)[1].endswith("A small model with...")
    assert lines(TABLE, 79)[2].endswith("Advanced image genera…")


def test_a_sentence_goes_on_between_words() -> None:
    """A sentence that is too long goes on under its beginning, and no name in it is broken."""
    assert lines(SAID, 53) == ["At          What", f"2026-05-19  {NAME}", "            is gone now"]
    assert lines(SAID, 60)[1] == f"2026-05-19  {NAME} is gone"


def test_rows_become_blocks_as_the_last_resort() -> None:
    """If even one column is too wide, each row is a block of lines without empty cells."""
    assert lines(TABLE, 30) == [
        f"Name    {NAME}",
        *("Type    llm", "Tokens  100,000", "About   A small model with", "        vision"),
        "",
        *("Name    flux", "Type    image", "About   Advanced image", "        generation"),
    ]
    assert TABLE.dropped(30) == ()


def test_a_list_without_headings_stays_a_list() -> None:
    """Without headings there are no blocks: a long word goes over the end."""
    assert lines(SAID, 20, headed=False) == [f"2026-05-19  {NAME}", "            is gone now"]


def test_wide_characters_take_two_columns() -> None:
    """Chinese text lines up, because its characters are twice as wide."""
    table = Table((Column("Name"), Column("Status")), (("通义千问", "ready"), ("flux", "ready")))
    assert lines(table, 40) == ["Name      Status", "通义千问  ready", "flux      ready"]
    cut = Table((Column("About", fit="cut"),), (("通义千问" * 9,),))
    assert lines(cut, 20)[1] == "通义千问通义千问通…"


def test_a_table_without_rows_has_its_headings() -> None:
    """No rows make no lines but the headings."""
    assert lines(Table(COLUMNS, ()), 80) == ["Name  Type  Tokens  About"]
    assert lines(Table(COLUMNS, ()), 80, headed=False) == []


def test_cells_are_written_for_people() -> None:
    """Numbers get separators, an empty cell a dash, and a name over 200 characters is cut."""
    assert Column("Tokens").text(100_000) == "100,000"
    assert Column("Tokens").text(None) == "–"
    assert Column("About").text("n" * 300) == "n" * 300
    assert Column("Name", fit="name").text("n" * 300) == "n" * 199 + "…"


FITS: tuple[Fit, ...] = ("whole", "name", "title", "cut", "wrap")
TEXTS = st.text(st.sampled_from("ab 通"), max_size=60).map(str.strip)


@given(
    fits=st.lists(st.sampled_from(FITS), min_size=1, max_size=4),
    rank=st.integers(0, 2),
    data=st.data(),
    width=st.integers(1, 90),
)
def test_whole_cells_are_never_broken(
    fits: list[Fit], rank: int, data: st.DataObject, width: int
) -> None:
    """At any width each cell that must stay whole is on one line, if its column is shown."""
    columns = tuple(Column(f"C{at}", rank * at, fit) for at, fit in enumerate(fits))
    rows = data.draw(st.lists(st.tuples(*[TEXTS] * len(fits)), max_size=4))
    table = Table(columns, tuple(rows))
    shown = lines(table, width)
    dropped = table.dropped(width)
    for column, cells in zip(columns, zip(*rows, strict=True), strict=False):
        if column.heading not in dropped and column.fit in {"whole", "name"}:
            assert all(any(cell in line for line in shown) for cell in filter(None, cells))


@given(text=TEXTS, width=st.integers(1, 40))
@example(text="", width=1)
def test_wrapping_keeps_every_word(text: str, width: int) -> None:
    """A wrapped text has the same words, and only a single word is wider than the width."""
    parts = list(wrap(text, width))
    assert " ".join(parts).split() == text.split()
