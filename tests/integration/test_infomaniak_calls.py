import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from catalog.core.errors import NotFound, ProviderFailing, SettingsInvalid
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.core.probe import Call, CallResult, Verdict
from catalog.providers.infomaniak.calls import Calls
from catalog.providers.infomaniak.routes import LOOKS, calls_by_name, calls_of, own_route
from tests.support.builders import model
from tests.support.http_server import Server, Step, answer, serve, silence
from tests.support.rig import TLS, TOKEN

CHAT = Call("a/one", "chat-v2", "1", 1, 100)
SPEECH = Call("whisper", "transcription", "2", 11, 0)
Ask = Callable[..., tuple[Calls, Server]]


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Return a function that calls the models of a scripted server."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def make(
            *steps: Step, product_id: int | None = 7, deadline: float = 30
        ) -> tuple[Calls, Server]:
            server = stack.enter_context(serve(*steps))
            http = stack.enter_context(Http(Limits(deadline=deadline), tls=TLS))
            waits: dict[str, Any] = {"pace": lambda: 0.0, "wait": lambda _: None}
            return Calls(http, server.url, TOKEN, product_id, deadline, **waits), server

        yield make


def said(of: Any) -> bytes:
    """Write JSON."""
    return json.dumps(of).encode()


def error(*errors: Any, code: str = "validation_failed") -> bytes:
    """Write an error as the API has it."""
    return said({"result": "error", "error": {"code": code, "description": "No", "errors": errors}})


def about(attribute: str, *values: Any, code: str = "validation_rule_in") -> dict[str, Any]:
    """Make an inner error about a part of the request."""
    context = {"attribute": attribute, "values": list(values)}
    return {"code": code, "description": f"{attribute} is invalid", "context": context}


def test_the_cheapest_chat_is_sent(ask: Ask) -> None:
    """A chat call sends one word, asks for one token, and hides the API token."""
    calls, server = ask(
        answer(body=said({"choices": [1], "model": "One", "usage": {"total_tokens": 9}}))
    )
    came = calls.ask(CHAT)
    assert came == CallResult(Verdict.ANSWERS, 1, 9, 200, came.latency_ms, "One")
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/2/ai/7/openai/v1/chat/completions")
    assert json.loads(request.body) == {
        "model": "a/one",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_completion_tokens": 1,
    }
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in repr(calls)


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        (answer(400), Verdict.REFUSED),
        (answer(404, body=error(code="method_not_found")), Verdict.REFUSED),
        (answer(410), Verdict.REFUSED),
        (answer(422, body=b"<html>"), Verdict.REFUSED),
        (answer(422, body=b"[]"), Verdict.REFUSED),
        (answer(422, body=said({"error": "no such model"})), Verdict.REFUSED),
        (answer(422, body=error(about("model"))), Verdict.REFUSED),
        (answer(422, body=error(about("max_tokens"))), Verdict.FAILING),
        (answer(401), Verdict.UNAUTHORIZED),
        (answer(403), Verdict.UNAUTHORIZED),
        (answer(429), Verdict.LIMITED),
        (answer(402), Verdict.FAILING),
        (answer(302), Verdict.FAILING),
        (answer(500), Verdict.FAILING),
        (answer(body=b"<html>"), Verdict.FAILING),
        (answer(body=b"[]"), Verdict.FAILING),
        (answer(body=said({"choices": []})), Verdict.FAILING),
        (answer(body=error()), Verdict.FAILING),
        (silence, Verdict.TIMEOUT),
    ],
)
def test_how_answers_are_read(ask: Ask, step: Step, verdict: Verdict) -> None:
    """Each answer has its verdict, and no call is repeated."""
    calls, server = ask(step, deadline=0.4 if step is silence else 30)
    came = calls.ask(CHAT)
    assert (came.verdict, came.calls) == (verdict, 1)
    assert came.said
    assert len(server.requests) == 1


def test_the_names_that_a_refusal_accepts_are_kept(ask: Ask) -> None:
    """The names that a refusal accepts are kept, without invalid ones."""
    values = ("mixtral", "mixtral", 3, "", "x" * 300, "a\0b", "llama3")
    rules = (about("model", *values), about("model", "other", code="rule"), {"code": "odd"})
    calls, _ = ask(answer(422, body=error(*rules)))
    came = calls.ask(CHAT)
    assert came.accepted == ("mixtral", "llama3")
    assert came.said == "validation_rule_in: model is invalid; rule: model is invalid"


def test_a_pause_that_is_asked_for_is_noted(ask: Ask) -> None:
    """The verdict keeps the `Retry-After` of the answer."""
    calls, _ = ask(answer(429, headers={"Retry-After": "90"}))
    assert calls.ask(CHAT).retry_after == 90


