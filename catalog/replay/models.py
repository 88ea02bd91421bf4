"""Answer model calls in a replay by a behavior."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import count
from threading import Lock
from typing import Any

from catalog.providers.infomaniak.routes import PRODUCTS, RESULTS, ROUTES, SERVED, SERVED_TYPES
from catalog.replay import wire
from catalog.replay.answer import Answer, Capture, Request, is_authorized, refusal, unauthorized
from catalog.replay.behavior import ANSWERS, BREAKS, HANGS, Behavior, Entry

_JSON = {"Content-Type": "application/json"}
_PAGE = b"<html><head><title>Error</title></head><body>Something went wrong.</body></html>"
_FORM_NAME = b'name="model"\r\n\r\n'


@dataclass
class Models:
    """The model routes of a replay, and its batches."""

    behavior: Behavior
    _batches: dict[str, Iterator[str]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _lock: Lock = field(default_factory=Lock)

    def answer(self, request: Request, capture: Capture) -> Answer | None:
        """Answer a request to a model route, None for other routes."""
        found = self._found(request)
        if found is None:
            return None
        if not is_authorized(request):
            return unauthorized()
        kind, product, rest = found
        if product is not None and int(product) not in self.behavior.products:
            return refusal(HTTPStatus.NOT_FOUND, "object_not_found", "Object not found")
        listed = _listed(capture)
        with self._lock:
            match kind:
                case "products":
                    return self._products()
                case "served":
                    return self._served(listed)
                case "result":
                    return self._result(rest)
            return self._call(kind, _model(request.body), listed)

    def _found(self, request: Request) -> tuple[str, str | None, str] | None:
        if request.method == "GET":
            if request.path == PRODUCTS:
                return "products", None, ""
            for kind, path in (("served", SERVED), ("result", RESULTS)):
                if match := _pattern(path).fullmatch(request.path):
                    return kind, match["product_id"], match.groupdict().get("batch_id") or ""
        elif request.method == "POST":
            for route in ROUTES.values():
                if match := _pattern(route.path).fullmatch(request.path):
                    return route.name, match["product_id"], ""
        return None

    def _products(self) -> Answer:
        rows = [
            {
                "product_id": number,
                "product_name": f"AI Tools {number}",
                "account_name": "Example",
                "status": "ok",
            }
            for number in self.behavior.products
        ]
        return _whole({"result": "success", "data": rows})

    def _served(self, listed: Mapping[str, str]) -> Answer:
        names = self.behavior.served
        if names is None:
            names = tuple(name for name, kind in listed.items() if kind in SERVED_TYPES)
        shared = {"object": "model", "created": 0, "owned_by": "system"}
        return _whole({"object": "list", "data": [{"id": name, **shared} for name in names]})

    def _result(self, batch: str) -> Answer:
        looks = self._batches.get(batch)
        if looks is None:
            return refusal(HTTPStatus.NOT_FOUND, "object_not_found", "Object not found")
        return _whole({"result": "success", "status": next(looks), "data": "{}"})

    def _call(self, route: str, name: str | None, listed: Mapping[str, str]) -> Answer:
        if name is None:
            return refusal(HTTPStatus.BAD_REQUEST, "bad_request", "No model is named")
        entry = self.behavior.of(name, route, listed)
        turn = entry.turn()
        if turn == HANGS:
            return Answer(HTTPStatus.OK, _JSON, way=wire.stay_silent)
        if turn == BREAKS:
            return Answer(HTTPStatus.OK, _JSON, way=wire.refuse)
        accepted = self.behavior.accepted(route, listed)
        answer = (
            _whole(self._said(route, name, entry))
            if turn == ANSWERS
            else _refusal(HTTPStatus(int(turn)), entry, accepted)
        )
        return replace(answer, way=wire.after(entry.latency)) if entry.latency else answer

    def _said(self, route: str, name: str, entry: Entry) -> dict[str, Any]:
        named = {"model": entry.answered_as or name, "usage": {"total_tokens": entry.tokens}}
        match ROUTES[route].holds:
            case "choices":
                message = {"role": "assistant", "content": "Hi"}
                return {**named, "choices": [{"index": 0, "message": message}]}
            case "results":
                return {"results": [{"index": 0, "relevance_score": 0.5}]}
            case "batch_id":
                batch = f"batch-{next(self._numbers)}"
                self._batches[batch] = _looks(entry)
                return {"batch_id": batch}
        if route == "images":
            return {"data": [{"b64_json": "AA=="}]}
        return {**named, "data": [{"index": 0, "embedding": [0.0]}]}


def _looks(entry: Entry) -> Iterator[str]:
    for _ in range(entry.looks):
        yield "processing"
    while True:
        yield entry.batch


def _refusal(status: HTTPStatus, entry: Entry, accepted: list[str]) -> Answer:
    pause = {} if entry.retry_after is None else {"Retry-After": str(entry.retry_after)}
    match entry.body:
        case "html":
            return Answer(status, {"Content-Type": "text/html", **pause}, _PAGE)
        case "empty":
            return Answer(status, pause)
        case "plain":
            return refusal(status, status.name.lower(), status.phrase, pause)
    about = {"attribute": "model", "values": accepted}
    if entry.body == "other":
        about = {"attribute": "max_tokens", "values": []}
    inner = {
        "code": "validation_rule_in",
        "description": f"The selected {about['attribute']} is invalid.",
        "context": about,
    }
    error = {"code": "validation_failed", "description": "Validation failed", "errors": [inner]}
    body = json.dumps({"result": "error", "error": error}).encode()
    return Answer(status, {**_JSON, **pause}, body)


def _whole(document: Mapping[str, Any]) -> Answer:
    return Answer(HTTPStatus.OK, _JSON, json.dumps(document).encode())


def _listed(capture: Capture) -> dict[str, str]:
    return {row["name"]: row["type"] for row in json.loads(capture.body)["data"]}


def _model(body: bytes) -> str | None:
    given, end, _ = body.partition(_FORM_NAME)[2].partition(b"\r\n--")
    if end:
        return given.decode("utf-8", "replace")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    name = found.get("model") if isinstance(found, dict) else None
    return name if isinstance(name, str) else None


def _pattern(path: str) -> re.Pattern[str]:
    pattern = re.escape(path).replace(r"\{product_id\}", r"(?P<product_id>[0-9]{1,9})")
    return re.compile(pattern.replace(r"\{batch_id\}", r"(?P<batch_id>[^/]+)"))
