import json

from catalog.store.transfer_digest import digest

HEADER = json.dumps({"schema_version": 1, "revision": "0014", "rows": {"poll": 1}})
CHANGED = json.dumps({"table": "poll", "row": {"id": 1, "outcome": "changed"}})


def test_polls_without_news_do_not_count() -> None:
    """Unchanged polls, counts and derived tables keep the digest. A failed poll changes it."""
    unchanged = json.dumps({"table": "poll", "row": {"id": 2, "outcome": "unchanged"}})
    tally = json.dumps({"table": "tally", "row": {"name": "poll", "row_count": 2}})
    failed = json.dumps({"table": "poll", "row": {"id": 2, "outcome": "failed"}})
    counted = HEADER.replace("1}", "2}")
    before = digest([HEADER, CHANGED])
    assert digest([counted, CHANGED, unchanged, tally]) == before
    assert digest([line.encode() + b"\n" for line in (counted, CHANGED)]) == before
    assert digest([counted, CHANGED, failed]) != before
    assert digest([HEADER.replace("0014", "0015"), CHANGED]) != before
