from dataclasses import replace
from pathlib import Path

import pytest

from catalog.core.errors import Unauthorized
from catalog.daemon.schedule import Interval
from catalog.daemon.scheduled import ProbeTimes
from catalog.probes.rate import Pace
from catalog.replay.behavior import Behavior, Entry
from catalog.store.database import Database
from tests.support.database import ask
from tests.support.http_server import answer, serve
from tests.support.probe_stand import MINUTE, llm, stand


def test_a_short_pause_is_kept_and_a_long_one_ends_the_run(tmp_path: Path) -> None:
    """After a 429 no model is called for the requested pause, or for a minute."""
    rows = [[llm(1, "a/one"), llm(2, "a/two"), llm(3, "a/three")]]
    with stand(tmp_path, rows, Behavior(entries=(Entry("a/one", does=(429,)),))) as it:
        slow = it.on(concurrency=1)
        slow.run(names=("a/one",))
        assert 50 < it.probing.pace.paused_for <= 60
        it.server.behave(Behavior(entries=(Entry("a/one", does=(429,), retry_after=3600),)))
        tried = slow.run(names=("a/one", "a/two")).probes
        assert [each.verdict for each in tried] == ["limited", "skipped", "skipped", "skipped"]
        assert (
            tried[1].result.said == "the provider asked for a longer pause than the limit of a run"
        )


def test_a_run_that_is_stopped_writes_nothing_more(tmp_path: Path) -> None:
    """A stopped run stores no calls, and the next run does its slot."""
    with stand(tmp_path, [[llm(1, "a/one")]]) as it:
        times = ProbeTimes(it.probing, Interval(24 * 60 * MINUTE), MINUTE)
        it.probing.stop.set()
        results = times.run()
        assert results
        assert {each.result.said for each in results.probes} == {
            "the run was stopped before this call"
        }
        assert ask(it.probing.database, "select count(*) from probe") == [(0,)]
        it.probing.stop.clear()
        assert times.next_at() == it.clock.now
        assert times.run()
        assert it.believed() == {("a/one", "chat-v2"): "answers"}


def test_slots_and_second_tries(tmp_path: Path) -> None:
    """Each slot runs once, and a second try runs only when it is due."""
    refuses = Behavior(entries=(Entry("a/one", "chat-v2", (422,)),))
    with stand(tmp_path, [[llm(1, "a/one"), llm(2, "a/two")]], refuses) as it:
        times = ProbeTimes(it.probing, Interval(24 * 60 * MINUTE), MINUTE)
        start = it.clock.now
        assert times.next_at() == start
        first = times.run()
        assert first
        assert len(first.probes) == 4
        assert times.next_at() == start + 10 * MINUTE
        assert times.run() is None
        it.clock.now += 10 * MINUTE
        assert times.next_at() == it.clock.now
        second = times.run()
        assert second
        control, *others = second.probes
        assert (control.name, control.verdict) == ("a/two", "answers")
        assert [each.verdict for each in others] == ["refused"] * 3
        assert (times.run(), times.next_at()) == (None, start + 24 * 60 * MINUTE)


def test_without_a_database_nothing_is_due(tmp_path: Path) -> None:
    """Before the first pass there is nothing to call."""
    with stand(tmp_path, [[llm(1, "a/one")]]) as it:
        empty = replace(it.probing, database=Database(str(tmp_path / "none.db")))
        times = ProbeTimes(empty, Interval(24 * 60 * MINUTE), MINUTE)
        assert times.next_at() == it.clock.now + 24 * 60 * MINUTE


def test_a_token_that_is_not_taken_ends_the_run(tmp_path: Path) -> None:
    """If the second list refuses the token, no model is called."""
    with stand(tmp_path, [[llm(1, "a/one")]]) as it, serve(answer(401)) as locked:
        calls = replace(it.probing.calls, url=locked.url, product_id=1)
        with pytest.raises(Unauthorized):
            replace(it.probing, calls=calls).run()
        assert len(locked.requests) == 1


def test_a_second_list_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    """Without the second list, models are called and no model is reported missing."""
    chat = answer(body=b'{"choices": [1]}')
    with stand(tmp_path, [[llm(1, "a/one")]]) as it, serve(answer(500), chat) as half:
        calls = replace(it.probing.calls, url=half.url, product_id=1)
        assert replace(it.probing, calls=calls, publisher=None).run().findings == ()
        assert it.believed() == {("a/one", route): "answers" for route in ("chat-v1", "chat-v2")}


def test_a_mistake_within_a_call_ends_the_run(tmp_path: Path) -> None:
    """An unexpected error in a call is raised and stops the run."""
    with stand(tmp_path, [[llm(1, "a/one")]]) as it:
        broken = replace(it.probing, pace=_Broken(1, lambda: 0.0, lambda _: None))
        with pytest.raises(ZeroDivisionError):
            broken.run()
        assert it.probing.stop.is_set()


class _Broken(Pace):
    """A pace that fails."""

    def take(self) -> float:
        """Fail."""
        raise ZeroDivisionError
