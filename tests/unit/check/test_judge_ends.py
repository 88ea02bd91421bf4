"""Notices about ends and statuses in a provider's list."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from catalog.changes.finding import Level
from catalog.check.from_recordings import of_files
from catalog.check.known import Listing
from catalog.providers.described.description import read
from catalog.providers.described.provider import Described
from tests.support.check_builders import notices_of, use

MARS = Described(
    "mars", read({"route": "/fleet", "ends": "over", "successor": "next", "status": "phase"})
)
LISTED = "listed by mars"
PAST = "2026-11-05 (the provider's over)"
TODAY = date(2026, 11, 29)
ROWS = """{"data": [
  {"id": "argo", "over": "2026-12-05", "next": "dart"},
  {"id": "brig", "over": "2027-12-05"},
  {"id": "past", "over": "2026-11-05", "next": "dart"},
  {"id": "old", "phase": "legacy"},
  {"id": "dead", "phase": "retired", "over": "2026-12-05"},
  {"id": "dart", "phase": "ready"}
]}"""


@pytest.fixture
def listing(tmp_path: Path) -> Listing:
    """Return the names of one answer."""
    file = tmp_path / "2026-11-28T000000Z.json"
    file.write_text(ROWS)
    return of_files(file, MARS)


@pytest.mark.parametrize(
    ("name", "rule", "level", "text"),
    [
        (
            "argo",
            "retiring",
            Level.WARNING,
            f"{LISTED}; announced to end on 2026-12-05 (6 days left)",
        ),
        (
            "brig",
            "retiring",
            Level.INFO,
            f"{LISTED}; announced to end on 2027-12-05 (371 days left)",
        ),
        ("past", "delisted", Level.BREAKING, f"{LISTED}; calls were expected to work until {PAST}"),
        ("old", "retiring", Level.WARNING, f"{LISTED} with the status legacy"),
        ("dead", "delisted", Level.BREAKING, f"{LISTED} with the status retired"),
    ],
)
def test_ends_and_statuses_of_the_list(
    listing: Listing, name: str, rule: str, level: Level, text: str
) -> None:
    """An announced end has the days left, and each notice has its level and a successor."""
    (notice,) = notices_of(use(name), listing, today=TODAY, within=timedelta(days=30))
    assert (notice.rule, notice.level, notice.text) == (rule, level, text)
    assert notice.instead == "use dart"
    expected = {"old": "legacy", "dead": "retired"}
    assert notice.facts.get("status") == expected.get(name)


def test_a_ready_model_has_no_notice(listing: Listing) -> None:
    """A model without an end and with another status gives no notice."""
    assert notices_of(use("dart"), listing, today=TODAY) == ()
