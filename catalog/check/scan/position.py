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


class Columns:
    """One line, whose offsets are given in bytes of UTF-8."""

    def __init__(self, line: str) -> None:
        """Count the letters up to each stride, unless there is one a byte."""
        self.encoded = b"" if line.isascii() else line.encode()
        self.before = [0]
        for at in range(0, len(self.encoded), STRIDE):
            self.before.append(self.before[-1] + _letters(self.encoded[at : at + STRIDE]))

    def letters(self, at: int) -> int:
        """Count the letters before a byte."""
        if not self.encoded:
            return at
        strides, rest = divmod(min(at, len(self.encoded)), STRIDE)
        return self.before[strides] + _letters(
            self.encoded[strides * STRIDE : strides * STRIDE + rest]
        )


STRIDE = 1024  # bytes
_INNER = bytes(range(0x80, 0xC0))


def _letters(encoded: bytes) -> int:
    return len(encoded.translate(None, _INNER))
