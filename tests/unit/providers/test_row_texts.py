"""Answers that are read with the rows of the previous one."""

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from catalog.core.errors import PayloadInvalid
from catalog.core.payload import BadRows, Payload, Seen, ValidPayload
from catalog.providers.described.description import Description
from catalog.providers.described.provider import Described
from catalog.providers.infomaniak.provider import Infomaniak
from catalog.providers.provider import Provider
from catalog.providers.rows import Answer
from catalog.providers.source import Paging
from catalog.providers.validate import NOTHING_SEEN, validate
from tests.support.builders import AT, body, row

FLAT = Described("acme", Description(route="/models"), BadRows(share=0.5, above=0))
BARE = Described("acme", Description(route="/models", rows=""))
DEEP = Described(
    "acme", Description(route="/models", rows="trees.*.kinds", key="{1}/{id}", name="id")
)
PAGED = Described("acme", Description(route="/models", paging=Paging(by="next", at="next")))
ODD = (
    '{"data": [{"id": "a", "id": "a"}]}',
    '{"data": [{"id": "a", "n": 1e999}, {"id": "b"}]}',
    '{"data": [{"id": "a", "n": NaN}]}',
    '{"data": [{"id": "\\ud800"}]}',
    '{"data": [{"id": "a", "in": ' + "[" * 61 + "]" * 61 + "}]}",
    '{"data": [{"id": "a", "in": ' + "[" * 62 + "]" * 62 + "}]}",
    '{"data": [{"id": "a", "in": ' + "[" * 2000 + "]" * 2000 + "}]}",
    '{"data": [{"id": "a"}, "~rows0"]}',
    '{"x": {"data": [{"id": "a"}]}, "d\\u0061ta": ["\\u007erows0"]}',
    '{"x": {"data": [{"id": "a"}]}, "data": [{"id": "b"}]}',
    '{"data": [{"id": "a"}], "data": [{"id": "b"}]}',
    '{"data": [{"id": "a"}], "data": []}',
    '{"d": "\\"data\\": [{}]", "data": [{"id": "a"}]}',
    '{"data": [{"id": "a"},]}',
    '{"data": [{"id": "a"}',
    '{"data": [{"id": "a"} {"id": "b"}]}',
    '{"data": [{"id": "a"}]} x',
    '{"data": [{"id": "a"}, 12, null]}',
    '{"data": []}',
    '{"data": {"a": {"id": "a"}}}',
    '[{"id": "a"}, {"id": "a"}, {"id": "b"}]',
    '\ufeff{"data": [{"id": "a"}]}',
    "",
)


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("provider", [FLAT, BARE, Infomaniak()], ids=["flat", "bare", "strict"])
def test_an_odd_answer_is_the_same_with_earlier_rows(text: str, provider: Provider) -> None:
    """Flaws are found, and misleading places are not read, as in an answer that is read alone."""
    seen = valid(provider, b'{"data": [{"id": "a"}, {"id": "b"}]}', NOTHING_SEEN)
    rows = seen.seen if isinstance(seen, ValidPayload) else {}
    assert plain(valid(provider, text.encode(), rows)) == plain(
        valid(provider, text.encode(), None)
    )


def test_bytes_that_are_no_text_are_refused() -> None:
    """Invalid UTF-8 in a row is a problem also if the other rows are known."""
    first = valid(FLAT, b'{"data": [{"id": "a"}]}', NOTHING_SEEN)
    assert isinstance(first, ValidPayload)
    with pytest.raises(PayloadInvalid, match="valid UTF-8"):
        validate(Payload("acme", "u", AT, b'{"data": [{"id": "a\xff"}]}'), FLAT, seen=first.seen)


@pytest.mark.parametrize(
    ("provider", "made"),
    [
        (FLAT, lambda rows: {"object": "list", "data": rows, "n": len(rows)}),
        (BARE, lambda rows: rows),
        (DEEP, lambda rows: {"trees": [{"kinds": rows[:9]}, {"kinds": []}, {"kinds": rows[9:]}]}),
        (DEEP, lambda rows: {"trees": {"oak": {"kinds": rows[:2]}, "elm": {"kinds": rows[2:]}}}),
        (PAGED, lambda rows: {"pages": [{"data": rows[:5]}, {"data": rows[5:], "next": None}]}),
    ],
    ids=["flat", "bare", "groups", "named", "pages"],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_only_new_rows_are_parsed(provider: Provider, made: Any, indent: int | None) -> None:
    """After any change of a list the answer is as if read alone, and has the text of each row."""
    dice = random.Random(7)  # noqa: S311  # the same lists each time
    rows = [{"id": f"m{at}", "max": at, "in": {"a": [1.5, "]", "}"]}} for at in range(20)]
    seen: dict[str, Seen] = {}
    for step in range(30):
        changed(rows, dice, step)
        content = json.dumps(made(rows), indent=indent).encode()
        with_earlier, alone = valid(provider, content, seen), valid(provider, content, None)
        assert plain(with_earlier) == plain(alone)
        assert isinstance(with_earlier, ValidPayload)
        answer = Answer.of(content, provider.contract, seen)
        assert [json.loads(text) for text in answer.texts] == rows
        known = {id(each.value) for each in seen.values()}
        assert sum(id(each.value) not in known for each in answer.rows) <= (2 if step else 20)
        seen = dict(with_earlier.seen)


def test_infomaniak_reads_only_new_rows() -> None:
    """A row with the same text keeps its parsed value and its model."""
    old = [row(id=number, name=f"m{number}") for number in range(1, 9)]
    first = validate(Payload("p", "u", AT, body(*old)), Infomaniak(), seen=NOTHING_SEEN)
    new = [*old[1:4], old[4] | {"max_token_input": 1}, *old[5:]]
    second = validate(Payload("p", "u", AT, body(*new)), Infomaniak(), seen=first.seen)
    kept = [model for model in second.models if any(model is each for each in first.models)]
    assert [model.key for model in kept] == ["2", "3", "4", "6", "7", "8"]


def changed(rows: list[Any], dice: random.Random, step: int) -> None:
    """Change, add, remove, repeat or move rows."""
    at = dice.randrange(len(rows))
    match step % 5:
        case 0:
            rows[at] = rows[at] | {"max": dice.randrange(1000)}
        case 1:
            rows.insert(at, {"id": f"new{step}"})
        case 2:
            rows.pop(at)
        case 3:
            dice.shuffle(rows)
        case _:
            rows.append(rows.pop(at))


def valid(provider: Provider, content: bytes, seen: Any) -> Any:
    """Return the valid payload, or the problems."""
    try:
        return validate(Payload("acme", "u", AT, content), provider, seen=seen)
    except PayloadInvalid as error:
        return error.problems


def plain(found: Any) -> Any:
    """Return the content without the texts of rows."""
    return replace(found, seen={}) if isinstance(found, ValidPayload) else found
