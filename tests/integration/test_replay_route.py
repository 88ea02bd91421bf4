import json
from pathlib import Path
from typing import Any

import pytest

from catalog.core.errors import RouteMissing, SettingsInvalid, Unauthorized
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.core.payload import NotModified, Payload, Validators
from catalog.providers.described.description import Description
from catalog.providers.described.provider import Described
from catalog.providers.recordings import find
from catalog.providers.source import Paging, Source
from catalog.providers.validate import validate
from catalog.replay.route import USUAL, Route
from catalog.replay.server import ReplayServer
from tests.support.builders import AT

NEXT = Paging(by="next", at="links.next")
CURSOR = Paging(by="cursor", at="last", parameter="after", more="more")
PAGES = Paging(by="page", parameter="p")
MORE = Paging(by="page", parameter="p", first=0, more="more")


def part(*keys: str, **beside: Any) -> dict[str, Any]:
    """Make an answer with these models."""
    return {"data": [{"id": key} for key in keys], **beside}


class Stage:
    """A described provider's recordings, a day apart, with server and client."""

    def __init__(self, folder: Path, *answers: Any, **described: Any) -> None:
        for day, each in enumerate(answers, start=1):
            body = each if isinstance(each, bytes) else json.dumps(each).encode()
            (folder / f"2026-01-{day:02}T000000Z.json").write_bytes(body)
        self.description = Description(**{"route": "/fleet", **described})
        self.provider = Described("mars", self.description)
        self.server = ReplayServer(find(folder), route=Route(self.provider, self.description))

    def ask(self, asking: Description, known: Validators | None = None) -> Payload | NotModified:
        """Send one request."""
        with Http(Limits(attempts=1)) as http:
            token = "any" if asking.needs_token else None
            url, rows = self.server.url, asking.place
            source = Source(http, "mars", url, token, lambda: AT, asking, rows)
            return source.fetch(known or Validators())

    def fetch(self) -> Payload:
        """Poll once."""
        came = self.ask(self.description)
        assert isinstance(came, Payload)
        return came

    def poll(self) -> list[str]:
        """Return the keys of the models that a poll finds."""
        valid = validate(self.fetch(), self.provider)
        return [model.key for model in self.provider.normalize(valid).models]


@pytest.mark.parametrize(
    ("paging", "beside"),
    [
        (NEXT, [{"links": {"next": "https://mars.example/fleet?from=c"}}, {"links": {}}]),
        (NEXT, [{"links": {"next": "/fleet/more", "self": 1}}, {"links": {"next": None}}]),
        (CURSOR, [{"last": 7, "more": True}, {"last": "d", "more": False}]),
        (PAGES, [{}, {}]),
        (PAGES, [{}, {}, {}]),
        (MORE, [{"more": True}, {"more": False}]),
    ],
)
def test_a_list_in_parts_is_served_in_parts(
    paging: Paging, beside: list[dict[str, Any]], tmp_path: Path
) -> None:
    """A poll gets every part of a recording, the next poll those of the next one."""
    keys = [("a", "b"), ("c", "d"), ()]
    pages = [part(*each, **other) for each, other in zip(keys, beside, strict=False)]
    fewer = [part("a", **beside[0]), part("c", **beside[1]), *pages[2:]]
    stage = Stage(tmp_path, {"pages": pages}, {"pages": fewer}, paging=paging)
    with stage.server:
        assert [stage.poll() for _ in range(3)] == [["a", "b", "c", "d"], ["a", "c"], ["a", "c"]]


@pytest.mark.parametrize("paging", [NEXT, CURSOR, PAGES, MORE])
def test_a_recording_of_one_answer_is_one_part(paging: Paging, tmp_path: Path) -> None:
    """A provider that sends parts is played from whole lists and from bare ones as well."""
    stage = Stage(tmp_path, part("a", "b"), [{"id": "c"}], {"pages": "odd"}, paging=paging)
    with stage.server:
        assert [stage.poll(), stage.poll()] == [["a", "b"], ["c"]]
        assert stage.fetch().body == b'{"pages": "odd"}'


def test_counted_parts_end_below_a_star(tmp_path: Path) -> None:
    """The empty last part of counted parts has the described form."""
    sent = {"fleet": {"red": {"ships": [{"id": "a"}]}}}
    stage = Stage(tmp_path, sent, paging=PAGES, rows="fleet.*.ships")
    with stage.server:
        assert stage.poll() == ["a"]
        assert stage.fetch().body.endswith(b',{"fleet": []}]}')


def test_a_broken_recording_is_served_as_it_is(tmp_path: Path) -> None:
    """A broken recording is served unchanged."""
    stage = Stage(tmp_path, b"<html>", part("a"), paging=PAGES)
    with stage.server:
        assert [stage.fetch().body, stage.poll()] == [b"<html>", ["a"]]


def test_a_part_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    """A recording whose parts do not follow from one another is refused at the start."""
    pages = [part("a", last="a"), part("b", last=""), part("c")]
    with pytest.raises(SettingsInvalid, match=r"2026-01-01T000000Z\.json: .* no value at last"):
        Stage(tmp_path, {"pages": pages}, paging=CURSOR)


def test_an_unknown_part_is_not_found(tmp_path: Path) -> None:
    """An invented cursor and another path are refused, and the history does not move."""
    pages = [part("a", last="a", more=True), part("b", more=False)]
    stage = Stage(tmp_path, {"pages": pages}, part("c"), paging=CURSOR)
    with stage.server:
        for other in (
            Description(route="/fleet", query={"after": "x"}),
            Description(route="/elsewhere"),
        ):
            with pytest.raises(RouteMissing):
                stage.ask(other)
        assert [stage.poll(), stage.poll()] == [["a", "b"], ["c"]]


@pytest.mark.parametrize("authorization", ["bearer", "x-api-key", "none"])
def test_a_token_is_wanted_as_the_provider_wants_it(authorization: str, tmp_path: Path) -> None:
    """A request without a token is refused if the provider needs a token."""
    stage = Stage(tmp_path, part("a"), authorization=authorization)
    with stage.server:
        if authorization != "none":
            with pytest.raises(Unauthorized):
                stage.ask(Description(route="/fleet", authorization="none"))
        assert stage.poll() == ["a"]


def test_a_tag_is_answered_with_304(tmp_path: Path) -> None:
    """A whole list is sent again only if it differs."""
    stage = Stage(tmp_path, part("a"))
    with stage.server:
        assert isinstance(stage.ask(stage.description, stage.fetch().validators), NotModified)


@pytest.mark.parametrize(
    ("description", "usual"),
    [
        (Description(route="/fleet"), True),
        (Description(route="/fleet", rows="models"), False),
        (Description(route="/fleet", key="hull"), False),
    ],
)
def test_faults_find_rows_in_data(description: Description, usual: bool) -> None:
    """Faults that change rows find the rows in `data`, each with an id."""
    assert (USUAL.is_usual, USUAL.can_be_called) == (True, True)
    route = Route(Described("mars", description), description)
    assert (route.is_usual, route.can_be_called) == (usual, False)
