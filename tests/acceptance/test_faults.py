import re
import socket
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.replay.faults import FAULTS
from catalog.store.database import Database
from tests.bench.random_catalog import RandomCatalog
from tests.campaign import secret_search
from tests.campaign.campaign import scenarios
from tests.campaign.growth import grown
from tests.campaign.history import Left
from tests.campaign.result import HEADS, Result, differences, table
from tests.campaign.shared_database import uneven
from tests.support.builders import AT, model, snapshot
from tests.support.checkout import ROOT, load_script
from tests.support.database import save
from tests.support.http_server import answer, serve
from tests.support.shell import UNMEASURED, Ran, Shell

SCRIPT = ROOT / "scripts" / "faults"
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
SECONDS = 600
PLAYED = ("network", "killed", "read-only", "truncated", "slots", "lasting")
MESSAGE = Counter({("a1", "2026-01-06"): 1, ("b2", "2026-01-06"): 1})
RIGHT = Left(
    tables={"snapshots": [("d1", 2)], "deliveries": [("a1", "ops", "delivered")]},
    state=[("1", "{}")],
    document=b"# Models\n",
    found=MESSAGE,
    received={"ops": MESSAGE, "team": MESSAGE},
    repeated=0,
    bad=(),
)


def play(*words: str) -> Ran:
    """Run scripts/faults."""
    with Shell(ROOT, UNMEASURED).python(SCRIPT, *words) as running:
        out, err = running.communicate(timeout=SECONDS)
    return Ran(running.returncode, out, err)


def rows(text: str) -> list[list[str]]:
    """Return the lines of a campaign's table."""
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    start = cells.index(list(HEADS))
    return [line for line in cells[start + 2 :] if len(line) == len(HEADS)]


@pytest.mark.long
def test_a_small_campaign_keeps_every_promise() -> None:
    """A small campaign of real faults ends like an undisturbed run."""
    only = [word for name in PLAYED for word in ("--only", name)]
    ended = play("--quick", *only)
    assert ended.code == 0, ended
    assert "Traceback" not in ended.err
    played = rows(ended.out)
    assert [row[0].split(":")[0] for row in played] == [
        *("network", "network", "killed within a pass", "database read-only"),
        *("database truncated", "two daemons and cron, simulated", "a daemon of 30 polls"),
    ]
    for row in played:
        assert row[-1].startswith(("kept", "not tried here")), row
        assert row[-2] in {"0", "–"}
    killed, slots = played[2], played[5]
    # In the last column: a pass killed after its last word counts among the outcomes as ended.
    assert "4 killed" in killed[-1]
    assert "10 of 10 slots done once" in slots[-1]


def test_half_a_message_is_not_taken() -> None:
    """The receiver does not count an incomplete message."""
    with serve(answer(204)) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as sender:
            sender.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
            sender.shutdown(socket.SHUT_WR)
            assert sender.recv(1) == b""
    assert server.requests == []


def test_only_a_whole_campaign_is_written_down() -> None:
    """A partial or quick campaign is never written into the documentation."""
    for words in (["--quick"], ["--only", "locked"]):
        ended = play("--write", *words)
        assert ended.code == 2
        assert "--write needs a full run" in ended.err


def test_the_page_shows_a_whole_campaign_that_kept_its_promises() -> None:
    """docs/reliability.md has a line for every fault, and each of them ended well."""
    measured = rows(PAGE)
    network = [row[0].removeprefix("network: ") for row in measured if "network: " in row[0]]
    assert network == list(FAULTS)
    for row in measured:
        assert row[-1].startswith("kept"), row
        assert row[-2] == "0", row
    assert "500 killed" in PAGE
    assert "1,000 of 1,000 slots done once" in PAGE
    assert "a daemon of 10,000 polls" in PAGE


def test_the_page_names_each_scenario() -> None:
    """docs/reliability.md names every scenario."""
    named = set(re.findall(r"`(?:--only )?([a-z-]+)`", PAGE))
    assert named >= set(scenarios(quick=False))


