import hashlib
import http.client
import json
import logging
import queue
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from logging.handlers import QueueHandler
from pathlib import Path

import pytest

from catalog.core.errors import NotFound, PayloadInvalid, SettingsInvalid
from catalog.providers.recordings import Recording, find, shipped
from catalog.replay.listener import port_hint
from catalog.replay.server import ReplayServer

TOKEN = "tok-5f0c"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
MODELS = "/1/ai/models"
HISTORY = find(shipped())


@dataclass(frozen=True)
class Reply:
    """A reply as the client receives it."""

    status: int
    headers: Message
    body: bytes


def ask(
    server: ReplayServer,
    headers: dict[str, str] | None = None,
    *,
    method: str = "GET",
    target: str = MODELS,
    body: bytes | None = None,
) -> Reply:
    """Send one request, with the token unless headers without it are given."""
    host = server.url.removeprefix("http://")
    with closing(http.client.HTTPConnection(host, timeout=10)) as client:
        client.request(method, target, body, BEARER if headers is None else headers)
        with client.getresponse() as response:
            return Reply(response.status, response.headers, response.read())


def tag(recording: Recording) -> str:
    """Compute the ETag of a recording that is no bare list."""
    return f'"{hashlib.sha256(recording.path.read_bytes()).hexdigest()}"'


@pytest.fixture
def polled() -> Iterator[ReplayServer]:
    """Serve the shipped history, a step a poll."""
    with ReplayServer(HISTORY) as server:
        yield server


@pytest.fixture
def still() -> Iterator[ReplayServer]:
    """Serve the first shipped recording until `advance`."""
    with ReplayServer(HISTORY, step="manual") as server:
        yield server


@pytest.fixture
def log() -> Iterator["queue.Queue[logging.LogRecord]"]:
    """Collect the server's log records from all threads."""
    records: queue.Queue[logging.LogRecord] = queue.Queue()
    handler = QueueHandler(records)
    logger = logging.getLogger("catalog.replay")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield records
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_serves_the_recorded_bytes(still: ReplayServer) -> None:
    """The route answers the recorded bytes with their type, length, tag and time."""
    reply = ask(still)
    assert reply.status == 200
    assert reply.body == HISTORY[0].path.read_bytes()
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Content-Length"] == str(len(reply.body))
    assert reply.headers["ETag"] == tag(HISTORY[0])
    assert reply.headers["Last-Modified"] == "Wed, 13 Aug 2025 18:55:22 GMT"
    assert reply.headers["Server"] == "catalog-replay"


def test_polls_see_the_history_pass(polled: ReplayServer) -> None:
    """Poll after poll shows the next recording, and the last one stays."""
    seen = []
    for recording in [*HISTORY, HISTORY[-1]]:
        assert polled.current == recording
        seen.append(ask(polled).body)
    assert seen == [each.path.read_bytes() for each in [*HISTORY, HISTORY[-1]]]


def test_a_conditional_poller_sees_every_state_once(polled: ReplayServer) -> None:
    """A client that sends its last tag gets each new state, then a 304."""
    headers = BEARER
    replies = []
    for _ in range(7):
        replies.append(ask(polled, headers))
        headers = BEARER | {"If-None-Match": replies[-1].headers["ETag"]}
    assert [reply.status for reply in replies] == [200, 200, 200, 200, 200, 304, 304]
    assert replies[-1].body == b""
    assert replies[-1].headers["ETag"] == tag(HISTORY[-1])
    assert replies[-1].headers["Last-Modified"] == "Tue, 19 May 2026 15:48:46 GMT"
    assert "Content-Length" not in replies[-1].headers


