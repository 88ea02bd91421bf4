import json
import socket
import time
import tomllib
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

import catalog
from catalog.errors import (
    AnswerRefused,
    AnswerTooLarge,
    Forbidden,
    ProviderError,
    ProviderFailing,
    RateLimited,
    RouteMissing,
    SettingsInvalid,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from catalog.http.client import Http
from catalog.http.request import Limits, Request
from tests.servers import (
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
)

ROOT = Path(__file__).parents[2]
FAST = Limits(deadline=5, max_bytes=100_000, attempts=3, retry_for=5, backoff=0)
SHORT = Limits(deadline=0.3, backoff=0)


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    """Give one client for all tests, which does not wait between its attempts."""
    with Http(FAST) as client:
        yield client


def api_error(code: str, description: str) -> bytes:
    """Write an error as the API does."""
    error = {"code": code, "description": description}
    return json.dumps({"result": "error", "error": error}).encode()


def test_the_whole_answer_comes_back(http: Http) -> None:
    """Status, headers by their lower-case names and the body as sent are handed on."""
    with serve(answer(201, b'{"a": 1}', {"ETag": '"v1"'})) as server:
        response = http.send(Request(f"{server.url}/1/ai/models?with=pricing"))
    assert (response.status, response.headers["etag"], response.body) == (201, '"v1"', b'{"a": 1}')
    assert server.requests[0].path == "/1/ai/models?with=pricing"


def test_method_headers_and_body_are_sent(http: Http) -> None:
    """A webhook's POST arrives as it was made."""
    with serve() as server:
        http.send(Request(server.url, "POST", {"X-Mark": "1"}, b"hello"))
    request = server.requests[0]
    assert (request.method, request.headers["x-mark"], request.body) == ("POST", "1", b"hello")


def test_it_says_who_asks(http: Http) -> None:
    """The provider sees the program's name and version, the same as in pyproject.toml."""
    with serve() as server:
        http.send(Request(server.url))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert catalog.__version__ == project["version"]
    assert server.requests[0].headers["user-agent"] == f"model-catalog/{project['version']}"


def test_one_connection_serves_many_requests(http: Http) -> None:
    """Neither 304 nor an error costs the connection."""
    with serve(answer(), answer(304, b""), answer(404, b"<html>"), answer()) as server:
        request = Request(server.url, headers={"If-None-Match": '"v1"'})
        assert [http.send(request).status for _ in range(2)] == [200, 304]
        with pytest.raises(RouteMissing):
            http.send(request)
        assert http.send(request).status == 200
        assert server.connections == 1


def test_a_name_with_several_addresses_is_tried_one_by_one(http: Http) -> None:
    """`localhost` is reached although the server listens on 127.0.0.1 alone."""
    with serve() as server:
        assert http.send(Request(f"http://localhost:{server.port}")).status == 200


def test_a_url_that_only_the_client_cannot_read_is_a_mistake_in_the_settings(http: Http) -> None:
    """An impossible address is told before anything is sent."""
    with pytest.raises(SettingsInvalid, match=r"the URL for 999\.1\.1\.1/ cannot be read"):
        http.send(Request("https://999.1.1.1/"))


@pytest.mark.parametrize(
    ("step", "status"),
    [(silence, None), (drip_headers(), None), (drip(), 200), (drip(206), 206)],
    ids=["silence", "dripping headers", "dripping body", "dripping part"],
)
def test_the_deadline_cuts_a_slow_server(step: Step, status: int | None) -> None:
    """Silence and one byte at a time both end at about the deadline, and are not tried again."""
    started = time.monotonic()
    with serve(step) as server, Http(SHORT) as http:
        with pytest.raises(TimedOut, match=r"no whole answer within 0\.3 s") as caught:
            http.send(Request(server.url))
        assert 0.25 < time.monotonic() - started < 2
        assert (len(server.requests), caught.value.status) == (1, status)


def test_without_time_nothing_is_sent() -> None:
    """An exchange whose deadline is over before it begins opens no connection."""
    with serve() as server, Http(Limits(deadline=0)) as http:
        with pytest.raises(TimedOut):
            http.send(Request(server.url))
        assert server.connections == 0


def test_the_deadline_cuts_a_silent_handshake() -> None:
    """A port that takes connections and never speaks TLS does not hold the poll."""
    with socket.create_server(("127.0.0.1", 0)) as listener, Http(SHORT) as http:
        request = Request(f"https://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(TimedOut):
            http.send(request)


def test_the_time_for_all_attempts_cuts_a_single_one() -> None:
    """An attempt gets no more time than is left for all of them."""
    limits = Limits(retry_for=0.2, backoff=0)
    with serve(silence) as server, Http(limits) as http, pytest.raises(TimedOut):
        http.send(Request(server.url))


def test_the_size_is_capped_before_the_body_is_read(http: Http) -> None:
    """An answer that announces too many bytes is refused without waiting for one of them."""

    def announce(exchange: Exchange) -> None:
        exchange.head(200, {"Content-Length": "100001"})
        silence(exchange)

    with serve(announce) as server:
        with pytest.raises(AnswerTooLarge, match="more than 100,000 bytes") as caught:
            http.send(Request(server.url))
        assert (len(server.requests), caught.value.status) == (1, 200)


def test_the_size_is_capped_while_the_body_is_read(http: Http) -> None:
    """An answer that does not say how long it is is cut at the cap."""
    with serve(flood(1_000_000)) as server:
        with pytest.raises(AnswerTooLarge):
            http.send(Request(server.url))
        assert len(server.requests) == 1


def test_an_answer_of_just_the_allowed_size_is_taken(http: Http) -> None:
    """The cap itself is still allowed."""
    with serve(answer(body=b" " * 100_000)) as server:
        assert len(http.send(Request(server.url)).body) == 100_000


def test_a_compression_bomb_is_not_unfolded(http: Http) -> None:
    """No compression is asked for, and what comes compressed all the same is refused."""
    with serve(gzip_bomb(20_000_000)) as server:
        with pytest.raises(AnswerRefused, match="content encoding gzip") as caught:
            http.send(Request(server.url))
        assert (len(server.requests), caught.value.status) == (1, 200)
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_the_encoding_that_changes_nothing_is_taken(http: Http) -> None:
    """`Content-Encoding: identity` is odd and harmless."""
    with serve(answer(headers={"Content-Encoding": "Identity"})) as server:
        assert http.send(Request(server.url)).body == b"{}"


@pytest.mark.parametrize(
    ("status", "kind", "requests"),
    [
        (400, AnswerRefused, 1),
        (401, Unauthorized, 1),
        (403, Forbidden, 1),
        (404, RouteMissing, 1),
        (408, ProviderFailing, 3),
        (422, AnswerRefused, 1),
        (425, ProviderFailing, 3),
        (429, RateLimited, 3),
        (500, ProviderFailing, 3),
        (503, ProviderFailing, 3),
        (599, ProviderFailing, 3),
        (600, AnswerRefused, 1),
        (304, AnswerRefused, 1),
        (300, AnswerRefused, 1),
    ],
)
def test_a_status_has_its_error(
    http: Http, status: int, kind: type[ProviderError], requests: int
) -> None:
    """Each status raises its own error; only those that may pass are tried again."""
    with serve(answer(status, b"")) as server, pytest.raises(ProviderError) as caught:
        http.send(Request(f"{server.url}/1/ai/models"))
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert str(caught.value) == f"127.0.0.1:{server.port}/1/ai/models answered {status}"
    assert caught.value.hint
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            api_error("not_authorized", "Authorization required"),
            ": not_authorized: Authorization required",
        ),
        (b'{"error": {"code": "a"}}', ": a"),
        (b'{"error": {"description": "b"}}', ": b"),
        (b'{"error": {"code": 1}}', ""),
        (b'{"error": "no"}', ""),
        (b"[]", ""),
        (b"<html><h1>401</h1></html>", ""),
        (b"\xff", ""),
        (b"[" * 60_000, ""),
    ],
)
def test_an_error_quotes_what_the_api_says(http: Http, body: bytes, text: str) -> None:
    """The API's own words are in the error where they have the known shape, and nothing else is."""
    with serve(answer(401, body)) as server, pytest.raises(Unauthorized) as caught:
        http.send(Request(server.url))
    assert str(caught.value) == f"127.0.0.1:{server.port} answered 401{text}"


