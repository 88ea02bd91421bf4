"""`catalog snapshots` and `catalog polls`, also after a failed poll."""

from tests.support.shell import Live, Shell


def test_snapshots_are_listed_oldest_first(demo: Shell) -> None:
    """Each accepted state has its number, its times, size and digest, as a table and as JSON."""
    table = demo("snapshots")
    assert table.lines[1].split()[:3] == ["1", "2025-08-13T18:55:22Z", "2025-11-26T14:07:15Z"]
    listed = demo("snapshots", "--format", "json").json["snapshots"]
    assert [(one["snapshot"], one["models"]) for one in listed] == [
        *((1, 13), (2, 14), (3, 15), (4, 16), (5, 13)),
    ]
    assert listed[0].keys() == {"snapshot", "provider", "taken_at", "models", "digest"}
    assert listed[0]["digest"].startswith(table.lines[1].split()[4])
    assert [line.split()[2] for line in table.lines[-2:]] == ["2026-05-19T15:48:46Z", "now"]
    head = demo("snapshots", "--format", "csv").lines[0]
    assert head == "Snapshot,Taken at,Models,Digest"


def test_polls_are_listed_newest_first(demo: Shell) -> None:
    """Each poll has its outcome, a held one its reason, and --limit shortens the list."""
    table = demo("polls").lines
    assert [line.split()[3] for line in table[1:]] == [
        *("changed", "held", "changed", "changed", "changed", "first"),
    ]
    assert "7 of 16 models are missing (44%, limit 30%): " in table[2]
    newest, held = demo("polls", "--limit", "2", "--format", "json").json["polls"]
    assert newest.keys() == {
        *("poll", "provider", "started_at", "duration_ms", "outcome", "http_status", "snapshot"),
    }
    assert held.keys() == newest.keys() | {"error", "missing"}
    assert len(held["missing"]) == 7


def test_a_failed_poll_has_no_snapshot(live: Live) -> None:
    """A failed first poll has no snapshot in JSON."""
    shell, _ = live()
    shell("sync", code=3, given={"CATALOG_INFOMANIAK_URL": "http://127.0.0.1:1"})
    (poll,) = shell("polls", "--format", "json").json["polls"]
    assert poll.keys() == {"poll", "provider", "started_at", "duration_ms", "outcome", "error"}
