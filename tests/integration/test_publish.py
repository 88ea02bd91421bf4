"""The document of a pass."""

from pathlib import Path

from catalog.changes.change import Removed
from catalog.sync.publish import newest_snapshots
from tests.support.builders import body, finding, row
from tests.support.http_server import answer
from tests.support.rig import rig

TEN = [row(id=key, name=f"m{key}") for key in range(1, 11)]
FULL = body(*TEN)


def test_recent_findings_keep_a_snapshot_together() -> None:
    """The newest snapshots are shown whole until there are enough findings."""
    all_of_them = tuple(finding(snapshot=number) for number in (1, 1, 2, 3, 3, 3))
    taken = [[item.snapshot for item in newest_snapshots(all_of_them, n)] for n in (0, 1, 4, 9)]
    assert taken == [[], [3, 3, 3], [3, 3, 3, 2], [3, 3, 3, 2, 1, 1]]


def test_removed_models_are_in_the_document(tmp_path: Path) -> None:
    """A delisted model is named with its dates until it is back."""
    answers = [answer(body=each) for each in (FULL, body(*TEN[:9]), FULL)]
    with rig(tmp_path, *answers) as it:
        it.poll()
        (gone,) = it.poll().poll.findings
        assert isinstance(gone.change, Removed)
        assert "| `m10` | llm | 2026-01-01 | 2026-01-31 |" in it.document.read_text()
        it.poll()
        assert "2026-01-31 |" not in it.document.read_text()
