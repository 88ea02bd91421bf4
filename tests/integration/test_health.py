"""Problems over many passes: reported once, repeated daily, and ended."""

from pathlib import Path

import pytest

from catalog.report.sentences import sentence
from tests.support.builders import body, row
from tests.support.http_server import answer
from tests.support.rig import HOUR, rig

TEN = [row(id=key, name=f"m{key}") for key in range(1, 11)]
GOOD, BAD, DOWN = answer(body=body(*TEN)), answer(body=b"{}"), answer(503)


def test_a_problem_is_reported_once_until_it_ends(tmp_path: Path) -> None:
    """Failed polls (from the third), invalid polls and their end are each reported once."""
    with rig(tmp_path, GOOD, DOWN, DOWN, DOWN, BAD, DOWN, BAD, DOWN, GOOD, GOOD) as r:
        r.outcomes(10)
        assert r.ear.rules == [["provider-failing"], ["payload-invalid"], ["trouble-ended"]]
        (finding,) = r.ear.messages[-1].findings
    assert sentence(finding) == "well again after 7 hours (failed polls, invalid answers)"


@pytest.mark.long
def test_a_lasting_problem_is_repeated_daily(tmp_path: Path) -> None:
    """Lasting failures are reported first, then each day, and as stale after three days."""
    with rig(tmp_path, GOOD, DOWN) as r:
        r.outcomes(4)
        r.outcomes(32, later=3 * HOUR)
    assert [[finding.rule for finding in each.findings] for each in r.ear.messages] == [
        ["provider-failing"],
        ["provider-failing"],
        ["provider-failing"],
        ["catalog-stale"],
        ["catalog-stale"],
    ]
    assert sentence(r.ear.messages[1].findings[0]).startswith(
        "the provider could not be read for 1 day: "
    )