def test_a_quote_is_one_short_harmless_line(http: Http) -> None:
    """No control character, line break or endless text gets from the API into a terminal."""
    body = api_error("a\x1b[31m", "b\r\nc\u202e" + "x" * 999)
    with serve(answer(422, body)) as server, pytest.raises(AnswerRefused) as caught:
        http.send(Request(server.url))
    assert ": a [31m: b c xxx" in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) == 200


@pytest.mark.parametrize("step", [drip(401), break_off(401), flood(10_000_000, 401)])
def test_the_status_counts_even_if_the_error_is_cut(step: Step) -> None:
    """A wrong token is told as such although the rest of the answer is late, broken or huge."""
    limits = Limits(deadline=0.6)
    with serve(step) as server, Http(limits) as http, pytest.raises(Unauthorized):
        http.send(Request(server.url))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(http: Http, status: int) -> None:
    """The token does not travel; the error names the other host and nothing more."""
    with serve() as other:
        place = f"{other.url.replace('127.0.0.1', 'localhost')}/elsewhere?key=1"
        script = answer(status, b"", {"Location": place})
        with serve(script) as server, pytest.raises(AnswerRefused) as caught:
            http.send(Request(server.url))
    assert str(caught.value).endswith(
        f"answered {status}: a redirect to localhost, which is not followed"
    )
    assert (len(server.requests), len(other.requests)) == (1, 0)


