"""Without an answer of the control, a run concludes nothing."""

import logging
from pathlib import Path

import pytest

from catalog.core.errors import NotFound
from catalog.core.probe import Budget
from catalog.replay.behavior import Behavior, Entry
from catalog.store import probes
from tests.support.probe_stand import NAME, Stand, llm, stand

ROWS = [llm(1, "elm/one"), llm(2, "elm/two"), llm(3, "elm/three")]
DOWN = Behavior(entries=(Entry("*", does=(404,), body="plain"),))
DAY = 24 * 60


def verdicts(it: Stand) -> dict[str, str]:
    """Return the last verdicts on the current chat route, by name."""
    return {each.name: str(each.verdict) for each in it.runs[-1].probes if each.route == "chat-v2"}


def controls(it: Stand) -> list[str]:
    """Return the control of the next run."""
    plan = it.probing.plan()
    assert not any(call.is_control for call in plan[1:])
    return [call.name for call in plan[:1] if call.is_control]


def test_an_outage_concludes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """While no model answers, no model is reported as refused."""
    with stand(tmp_path, [ROWS]) as it:
        it.run()
        assert it.run(11).findings == ()
        before = it.believed()
        it.server.behave(DOWN)
        with caplog.at_level(logging.WARNING):
            assert it.run(DAY).findings == ()
            assert it.run(11).findings == ()
        assert it.believed() == before
        control = it.runs[-1].probes[0]
        said = f"the control model {control.name} did not answer (refused)"
        others = it.runs[-1].probes[1:]
        assert {each.result.said for each in others} == {said}
        assert {str(each.verdict) for each in others} == {"skipped"}
        assert f"{NAME}: {said}; the run concludes nothing" in caplog.messages
        it.server.behave(Behavior())
        assert it.run(DAY).findings == ()
        assert set(verdicts(it).values()) == {"answers"}


def test_one_model_that_ends_is_still_found(tmp_path: Path) -> None:
    """A retired control is replaced by another one, and is then reported itself."""
    with stand(tmp_path, [ROWS]) as it:
        it.run()
        (first,) = controls(it)
        retired = Behavior(entries=(Entry(first, does=(404,), body="plain"),))
        it.server.behave(retired)
        assert it.run(DAY).findings == ()
        (second,) = controls(it)
        assert second != first
        reported = {(each.rule, getattr(each.change, "name", "")) for each in it.run(11).findings}
        assert reported == {("listed-refused", first)}


def test_without_an_answer_so_far_there_is_no_control(tmp_path: Path) -> None:
    """Before the first answer, and where no other model is called, all are called as planned."""
    with stand(tmp_path, [ROWS]) as it:
        assert controls(it) == []
        it.run()
        assert [call.is_control for call in it.probing.plan()].count(True) == 1
    (tmp_path / "alone").mkdir()
    with stand(tmp_path / "alone", [ROWS[:1]]) as it:
        it.run()
        assert controls(it) == []


def test_a_setting_names_the_control(tmp_path: Path) -> None:
    """The configured control is called first, and an unknown one is an error."""
    with stand(tmp_path, [ROWS], None, **{"probe.control": "elm/two"}) as it:
        assert controls(it) == ["elm/two"]
        it.run()
        assert it.runs[-1].probes[0].name == "elm/two"
        by_id = it.on(control="3")
        assert controls(by_id) == ["elm/three"]
        with pytest.raises(
            NotFound, match=r"probe.control names 'oak', which is not a model"
        ) as no:
            it.on(control="oak").run()
        assert "--dry-run" in no.value.hint


def test_when_every_last_call_failed_the_longest_uncalled_is_the_control(tmp_path: Path) -> None:
    """During a long outage the control changes from run to run."""
    with stand(tmp_path, [ROWS]) as it:
        it.run()
        it.server.behave(DOWN)
        asked = []
        for _ in range(4):
            asked += controls(it)
            it.run(DAY)
        assert len(set(asked[:3])) == 3
        assert asked[3] == asked[0]


def test_the_control_counts_in_the_budget(tmp_path: Path) -> None:
    """The call of the control counts in the budget, and without it no model is called."""
    with stand(tmp_path, [ROWS]) as it:
        it.run()
        spent = it.on(budget=Budget(0, 1000))
        assert spent.run(DAY).spent.calls == 0
        assert {str(each.verdict) for each in spent.runs[-1].probes} == {"skipped"}
        assert "the day's budget is used up" in str(spent.runs[-1].probes[-1].result.said)
        one = it.on(budget=Budget(1, 1000))
        assert one.run(DAY).spent.calls == 1
        answered = [each for each in one.runs[-1].probes if each.verdict == "answers"]
        assert len(answered) == 1
        with it.probing.database.reading() as connection:
            assert probes.spent(connection, NAME, it.clock.now).calls == 1