def test_equal_neighbors_are_not_modified(tmp_path: Path) -> None:
    """Two equal recordings in a row give a 304, and the third follows."""
    for day, body in (("01", b"[1]"), ("02", b"[1]"), ("03", b"[2]")):
        (tmp_path / f"2025-01-{day}T000000Z.json").write_bytes(body)
    with ReplayServer(find(tmp_path)) as server:
        first = ask(server)
        headers = BEARER | {"If-None-Match": first.headers["ETag"]}
        second, third = ask(server, headers), ask(server, headers)
    assert json.loads(first.body) == [1]
    assert (second.status, second.headers["Last-Modified"][:11]) == (304, "Thu, 02 Jan")
    assert (third.status, json.loads(third.body)) == (200, [2])


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"If-None-Match": "TAG"}, 304),
        ({"If-None-Match": "W/TAG"}, 304),
        ({"If-None-Match": '"other", TAG'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-None-Match": ""}, 200),
        ({"If-Modified-Since": "Wed, 13 Aug 2025 18:55:22 GMT"}, 304),
        ({"If-Modified-Since": "Thu, 14 Aug 2025 00:00:00 GMT"}, 304),
        ({"If-Modified-Since": "Wed, 13 Aug 2025 18:55:22 -0000"}, 304),
        ({"If-Modified-Since": "Wed, 13 Aug 2025 18:55:21 GMT"}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-None-Match": '"x"', "If-Modified-Since": "Thu, 14 Aug 2025 00:00:00 GMT"}, 200),
        ({"If-None-Match": "TAG", "If-Modified-Since": "Tue, 12 Aug 2025 00:00:00 GMT"}, 304),
    ],
)
def test_conditions(still: ReplayServer, condition: dict[str, str], status: int) -> None:
    """A matching tag or date is answered by a 304."""
    sent = {name: value.replace("TAG", tag(HISTORY[0])) for name, value in condition.items()}
    assert ask(still, BEARER | sent).status == status


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer   ", "Basic dTpw", TOKEN])
def test_a_token_is_needed(polled: ReplayServer, value: str | None) -> None:
    """Without a bearer token the answer is a 401, and the history does not move."""
    reply = ask(polled, {} if value is None else {"Authorization": value})
    assert reply.status == 401
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert reply.body == (
        b'{"result":"error","error":'
        b'{"code":"not_authorized","description":"Authorization required"}}'
    )
    assert polled.current == HISTORY[0]


@pytest.mark.parametrize("target", ["/", "/1/ai/models/", "/2/ai/models", "/1/ais", "/x?y"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_paths(polled: ReplayServer, target: str, method: str) -> None:
    """Any other path is a 404 for every method, and the history does not move."""
    reply = ask(polled, method=method, target=target)
    assert reply.status == 404
    assert json.loads(reply.body)["result"] == "error"
    assert json.loads(reply.body)["error"]["code"] == "method_not_found"
    assert polled.current == HISTORY[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods(polled: ReplayServer, method: str) -> None:
    """Any other method is 405, names the right ones, and arrives although a body was sent."""
    reply = ask(polled, method=method, body=b"x" * 300_000)
    assert reply.status == 405
    assert reply.headers["Allow"] == "GET, HEAD"
    assert json.loads(reply.body)["error"]["code"] == "method_not_allowed"
    assert polled.current == HISTORY[0]


def test_head_looks_without_moving(polled: ReplayServer) -> None:
    """HEAD answers the headers of the next GET, and the history does not move."""
    head = ask(polled, method="HEAD")
    get = ask(polled)
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Last-Modified"):
        assert head.headers[name] == get.headers[name]


def test_a_query_changes_nothing(still: ReplayServer) -> None:
    """A documented query does not change the answer."""
    reply = ask(still, target=f"{MODELS}?order_by=type&order=desc")
    assert reply.body == HISTORY[0].path.read_bytes()


def test_manual_step(still: ReplayServer) -> None:
    """With the manual step only `advance` moves on, and returns False at the end."""
    assert ask(still).body == ask(still).body
    moves = [still.advance() for _ in HISTORY]
    assert moves == [True, True, True, True, False]
    assert still.current == HISTORY[-1]
    assert ask(still).body == HISTORY[-1].path.read_bytes()


def test_polls_at_once_get_different_recordings(polled: ReplayServer) -> None:
    """Concurrent polls get different recordings."""
    with ThreadPoolExecutor(max_workers=len(HISTORY)) as pool:
        replies = list(pool.map(lambda _: ask(polled), HISTORY))
    assert {reply.headers["ETag"] for reply in replies} == {tag(each) for each in HISTORY}


def test_the_log_has_requests_but_no_secret(
    polled: ReplayServer, log: "queue.Queue[logging.LogRecord]"
) -> None:
    """Each request is one log line without token or query."""
    ask(polled, target=f"{MODELS}?access_token={TOKEN}")
    ask(polled, {"Authorization": f"Basic {TOKEN}"})
    ask(polled, target="/caf%C3%A9", method="DELETE")
    lines = [log.get(timeout=10).getMessage() for _ in range(3)]
    assert lines == [
        "GET '/1/ai/models' 200 Wed, 13 Aug 2025 18:55:22 GMT",
        "GET '/1/ai/models' 401 -",
        "DELETE '/caf%C3%A9' 404 -",
    ]
    assert log.empty()


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (f"BREW {MODELS} HTTP/1.1", 501),
        (f"GET {MODELS} HTTP/3.0", 505),
        (f"Authorization: Bearer {TOKEN} HTTP/1.1", 400),
        ("GET /" + "x" * 70_000 + " HTTP/1.1", 414),
    ],
)
def test_an_invalid_request(
    polled: ReplayServer, log: "queue.Queue[logging.LogRecord]", line: str, status: int
) -> None:
    """An invalid request gets an error in the API's shape, and its text is not repeated."""
    host, port = polled.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(line.encode() + b"\r\n\r\n")
        answer = client.makefile("rb").read()
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert json.loads(answer.split(b"\r\n\r\n")[-1])["result"] == "error"
    text = log.get(timeout=10).getMessage()
    assert str(status) in text
    assert TOKEN not in text + answer.decode()


def test_a_client_that_hangs_up(
    polled: ReplayServer, log: "queue.Queue[logging.LogRecord]"
) -> None:
    """A broken connection is one log line, and the next poll is served."""
    host, port = polled.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)), timeout=10)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()  # with nothing to linger for: the connection is reset
    record = log.get(timeout=10)
    assert record.getMessage().endswith("was cut: ConnectionResetError")
    assert record.exc_info is None
    assert ask(polled).status == 200


