"""Call Infomaniak's models cheaply, and read the results."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeGuard
from urllib.parse import quote

from catalog.core.errors import (
    AnswerRefused,
    Forbidden,
    NotFound,
    PayloadInvalid,
    ProviderError,
    RateLimited,
    SettingsInvalid,
    TimedOut,
    Unauthorized,
)
from catalog.core.http.client import Http
from catalog.core.http.request import Request
from catalog.core.probe import Call, CallResult, Verdict
from catalog.core.strict_json import Json, cut, plain, read_strict
from catalog.providers.infomaniak.routes import LOOKS, PRODUCTS, RESULTS, ROUTES, SERVED, Body

REFUSALS = {400, 404, 410, 422}
"""The statuses of an unknown model name."""
TEXT_LIMIT = 300
NAMES_LIMIT = 100
NAME_LIMIT = 200
BETWEEN_LOOKS = 2.0
"""Seconds between two requests for a batch result."""
PRODUCT_HINT = "Set `infomaniak.product_id` (CATALOG_INFOMANIAK_PRODUCT_ID) to one of them."


@dataclass(frozen=True, slots=True)
class Calls:
    """A client for model calls.

    `pace` waits until the rate permits a request and returns the seconds. It runs before each
    request except the first one of `ask`, which the caller paces. `wait` waits for some seconds.
    `hints` has the hint for each HTTP status.
    """

    http: Http
    url: str
    token: str = field(repr=False)
    product_id: int | None
    deadline: float
    pace: Callable[[], float]
    wait: Callable[[float], object]
    hints: Mapping[str, str] = field(default_factory=dict)

    def with_product(self) -> "Calls":
        """Return a copy with the configured product, or the token's only one.

        Raise ProviderError, or SettingsInvalid with the list if there are several.
        """
        if self.product_id is not None:
            return self
        found = _items(self._get(PRODUCTS), "data")
        products = {row["product_id"]: row for row in found if _is_number(row.get("product_id"))}
        if len(products) == 1:
            return replace(self, product_id=next(iter(products)))
        if not products:
            raise NotFound("the token has no AI product", hint="Order one, or use another token.")
        listed = "\n".join(f"  {number}: {_described(row)}" for number, row in products.items())
        raise SettingsInvalid(f"the token has several AI products:\n{listed}", hint=PRODUCT_HINT)

    def served(self) -> frozenset[str]:
        """Return the names in the second list, or raise ProviderError."""
        rows = _items(self._get(self._path(SERVED)), "data")
        return frozenset(row["id"] for row in rows if isinstance(row.get("id"), str))

    def ask(self, call: Call) -> CallResult:
        """Make one call and return its result, without raising provider errors."""
        route, started, paced = ROUTES[call.route], time.monotonic(), 0.0
        try:
            answer = self._send("POST", self._path(route.path), route.body(call.name))
            result = _read(answer, route.holds, call)
            if result.verdict is Verdict.ANSWERS and route.holds == "batch_id":
                result, paced = self._result(answer["batch_id"], call)
        except ProviderError as error:
            result = read_error(error, call)
        elapsed = round((time.monotonic() - started - paced) * 1000)
        return replace(result, latency_ms=max(0, elapsed))

    def _result(self, batch: Json, call: Call) -> tuple[CallResult, float]:
        path = self._path(RESULTS).replace("{batch_id}", quote(str(batch), safe=""))
        paced = 0.0
        for calls in range(2, LOOKS + 2):
            self.wait(BETWEEN_LOOKS)
            paced += self.pace()
            try:
                status = self._send("GET", path).get("status")
            except ProviderError as error:
                return replace(read_error(error, call), calls=calls), paced
            if status == "success":
                return CallResult(Verdict.ANSWERS, calls, http_status=200), paced
            if status not in {"pending", "processing"}:
                text = cut(f"the batch ended as {status!r}", TEXT_LIMIT)
                return CallResult(Verdict.FAILING, calls, http_status=200, said=text), paced
        result = "the batch did not end"
        return CallResult(Verdict.TIMEOUT, 1 + LOOKS, http_status=200, said=result), paced

    def _get(self, path: str) -> Json:
        self.pace()
        return self._send("GET", path)

    def _send(self, method: str, path: str, body: Body | None = None) -> Json:
        """Send one request without retry and return the JSON object."""
        token = self.token
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        content = None
        if body is not None:
            content, headers["Content-Type"] = body
        url = f"{self.url.rstrip('/')}{path}"
        request = Request(url, method, headers, content, secrets=(token,))
        try:
            answer = self.http.send_once(request, self.deadline)
        except ProviderError as error:
            raise error.with_hint(self.hints) from None
        try:
            found = read_strict(answer.body)
        except PayloadInvalid:
            found = None
        if not isinstance(found, dict) or found.get("result") == "error":
            text = f"{request.where} answered {answer.status} with an unexpected body"
            raise AnswerRefused(text, status=answer.status, body=answer.body)
        return found

    def _path(self, path: str) -> str:
        return path.replace("{product_id}", str(self.product_id))


def _read(answer: Json, holds: str, call: Call) -> CallResult:
    name, usage = answer.get("model"), answer.get("usage")
    cost = usage.get("total_tokens") if isinstance(usage, dict) else None
    tokens = max(0, cost) if _is_number(cost) else call.tokens
    if not answer.get(holds):
        text = f"an answer without {holds}"
        return CallResult(Verdict.FAILING, 1, tokens, 200, said=text)
    named = plain(name[:NAME_LIMIT]) if isinstance(name, str) and name else None
    return CallResult(Verdict.ANSWERS, 1, tokens, 200, answered_as=named)


def read_error(error: ProviderError, call: Call) -> CallResult:
    """Return the result of an error, a refusal or another failure."""
    words, accepted, about_model = _words(error.body)
    result = plain(cut(words or str(error), TEXT_LIMIT))
    verdict, tokens = Verdict.FAILING, 0
    match error:
        case Unauthorized() | Forbidden():
            verdict = Verdict.UNAUTHORIZED
        case RateLimited():
            verdict = Verdict.LIMITED
        case TimedOut():
            verdict, tokens = Verdict.TIMEOUT, call.tokens  # the tokens may be charged
        case _ if error.status in REFUSALS and about_model:
            verdict = Verdict.REFUSED
        case _:
            pass
    return CallResult(
        verdict,
        calls=1,
        tokens=tokens,
        http_status=error.status,
        said=result,
        accepted=accepted if verdict is Verdict.REFUSED else (),
        retry_after=error.retry_after,
    )


def _words(body: bytes) -> tuple[str, tuple[str, ...], bool]:
    """Return the error text, accepted names, and whether it concerns the model."""
    try:
        error = read_strict(body).get("error")
    except (PayloadInvalid, AttributeError):
        return "", (), True
    if not isinstance(error, dict):
        return (error if isinstance(error, str) else ""), (), True
    inner = [each for each in _items(error, "errors") if isinstance(each.get("context"), dict)]
    parts = [_coded(each) for each in inner] or [_coded(error)]
    attributes = {str(each["context"].get("attribute")) for each in inner}
    values = [
        value
        for each in inner
        if each.get("code") == "validation_rule_in" and each["context"].get("attribute") == "model"
        for value in _values(each["context"].get("values"))
    ]
    names = tuple(dict.fromkeys(values))[:NAMES_LIMIT]
    return "; ".join(filter(None, parts)), names, not attributes or "model" in attributes


def _values(values: Json) -> list[str]:
    found = values if isinstance(values, list) else []
    return [v for v in found if isinstance(v, str) and v and len(v) <= NAME_LIMIT and "\0" not in v]


def _coded(error: Json) -> str:
    texts = [text for name in ("code", "description") if isinstance(text := error.get(name), str)]
    return ": ".join(texts)


def _items(answer: Json, name: str) -> list[dict[str, Json]]:
    found = answer.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def _is_number(value: Json) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _described(row: Json) -> str:
    known_parts = (row.get(name) for name in ("product_name", "account_name", "status"))
    return cut(", ".join(part for part in known_parts if isinstance(part, str)), TEXT_LIMIT)
