import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from catalog.providers.recordings import find, shipped
from catalog.replay.server import ReplayServer

CHAT = "/2/ai/12345/openai/v1/chat/completions"


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    """Serve the newest recorded catalog."""
    with ReplayServer(find(shipped())[-1:]) as running:
        yield running


def ask(
    server: ReplayServer, method: str, path: str, body: bytes = b"", header: str = "Bearer t"
) -> tuple[int, Any]:
    """Send a request. Return the status and the JSON."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = HTTPConnection(host, int(port), timeout=10)
    connection.request(method, path, body or None, {"Authorization": header})
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (("POST", CHAT, b"no json"), 400, "bad_request"),
        (("POST", CHAT, b"[]"), 400, "bad_request"),
        (("POST", CHAT, b""), 400, "bad_request"),
        (("POST", CHAT.replace("12345", "7"), b'{"model": "x"}'), 404, "object_not_found"),
        (("POST", CHAT.replace("12345", "x"), b'{"model": "x"}'), 404, "method_not_found"),
        (("GET", CHAT, b""), 404, "method_not_found"),
        (("GET", "/1/ai/12345/results/none", b""), 404, "object_not_found"),
        (("PUT", CHAT, b"{}"), 404, "method_not_found"),
    ],
)
def test_calls_that_are_wrong(
    server: ReplayServer, asked: tuple[str, str, bytes], status: int, code: str
) -> None:
    """An invalid call gets the API's own error."""
    found, answer = ask(server, *asked)
    assert (found, answer["error"]["code"]) == (status, code)


def test_the_models_want_a_token(server: ReplayServer) -> None:
    """Without a token, each route answers 401."""
    assert ask(server, "POST", CHAT, b'{"model": "x"}', header="")[0] == 401
    assert ask(server, "GET", "/1/ai", header="")[0] == 401


def test_a_listed_model_answers_and_a_stranger_is_refused(server: ReplayServer) -> None:
    """Without a behavior the listed models answer, and a refusal names them."""
    status, answer = ask(server, "POST", CHAT, b'{"model": "google/gemma-4-31B-it"}')
    assert (status, answer["model"]) == (200, "google/gemma-4-31B-it")
    status, answer = ask(server, "POST", CHAT, b'{"model": "mixtral"}')
    values = answer["error"]["errors"][0]["context"]["values"]
    assert status == 422
    assert "google/gemma-4-31B-it" in values
    assert "whisper" not in values
