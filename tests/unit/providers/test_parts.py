import json

import pytest

from catalog.core.paths import trail
from catalog.core.strict_json import Json
from catalog.providers.described.description import read
from catalog.providers.described.provider import Described
from catalog.providers.parts import envelope, unread
from catalog.providers.validate import validate
from catalog.report.sentences import drift_sentence
from tests.support.builders import payload

ROW = {"id": "a"}


def sign_in(answer: Json, place: str = "data.*") -> str | None:
    """Return the sign of other parts, as a user reads it."""
    found = unread(list(envelope(answer, trail(place))), 1)
    return None if found is None else drift_sentence(found).partition("several: ")[2]


@pytest.mark.parametrize(
    ("around", "sign"),
    [
        ({"nextPageToken": "t2"}, "nextPageToken is filled"),
        ({"next_page_token": "t2"}, "next_page_token is filled"),
        ({"next-cursor": "t2"}, "next-cursor is filled"),
        ({"next": "https://x.example/2"}, "next is filled"),
        ({"next_page": 2}, "next_page is filled"),
        ({"@odata.nextLink": "https://x.example/2"}, r"@odata\.nextLink is filled"),
        ({"continuationToken": "t2"}, "continuationToken is filled"),
        ({"links": {"next": "/2"}}, "links.next is filled"),
        ({"next": {"href": "/2"}}, "next.href is filled"),
        ({"paging": {"cursors": {"after": "t2"}}}, "paging.cursors.after is filled"),
        ({"pageInfo": {"endCursor": "t2", "hasNextPage": True}}, "pageInfo.endCursor is filled"),
        ({"last_id": "a", "has_more": True}, "has_more is true"),
        ({"isLast": False}, "isLast is false"),
        ({"totalSize": 2}, "totalSize counts more than it holds"),
        ({"meta": {"total_count": 2}}, "meta.total_count counts more than it holds"),
        ({"total": 2}, "total counts more than it holds"),
        ({"count": 2}, "count counts more than it holds"),
        ({"total_pages": 2}, "total_pages counts more than it holds"),
        ({"pages": 2}, "pages counts more than it holds"),
        ({"totalSize": 2, "nextPageToken": "t2"}, "nextPageToken is filled"),
    ],
)
def test_signs_of_another_part(around: Json, sign: str) -> None:
    """A filled cursor or a larger total shows that there are other parts, in any spelling."""
    assert sign_in({"data": [ROW]} | around) == sign


@pytest.mark.parametrize(
    "around",
    [
        {"nextPageToken": ""},
        {"next": None},
        {"next_page": 0},
        {"last_id": "a", "first_id": "a", "has_more": False},
        {"last_id": "a"},
        {"next_cursor": "t2", "has_more": False},
        {"next_cursor": "t2", "is_last_page": True},
        {"total": 1},
        {"total": "many"},
        {"total": True},
        {"total_downloads": 900},
        {"next_release": "2027-01-01"},
        {"total_pages": 1},
        {"page": 3},
        {"object": "list"},
        {"deep": {"a": {"b": {"next": "t2"}}}},
    ],
)
def test_a_whole_list_has_no_sign(around: Json) -> None:
    """Empty cursors, matching totals and other fields are no sign of other parts."""
    assert sign_in({"data": [ROW]} | around) is None


def test_rows_are_no_envelope() -> None:
    """Only fields around the rows are checked, because a model may have the name next."""
    assert sign_in({"next": {"token": "x"}, "b": {"token": "y"}}, "*") is None
    assert sign_in([{"next": "x"}], "*") is None
    assert sign_in({"data": [{"next": "x"}]}) is None
    assert sign_in({"a": {"data": [ROW], "next": "x"}}, "a.data.*") == "a.next is filled"
    assert sign_in({"a": None}, "a.data.*") is None


def drift(answer: Json, **settings: Json) -> list[str]:
    """Return the drift of an answer as a poll reports it."""
    described = read({"route": "/", **settings})
    valid = validate(payload(json.dumps(answer).encode()), Described("mars", described))
    return [drift_sentence(each) for each in valid.drift]


CUT = "the answer looks like one part of several: "


def test_a_part_is_drift_unless_paging_reads_the_others() -> None:
    """A cursor is drift, unless paging follows it."""
    answer = {"data": [ROW], "nextPageToken": "t2"}
    paging = {"by": "cursor", "at": "nextPageToken", "parameter": "pageToken"}
    assert drift(answer) == [f"{CUT}nextPageToken is filled"]
    assert drift(answer, paging=paging) == []


def test_the_parts_together_are_the_whole() -> None:
    """A total is compared with the rows of all parts. A number of pages is ignored."""
    paging = {"by": "page", "parameter": "page"}
    parts = [{"data": [ROW], "total": 2, "pages": 2}, {"data": [{"id": "b"}], "total": 2}]
    assert drift({"pages": [*parts, {"data": [], "total": 2, "pages": 2}]}, paging=paging) == []
    more = {"data": [], "total": 3}
    assert drift({"pages": [*parts, more]}, paging=paging) == [
        f"{CUT}total counts more than it holds"
    ]
