"""Requests through a real proxy to a real TLS server on loopback."""

import json
import socket
import ssl
import struct
import threading
from pathlib import Path

import pytest

from catalog.core.errors import (
    AnswerRefused,
    ProviderError,
    SettingsInvalid,
    TimedOut,
    Unreachable,
)
from catalog.core.http.client import Http
from catalog.core.http.proxy import read_proxy
from catalog.core.http.request import Limits, Request
from tests.support.http_proxy import (
    HOST,
    LOCAL,
    OPEN,
    PASSWORD,
    USER,
    proxy,
    says,
)
from tests.support.http_server import answer, refusing, serve
from tests.support.rig import FAST

URL = f"https://{HOST}/1/ai/models"
ONCE = Limits(attempts=1, deadline=5)


def refused(given: str, ca_file: Path, limits: Limits = ONCE) -> ProviderError:
    """Send a request through a proxy, and return its checked error."""
    way = read_proxy(given)
    with (
        Http(limits, proxy=way, ca_file=ca_file) as http,
        pytest.raises(ProviderError) as caught,
    ):
        http.send(Request(URL))
    assert PASSWORD not in f"{caught.value!r} {caught.value.hint}"
    return caught.value


def test_a_host_is_reached_through_the_proxy(authority: Path, encrypted: ssl.SSLContext) -> None:
    """Two requests share a tunnel that begins with the credentials, and end at the TLS server."""
    with (
        serve(answer(body=b"{}"), tls=encrypted) as server,
        proxy(server.port, login=True) as way,
        Http(FAST, proxy=read_proxy(way.whole), ca_file=authority) as http,
    ):
        assert [http.send(Request(URL)).body for _ in range(2)] == [b"{}"] * 2
    assert [request.path for request in server.requests] == ["/1/ai/models"] * 2
    assert "proxy-authorization" not in server.requests[0].headers
    (head,) = way.heads
    assert head.startswith(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n")


def test_a_proxy_may_speak_tls_itself(authority: Path, encrypted: ssl.SSLContext) -> None:
    """Over https:// the credentials are encrypted too, and its certificate is checked."""
    with serve(tls=encrypted) as server, proxy(server.port, login=True, tls=encrypted) as way:
        with Http(FAST, proxy=read_proxy(way.whole), ca_file=authority) as http:
            assert http.send(Request(URL)).body == b"{}"
        with Http(ONCE, proxy=read_proxy(way.whole)) as http, pytest.raises(Unreachable) as caught:
            http.send(Request(URL))
    where = f"127.0.0.1:{way.port}"
    text = f"the proxy {where} did not connect to {HOST}: its TLS failed: self-signed"
    assert str(caught.value).startswith(text)


def test_tls_to_a_plain_proxy_fails_with_its_name(authority: Path) -> None:
    """https:// written for a proxy without TLS names the proxy."""
    with proxy(1) as way:
        error = refused(way.whole.replace("http:", "https:"), authority)
    text = f"the proxy 127.0.0.1:{way.port} did not connect to {HOST}: its TLS failed: [SSL"
    assert str(error).startswith(text)


def test_a_certificate_of_the_host_is_checked_through_the_proxy(
    encrypted: ssl.SSLContext,
) -> None:
    """A proxy that answers as the host is refused, and the hint names http.ca_file."""
    with serve(tls=encrypted) as server, proxy(server.port) as way:
        with Http(ONCE, proxy=read_proxy(way.url)) as http, pytest.raises(AnswerRefused) as caught:
            http.send(Request(URL))
        assert way.ended.acquire(timeout=10)  # the failed tunnel is closed before the client is
    assert "is not trusted: self-signed certificate" in str(caught.value)
    assert "http.ca_file" in caught.value.hint


@pytest.mark.parametrize(
    ("head", "kind", "output", "hint"),
    [
        (b"HTTP/1.1 407 Who\r\n\r\n", AnswerRefused, "407 Who", "user and password"),
        (b"HTTP/1.0 403 \r\n\r\n", AnswerRefused, "403", "http.no_proxy"),
        (b"HTTP/1.1 503 Busy\r\nX: y\r\n\r\n", Unreachable, "503 Busy", "http.proxy"),
        (b"HTTP/1.1 500\n\n", Unreachable, "500", "http.proxy"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Unreachable, "its answer is not HTTP", "http.proxy"),
        (b"", Unreachable, "its answer is not HTTP", "http.proxy"),
        (b"x" * 70_000, Unreachable, "its answer is not HTTP", "http.proxy"),
        (
            b"HTTP/1.1 502 " + PASSWORD.encode() + b"\x1b\r\n\r\n",
            Unreachable,
            "502 ***",
            "http.proxy",
        ),
    ],
)
def test_a_refusing_proxy_is_named(
    authority: Path, head: bytes, kind: type[ProviderError], output: str, hint: str
) -> None:
    """The error has the proxy's status, reason and a hint, and not the password."""
    with proxy(1, says(head)) as way:
        error = refused(way.whole, authority)
    assert type(error) is kind
    assert str(error) == f"the proxy 127.0.0.1:{way.port} did not connect to {HOST}: {output}"
    assert hint in error.hint


def test_a_busy_proxy_is_asked_again(authority: Path, encrypted: ssl.SSLContext) -> None:
    """A 503 of the proxy is retried, and the next tunnel is used."""
    replies = [says(OPEN), says(b"HTTP/1.1 503 Busy\r\n\r\n")]
    limits = Limits(attempts=2, backoff=0.01)

    def step(client: socket.socket) -> bool:
        return replies.pop()(client)

    with (
        serve(tls=encrypted) as server,
        proxy(server.port, step) as way,
        Http(limits, proxy=read_proxy(way.url), ca_file=authority) as http,
    ):
        assert http.send(Request(URL)).body == b"{}"
    assert len(way.heads) == 2


def test_a_proxy_that_is_gone_is_named(authority: Path) -> None:
    """The error names the proxy, because the host got no request."""
    with refusing() as url:
        error = refused(f"{url.replace('//', f'//{USER}:{PASSWORD}@')}", authority)
    where = url.removeprefix("http://")
    text = f"{HOST}/1/ai/models could not be read through the proxy {where}: Connection refused"
    assert (type(error), str(error)) == (Unreachable, text)
    assert "`http.proxy`" in error.hint


def test_a_silent_proxy_is_given_up_at_the_deadline(authority: Path) -> None:
    """A proxy that accepts the request and stays silent is cut at the deadline."""

    def silent(client: socket.socket) -> bool:
        return bool(client.recv(1))

    with proxy(1, silent) as way:
        error = refused(way.url, authority, Limits(attempts=1, deadline=0.3))
    assert type(error) is TimedOut


def test_a_proxy_that_hangs_up_in_its_tls_is_named(authority: Path) -> None:
    """A connection that is reset in the TLS handshake is reported like any other cut."""

    def cut(listener: socket.socket) -> None:
        client, _ = listener.accept()
        client.recv(1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=cut, args=(listener,))
        thread.start()
        where = f"127.0.0.1:{listener.getsockname()[1]}"
        error = refused(f"https://{where}", authority)
        thread.join()
    text = f"could not be read through the proxy {where}: Connection reset by peer"
    assert (type(error), str(error)) == (Unreachable, f"{HOST}/1/ai/models {text}")


def test_this_machine_is_reached_without_the_proxy() -> None:
    """Plain and loopback requests do not use the proxy."""
    with refusing() as gone, serve() as server, Http(ONCE, proxy=read_proxy(gone)) as http:
        assert http.send(Request(server.url)).body == b"{}"


def test_a_host_of_no_proxy_is_reached_directly(authority: Path, encrypted: ssl.SSLContext) -> None:
    """A host in `no_proxy` is reached while the proxy is down."""
    with refusing() as gone, serve(tls=encrypted) as server:
        way = read_proxy(gone, [LOCAL])
        with Http(ONCE, proxy=way, ca_file=authority) as http:
            assert http.send(Request(f"https://{LOCAL}:{server.port}")).body == b"{}"


def test_an_ignored_proxy_of_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of an unreachable host gives the line that uses HTTPS_PROXY, until one is set."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://{USER}:{PASSWORD}@proxy.test:3128")
    with refusing() as url:
        host = url.replace("http://127.0.0.1", f"https://{LOCAL}")
        for given, says_so in ((None, True), (read_proxy(url, ["*"]), False)):
            with Http(ONCE, proxy=given) as http, pytest.raises(Unreachable) as caught:
                http.send(Request(host))
            assert ('export CATALOG_HTTP_PROXY="$HTTPS_PROXY"' in caught.value.hint) is says_so
            assert PASSWORD not in caught.value.hint


def test_a_ca_file_that_is_gone_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    """A file that vanished after the settings were read is named."""
    with Http(ONCE, ca_file=tmp_path / "gone.pem") as http, pytest.raises(SettingsInvalid) as error:
        http.send(Request(URL))
    assert str(error.value) == f"cannot read {tmp_path / 'gone.pem'}: No such file or directory"


def test_an_answer_cannot_bring_the_password_back(
    authority: Path, encrypted: ssl.SSLContext
) -> None:
    """Proxy credentials that the host repeats are hidden."""
    body = json.dumps({"seen": f"{USER}:{PASSWORD}"}).encode()
    with (
        serve(answer(body=body), tls=encrypted) as server,
        proxy(server.port) as way,
        Http(ONCE, proxy=read_proxy(way.whole), ca_file=authority) as http,
    ):
        assert PASSWORD.encode() not in http.send(Request(URL)).body
