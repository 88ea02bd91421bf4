import json
import logging
import ssl
import traceback
from pathlib import Path

import pytest

from catalog.core.errors import AnswerRefused, ProviderError, TimedOut
from catalog.core.http.client import Http
from catalog.core.http.request import Limits, Request
from tests.support.http_server import (
    Exchange,
    Step,
    answer,
    api_error,
    break_off,
    drip,
    gzip_bomb,
    hang_up,
    make_certificate,
    refusing,
    serve,
    silence,
)
from tests.support.rig import FAST, SHORT

TOKEN = "Sesame-0123456789"


def echo(status: int) -> Step:
    """Repeat the whole request in body, header and error."""

    def step(exchange: Exchange) -> None:
        output = exchange.request.headers["authorization"]
        exchange.send(
            status, {"X-Echo": output, "Location": f"//{output[7:]}/"}, api_error("e", output)
        )

    return step


def asked(url: str) -> Request:
    """Make a request with the token in every possible place."""
    return Request(
        f"{url}/{TOKEN}?key={TOKEN}", headers={"Authorization": f"Bearer {TOKEN}"}, secrets=(TOKEN,)
    )


def test_an_echo_does_not_bring_the_token_back(http: Http) -> None:
    """A server that repeats the request cannot get the token into the database."""
    with serve(echo(200)) as server:
        response = http.send(asked(server.url))
    assert response.headers["x-echo"] == "Bearer ***"
    assert json.loads(response.body)["error"]["description"] == "Bearer ***"


def outcome(http: Http, request: Request) -> ProviderError:
    """Send the request and return its error."""
    try:
        http.send(request)
    except ProviderError as error:
        return error
    raise AssertionError(request)


@pytest.mark.parametrize(
    "step",
    [echo(307), echo(401), echo(503), break_off(), hang_up, gzip_bomb(9), silence],
)
def test_the_token_is_in_no_log_and_no_error(step: Step, caplog: pytest.LogCaptureFixture) -> None:
    """No error shows the token in a line, text, context or variable."""
    caplog.set_level(logging.DEBUG)
    with serve(step) as server, Http(SHORT) as http:
        error = outcome(http, asked(server.url))
    assert error.__cause__ is None
    assert error.__context__ is None
    # Skipped, because the first frame is of this file.
    trace = error.__traceback__
    frames = traceback.TracebackException(
        type(error), error, trace.tb_next if trace else None, capture_locals=True
    )
    shown = "".join(frames.format()) + repr(error)
    assert TOKEN.lower() not in shown.lower()
    assert TOKEN.lower() not in caplog.text.lower()
    assert "uthorization" not in caplog.text
    assert {record.name for record in caplog.records} == {"catalog.core.http"}


def test_each_attempt_is_one_line_of_the_debug_log(
    http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    """Each attempt is one debug line without the query."""
    caplog.set_level(logging.DEBUG, "catalog.core.http")
    with serve(answer(503), hang_up, answer(body=b"[1]")) as server:
        http.send(Request(f"{server.url}/1/ai/models?with=pricing"))
    lines = [r.getMessage() for r in caplog.records if r.levelno == logging.DEBUG]
    start = f"GET 127.0.0.1:{server.port}/1/ai/models:"
    assert [line.rpartition(",")[0] for line in lines] == [
        f"{start} 503, 0 bytes",
        f"{start} Unreachable, 0 bytes",
        f"{start} 200, 3 bytes",
    ]
    assert all(line.endswith(" ms") for line in lines)


def test_nothing_is_taken_from_the_surroundings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A proxy variable and a `.netrc` password are not used."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password s3cret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    with refusing() as proxy, serve() as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        with Http(FAST) as fresh:
            assert fresh.send(Request(server.url)).status == 200
    assert "authorization" not in server.requests[0].headers


def test_no_cookie_is_kept(http: Http) -> None:
    """Cookies are not kept between requests."""
    with serve(answer(headers={"Set-Cookie": "who=me"})) as server:
        http.send(Request(server.url))
        http.send(Request(server.url))
    assert "cookie" not in server.requests[1].headers


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a self-signed certificate for 127.0.0.1 and its key."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def identity(certificate: Path) -> ssl.SSLContext:
    """Give a server that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_an_untrusted_certificate_is_refused(http: Http, identity: ssl.SSLContext) -> None:
    """A request with its token is not sent to a server with an untrusted certificate."""
    with serve(tls=identity) as server:
        with pytest.raises(AnswerRefused, match=r"is not trusted: self.signed certificate"):
            http.send(asked(server.url))
        assert (server.requests, server.connections) == ([], 1)


def test_a_certificate_for_another_host_is_refused(
    identity: ssl.SSLContext, certificate: Path
) -> None:
    """A trusted certificate is not accepted for another name."""
    trust = ssl.create_default_context(cafile=certificate)
    with serve(tls=identity) as server, Http(FAST, tls=trust) as http:
        request = Request(f"https://localhost:{server.port}")
        with pytest.raises(AnswerRefused, match="is not trusted: Hostname mismatch"):
            http.send(request)


@pytest.mark.long
def test_the_deadline_holds_over_tls(identity: ssl.SSLContext, certificate: Path) -> None:
    """Over TLS, answers arrive and slow answers are cut as without TLS."""
    trust = ssl.create_default_context(cafile=certificate)
    limits = Limits(deadline=2)
    with serve(answer(), drip(), tls=identity) as server, Http(limits, tls=trust) as http:
        assert http.send(Request(server.url)).body == b"{}"
        with pytest.raises(TimedOut):
            http.send(Request(server.url))
        assert server.connections == 1
