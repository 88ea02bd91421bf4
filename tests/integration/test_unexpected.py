"""Unexpected exceptions in each part of a pass: the other parts continue."""

import logging
from contextlib import closing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Never, Self

import pytest

from catalog.alerts.channel import Message
from catalog.core.errors import (
    DatabaseUnreachable,
    InternalError,
    ProviderError,
    SettingsInvalid,
    StoreError,
)
from catalog.core.payload import Answer, Validators
from catalog.core.probe import Call, CallResult, Verdict
from catalog.providers.infomaniak.calls import Calls
from catalog.store.database import Database
from catalog.sync.publish import Publisher
from tests.support.builders import body, row
from tests.support.http_server import answer
from tests.support.postgresql_proxy import cut_connections
from tests.support.postgresql_server import new_database
from tests.support.probe_stand import CHAT_V1, llm, stand
from tests.support.rig import Ear, Rig, rig

TWO = (answer(body=body(row())), answer(body=body(row(), row(id=2, name="b"))))
SECRET = "tok-secret"
MISTAKE = "by a mistake of this program: LookupError at"


def surprise(*_: Any, **__: Any) -> Never:
    """Raise an unexpected error with a secret in its text."""
    raise LookupError(SECRET)


@dataclass
class Broken(Ear):
    """A channel that raises."""

    name: str = "broken"

    def send(self, message: Message) -> None:
        """Raise."""
        surprise(message)


class NoPublisher(Publisher):
    """A publisher that raises."""

    __slots__ = ()
    overview = surprise


def received_rules(it: Rig) -> list[list[str]]:
    """Poll twice and return the received rules."""
    it.poll()
    it.poll()
    return it.ear.rules


def test_a_channel_that_breaks_off_silences_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A channel that raises gets a failed attempt, and the other channel delivers."""
    caplog.set_level(logging.DEBUG)
    with rig(tmp_path, *TWO) as it:
        it.sync = replace(it.sync, channels=(Broken(), it.ear))
        assert received_rules(it) == [["model-added"]]
        sql = "select channel, state, attempts, next_at, error from delivery order by channel"
        broken, ear = it.rows(sql)
    assert broken[:3] == ("broken", "owed", 1)
    assert broken[3] is not None
    output = f"channel broken: the message could not be sent {MISTAKE}"
    assert broken[4].startswith(output)
    assert ear[:3] == ("ear", "delivered", 1)
    (error,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert error.getMessage().startswith(output)
    debug = [each.getMessage() for each in caplog.records if each.levelno == logging.DEBUG]
    assert any("in send: surprise(message)" in line for line in debug)
    assert SECRET not in caplog.text


def test_a_stored_message_that_cannot_be_read_silences_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An unreadable stored message stays pending, and the other channels deliver."""
    other = Ear("another")
    with rig(tmp_path, *TWO, TWO[0]) as it:
        it.sync = replace(it.sync, channels=(it.ear, other))
        it.ear.deaf = other.deaf = True
        it.poll()
        it.poll()
        with it.sync.database.writing() as connection:
            connection.exec_driver_sql("update delivery set next_at = null")
            connection.exec_driver_sql("delete from delivery where channel = 'another'")
            connection.exec_driver_sql("update finding set level = 'odd'")
        it.ear.deaf = other.deaf = False
        it.poll()
    assert it.ear.rules == []
    assert other.rules == [["model-withdrawn"]]
    assert "channel ear: sending stopped by a mistake of this program: " in caplog.text


