"""A pass from end to end on real parts, outcome by outcome."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MethodType

import pytest

from catalog.alerts.channel import Audience
from catalog.changes.change import Restored
from catalog.changes.finding import Level
from catalog.core.errors import SettingsInvalid
from catalog.core.payload import Answer, Validators
from catalog.providers.source import Source
from catalog.store.bodies import read
from catalog.store.polls import bodies
from tests.support.builders import body, row
from tests.support.database import outcomes
from tests.support.http_server import Exchange, Step, answer, break_off
from tests.support.rig import HOUR, START, TOKEN, Ear, rig

TEN = [row(id=key, name=f"m{key}") for key in range(1, 11)]
FULL = body(*TEN)
HALF = body(*TEN[:5])
EDITED = body(*TEN[:9], TEN[9] | {"max_token_input": 16000})


def ok(content: bytes, **headers: str) -> Step:
    """Answer 200 with a body."""
    return answer(body=content, headers={key.replace("_", "-"): headers[key] for key in headers})


def not_modified(exchange: Exchange) -> None:
    """Answer 304 if the request allows it, as a real server does."""
    assert exchange.request.headers["if-none-match"] == '"one"'
    assert exchange.request.headers["if-modified-since"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    exchange.send(304, {}, b"")


def test_first_changed_unchanged(tmp_path: Path) -> None:
    """The first poll stores a baseline, a change is alerted, and an unchanged poll is not."""
    with rig(tmp_path, ok(FULL), ok(EDITED)) as it:
        first, changed, unchanged = it.poll(), it.poll(), it.poll()
        assert [str(each.poll.outcome) for each in (first, changed, unchanged)] == [
            *("first", "changed", "unchanged")
        ]
        assert [each.snapshot for each in (first, changed, unchanged)] == [1, 2, 2]
        written = [each.document.written for each in (first, changed, unchanged) if each.document]
        assert written == [True, True, False]
        assert it.ear.rules == [["limit-lowered"]]
        assert it.ear.messages[0].at == START + 2 * HOUR
        assert "| 16,000 |" in it.document.read_text()


def test_a_304_is_an_unchanged_poll(tmp_path: Path) -> None:
    """ETag and Last-Modified go into the next request, also after a 304 that names neither."""
    seen = {"ETag": '"one"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
    with rig(tmp_path, answer(body=FULL, headers=seen), not_modified, not_modified) as it:
        assert it.outcomes(3) == ["first", "unchanged", "unchanged"]
        assert it.rows("select http_status, etag from poll") == [(200, '"one"'), *[(304, None)] * 2]


def test_validators_that_no_header_can_carry_are_not_sent(tmp_path: Path) -> None:
    """An ETag with letters of any kind does not end the polling."""
    odd = {"ETag": '"caf\u00e9"', "Last-Modified": "h\u00e9"}
    with rig(tmp_path, answer(body=FULL, headers=odd)) as it:
        assert it.outcomes(2) == ["first", "unchanged"]
        assert "if-none-match" not in it.server.requests[1].headers


@pytest.mark.parametrize("status", [204, 206])
def test_part_of_an_answer_is_none(tmp_path: Path, status: int) -> None:
    """Another success than 200 is a failed poll, not a small catalog."""
    with rig(tmp_path, ok(FULL), answer(status, b"" if status == 204 else HALF)) as it:
        assert it.outcomes(2) == ["first", "failed"]


def test_order_and_spelling_mean_nothing(tmp_path: Path) -> None:
    """Another order of rows and other spaces are stored as evidence and are no change."""
    other = json.dumps(json.loads(body(*TEN[::-1])), indent=1).encode()
    with rig(tmp_path, ok(FULL), ok(other), ok(other)) as it:
        assert it.outcomes(3) == ["first", "unchanged", "unchanged"]
        assert it.rows("select count(*) from payload") == [(2,)]
        assert it.rows("select count(*) from snapshot") == [(1,)]


def test_a_held_answer_gives_no_validators(tmp_path: Path) -> None:
    """The validators of a held answer are not sent, because a 304 would confirm it."""
    sent: list[str | None] = []

    def half(exchange: Exchange) -> None:
        sent.append(exchange.request.headers.get("if-none-match"))
        exchange.send(200, {"ETag": '"half"'}, HALF)

    with rig(tmp_path, ok(FULL, ETag='"full"'), half) as it:
        assert it.outcomes(3) == ["first", "held", "held"]
        assert sent == ['"full"', '"full"']


def test_held_until_three_polls_say_the_same(tmp_path: Path) -> None:
    """A held state is alerted once and accepted at the third poll in a row."""
    with rig(tmp_path, ok(FULL), ok(HALF)) as it:
        assert it.outcomes(3) == ["first", "held", "held"]
        assert "| `m9` |" in it.document.read_text()
        assert it.ear.rules == [["catalog-held"]]
        assert it.outcomes() == ["changed"]
        assert it.ear.rules == [["catalog-held"], ["model-removed"] * 5]
        assert it.rows("select outcome, snapshot_id from poll") == [
            *(("first", 1), ("held", 1), ("held", 1), ("changed", 2))
        ]


def test_polls_in_quick_succession_do_not_confirm(tmp_path: Path) -> None:
    """Polls less than ten minutes apart count as one."""
    with rig(tmp_path, ok(FULL), ok(HALF)) as it:
        it.poll()
        assert it.outcomes(10, later=timedelta(minutes=1)) == ["held"] * 10
        assert it.outcomes(2, later=timedelta(minutes=10)) == ["held", "changed"]


def test_another_held_state_restarts_the_count(tmp_path: Path) -> None:
    """Only three polls that lack the same models count, without failed ones."""
    third = body(*TEN[:4])
    steps = [ok(FULL), ok(HALF), ok(third), answer(503), ok(third), ok(third)]
    with rig(tmp_path, *steps) as it:
        assert it.outcomes(6) == ["first", "held", "held", "failed", "held", "changed"]
        assert it.ear.rules[0] == ["catalog-held"]
        assert len(it.ear.rules) == 2


def test_a_return_to_the_baseline_resets_the_count(tmp_path: Path) -> None:
    """A poll that shows the old state ends the row of held polls."""
    with rig(tmp_path, *map(ok, (FULL, HALF, HALF, FULL, HALF, HALF, HALF))) as it:
        expected = ["first", "held", "held", "unchanged", "held", "held", "changed"]
        assert it.outcomes(7) == expected


def test_accept_applies_what_is_held(tmp_path: Path) -> None:
    """With accept the held state becomes the baseline."""
    with rig(tmp_path, ok(FULL), ok(HALF)) as it:
        assert it.outcomes(2) == ["first", "held"]
        assert it.poll(accept=True).snapshot == 2


def test_an_empty_first_answer_is_held(tmp_path: Path) -> None:
    """A held first answer makes no document and no snapshot."""
    with rig(tmp_path, ok(body()), ok(FULL)) as it:
        held = it.poll()
        assert (held.poll.outcome, held.snapshot, held.document) == ("held", None, None)
        assert not it.document.exists()
        assert it.outcomes() == ["first"]


def test_an_invalid_answer_is_evidence(tmp_path: Path) -> None:
    """An invalid answer is stored and alerted once, and the baseline stays."""
    broken = body(*TEN[:3], TEN[0])
    with rig(tmp_path, ok(FULL), ok(broken), ok(broken), ok(FULL), ok(broken)) as it:
        assert it.outcomes(5) == ["first", "invalid", "invalid", "unchanged", "invalid"]
        assert it.ear.rules == [["payload-invalid"], ["trouble-ended"], ["payload-invalid"]]
        (error,) = set(it.rows("select error from poll where outcome = 'invalid'"))
        assert "$.data[3].id" in error[0]
        assert it.rows("select count(*) from payload") == [(2,)]
        assert it.rows("select distinct snapshot_id from poll") == [(1,)]


@pytest.mark.parametrize("step", [answer(500), answer(401), answer(302), break_off()])
def test_a_failed_poll_moves_nothing(tmp_path: Path, step: Step) -> None:
    """A provider in trouble is recorded with its error, and the document stays."""
    with rig(tmp_path, ok(FULL), step, ok(FULL)) as it:
        it.poll()
        before = it.document.read_bytes()
        failed = it.poll()
        assert failed.poll.outcome == "failed"
        assert failed.poll.error is not None
        assert it.document.read_bytes() == before
        assert it.outcomes() == ["unchanged"]
        assert it.ear.rules == []


def test_drift_is_reported_once(tmp_path: Path) -> None:
    """A new field is reported once."""
    steps = [ok(FULL)]
    for size in (7000, 8000):
        rows = [*TEN[:9], TEN[9] | {"price": 1, "max_token_input": size}]
        steps.append(ok(body(*rows)))
    with rig(tmp_path, *steps) as it:
        it.outcomes(3)
        assert it.ear.rules == [
            ["limit-lowered", "field-changed", "schema-drift"],
            ["limit-raised"],
        ]


def test_restored_with_the_time_away(tmp_path: Path) -> None:
    """A returning model is restored with the time of its absence."""
    with rig(tmp_path, ok(FULL), ok(body(*TEN[:9])), ok(FULL)) as it:
        it.outcomes(2)
        (restored,) = it.poll().poll.findings
        assert isinstance(restored.change, Restored)
        assert restored.change.gone_since == START + 2 * HOUR
        assert "restored after 1 hour" in it.document.read_text()


def test_a_dry_run_shows_all_and_writes_nothing(tmp_path: Path) -> None:
    """A dry run returns the changes, and writes no file, row or message."""
    with rig(tmp_path, ok(FULL), ok(EDITED)) as it:
        it.poll()
        before = (it.document.read_bytes(), it.rows("select * from poll"))
        dry = it.poll(dry_run=True)
        assert [each.rule for each in dry.poll.findings] == ["limit-lowered"]
        assert dry.document is not None
        assert dry.document.written
        assert (it.document.read_bytes(), it.rows("select * from poll")) == before
        assert it.ear.messages == []
        assert it.outcomes() == ["changed"]


def test_a_refused_message_stays_pending(tmp_path: Path) -> None:
    """A refused message is sent by the next pass, with the same id and in order."""
    other = Ear("other")
    steps = [ok(FULL), ok(EDITED), ok(body(*TEN[:9])), ok(body(*TEN[:9]))]
    with rig(tmp_path, *steps) as it:
        it.sync = replace(it.sync, channels=(it.ear, other))
        it.poll()
        it.ear.deaf = True
        waiting = [each for _ in range(2) for each in it.poll().pending]
        assert [(each.channel, each.messages, each.error) for each in waiting] == [
            ("ear", number, "channel ear is deaf") for number in (1, 2)
        ]
        assert it.rows("select distinct attempts, error from delivery where channel = 'ear'") == [
            *((2, "channel ear is deaf"), (0, None))
        ]
        it.ear.deaf = False
        assert it.poll().pending == ()
        expected = [["limit-lowered"], ["model-removed"]]
        assert (it.ear.rules, other.rules) == (expected, expected)
        assert it.poll().pending == ()
        assert len(it.ear.messages) == len(other.messages) == 2
        assert it.ear.messages[0].id != other.messages[0].id


def test_a_channel_gets_only_its_audience(tmp_path: Path) -> None:
    """A channel gets only findings of its audience."""
    quiet = Ear("quiet", Audience(Level.BREAKING))
    more = ok(body(*TEN, row(id=11, name="new")))
    with rig(tmp_path, ok(FULL), more, more, ok(FULL)) as it:
        it.sync = replace(it.sync, channels=(it.ear, quiet))
        it.outcomes(4)
        assert it.ear.rules == [["model-added"], ["model-removed"]]
        assert quiet.rules == [["model-removed"]]


def test_a_document_that_cannot_be_written_harms_nothing(tmp_path: Path) -> None:
    """A failed document is reported, and the next pass writes it."""
    with rig(tmp_path, ok(FULL), ok(EDITED), ok(EDITED)) as it:
        it.document.mkdir()
        it.poll()
        broken = it.poll()
        assert broken.document_error is not None
        assert it.ear.rules == [["limit-lowered"]]
        it.document.rmdir()
        mended = it.poll()
        assert (mended.poll.outcome, mended.document_error) == ("unchanged", None)
        assert "| 16,000 |" in it.document.read_text()


def test_no_document_is_wanted(tmp_path: Path) -> None:
    """Without a publisher a pass stores and alerts, but writes no document."""
    with rig(tmp_path, ok(FULL)) as it:
        it.sync = replace(it.sync, publisher=None)
        assert it.poll().document is None
        assert [path.name for path in tmp_path.glob("*.md")] == []


def test_another_process_was_faster(tmp_path: Path) -> None:
    """If another pass stores a change during a fetch, the older answer is fetched again."""
    newest = body(*TEN[:9], TEN[9] | {"max_token_input": 8000})
    with rig(tmp_path, ok(FULL), ok(EDITED), ok(newest)) as it:
        it.poll()
        fetch, overtaken = it.sync.fetch, iter([True])

        def slow(validators: Validators) -> Answer:
            answered = fetch(validators)
            if next(overtaken, False):
                replace(it.sync, fetch=fetch).run()
            return answered

        it.sync = replace(it.sync, fetch=slow)
        it.poll()
        assert outcomes(it.file) == ["first", "changed", "unchanged"]
        assert "| 8,000 |" in it.document.read_text()
        assert it.ear.rules == [["limit-lowered"]]


def test_without_a_token_nothing_is_asked_or_recorded(tmp_path: Path) -> None:
    """A missing token is a configuration error, without a request or a database."""
    with rig(tmp_path, ok(FULL)) as it:
        it.file.unlink()
        assert isinstance(it.sync.fetch, MethodType)
        source = it.sync.fetch.__self__
        assert isinstance(source, Source)
        it.sync = replace(it.sync, fetch=replace(source, token=None).fetch)
        with pytest.raises(SettingsInvalid) as caught:
            it.poll()
        assert "INFOMANIAK_API_TOKEN_FILE" in caught.value.hint
        assert it.server.requests == []
        assert not it.file.exists()


def test_the_token_is_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A token that the provider echoes reaches no file, row or log."""
    caplog.set_level("DEBUG")

    def echo(exchange: Exchange) -> None:
        token = exchange.request.headers["authorization"].split()[1]
        assert token == TOKEN
        rows = [*TEN, row(id=99, name=f"x {token}")]
        exchange.send(200, {"ETag": f'"{token}"'}, body(*rows, note=token))

    def refuse(exchange: Exchange) -> None:
        text = json.dumps({"result": "error", "error": {"code": TOKEN, "description": TOKEN}})
        exchange.send(401, {"WWW-Authenticate": TOKEN}, text.encode())

    def break_contract(exchange: Exchange) -> None:
        exchange.send(200, {}, f'{{"result": "{TOKEN}"}}'.encode())

    with rig(tmp_path, echo, refuse, break_contract, ok(TOKEN.encode())) as it:
        assert it.outcomes(4) == ["first", "failed", "invalid", "invalid"]
        it.sync.database.close()
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        with it.sync.database.reading() as connection:
            kept += b"".join(read(connection, each) for each in bodies(connection))
        assert TOKEN.encode() not in kept
        assert TOKEN not in caplog.text + repr(it.sync) + repr(it.ear.messages)
