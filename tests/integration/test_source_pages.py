import json
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from catalog.core.errors import AnswerRefused, ProviderError, SettingsInvalid
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.core.payload import Payload, Validators
from catalog.core.snapshot import Snapshot
from catalog.core.strict_json import Json
from catalog.providers.described.description import Description
from catalog.providers.described.provider import Described
from catalog.providers.source import ListRequest, Paging, Source
from catalog.providers.validate import validate
from tests.support.builders import AT
from tests.support.http_server import Exchange, Step, answer, serve
from tests.support.rig import TLS

IDS = [f"m{number:02}" for number in range(7)]
NEXT = Paging(by="next", at="links.next")
CURSOR = Paging(by="cursor", at="last_id", parameter="after", more="has_more")
PAGES = Paging(by="page", parameter="p", first=0)


def asked(exchange: Exchange) -> dict[str, str]:
    """Return the query of a request."""
    query = parse_qs(urlsplit(exchange.request.path).query)
    return {name: values[0] for name, values in query.items()}


def send(exchange: Exchange, part: Json) -> None:
    """Answer with JSON."""
    exchange.send(200, {"Content-Type": "application/json"}, json.dumps(part).encode())


def by_next(exchange: Exchange) -> None:
    """Serve three rows a part. Each part names the address of the next."""
    start = int(asked(exchange).get("start", 0))
    there = f"/models?start={start + 3}" if start + 3 < len(IDS) else None
    send(exchange, {"data": rows(start), "links": {"next": there}})


def by_cursor(exchange: Exchange) -> None:
    """Serve three rows a part. Each part names its last row."""
    after = asked(exchange).get("after")
    start = IDS.index(after) + 1 if after else 0
    more = start + 3 < len(IDS)
    send(exchange, {"data": rows(start), "last_id": rows(start)[-1]["id"], "has_more": more})


def by_page(exchange: Exchange) -> None:
    """Serve three rows a part. After the last part, parts are empty."""
    send(exchange, {"data": rows(3 * int(asked(exchange)["p"]))})


def rows(start: int) -> list[dict[str, str]]:
    """Return three rows."""
    return [{"id": name} for name in IDS[start : start + 3]]


def source(http: Http, url: str, paging: Paging | None, **changes: Any) -> Source:
    """Make the live route of an invented provider."""
    description = Description(route="/models", paging=paging, query={"size": "3"})
    made = Source(http, "mars", url, "token-of-mars", lambda: AT, description, description.place)
    return replace(made, **changes)


def fetched(paging: Paging | None, *steps: Step) -> tuple[Snapshot, list[str]]:
    """Fetch and read a catalog, and return it with the requested paths."""
    with serve(*steps) as server, Http(Limits(attempts=1), tls=TLS) as http:
        sent = source(http, server.url, paging).fetch(Validators())
        assert isinstance(sent, Payload)
        provider = Described("mars", Description(route="/models", paging=paging))
        snapshot = provider.normalize(validate(sent, provider))
        return snapshot, [request.path for request in server.requests]


@pytest.mark.parametrize(
    ("paging", "step", "last"),
    [
        (NEXT, by_next, "/models?start=6"),
        (CURSOR, by_cursor, "/models?size=3&after=m05"),
        (PAGES, by_page, "/models?size=3&p=3"),
    ],
)
def test_parts_are_followed_to_the_end(paging: Paging, step: Step, last: str) -> None:
    """A list in parts is one catalog, for each way of paging."""
    snapshot, paths = fetched(paging, step)
    assert [model.key for model in snapshot.models] == IDS
    assert paths[-1] == last


def test_a_list_in_one_part_is_kept_as_sent() -> None:
    """If the first part is the whole list, the body is the unchanged answer."""
    body = b'{ "data": [] , "has_more": false}'
    with serve(answer(body=body)) as server, Http(Limits(), tls=TLS) as http:
        sent = source(http, server.url, CURSOR).fetch(Validators("etag"))
        assert isinstance(sent, Payload)
        assert sent.body == body
        assert "if-none-match" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("second", "text"),
    [
        (answer(503), "answered 503"),
        (lambda exchange: exchange.reset(), "could not be read"),
        (answer(body=b'{"data": [{"id": "x"}], "has_more": true}'), "reports more models"),
        (
            answer(body=b'{"data": [], "has_more": true, "last_id": "m02"}'),
            "an endless list of parts",
        ),
    ],
)
def test_a_list_that_breaks_off_is_a_failed_poll(second: Step, text: str) -> None:
    """An incomplete list in parts is a failed poll, not a small catalog."""
    with pytest.raises(ProviderError, match=text):
        fetched(CURSOR, by_cursor, second)


