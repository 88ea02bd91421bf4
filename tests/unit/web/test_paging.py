"""Lists are cut into pages."""

from datetime import UTC, datetime

from catalog.web.paging import Part, part_of
from catalog.web.query import Query

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_page_spans_several_lists() -> None:
    """A page ends one list and begins the next, and each item is on one page."""
    lists = ["abc", "", "defg"]
    pages = [[*Part(start, 2, 7).cut(lists)] for start in range(0, 7, 2)]
    assert pages == [["ab", "", ""], ["c", "", "d"], ["", "", "ef"], ["", "", "g"]]


def test_pages_have_neighbors() -> None:
    """The first page has no previous one, and the last no next one."""
    first, last = (part_of(Query({"cursor": at, "limit": "5"}, NOW), 8) for at in ("0", "5"))
    assert (first.previous, first.following, first.end) == (None, 5, 5)
    assert (last.previous, last.following, last.end) == (0, None, 8)
