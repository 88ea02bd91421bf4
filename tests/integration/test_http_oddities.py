import logging
import traceback
from collections.abc import Mapping

import pytest

from catalog.core.errors import AnswerRefused, ProviderError, SettingsInvalid, Unreachable
from catalog.core.http.client import Http
from catalog.core.http.request import Request, Response
from tests.support.http_server import Exchange, Step, answer, serve
from tests.support.rig import TLS

PLACES = {
    "http://xn--a/": "a redirect to xn--a,",
    "https://xn--\u00e4.example/": "a redirect to ",
    "javascript:alert(1)": "an address that cannot be read",
    "data:text/html,x": "an address that cannot be read",
    "file://server/share": "an address that cannot be read",
    "http://": "a redirect to 127.0.0.1,",
    "http://[::1": "an address that cannot be read",
    "http://[v1.x]/": "a redirect to v1.x,",
    "http://a:99999999/": "a redirect to a,",
    "http://user:pass@b.example/": "a redirect to b.example,",
    "//c.example": "a redirect to c.example,",
    "/elsewhere": "a redirect to 127.0.0.1,",
    "": "a redirect to 127.0.0.1,",
    "\u00ff\u00fe": "a redirect to 127.0.0.1,",
    "http://" + "a." * 300: "a redirect to a.a.",
    "http://\u2100.example/": "an address that cannot be read",
    "?" * 20_000: "a redirect to 127.0.0.1,",
}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: repr(place[:24]))
@pytest.mark.parametrize("status", [301, 307])
def test_a_redirect_to_an_odd_place_is_refused(http: Http, place: str, status: int) -> None:
    """An answer with an odd `Location` is refused, and no second request is sent."""

    def step(exchange: Exchange) -> None:
        exchange.head(status, {"Content-Length": "0"})

    def redirect(exchange: Exchange) -> None:
        exchange.write(b"HTTP/1.1 %d Moved\r\nContent-Length: 0\r\n" % status)
        exchange.write(b"Location: " + place.encode() + b"\r\n\r\n")

    with serve(redirect, step) as server:
        with pytest.raises(AnswerRefused) as caught:
            http.send(Request(server.url))
        assert len(server.requests) == 1
    assert f"answered {status}: " in str(caught.value)
    assert PLACES[place] in str(caught.value)
    assert len(str(caught.value)) <= 200
    assert caught.value.status == status


HEADERS: list[Mapping[str, str]] = [
    {"Content-Length": "abc"},
    {"Content-Length": "-1"},
    {"Content-Length": "9" * 5000},
    {"Content-Length": "9" * 19},
    {"Content-Length": "2, 2"},
    {"Content-Length": "\u00b2"},
    {"Content-Encoding": "\u00e4"},
    {"Retry-After": "9" * 5000},
    {"Retry-After": "\u00b2"},
    {"Retry-After": "Mon, 99 Foo 99999 99:99:99 +9999999999"},
    {"Retry-After": "Mon, 1 Jan 0001 00:00:00 +2359"},
    {"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359"},
    {"Transfer-Encoding": "chunked, gzip"},
    {"Content-Type": "text/html; charset=\u00ff"},
    {"Set-Cookie": "a=\u00ff; expires=never"},
    {"X": "\u00ff" * 5000},
    {"\u00e4": "x"},
    {"Content-Length": "2\r\nContent-Length: 3"},
]


@pytest.mark.parametrize("status", [200, 304, 429])
@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: repr(headers)[:50])
def test_odd_headers_end_in_an_answer_or_an_error_of_the_provider(
    status: int, headers: Mapping[str, str]
) -> None:
    """Any header of a server gives an answer or a known error."""
    came: Response | ProviderError
    with serve(answer(status, b"{}", headers)) as server, Http(tls=TLS) as http:
        try:
            came = http.send_once(Request(server.url), 5)
        except ProviderError as error:
            came = error
    assert came.status in {status, None}


@pytest.mark.parametrize(
    "start",
    [
        *(b"", b"\r\n\r\n", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 20 OK\r\n\r\n"),
        *(b"HTTP/1.1 099 X\r\n\r\n", b"HTTP/1.1 999 X\r\n\r\n", b"HTTP/1.1 101 X\r\n\r\n"),
        *(b"\x16\x03\x01\x02\x00", b"HTTP/1.1 200 \xff\r\nA\r\n\r\n", b"HTTP/1.1 200 O\0K\r\n\r\n"),
    ],
)  # fmt: skip
def test_an_answer_that_is_no_http_is_an_error_of_the_provider(start: bytes) -> None:
    """A server with another protocol gives a known error."""

    def step(exchange: Exchange) -> None:
        exchange.write(start)
        exchange.hang_up()

    with serve(step) as server, Http() as http, pytest.raises((Unreachable, AnswerRefused)):
        http.send_once(Request(server.url), 5)


def test_a_part_of_an_answer_is_refused(http: Http) -> None:
    """A partial answer is refused."""
    part = answer(206, b'{"result": "success", "data": []}', {"Content-Range": "bytes 0-9/99"})
    with serve(part) as server:
        with pytest.raises(AnswerRefused, match="answered 206: a part of the answer") as caught:
            http.send(Request(server.url))
        assert caught.value.status == 206


@pytest.mark.parametrize("url", ["https://xn--a/", "https://xn--a.example/x"])
def test_a_url_of_ours_that_cannot_be_read_is_a_setting(http: Http, url: str) -> None:
    """A configured host that cannot be parsed is a configuration error."""
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        http.send(Request(url))


def test_an_unexpected_exception_is_refused_and_logged(
    http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected exception is one line, with its traceback at debug level."""

    class Odd(Request):
        __slots__ = ()

        def hide_bytes(self, body: bytes) -> bytes:
            raise LookupError(body)

    step: Step = answer(body=b"sesame")
    caplog.set_level(logging.DEBUG)
    output = r"could not be read by a mistake of this program: LookupError at .*:\d+"
    with serve(step) as server, pytest.raises(AnswerRefused, match=output) as caught:
        http.send(Odd(server.url))
    levels = [record.levelname for record in caplog.records if "LookupError" in record.getMessage()]
    assert levels == ["ERROR", "DEBUG", "DEBUG"]
    assert "in hide_bytes: raise LookupError(body)" in caplog.text
    assert "sesame" not in caplog.text + "".join(traceback.format_exception(caught.value))