def test_only_the_loopback_and_a_given_port() -> None:
    """The server listens on 127.0.0.1, and reports a port that cannot be opened."""
    with ReplayServer(HISTORY) as first:
        port = int(first.url.removeprefix("http://127.0.0.1:"))
        with pytest.raises(SettingsInvalid, match=f"port {port} on 127.0.0.1 cannot be") as caught:
            ReplayServer(HISTORY, port)
        assert "0 for any free one" in caught.value.hint
    with pytest.raises(SettingsInvalid, match=r"port 70000 on .* cannot be opened") as high:
        ReplayServer(HISTORY, 70_000)
    assert "up to 65535" in high.value.hint
    assert "Only root" in port_hint(PermissionError())
    with ReplayServer(HISTORY, port) as second:
        assert second.url == f"http://127.0.0.1:{port}"
        assert ask(second).status == 200


def test_closing() -> None:
    """A closed server answers nothing, and closing it again does no harm."""
    server = ReplayServer(HISTORY)
    server.close()
    with ReplayServer(HISTORY) as server:
        assert ask(server).status == 200
    server.close()
    with pytest.raises(ConnectionRefusedError):
        ask(server)


def test_broken_recordings_are_named_at_the_start(tmp_path: Path) -> None:
    """A broken or missing recording is an error at the start."""
    at = datetime(2025, 8, 13, tzinfo=UTC)
    broken = tmp_path / "2025-08-13T000000Z.json.gz"
    broken.write_bytes(b"{}")
    with pytest.raises(PayloadInvalid, match="broken gzip data"):
        ReplayServer([HISTORY[0], Recording(broken, at)])
    with pytest.raises(NotFound, match="cannot be read"):
        ReplayServer([Recording(tmp_path / "gone.json", at)])
    with pytest.raises(NotFound, match="no recording to serve"):
        ReplayServer([])
