import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import PayloadInvalid
from catalog.fields import ANY, Trail
from catalog.jsontext import read
from catalog.providers.described.described import Described
from catalog.providers.described.description import Description
from catalog.providers.infomaniak.infomaniak import Infomaniak
from catalog.rows import Rows
from catalog.validate import validate
from tests.builders import body, payload, row

ROWS = ("data", "*")
PLACES: list[Trail] = [ROWS, ("*",), ("*", "models", "*"), ("pages", "*", "data", "*"), ()]
values = st.recursive(
    st.sampled_from(
        [None, True, 1, 1.0, 1.5, -0.0, "", "1", "\ud83d\ude00", "\ud83d", "é", "\u4e00"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)
rows = st.lists(st.dictionaries(st.sampled_from(["id", "a", "\ud83d\ude00"]), values), max_size=4)
shapes: st.SearchStrategy[Callable[[Any], Any]] = st.sampled_from(
    [
        lambda some: {"data": some},
        lambda some: some,
        lambda some: {"a": {"models": dict(enumerate(some))}, "b": {"models": some}},
        lambda some: {"pages": [{"data": some}, {"data": some[:1]}], "more": [some]},
    ]
)
WRITTEN = [
    b'{"data":[{"a":1,"a":2}]}',
    b'{"data":[{"a":1}],"data":[]}',
    b'{"data":[{"a":NaN},{"a":-Infinity}]}',
    b'{"data":[{"a":1e999},{"a":' + b"9" * 400 + b"}]}",
    b'{"data":[{"a":' + b"[" * 70 + b"]" * 70 + b"}]}",
    b'{"data":' + b"[" * 9000,
    b'{"data":[{"a":' + b"[" * 9000,
    b'{"data":[{"a":"\\ud800"},{"\\udfff":1},{"a":"\\ud83d\\ude00"}]}',
    b' {"data" : [ {"a":1} , {"a":2}\n] }\r\n\t',
    *(b'{"data":[{"a":1},]}', b'{"data":[{"a":1}', b'{"data":[{"a":1}]}x', b'{"data":[{"a":1}]'),
    *(b'{"data"', b'{"data":', b'{"data" 1}', b"{1:[]}", b'{"data":[{"a":1} {"a":2}]}', b"{,}"),
    *(b"", b" ", b"\xef\xbb\xbf{}", b"\xff", b"1", b'"data"', b"[]", b"{}", b'{"data":{}}'),
    *(
        b'{"data":[]}',
        b'{"data":[1,"a",[{}],null,{}]}',
        b'{"data":[{"a":1}{"a":2}]}',
        b'{"data":0}',
    ),
    b'{"data":[{},{},{}]}',
]


def same(known: Rows, content: bytes, place: Trail) -> None:
    """Hold what is read with the rows of the last answer against the whole, read by itself."""
    came = []
    for reading in (partial(known.read, content, place), partial(read, content)):
        try:
            came.append(repr(reading()))
        except PayloadInvalid as error:
            came.append(repr(error.problems))
    assert came[0] == came[1]


@pytest.mark.long
@settings(max_examples=300)
@given(
    series=st.lists(st.tuples(rows, shapes), min_size=1, max_size=4),
    place=st.sampled_from(PLACES),
    cut=st.integers(0, 300),
    odd=st.binary(max_size=2),
    indent=st.sampled_from([None, 1]),
)
def test_a_body_is_read_the_same_whatever_was_read_before(
    series: list[tuple[Any, Callable[[Any], Any]]],
    place: Trail,
    cut: int,
    odd: bytes,
    indent: int | None,
) -> None:
    """Value, types and flaws of an answer, a broken one too, do not depend on the ones before."""
    known, kept = Rows(), list[Any]()
    for some, shape in series:
        # Rows of before, in another order, beside the new ones.
        kept = [*some, *kept[::-1]][:6]
        text = json.dumps(shape(kept), indent=indent, ensure_ascii=len(kept) % 2 == 0)
        content = text.encode("utf-8", errors="surrogatepass")
        same(known, content, place)
        same(known, content[:cut] + odd + content[cut:], place)


@pytest.mark.parametrize("place", PLACES)
def test_odd_texts_are_read_the_same(place: Trail) -> None:
    """Every way in which JSON can be odd or broken is told as for a body that is read alone."""
    known = Rows()
    for content in (*WRITTEN, *reversed(WRITTEN)):
        same(known, content, place)
        same(known, content, place)


def test_a_row_that_stays_is_the_same_and_nothing_is_made_of_it_twice() -> None:
    """Rows are known by their whole text, wherever they stand; what differs in a type is new."""
    known, asked = Rows(), list[Any]()

    def text(row: Any) -> str:
        asked.append(row)
        return repr(row)

    for series in (
        [{"a": 1}, {"a": True}, {"a": 2}],
        [{"a": 0}, {"a": 2}, {"a": "1"}, {"a": 1}, {"a": 1}],
        [{"a": 1}, {"a": True}],
    ):
        value, _ = known.read(json.dumps({"data": series}).encode(), ROWS)
        name = known.once("text", text)
        assert [name(each) for each in value["data"]] == [repr(each) for each in series]
    first = [{"a": 1}, {"a": True}, {"a": 2}]
    assert repr(asked) == repr([*first, {"a": 0}, {"a": "1"}, {"a": True}])


def test_what_is_made_of_a_row_may_hang_on_more() -> None:
    """With something else beside the row, it is made anew; of what is no row, each time."""
    known = Rows()
    (one,) = known.read(b'{"data":[{"a":1}]}', ROWS)[0]["data"]
    asked: list[str] = []

    def joined(row: Any, more: str) -> str:
        asked.append(more)
        return f"{row['a']}{more}"

    made = known.once("with", joined)
    assert [made(one, "x"), made(one, "x"), made(one, "y"), made({"a": 2}, "y")] == [
        *("1x", "1x", "1y", "2y")
    ]
    assert asked == ["x", "y", "y"]


def test_problems_stand_though_most_rows_are_known() -> None:
    """A row that breaks the contract, and two with one id, are told among rows that were read."""
    provider, known = Infomaniak(), Rows()
    sound = [row(id=number, name=f"m-{number}") for number in range(1, 9)]
    validate(payload(body(*sound)), provider.contract, known)
    for wrong in (row(id=3, name="new"), row(id=9, name="m-2"), row(id=True, name="t"), {"id": 1}):
        content = payload(body(*sound, wrong))
        told = []
        for before in (known, None):
            with pytest.raises(PayloadInvalid) as caught:
                validate(content, provider.contract, before)
            told.append(caught.value.problems)
        assert told[0] == told[1]
        validate(payload(body(*sound)), provider.contract, known)


@pytest.mark.parametrize("key", ["id", "{1}/{id}", "{1}"])
def test_models_named_by_their_place_move_with_it(key: str) -> None:
    """A row that is known and stands elsewhere is another model, where the place is in its key."""
    provider, known = Described("x", Description(route="/", key=key)), Rows()
    for order in ((1, 2, 3), (3, 1), (2, 3, 1, 4)):
        content = payload(body(*({"id": f"m-{number}"} for number in order)))
        states = [
            provider.normalize(validate(content, provider.contract, before), before)
            for before in (known, None)
        ]
        assert states[0] == states[1]
        assert states[0].digest == states[1].digest


def test_a_row_is_known_at_its_place_alone() -> None:
    """What is not too deep in a list may be so in a list of parts: it is read again there."""
    deep = b'{"a": ' * 62 + b"1" + b"}" * 62
    rows = Rows()
    assert rows.read(b"[" + deep + b"]", (ANY,))[1] == ()
    parts = b'{"pages": [[' + deep + b"]]}"
    place = ("pages", ANY, ANY)
    assert rows.read(parts, place)[1] == Rows().read(parts, place)[1] != ()


def test_rows_that_do_not_last_are_read_alike() -> None:
    """A process that reads one answer keeps no row, and reads the same."""
    rows = Rows(lasts=False)
    for _ in range(2):
        answer = body(row(id=1), row(id=2))
        assert rows.read(answer, ("data", ANY)) == read(answer)
    assert rows.once("made", dict)(row(id=1)) == row(id=1)