def test_a_token_that_comes_back_is_hidden(ask: Ask) -> None:
    """A token that the provider repeats is masked."""
    echo = {"code": TOKEN, "description": TOKEN, "context": {"attribute": "model", "values": []}}
    calls, _ = ask(answer(422, body=error(echo)))
    assert calls.ask(CHAT).said == "***: ***"


def test_speech_is_a_form_whose_batch_is_looked_for(ask: Ask) -> None:
    """A second of silence is sent, and the batch is checked until it ends."""
    steps = [said({"status": status}) for status in ("pending", "processing", "success")]
    calls, server = ask(answer(body=said({"batch_id": "a/b 1"})), *(answer(body=s) for s in steps))
    assert calls.ask(SPEECH).verdict is Verdict.ANSWERS
    assert calls.ask(SPEECH).calls == 1
    form, *looks = server.requests
    assert form.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="model"\r\n\r\nwhisper\r\n' in form.body
    assert b"RIFF" in form.body
    assert {look.path for look in looks[:3]} == {"/1/ai/7/results/a%2Fb%201"}


@pytest.mark.long
@pytest.mark.parametrize(
    ("step", "verdict", "sent"),
    [
        (answer(body=said({"status": "failed"})), Verdict.FAILING, 2),
        (answer(body=said({"status": "pending"})), Verdict.TIMEOUT, 1 + LOOKS),
        (answer(500), Verdict.FAILING, 2),
    ],
)
def test_batches_that_come_to_nothing(ask: Ask, step: Step, verdict: Verdict, sent: int) -> None:
    """A failed, endless or unreadable batch is no answer, and each check is counted."""
    calls, server = ask(answer(body=said({"batch_id": 5})), step)
    came = calls.ask(SPEECH)
    assert (came.verdict, came.calls) == (verdict, sent)
    assert len(server.requests) == sent


def test_a_product_is_found(ask: Ask) -> None:
    """The only product of a token is used, and any other number is an error."""
    rows: list[Any] = ["odd", {"product_id": "8"}, {"product_id": 9, "product_name": "AI"}]
    calls, _ = ask(answer(body=said({"data": rows})), product_id=None)
    assert calls.with_product().product_id == 9
    calls, _ = ask(answer(body=said({"data": [*rows, {"product_id": 10}]})), product_id=None)
    with pytest.raises(SettingsInvalid, match="  9: AI\n  10: "):
        calls.with_product()
    calls, _ = ask(answer(body=said({"data": None})), product_id=None)
    with pytest.raises(NotFound, match="no AI product"):
        calls.with_product()


def test_the_second_list_is_read(ask: Ask) -> None:
    """The second list returns its valid names, and an error is raised unchanged."""
    calls, server = ask(answer(body=said({"data": [{"id": "a"}, {"id": 3}, {}]})), answer(503))
    assert calls.served() == {"a"}
    assert server.requests[0].path == "/2/ai/7/openai/v1/models"
    with pytest.raises(ProviderFailing):
        calls.served()


LINK = "https://developer.infomaniak.com/docs/api/post"


@pytest.mark.parametrize(
    ("kind", "path", "own", "called"),
    [
        ("llm", "/1/ai/%7Bproduct_id%7D/openai/chat/completions", "chat-v1", "chat-v1 chat-v2"),
        ("llm", "/2/elsewhere", "chat-v2", "chat-v2 chat-v1"),
        (
            "embedding",
            "/1/ai/%7Bproduct_id%7D/openai/v1/embeddings",
            "embeddings-v1",
            "embeddings-v1 embeddings",
        ),
        ("embedding", "", "embeddings", "embeddings"),
        ("reranker", "/2/ai/%7Bproduct_id%7D/v2/rerank", "rerank", "rerank"),
        ("image", "/1/ai/%7Bproduct_id%7D/openai/images/generations", "images", "images"),
        ("image", "/1/ai/%7Bproduct_id%7D/images/generations/photo_maker", None, "images"),
        ("dance", "", None, "unknown"),
    ],
)
def test_routes_of_a_model(kind: str, path: str, own: str | None, called: str) -> None:
    """A model is called on its own route and on each route of its type."""
    one = model("1", "a", kind, documentation_link=f"{LINK}{path}")
    assert own_route(one) == own
    calls = calls_of(one, images=True)
    assert [call.route for call in calls] == called.split()
    assert all((call.skip is not None) == (own is None) for call in calls)


def test_a_name_is_called_on_known_routes_only() -> None:
    """An unknown route is skipped."""
    assert [call.route for call in calls_by_name("x", ["chat-v1", "gone"])] == ["chat-v1"]
