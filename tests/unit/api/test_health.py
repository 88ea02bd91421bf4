"""The problems of a provider, in a few words."""

from dataclasses import replace
from datetime import timedelta

from catalog.api.health import Issue, Status, headline
from catalog.changes.health import Freshness, Health, State, Unwell
from catalog.changes.poll import Backlog, Outcome
from catalog.store.polls import PastPoll
from tests.support.builders import AT

WELL = Health(State.OK, Freshness.OK, timedelta(hours=1))
FAILED = PastPoll(7, "one", AT, 12, Outcome.FAILED, 503, 1, None, "it answered 503")
ONE = Status(
    provider="one",
    health=WELL,
    unwell=Unwell(failures=2, accepted_at=AT),
    last=FAILED,
    next_run=AT,
    read_at=AT,
)
TWO = replace(ONE, provider="two", waiting=(Backlog("ops", 2, "channel ops is deaf", None),))


def test_several_providers_are_named() -> None:
    """Of several providers, the headline names those that are not well."""
    assert headline([ONE], None) == "OK"
    output = "NOT WELL: two: 2 messages not delivered, last 2 polls failed"
    assert headline([ONE, TWO], None) == output
    damage = Issue("the database is damaged", (), "Restore a backup.")
    assert headline([ONE], damage) == "NOT WELL: the database is damaged"


def test_an_overdue_message_is_a_problem() -> None:
    """A message that the last pass did not try is not delivered, and has no error."""
    late = Backlog("ops/a", 1, None, None, AT - timedelta(hours=1))
    issue = replace(ONE, waiting=(late,), read_at=AT + timedelta(hours=1)).issues[0]
    assert issue.causes == (
        "channel ops/a: the last pass did not send; next attempt at the next run",
    )
    assert "`catalog alerts test ops`" in issue.todo


def test_a_provider_without_an_accepted_poll_is_not_well() -> None:
    """Without any accepted poll the age is unknown, and the polls are the next thing to see."""
    never = replace(ONE, health=Health(State.FAILING, Freshness.ERROR, None))
    assert headline([never], None) == "NOT WELL: last 2 polls failed, no poll was accepted yet"
