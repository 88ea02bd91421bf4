import logging
import socket
import time
from email.utils import formatdate

import pytest

from catalog.core.errors import (
    AnswerRefused,
    AnswerTooLarge,
    ProviderFailing,
    RateLimited,
    TimedOut,
    Unreachable,
)
from catalog.core.http.client import CLOSED, Http
from catalog.core.http.request import Limits, Request
from tests.support.http_server import (
    Exchange,
    Step,
    answer,
    break_off,
    drip,
    drip_headers,
    flood,
    gzip_bomb,
    hang_up,
    refusing,
    serve,
    silence,
    unanswering,
)
from tests.support.rig import SHORT


@pytest.mark.long
@pytest.mark.parametrize(
    ("step", "status"),
    [(silence, None), (drip_headers(), None), (drip(), 200), (drip(201), 201)],
    ids=["silence", "dripping headers", "dripping body", "dripping 201"],
)
def test_the_deadline_cuts_a_slow_server(step: Step, status: int | None) -> None:
    """A silent server and a slow one are both cut at the deadline, without a retry."""
    started = time.monotonic()
    with serve(step) as server, Http(SHORT) as http:
        with pytest.raises(TimedOut, match="no complete answer within 1 s") as caught:
            http.send(Request(server.url))
        assert 0.95 < time.monotonic() - started < 10
        assert (len(server.requests), caught.value.status) == (1, status)


def test_without_time_nothing_is_sent() -> None:
    """An exchange whose deadline is over before it begins opens no connection."""
    with serve() as server, Http(Limits(deadline=0)) as http:
        with pytest.raises(TimedOut):
            http.send(Request(server.url))
        assert server.connections == 0


@pytest.mark.long
def test_a_connection_that_does_not_come_about_is_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A host that answers no connection attempt is unreachable."""
    caplog.set_level(logging.INFO, "catalog.core.http")
    limits = Limits(deadline=0.2, attempts=3, backoff=0)
    with unanswering() as url, Http(limits) as http, pytest.raises(Unreachable) as caught:
        http.send(Request(url))
    assert str(caught.value).endswith(" could not be read: no connection within 0.2 s")
    assert caught.value.status is None
    assert len(caplog.records) == 2


def test_the_time_for_all_attempts_holds_for_connecting_too() -> None:
    """A host that answers no connection attempt is unreachable after the whole time."""
    started = time.monotonic()
    limits = Limits(deadline=0.2, attempts=20, retry_for=0.5, backoff=0)
    with unanswering() as url, Http(limits) as http, pytest.raises(Unreachable):
        http.send(Request(url))
    assert 0.35 < time.monotonic() - started < 10


@pytest.mark.long
def test_a_silent_handshake_is_no_connection() -> None:
    """A port that accepts connections without TLS does not block the poll."""
    with socket.create_server(("127.0.0.1", 0)) as listener, Http(SHORT) as http:
        request = Request(f"https://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(Unreachable, match="no connection"):
            http.send(request)


def test_the_time_for_all_attempts_cuts_a_single_one() -> None:
    """An attempt gets no more time than is left for all of them."""
    limits = Limits(retry_for=0.2, backoff=0)
    with serve(silence) as server, Http(limits) as http, pytest.raises(TimedOut):
        http.send(Request(server.url))


def test_the_size_is_capped_before_the_body_is_read(http: Http) -> None:
    """An answer that announces too many bytes is refused before its body is read."""

    def announce(exchange: Exchange) -> None:
        exchange.head(200, {"Content-Length": "100001"})
        silence(exchange)

    with serve(announce) as server:
        with pytest.raises(AnswerTooLarge, match="more than 100,000 bytes") as caught:
            http.send(Request(server.url))
        assert (len(server.requests), caught.value.status) == (1, 200)


def test_the_size_is_capped_while_the_body_is_read(http: Http) -> None:
    """An answer without a length is cut at the size limit."""
    with serve(flood(1_000_000)) as server:
        with pytest.raises(AnswerTooLarge):
            http.send(Request(server.url))
        assert len(server.requests) == 1


def test_an_answer_of_just_the_allowed_size_is_taken(http: Http) -> None:
    """An answer of exactly the maximum size is accepted."""
    with serve(answer(body=b" " * 100_000)) as server:
        assert len(http.send(Request(server.url)).body) == 100_000


def test_a_compression_bomb_is_not_unfolded(http: Http) -> None:
    """The client asks for no compression and refuses a compressed answer."""
    with serve(gzip_bomb(20_000_000)) as server:
        with pytest.raises(AnswerRefused, match="content encoding gzip") as caught:
            http.send(Request(server.url))
        assert (len(server.requests), caught.value.status) == (1, 200)
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_the_encoding_that_changes_nothing_is_taken(http: Http) -> None:
    """`Content-Encoding: identity` is accepted."""
    with serve(answer(headers={"Content-Encoding": "Identity"})) as server:
        assert http.send(Request(server.url)).body == b"{}"


@pytest.mark.parametrize("step", [answer(503), answer(429), hang_up, break_off()])
def test_a_temporary_problem_is_not_noticed(http: Http, step: Step) -> None:
    """A failing, dropped or truncated answer is requested again."""
    with serve(step, answer()) as server:
        assert http.send(Request(server.url)).status == 200
    assert len(server.requests) == 2


def test_a_single_attempt_is_not_repeated(http: Http) -> None:
    """A caller with its own schedule gets the first error."""
    with serve(answer(503), answer()) as server, pytest.raises(ProviderFailing):
        http.send_once(Request(server.url), 5)
    assert len(server.requests) == 1


@pytest.mark.parametrize(("deadline", "seconds"), [(30, 0.3), (0.3, 30)])
def test_a_single_attempt_ends_with_the_shorter_time(deadline: float, seconds: float) -> None:
    """A single attempt ends at the deadline or the caller's time limit, whichever is first."""
    limits = Limits(deadline=deadline)
    with serve(drip_headers()) as server, Http(limits) as http, pytest.raises(TimedOut) as caught:
        http.send_once(Request(server.url), seconds)
    assert str(caught.value).endswith(" within 0.3 s")


