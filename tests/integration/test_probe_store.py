from datetime import datetime, timedelta
from typing import Any

from catalog.core.probe import Budget, Call, CallResult, Spent, Verdict
from catalog.store import probes
from catalog.store.database import Database
from tests.support.builders import AT
from tests.support.database import NAME, ask

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
BUDGET = Budget(10, 100)
V1, V2 = Call("a", "chat-v1", "1", 1, 10), Call("a", "chat-v2", "1", 1, 10)


def begun(database: Database, call: Call, at: datetime, provider: str = NAME) -> int | None:
    """Start a try."""
    with database.writing() as connection:
        return probes.begin(connection, provider, call, at, BUDGET)


def keep(
    database: Database,
    call: Call,
    minute: int,
    verdict: Verdict,
    *,
    believed: bool = True,
    **said: Any,
) -> None:
    """Store a finished try, some minutes after the start."""
    number = begun(database, call, AT + minute * MINUTE)
    assert number is not None
    with database.writing() as connection:
        came = CallResult(verdict, 1, **said)
        probes.end(connection, number, came, believed=believed)


def test_the_state_of_a_cell(database: Database) -> None:
    """A cell keeps its last believed verdict, its start, later tries and the first name."""
    keep(database, V2, 0, Verdict.ANSWERS, answered_as="First")
    keep(database, V2, 1, Verdict.REFUSED, believed=False)
    keep(database, V2, 2, Verdict.REFUSED)
    keep(database, V2, 3, Verdict.REFUSED, said="no", accepted=("x", "y"), http_status=422)
    keep(database, V2, 4, Verdict.FAILING, believed=False, answered_as="Later")
    keep(database, V1, 5, Verdict.TIMEOUT, believed=False)
    with database.writing() as connection:
        probes.skip(connection, NAME, V2, AT + 6 * MINUTE, "images")
        probes.skip(connection, "other", V2, AT, "not ours")
        cells = probes.cells(connection, NAME)
        skips = probes.skips(connection, NAME)
        nothing = probes.cell(connection, NAME, Call("b", "chat-v2", None, 1, 1))
        assert probes.cell(connection, NAME, V1) == cells["a", "chat-v1"]
    known = cells["a", "chat-v2"]
    assert known.last is not None
    assert (known.verdict, known.since) == (Verdict.REFUSED, AT + 2 * MINUTE)
    assert known.last.result == CallResult(
        Verdict.REFUSED, 1, http_status=422, said="no", accepted=("x", "y")
    )
    assert [each.verdict for each in known.waiting] == [Verdict.FAILING]
    assert (known.first_as, known.newest) == ("First", known.waiting[0])
    unsure = cells["a", "chat-v1"]
    assert (unsure.verdict, unsure.since, unsure.key) == (None, None, "1")
    assert skips["a", "chat-v2"].result.said == "images"
    assert (nothing.newest, nothing.waiting, len(cells)) == (None, (), 2)


def test_the_budget_of_a_day(database: Database) -> None:
    """A call reserves its cost within the day's budget, which ends at midnight UTC."""
    assert begun(database, Call("a", "transcription", "1", 9, 0), AT)
    assert begun(database, Call("a", "transcription", "1", 2, 0), AT) is None
    assert begun(database, Call("a", "chat-v2", "1", 1, 101), AT) is None
    assert begun(database, Call("a", "chat-v2", "1", 1, 100), AT)
    assert begun(database, V2, AT) is None
    assert begun(database, V2, AT, provider="other")
    midnight = AT.replace(hour=0, minute=0, second=0) + DAY
    assert begun(database, V2, midnight - timedelta(seconds=1)) is None
    assert begun(database, V2, midnight)
    with database.reading() as connection:
        assert probes.spent(connection, NAME, AT) == Spent(10, 100)
        assert probes.spent(connection, NAME, midnight) == Spent(1, 10)
        assert probes.spent(connection, NAME, midnight + DAY) == Spent()


def test_a_process_that_died_has_paid(database: Database) -> None:
    """A try without an end counts as skipped at its full price, and is no verdict."""
    begun(database, V2, AT)
    assert ask(database, "select verdict, said, calls, tokens FROM probe") == [
        ("skipped", "cut off before it ended", 1, 10)
    ]
    with database.reading() as connection:
        assert probes.cells(connection, NAME) == {}


def test_the_verdicts_of_a_model_are_read_without_repeats(database: Database) -> None:
    """Only confirmed calls with another verdict than before on the same route are returned."""
    keep(database, V1, 0, Verdict.ANSWERS)
    keep(database, V2, 1, Verdict.REFUSED)
    keep(database, V1, 2, Verdict.ANSWERS)
    keep(database, V1, 3, Verdict.FAILING, believed=False)
    keep(database, V1, 4, Verdict.REFUSED, said="no")
    keep(database, V1, 5, Verdict.ANSWERS)
    keep(database, Call("b", "chat-v1", "2", 1, 1), 6, Verdict.ANSWERS)
    with database.reading() as connection:
        found = probes.verdict_changes(connection, NAME, "1")
    assert [(each.route, str(each.verdict), each.at) for each in found] == [
        ("chat-v1", "answers", AT),
        ("chat-v2", "refused", AT + MINUTE),
        ("chat-v1", "refused", AT + 4 * MINUTE),
        ("chat-v1", "answers", AT + 5 * MINUTE),
    ]
    assert found[2].result.said == "no"