def test_a_redirect_to_nowhere_is_refused(http: Http) -> None:
    """A target that cannot be read is no reason to try again."""
    script = answer(302, b"", {"Location": "https://[::1"})
    with serve(script) as server, pytest.raises(AnswerRefused, match="cannot be read"):
        http.send(Request(server.url))
    assert len(server.requests) == 1


def test_unchanged_is_an_answer_to_a_conditional_request(http: Http) -> None:
    """The validators are sent, and 304 comes back without a body, whatever it says of encodings."""
    with serve(answer(304, b"", {"ETag": '"v1"', "Content-Encoding": "gzip"})) as server:
        response = http.send(Request(server.url, headers={"If-Modified-Since": formatdate()}))
    assert (response.status, response.headers["etag"], response.body) == (304, '"v1"', b"")


@pytest.mark.parametrize("step", [answer(503), answer(429), hang_up, break_off()])
def test_a_trouble_that_passes_is_not_noticed(http: Http, step: Step) -> None:
    """A failing, dropped or broken-off answer is asked for again."""
    with serve(step, answer()) as server:
        assert http.send(Request(server.url)).status == 200
    assert len(server.requests) == 2


def test_without_retry_there_is_one_attempt(http: Http) -> None:
    """A caller that has its own schedule gets the first error."""
    with serve(answer(503), answer()) as server, pytest.raises(ProviderFailing):
        http.send(Request(server.url), retry=False)
    assert len(server.requests) == 1


def test_a_refused_connection_is_tried_again(http: Http, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody listening is told as such, after all attempts."""
    with refusing() as url, pytest.raises(Unreachable) as caught:
        http.send(Request(url))
    assert "could not be read: Connection refused" in str(caught.value)
    assert caught.value.status is None
    warnings = [record.getMessage() for record in caplog.records]
    assert [text[:16] for text in warnings] == ["attempt 1 failed", "attempt 2 failed"]
    assert "Connection refused; trying again in 0.0 s" in warnings[0]


def test_a_broken_answer_keeps_its_status(http: Http) -> None:
    """A webhook that was accepted and then broke off can be told from one that was not."""
    with serve(break_off()) as server, pytest.raises(Unreachable) as caught:
        http.send(Request(server.url))
    assert caught.value.status == 200


@pytest.mark.parametrize("wish", ["0", formatdate(0, usegmt=True)])
def test_a_wait_that_is_over_is_honored(wish: str) -> None:
    """Both forms of `Retry-After` are read, and take the place of the backoff."""
    limited = answer(429, headers={"Retry-After": wish})
    with serve(limited, answer()) as server, Http(Limits(backoff=10)) as http:
        assert http.send(Request(server.url)).status == 200


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_wait_that_is_too_long_is_not_begun(form: str) -> None:
    """If the server asks for more time than there is, it is told at once, with the time."""
    started = time.monotonic()
    wish = "3600" if form == "seconds" else formatdate(time.time() + 3600, usegmt=True)
    limited = answer(429, headers={"Retry-After": wish})
    with serve(limited) as server, Http() as http, pytest.raises(RateLimited) as caught:
        http.send(Request(server.url))
    assert caught.value.retry_after == pytest.approx(3600, abs=60)
    assert (len(server.requests), time.monotonic() - started < 5) == (1, True)
