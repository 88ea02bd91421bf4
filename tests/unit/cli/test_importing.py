"""Recordings are imported in batches, and other processes write between them."""

from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from catalog.cli.importing import TOGETHER, turns
from catalog.providers.recordings import Recording

MANY = [Recording(Path(str(number)), datetime(2026, 1, 1, tzinfo=UTC)) for number in range(45)]


@pytest.mark.long
def test_every_recording_has_one_turn() -> None:
    """However long each takes, all go in, in their order, and no more at a time than a few."""
    for each_takes, many, most in ((0.0, 45, TOGETHER), (0.3, 9, 4), (2.0, 3, 1)):
        clock = map(each_takes.__mul__, count()).__next__
        taken = [list(some) for some in turns(MANY[:many], clock)]
        assert [each for some in taken for each in some] == MANY[:many]
        assert max(map(len, taken)) == most


def test_no_recording_has_no_turn() -> None:
    """Where there is nothing to take in, nothing is begun."""
    assert list(turns([])) == []