def test_a_refused_connection_is_tried_again(http: Http, caplog: pytest.LogCaptureFixture) -> None:
    """A refused connection is retried, then reported."""
    caplog.set_level(logging.INFO, "catalog.core.http")
    with refusing() as url, pytest.raises(Unreachable) as caught:
        http.send(Request(url))
    assert "could not be read: Connection refused" in str(caught.value)
    assert caught.value.hint == CLOSED
    assert caught.value.status is None
    warnings = [record.getMessage() for record in caplog.records]
    assert [text[:16] for text in warnings] == ["attempt 1 failed", "attempt 2 failed"]
    assert "Connection refused; trying again in 0.0 s" in warnings[0]


def test_a_broken_answer_keeps_its_status(http: Http) -> None:
    """An answer that breaks off keeps its status in the error."""
    with serve(break_off()) as server, pytest.raises(Unreachable) as caught:
        http.send(Request(server.url))
    assert caught.value.status == 200


@pytest.mark.parametrize("wish", ["0", formatdate(0, usegmt=True)])
def test_a_wait_that_is_over_is_honored(wish: str) -> None:
    """Both forms of `Retry-After` are read and replace the backoff."""
    limited = answer(429, headers={"Retry-After": wish})
    with serve(limited, answer()) as server, Http(Limits(backoff=10)) as http:
        assert http.send(Request(server.url)).status == 200


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_wait_that_is_too_long_is_not_begun(form: str) -> None:
    """A requested wait that is too long fails immediately, with the time."""
    started = time.monotonic()
    wish = "3600" if form == "seconds" else formatdate(time.time() + 3600, usegmt=True)
    limited = answer(429, headers={"Retry-After": wish})
    with serve(limited) as server, Http() as http, pytest.raises(RateLimited) as caught:
        http.send(Request(server.url))
    assert caught.value.retry_after == pytest.approx(3600, abs=60)
    assert (len(server.requests), time.monotonic() - started < 5) == (1, True)
