"""A line of the benchmark's table: both values and the verdict."""

from collections.abc import Sequence
from dataclasses import dataclass

HEADS = ("What", "Against", "Ours", "Theirs", "Ratio", "To reach", "Reached")


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison. `value` must be at most `most`. None means that it was not measured.

    `why` gives the reason of a missed target in a few words.
    """

    what: str
    against: str
    ours: str
    theirs: str
    value: float | None
    most: float
    wanted: str
    why: str = ""
    is_ratio: bool = True

    @property
    def reached(self) -> bool:
        """True if the target is reached or nothing was measured."""
        return self.value is None or self.value <= self.most

    @property
    def cells(self) -> tuple[str, ...]:
        """The line of the table."""
        ratio = f"{self.value:.2f}" if self.is_ratio and self.value is not None else "–"
        shown = (self.what, self.against, self.ours, self.theirs, ratio, self.wanted)
        return (*shown, self._verdict)

    @property
    def _verdict(self) -> str:
        if self.value is None:
            return "not asked for"
        if self.reached:
            return "yes"
        return f"no, by {self.value / self.most:.2f} times" + f": {self.why}" * bool(self.why)


def table(lines: Sequence[Line]) -> str:
    """Write the lines as a Markdown table."""
    rows = [HEADS, tuple("---" for _ in HEADS), *(line.cells for line in lines)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def seconds(value: float) -> str:
    """Write CPU seconds with a suitable unit."""
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.3g} ms"


def megabytes(value: float) -> str:
    """Write bytes as MB, which is a million."""
    return f"{value / 1e6:.1f} MB"