def test_a_broken_part_is_left_to_the_validation() -> None:
    """A part that is no JSON makes the answer invalid, so it is kept as evidence."""
    with serve(by_cursor, answer(body=b"<html>")) as server, Http(Limits(), tls=TLS) as http:
        sent = source(http, server.url, CURSOR).fetch(Validators())
    assert isinstance(sent, Payload)
    assert sent.body.endswith(b",<html>]}")


@pytest.mark.parametrize(
    "there", ["http://[::1", "/m?" + "x" * 3000, "/m\\odd", "/\u00e4", "/\u2028"]
)
def test_an_invalid_address_of_the_next_part_is_a_failed_poll(there: str) -> None:
    """An invalid address of the next part is a refused answer, not a configuration error."""
    step = partial(send, part={"data": [], "links": {"next": there}})
    with serve(step) as server, Http(Limits(), tls=TLS) as http:
        with pytest.raises(AnswerRefused, match="sent an invalid address for the next part"):
            source(http, server.url, NEXT).fetch(Validators())
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [201, 204, 206])
def test_a_part_with_an_odd_status_is_refused(status: int) -> None:
    """Each part of a list must have status 200."""
    second = answer(status, b'{"data": [], "has_more": false}' if status != 204 else b"")
    with pytest.raises(AnswerRefused, match=f"answered {status}"):
        fetched(CURSOR, by_cursor, second)


@pytest.mark.parametrize("there", ["https://elsewhere.example/models", "//elsewhere.example/m"])
def test_the_token_goes_to_no_other_host(there: str) -> None:
    """A next part on another host is refused without a request."""
    with (
        serve(lambda exchange: send(exchange, {"data": [], "links": {"next": there}})) as server,
        Http(Limits(), tls=TLS) as http,
        pytest.raises(AnswerRefused, match="another host for the next part"),
    ):
        source(http, server.url, NEXT).fetch(Validators())


@pytest.mark.parametrize(
    ("authorization", "token", "header", "sent"),
    [
        ("bearer", "token-of-mars", "authorization", "Bearer token-of-mars"),
        ("x-api-key", "token-of-mars", "x-api-key", "token-of-mars"),
        ("none", None, "authorization", None),
        ("none", "token-of-mars", "authorization", "Bearer token-of-mars"),
    ],
)
def test_the_token_goes_into_the_described_header(
    authorization: str, token: str | None, header: str, sent: str | None
) -> None:
    """The token goes into the header that the description names."""
    list_request = ListRequest(
        route="/models", authorization=authorization, headers={"x-version": "1"}
    )
    with serve(answer(body=b"{}")) as server, Http(Limits(), tls=TLS) as http:
        source(http, server.url, None, token=token, list_request=list_request).fetch(Validators())
        (request,) = server.requests
    assert request.headers.get(header) == sent
    assert request.headers["x-version"] == "1"


def test_no_token() -> None:
    """Without a token no request is sent, and the hint names token_file."""
    with serve() as server, Http(Limits(), tls=TLS) as http:
        with pytest.raises(SettingsInvalid, match="there is no token for mars") as caught:
            source(http, server.url, None, token=None).fetch(Validators())
        assert "token_file" in caught.value.hint
        assert server.requests == []


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"max_parts": 5}, "an endless list of parts"),
        ({"max_bytes": 60}, "more than 60 bytes in parts"),
    ],
)
def test_an_endless_list_ends(limits: dict[str, int], text: str) -> None:
    """A list without end is given up."""
    counted = iter(range(10_000))

    def one_more(exchange: Exchange) -> None:
        send(exchange, {"data": [{"id": next(counted)}]})

    with (
        serve(one_more) as server,
        Http(Limits(), tls=TLS) as http,
        pytest.raises(ProviderError, match=text),
    ):
        source(http, server.url, PAGES, **limits).fetch(Validators())
    assert next(counted) <= 5