def test_what_is_written_goes_between_the_markers(tmp_path: Path) -> None:
    """The table is replaced, and every other byte of the page stays."""
    script = load_script("faults")
    page = tmp_path / "page.md"
    page.write_text(f"before\n{script.BEGIN}\nold\n{script.END}\nafter\n", encoding="utf-8")
    script.write("new\n", page)
    text = page.read_text(encoding="utf-8")
    assert text == f"before\n{script.BEGIN}\n\nnew\n\n{script.END}\nafter\n"


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (replace(RIGHT, received=RIGHT.received | {"ops": Counter()}), ["2 missed"]),
        (replace(RIGHT, received=RIGHT.received | {"team": MESSAGE + MESSAGE}), ["2 false"]),
        (replace(RIGHT, repeated=1), ["1 received twice"]),
        (replace(RIGHT, bad=("snapshot 1: its digest",)), ["snapshot 1: its digest"]),
        (replace(RIGHT, state=[]), ["the current state differs"]),
        (
            replace(RIGHT, tables=RIGHT.tables | {"snapshots": []}),
            ["the table of snapshots differs"],
        ),
        (replace(RIGHT, document=b"# Models"), ["the document differs"]),
        (RIGHT, []),
    ],
)
def test_differences_are_reported(left: Left, said: list[str]) -> None:
    """Missing, extra or repeated findings, rows and bytes are each reported."""
    assert differences(RIGHT, left) == said


def test_an_answer_that_was_believed_may_leave_more() -> None:
    """An accepted answer may add findings, but a missed finding is still reported."""
    more = replace(RIGHT, received={"ops": MESSAGE + MESSAGE, "team": MESSAGE}, document=b"other")
    assert differences(RIGHT, more, believed=True) == []
    less = replace(RIGHT, found=Counter())
    assert differences(RIGHT, less, believed=True) == ["2 missed"]


def test_a_planted_secret_is_found_wherever_it_is(tmp_path: Path) -> None:
    """In a file, encoded, packed into the database, or in a message: each place is counted."""
    assert secret_search.found(tmp_path, [b"nothing"]) == 0
    for secret in secret_search.SECRETS:
        assert secret_search.found(tmp_path, [b"told: " + secret.encode()]) == 1
    (tmp_path / "log.txt").write_bytes(secret_search.needles()[-1])
    with closing(Database(str(tmp_path / "catalog.db"))) as database:
        save(
            database,
            0,
            snapshot(model("1"), at=AT),
            content=RandomCatalog(20).body + secret_search.TOKEN.encode(),
        )
    assert secret_search.found(tmp_path, []) == 2


def test_growth_is_noticed() -> None:
    """Growth of memory, open files or database size is reported."""
    early = {"polls": 1000, "memory": 90_000_000, "files": 5, "database": 200_000}
    late = early | {"polls": 10_000, "database": 290_000}
    assert grown(early, late) == []
    assert grown(early, late | {"memory": 95_000_000}) == ["memory grew"]
    assert grown(early, late | {"files": 6}) == ["open files grew"]
    assert grown(early, late | {"database": 950_000}) == ["the database grew too much"]


def test_a_slot_done_twice_or_not_at_all_is_noticed() -> None:
    """A slot that is not done exactly once is reported."""
    assert uneven(Counter(once=10), 10) == []
    assert uneven(Counter({"once": 9, "done done left": 1}), 10) == ["1 slots: done done left"]
    assert uneven(Counter(once=9), 10) == ["only 9 slots"]


def test_skipped_faults_are_reported() -> None:
    """A fault that the machine does not allow is never shown as kept."""
    (row,) = rows(table([Result("disk full", untried="no rights")]))
    assert (row[0], row[-1]) == ("disk full", "not tried here: no rights")
    assert "kept" not in row
