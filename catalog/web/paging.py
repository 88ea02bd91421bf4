"""Cut a list into pages."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from catalog.web.query import Query

SIZE = 100
"""Items on one page."""
LARGEST = 200
"""The most items of one answer."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """One page of a list, with the cursor where it begins."""

    start: int
    size: int
    total: int

    @property
    def end(self) -> int:
        """Return the place after the last item of the page."""
        return min(self.start + self.size, self.total)

    @property
    def following(self) -> int | None:
        """Return the cursor of the next page, None on the last one."""
        return self.end if self.start + self.size < self.total else None

    @property
    def previous(self) -> int | None:
        """Return the cursor of the previous page, None on the first one."""
        return max(self.start - self.size, 0) if self.start else None

    def of(self, items: Sequence[T]) -> Sequence[T]:
        """Return the items of the page."""
        return items[self.start : self.start + self.size]

    def cut(self, lists: Iterable[Sequence[T]]) -> Iterator[Sequence[T]]:
        """Yield the items of the page from each of several joined lists."""
        begin = 0
        for each in lists:
            yield each[max(self.start - begin, 0) : max(self.start + self.size - begin, 0)]
            begin += len(each)

    def next_json(self) -> dict[str, int]:
        """Return the cursor of the next page as JSON, if any."""
        return {} if self.following is None else {"next": self.following}


def part_of(query: Query, total: int) -> Part:
    """Return the page that a query asks for."""
    start, size = query.number("cursor", 0), query.number("limit", SIZE, LARGEST, least=1)
    return Part(start, size, total)
