"""From offsets to lines and columns."""

from bisect import bisect_right
from collections.abc import Callable

# An offset into what was read, as line and column of the file, both from 1.
Locate = Callable[[int], tuple[int, int]]


class Lines:
    r"""The lines of a text, ended by \n as editors and GitHub count them."""

    def __init__(self, text: str) -> None:
        """Find where each line begins."""
        self.starts = [0]
        at = text.find("\n")
        while at >= 0:
            self.starts.append(at + 1)
            at = text.find("\n", at + 1)

    def locate(self, at: int) -> tuple[int, int]:
        """Give line and column of an offset, both from 1."""
        line = bisect_right(self.starts, at)
        return line, at - self.starts[line - 1] + 1
