import tomllib
from email.utils import formatdate

import pytest

import catalog
from catalog.core.errors import (
    AnswerRefused,
    Forbidden,
    ProviderError,
    ProviderFailing,
    RateLimited,
    RouteMissing,
    SettingsInvalid,
    Unauthorized,
)
from catalog.core.http.client import Http
from catalog.core.http.request import Limits, Request
from tests.support.checkout import ROOT
from tests.support.http_server import Step, answer, api_error, break_off, drip, flood, serve


def test_the_whole_answer_comes_back(http: Http) -> None:
    """A response has the status, the headers in lower case, and the body as sent."""
    with serve(answer(201, b'{"a": 1}', {"ETag": '"v1"'})) as server:
        response = http.send(Request(f"{server.url}/1/ai/models?with=pricing"))
    assert (response.status, response.headers["etag"], response.body) == (201, '"v1"', b'{"a": 1}')
    assert server.requests[0].path == "/1/ai/models?with=pricing"


def test_method_headers_and_body_are_sent(http: Http) -> None:
    """A webhook's POST arrives unchanged."""
    with serve() as server:
        http.send(Request(server.url, "POST", {"X-Mark": "1"}, b"hello"))
    request = server.requests[0]
    assert (request.method, request.headers["x-mark"], request.body) == ("POST", "1", b"hello")


def test_the_user_agent_names_the_program(http: Http) -> None:
    """The provider sees the program's name and version, the same as in pyproject.toml."""
    with serve() as server:
        http.send(Request(server.url))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert catalog.__version__ == project["version"]
    assert server.requests[0].headers["user-agent"] == f"model-catalog/{project['version']}"


def test_one_connection_serves_many_requests(http: Http) -> None:
    """A 304 or an error keeps the connection open."""
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
    """An impossible address is a configuration error before any request."""
    with pytest.raises(SettingsInvalid, match=r"the URL for 999\.1\.1\.1/ cannot be read"):
        http.send(Request("https://999.1.1.1/"))


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
    """Each status raises its own error, and only temporary ones are retried."""
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
        (b'{"error": "no"}', ": no"),
        (b'{"error": {"message": "c", "type": "d"}}', ": d: c"),
        (b'{"errors": [{"message": "e"}]}', ": e"),
        (b"[]", ""),
        (b"<html><h1>401</h1></html>", ""),
        (b"\xff", ""),
        (b"[" * 60_000, ""),
    ],
)
def test_an_error_quotes_the_message_of_the_api(http: Http, body: bytes, text: str) -> None:
    """An error quotes the API's message in the shapes that providers document."""
    with serve(answer(401, body)) as server, pytest.raises(Unauthorized) as caught:
        http.send(Request(server.url))
    assert str(caught.value) == f"127.0.0.1:{server.port} answered 401{text}"


def test_a_quote_is_one_short_harmless_line(http: Http) -> None:
    """A quote of the API has no control character or line break, and a limited length."""
    body = api_error("a\x1b[31m", "b\r\nc\u202e" + "x" * 999)
    with serve(answer(422, body)) as server, pytest.raises(AnswerRefused) as caught:
        http.send(Request(server.url))
    assert ": a [31m: b c xxx" in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) == 200


@pytest.mark.parametrize(
    "step",
    [pytest.param(drip(401), marks=pytest.mark.long), break_off(401), flood(10_000_000, 401)],
)
def test_the_status_counts_even_if_the_error_is_cut(step: Step) -> None:
    """A wrong token is reported even if the rest of the answer is cut."""
    limits = Limits(deadline=2)
    with serve(step) as server, Http(limits) as http, pytest.raises(Unauthorized):
        http.send(Request(server.url))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(http: Http, status: int) -> None:
    """A redirect is not followed, and the error names only the other host."""
    with serve() as other:
        place = f"{other.url.replace('127.0.0.1', 'localhost')}/elsewhere?key=1"
        script = answer(status, b"", {"Location": place})
        with serve(script) as server, pytest.raises(AnswerRefused) as caught:
            http.send(Request(server.url))
    assert str(caught.value).endswith(
        f"answered {status}: a redirect to localhost, which is not followed"
    )
    assert (len(server.requests), len(other.requests)) == (1, 0)


@pytest.mark.parametrize("host", ["sesame-0123456789.example", "Sesame-0\t1234\t56789.example"])
def test_a_host_made_of_a_token_is_hidden(http: Http, host: str) -> None:
    """Small letters or tabs in a host do not reveal a token in the error."""
    script = answer(302, b"", {"Location": f"http://{host}/"})
    with serve(script) as server, pytest.raises(AnswerRefused) as caught:
        http.send(Request(server.url, secrets=("Sesame-0123456789",)))
    assert "a redirect to ***, which is not followed" in str(caught.value)


def test_a_redirect_to_nowhere_is_refused(http: Http) -> None:
    """A redirect to an unreadable target is not retried."""
    script = answer(302, b"", {"Location": "https://[::1"})
    with serve(script) as server, pytest.raises(AnswerRefused, match="cannot be read"):
        http.send(Request(server.url))
    assert len(server.requests) == 1


def test_unchanged_is_an_answer_to_a_conditional_request(http: Http) -> None:
    """A 304 has no body, even with a Content-Encoding header."""
    with serve(answer(304, b"", {"ETag": '"v1"', "Content-Encoding": "gzip"})) as server:
        response = http.send(Request(server.url, headers={"If-Modified-Since": formatdate()}))
    assert (response.status, response.headers["etag"], response.body) == (304, '"v1"', b"")
