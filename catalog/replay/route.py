"""Serve a recording on a provider's route, in pages if recorded so."""

import json
from dataclasses import dataclass
from itertools import takewhile
from urllib.parse import parse_qs, urljoin, urlsplit

from catalog.core.errors import PayloadInvalid, SettingsInvalid
from catalog.core.paths import ANY, Trail, trail, value
from catalog.core.payload import PARTS
from catalog.core.strict_json import Json, read_strict
from catalog.providers.infomaniak.provider import LIST_REQUEST, Infomaniak
from catalog.providers.provider import Provider
from catalog.providers.recordings import Recording, read
from catalog.providers.source import ListRequest, Paging, has_rows
from catalog.replay.answer import Capture, Request

FIRST = ""
"""The name of the first page, if pages are not numbered."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A recording as one or more answers, and the name of each."""

    captures: tuple[Capture, ...]
    names: tuple[str, ...] = (FIRST,)


@dataclass(frozen=True, slots=True)
class Route:
    """One provider's route and its request format."""

    provider: Provider
    list_request: ListRequest

    @property
    def can_be_called(self) -> bool:
        """Return whether the routes of its models are known."""
        return isinstance(self.provider, Infomaniak)

    @property
    def rows(self) -> Trail:
        """Return the place of the rows in an answer."""
        return tuple(self.provider.contract["x-rows"])

    @property
    def is_usual(self) -> bool:
        """Return whether the rows are in `data`, each with `id`."""
        needed = self.provider.contract["$defs"]["model"]["required"]
        return self.rows == ("data", ANY) and "id" in needed

    def parts(self, recording: Recording) -> Parts:
        """Read a recording, or raise NotFound or PayloadInvalid.

        Raise SettingsInvalid if one page does not lead to the next.
        """
        body, paging = read(recording.path), self.list_request.paging
        pages = _pages(body) if paging else []
        if paging is None or not pages:
            return Parts((Capture(recording, body),))
        if paging.by == "page":
            pages += self._end(pages[-1], paging)
            names = [str(paging.first + index) for index in range(len(pages))]
        else:
            names = [FIRST, *(self._next(recording, paging, page) for page in pages[:-1])]
        if paging.by == "next":
            led = zip(pages, names[1:], strict=False)
            pages = [*(_leading(page, trail(paging.at), to) for page, to in led), pages[-1]]
        bodies = [body] if len(pages) == 1 else [json.dumps(page).encode() for page in pages]
        return Parts(tuple(Capture(recording, each) for each in bodies), tuple(names))

    def page_for(self, request: Request, parts: Parts) -> Capture | None:
        """Return the requested page, or None."""
        by_name = dict(zip(parts.names, parts.captures, strict=True))
        paging = self.list_request.paging
        if paging is not None and paging.by == "next" and request.target in by_name:
            return by_name[request.target]
        if request.path != self.list_request.route:
            return None
        if len(by_name) == 1 or paging is None or paging.by == "next":
            return parts.captures[0]
        query = parse_qs(urlsplit(request.target).query)
        return by_name.get(query.get(paging.parameter, parts.names)[0])

    def _next(self, recording: Recording, paging: Paging, page: Json) -> str:
        found = value(page, trail(paging.at))
        if found is None or found == "":
            text = f"{recording.path}: a part before the last one has no value at {paging.at}"
            raise SettingsInvalid(text, hint="That value has to name the next part.")
        if paging.by == "cursor":
            return str(found)
        there = urlsplit(urljoin(self.list_request.route, str(found)))
        return f"{there.path}?{there.query}" if there.query else there.path

    def _end(self, last: Json, paging: Paging) -> list[Json]:
        more = value(last, trail(paging.more)) if paging.more else None
        if more is False or not has_rows(last, self.rows):
            return []
        empty: Json = []
        for step in reversed(tuple(takewhile(lambda step: step != ANY, self.rows))):
            empty = {step: empty}
        return [empty]


USUAL = Route(Infomaniak(), LIST_REQUEST)
"""Infomaniak's route."""


def _pages(body: bytes) -> list[Json]:
    try:
        answer = read_strict(body)
    except PayloadInvalid:
        return []
    is_cut = isinstance(answer, dict) and answer.keys() == {PARTS}
    pages = answer[PARTS] if is_cut else None
    return pages if pages and isinstance(pages, list) else [answer]


def _leading(page: Json, place: Trail, target: str) -> Json:
    key, *rest = place
    return page | {key: _leading(page[key], tuple(rest), target) if rest else target}
