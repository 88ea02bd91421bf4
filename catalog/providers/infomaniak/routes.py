"""Define the routes of Infomaniak's models and their cheapest calls."""

import io
import json
import wave
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from catalog.core.probe import Call
from catalog.core.snapshot import Model

PRODUCTS = "/1/ai"
"""The route of the AI products of a token."""
SERVED = "/2/ai/{product_id}/openai/v1/models"
"""The second list: callable language models and embeddings, in OpenAI's format."""
SERVED_TYPES = frozenset({"llm", "embedding"})
RESULTS = "/1/ai/{product_id}/results/{batch_id}"
LOOKS = 10
"""The maximum number of requests for a batch result."""
TOP_PRICE = 3.20
"""The highest published price in CHF per million tokens without VAT."""

Body = tuple[bytes, str]
"""A request body and its content type."""
_BOUNDARY = "model-catalog-probe-7d1f0c"


def _json(**fields: object) -> Body:
    return json.dumps(fields).encode(), "application/json"


def _chat(limit: str) -> Callable[[str], Body]:
    messages = [{"role": "user", "content": "Hi"}]
    return lambda name: _json(model=name, messages=messages, **{limit: 1})


def _speech(name: str) -> Body:
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="'
    parts = [
        f'{head}model"\r\n\r\n{name}\r\n'.encode(),
        f'{head}file"; filename="silence.wav"\r\nContent-Type: audio/wav\r\n\r\n'.encode(),
        silence(),
        f"\r\n--{_BOUNDARY}--\r\n".encode(),
    ]
    return b"".join(parts), f"multipart/form-data; boundary={_BOUNDARY}"


@cache
def silence() -> bytes:
    """Return one second of silence: WAV, one channel, 16 bits, 8 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16_000))
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class Route:
    """One route with its cheapest call.

    `holds` is the member of a successful answer. `tokens` is the maximum cost of a call for the
    budget.
    """

    name: str
    path: str
    type: str
    body: Callable[[str], Body]
    holds: str
    tokens: int = 0
    calls: int = 1
    always: bool = True


ROUTES = {
    route.name: route
    for route in (
        Route(
            "chat-v2",
            "/2/ai/{product_id}/openai/v1/chat/completions",
            "llm",
            _chat("max_completion_tokens"),
            "choices",
            tokens=100,
        ),
        Route(
            "chat-v1",
            "/1/ai/{product_id}/openai/chat/completions",
            "llm",
            _chat("max_tokens"),
            "choices",
            tokens=100,
        ),
        Route(
            "embeddings",
            "/2/ai/{product_id}/openai/v1/embeddings",
            "embedding",
            lambda name: _json(model=name, input="Hi"),
            "data",
            tokens=10,
        ),
        Route(
            "embeddings-v1",
            "/1/ai/{product_id}/openai/v1/embeddings",
            "embedding",
            lambda name: _json(model=name, input="Hi"),
            "data",
            tokens=10,
            always=False,
        ),
        Route(
            "rerank",
            "/2/ai/{product_id}/cohere/v2/rerank",
            "reranker",
            lambda name: _json(model=name, query="Hi", documents=["Hi"], top_n=1),
            "results",
            tokens=20,
        ),
        Route(
            "transcription",
            "/1/ai/{product_id}/openai/audio/transcriptions",
            "stt",
            _speech,
            "batch_id",
            calls=1 + LOOKS,
        ),
        Route(
            "images",
            "/1/ai/{product_id}/openai/images/generations",
            "image",
            lambda name: _json(model=name, prompt="A dot", n=1, response_format="b64_json"),
            "data",
        ),
    )
}
"""Every route by short name. Without `always`, only models that name the route use it."""


def own_route(model: Model) -> str | None:
    """Return a model's promised route, None if unknown.

    This is the route that the model names, or the first one of its type.
    """
    of_type = [route for route in ROUTES.values() if route.type == model.type]
    named = [route for route in of_type if route.path == model.route]
    if model.type == "image" and model.route and not named:
        return None  # another image route needs more than a prompt
    return next((route.name for route in (*named, *of_type)), None)


def calls_of(model: Model, *, images: bool) -> tuple[Call, ...]:
    """Return the calls that prove whether a model answers, own route first."""
    own, is_image = own_route(model), model.type == "image"
    if own is None:
        unknown = f"catalog does not know how to call its route {model.route or '(none)'}"
        return (Call(model.name, "images" if is_image else "unknown", model.key, 0, 0, unknown),)
    routes = [ROUTES[own]]
    routes += [r for r in ROUTES.values() if r.type == model.type and r.always and r.name != own]
    skip = None if images or not is_image else "images are made on request only: --images"
    return tuple(_call(route, model.name, model.key, skip) for route in routes)


def calls_by_name(name: str, routes: Iterable[str]) -> tuple[Call, ...]:
    """Return the calls of a name that the catalog never had."""
    return tuple(_call(ROUTES[route], name, None, None) for route in routes if route in ROUTES)


def _call(route: Route, name: str, key: str | None, skip: str | None) -> Call:
    return Call(name, route.name, key, route.calls, route.tokens, skip)
