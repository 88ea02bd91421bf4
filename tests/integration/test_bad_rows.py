"""Bad rows of a long list: models stay, with one report."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from catalog.changes.poll import Pass, Removals
from catalog.core.payload import BadRows, Payload, Validators
from catalog.providers.described.description import Description
from catalog.providers.described.provider import Described
from catalog.report.sentences import sentence
from catalog.store import history
from catalog.store.database import Database
from catalog.store.verify import verify
from catalog.sync.decide import Policy
from catalog.sync.sync import Sync
from tests.support.rig import HOUR, Clock, Ear, lay_database

DAY = timedelta(days=1)
PROVIDER = Described("acme", Description(route="/models", context_limit=("max",)))


def tree(at: int, **facts: Any) -> dict[str, Any]:
    """Make a row with few fields, as many gateways send it."""
    return {"id": f"tree-{at}", "object": "model", "max": 8, **facts}


WOOD = [tree(at) for at in range(150)]
NO_KEY = {"object": "model", "max": 8}


def without(*numbers: int) -> list[Any]:
    """Return the list without some models."""
    return [row for at, row in enumerate(WOOD) if at not in numbers]


@dataclass
class Wood:
    """A catalog that is polled with these rows."""

    sync: Sync
    clock: Clock
    ear: Ear
    rows: list[Any]

    def poll(self, *rows: Any, later: timedelta = HOUR) -> Pass:
        """Poll once, with these rows."""
        self.rows[:] = rows
        self.clock.now += later
        return self.sync.run()

    def findings(self, *rows: Any, later: timedelta = HOUR) -> list[str]:
        """Poll once and return rule and sentence of each finding."""
        one = self.poll(*rows, later=later)
        assert one.poll.error is None
        return [f"{each.rule}: {sentence(each)}" for each in one.poll.findings]

    @property
    def listed(self) -> set[str]:
        """The keys of the current models."""
        with self.sync.database.reading() as connection:
            number = history.number_at(connection, "acme", None)
            return set(history.snapshot(connection, number).by_key)


@contextmanager
def wood(folder: Path, removals: Removals = "at once", **bad_rows: Any) -> Iterator[Wood]:
    """Yield a catalog of 150 models after its first poll."""
    clock, ear, rows = Clock(), Ear(), list[Any]()
    provider = replace(PROVIDER, bad_rows=BadRows(**bad_rows))

    def fetch(_: Validators) -> Payload:
        return Payload("acme", "", clock.now, json.dumps({"data": rows}).encode())

    made: Callable[..., Sync] = Sync
    with closing(Database(str(lay_database(folder)))) as database:
        policy = Policy(removals=removals, again_after=timedelta())
        it = Wood(made(provider, fetch, database, policy, (ear,), None, clock), clock, ear, rows)
        it.poll(*WOOD)
        yield it
        with database.reading() as connection:
            assert [check.bad for check in verify(connection) if check.bad] == []


def test_a_contradicting_row_is_reported_at_start_and_end(tmp_path: Path) -> None:
    """A model with a contradicting row keeps its version, and start and end are reported."""
    with wood(tmp_path) as it:
        bad = [*WOOD[:149], tree(7, max=4)]
        why = '$.data[149]: found "tree-7", as in $.data[7], expected each key once'
        assert it.findings(*bad) == [
            "model-removed: tree-149 removed",
            f"row-refused: 1 row refused (tree-7): {why}",
        ]
        assert "tree-7" in it.listed
        assert it.findings(*bad, tree(200)) == ["model-added: tree-200 added: llm, 8 tokens"]
        assert it.findings(*bad, tree(200)) == []
        over = it.findings(*WOOD[:7], tree(7, max=4), *WOOD[8:149], tree(200))
        assert over == [
            "limit-lowered: tree-7: max 8 → 4",
            "row-recovered: 1 row no longer refused (tree-7)",
        ]
        assert it.ear.rules == [
            ["model-removed", "row-refused"],
            ["model-added"],
            ["limit-lowered", "row-recovered"],
        ]


def test_a_row_that_lost_its_key_removes_no_model(tmp_path: Path) -> None:
    """A model whose row lost its key is not removed, and a later removal counts."""
    with wood(tmp_path) as it:
        bad = [*without(5), NO_KEY]
        one = it.poll(*bad)
        assert str(one.poll.outcome) == "unchanged"
        assert [each.rule for each in one.poll.findings] == ["row-refused"]
        assert "(tree-5): $.data[149].id: found nothing" in sentence(one.poll.findings[0])
        assert it.findings(*without(5, 9), NO_KEY) == ["model-removed: tree-9 removed"]
        assert "tree-5" in it.listed
        assert it.findings(*without(9)) == ["row-recovered: 1 row no longer refused (tree-5)"]


def test_a_new_bad_row_is_left_out_and_hides_no_removal(tmp_path: Path) -> None:
    """A row without a key belongs to no known model, so another missing model is a removal."""
    with wood(tmp_path) as it:
        (reported,) = it.findings(*WOOD, NO_KEY)
        assert reported.startswith(
            "row-refused: 1 row refused ($.data[150]): $.data[150].id: found"
        )
        assert it.findings(*without(5), NO_KEY) == ["model-removed: tree-5 removed"]
        new = it.findings(*without(5), NO_KEY, tree(200), tree(200, max=1))
        assert new[0].startswith("row-refused: 1 row refused (tree-200)")
        assert "tree-200" not in it.listed


def test_with_removals_that_wait_a_bad_row_is_not_missing(tmp_path: Path) -> None:
    """A model with a bad row does not wait for a confirmation of its removal, in both modes."""
    ways: tuple[Removals, ...] = ("next", "again")
    for way in ways:
        folder = tmp_path / way
        folder.mkdir()
        with wood(folder, way) as it:
            assert [each.partition(":")[0] for each in it.findings(*without(5), NO_KEY)] == [
                "row-refused"
            ]
            assert it.findings(*without(5), NO_KEY, tree(200))[0].startswith("model-added")
            with it.sync.database.reading() as connection:
                assert history.missing(connection, "acme") == {}


def test_a_row_that_is_gone_is_a_removal(tmp_path: Path) -> None:
    """A model whose bad row left the list is removed, and its refusal ends."""
    with wood(tmp_path) as it:
        it.poll(*WOOD, tree(7, max=4))
        assert it.findings(*without(7)) == [
            "model-removed: tree-7 removed",
            "row-recovered: 1 row no longer refused (tree-7)",
        ]


def test_more_bad_rows_than_the_share_refuse_the_answer(tmp_path: Path) -> None:
    """Beyond 2 % the answer is invalid as a whole, and the state of the rows stays."""
    with wood(tmp_path) as it:
        it.poll(*WOOD, tree(7, max=4))
        one = it.poll(*WOOD, *(tree(at, max=1) for at in range(4)))
        assert str(one.poll.outcome) == "invalid"
        assert len(one.poll.problems) == 4
        over = it.findings(*WOOD)
        assert [each.partition(":")[0] for each in over] == ["trouble-ended", "row-recovered"]


def test_the_setting_makes_every_list_strict(tmp_path: Path) -> None:
    """With a share of 0, one bad row refuses the answer."""
    with wood(tmp_path, share=0.0) as it:
        assert str(it.poll(*WOOD, tree(7, max=4)).poll.outcome) == "invalid"


def test_repeated_rows_are_reported_once(tmp_path: Path) -> None:
    """Equal rows are drift for the first time, and nothing afterwards."""
    with wood(tmp_path) as it:
        assert it.findings(*WOOD, WOOD[3]) == ["schema-drift: row listed 2 times (tree-3)"]
        assert it.findings(*WOOD, WOOD[3], tree(200)) == [
            "model-added: tree-200 added: llm, 8 tokens"
        ]
        assert len(it.listed) == 151