def test_a_provider_that_breaks_off_is_a_failed_poll(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception in the fetch is a failed poll, and pending messages are sent."""
    with rig(tmp_path, *TWO) as it:
        it.poll()
        it.ear.deaf = True
        it.poll()
        it.ear.deaf = False
        it.sync = replace(it.sync, fetch=surprise)
        came = it.poll()
        assert isinstance(came.poll.error, ProviderError)
        assert came.poll.error.exit_code == 3
        last = it.rows("select outcome, error from poll order by id desc limit 1")
    assert it.ear.rules == [["model-added"]]
    assert last == [("failed", str(came.poll.error))]
    assert f"the poll of infomaniak failed {MISTAKE}" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_answer_that_breaks_off_the_judgment_is_a_failed_poll(
    tmp_path: Path, *, dry_run: bool
) -> None:
    """An exception after the answer is a failed poll and changes nothing."""

    class Levels(dict[str, Any]):
        get = __getitem__ = __contains__ = surprise

    with rig(tmp_path, *TWO, TWO[1]) as it:
        it.poll()
        policy = it.sync.policy
        it.sync = replace(it.sync, policy=replace(policy, levels=Levels(x=1)))
        came = it.poll(dry_run=dry_run)
        assert (str(came.poll.outcome), came.snapshot) == ("failed", 1)
        it.sync = replace(it.sync, policy=policy)
        assert it.outcomes() == ["changed"]


def test_a_document_that_breaks_off_keeps_no_message_back(tmp_path: Path) -> None:
    """An exception in the document has exit code 70, and the change is still alerted."""
    with rig(tmp_path, *TWO) as it:
        it.poll()
        publisher = it.sync.publisher
        assert publisher is not None
        odd = NoPublisher(
            **{each.name: getattr(publisher, each.name) for each in fields(publisher)}
        )
        it.sync = replace(it.sync, publisher=odd)
        came = it.poll()
        assert isinstance(came.document_error, InternalError)
        assert came.document_error.exit_code == 70
        assert it.ear.rules == [["model-added"]]


def test_errors_of_the_store_end_the_pass(tmp_path: Path) -> None:
    """A database that fails in the middle of a pass ends it: nothing could be recorded."""

    def fetch(_: Validators) -> Answer:
        raise StoreError("the disk is full")

    with rig(tmp_path, *TWO) as it:
        it.sync = replace(it.sync, fetch=fetch)
        with pytest.raises(StoreError, match="the disk is full"):
            it.poll()
        assert it.rows("select count(*) from poll") == [(0,)]


class OddCalls(Calls):
    """Calls that raise, fail and answer for three models."""

    __slots__ = ()

    def ask(self, call: Call) -> CallResult:
        """Raise, fail or answer."""
        if call.name == "a":
            surprise(call)
        if call.name == "b":
            raise SettingsInvalid("a URL cannot be read")
        return CallResult(Verdict.ANSWERS, 1)

    def served(self) -> frozenset[str]:
        """Raise."""
        surprise()

    def with_product(self) -> Self:
        """Return the product."""
        return self


def test_a_model_that_breaks_off_a_call_keeps_no_other_from_being_called(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One failing call does not stop the others, even if the second list fails too."""
    with stand(
        tmp_path, [[llm(1, "a", CHAT_V1), llm(2, "b", CHAT_V1), llm(3, "c", CHAT_V1)]]
    ) as it:
        calls = it.probing.calls
        odd = OddCalls(**{each.name: getattr(calls, each.name) for each in fields(calls)})
        came = replace(it.probing, calls=odd).run()
    output = {probe.name: (str(probe.verdict), probe.result.said) for probe in came.probes}
    assert output["a"][0] == output["b"][0] == "failing"
    assert f"the answer of a could not be read {MISTAKE}" in str(output["a"][1])
    assert output["b"][1] == "a URL cannot be read"
    assert output["c"] == ("answers", None)
    assert f"the second list could not be read {MISTAKE}" in caplog.text


def test_a_missing_token_ends_the_calls(tmp_path: Path) -> None:
    """A missing token ends the run."""

    class NoToken(OddCalls):
        __slots__ = ()

        def served(self) -> frozenset[str]:
            raise SettingsInvalid("no token")

    with stand(tmp_path, [[llm(1, "a", CHAT_V1)]]) as it:
        calls = it.probing.calls
        odd = NoToken(**{each.name: getattr(calls, each.name) for each in fields(calls)})
        with pytest.raises(SettingsInvalid, match="no token"):
            replace(it.probing, calls=odd).run()


def test_a_publisher_whose_store_fails_ends_the_pass(tmp_path: Path) -> None:
    """A store error in the publisher ends the pass."""

    class NoStore(Publisher):
        __slots__ = ()

        def overview(self, *_: Any) -> Never:
            raise StoreError("the disk is full")

    with rig(tmp_path, *TWO) as it:
        publisher = it.sync.publisher
        assert publisher is not None
        odd = NoStore(**{each.name: getattr(publisher, each.name) for each in fields(publisher)})
        it.sync = replace(it.sync, publisher=odd)
        with pytest.raises(StoreError, match="the disk is full"):
            it.poll()


def test_a_database_that_is_lost_while_a_message_is_sent_ends_the_pass(tmp_path: Path) -> None:
    """A database lost during a delivery ends the pass."""

    class Destroyer(Ear):
        def send(self, message: Message) -> None:
            (tmp_path / "catalog.db").write_bytes(b"")
            super().send(message)

    with rig(tmp_path, *TWO) as it:
        it.sync = replace(it.sync, channels=(Destroyer("a"), it.ear))
        it.poll()
        with pytest.raises(StoreError, match="is an empty file"):
            it.poll()
    assert it.ear.rules == []


@pytest.mark.xdist_group("postgresql")
def test_only_a_lost_connection_is_an_unreachable_database(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A query error is not an unreachable database, but a cut connection is."""
    url = new_database(tmp_path_factory.getbasetemp() / "postgresql")
    database = Database(url)
    expected = pytest.raises(StoreError, match="does not exist")
    with expected as caught, closing(database), database.reading() as connection:
        connection.exec_driver_sql("select nothing")
    assert not isinstance(caught.value, DatabaseUnreachable)
    with cut_connections(url, (0,)) as (_, cut):
        database = Database(cut)
        with pytest.raises(DatabaseUnreachable), closing(database), database.reading():
            pass
