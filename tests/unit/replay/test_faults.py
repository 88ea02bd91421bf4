import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.core.clock import now
from catalog.core.errors import SettingsInvalid
from catalog.providers.recordings import Recording
from catalog.replay import faults, wire
from catalog.replay.answer import Capture
from catalog.replay.faults import FAULTS, Faults, read_kinds
from catalog.replay.wire import Mark, Pause
from tests.support.builders import body, row

KINDS = tuple(FAULTS)
BODY = body(row(), row(id=2, name="b"), row(id=3, name="c"))


def capture(content: bytes = BODY) -> Capture:
    """Make a capture without a file."""
    return Capture(Recording(Path("none"), now()), content)


def served(kind: str, content: bytes = BODY) -> list[dict[str, Any]]:
    """Return the models that a fault answers with."""
    rows: list[dict[str, Any]] = json.loads(FAULTS[kind].reply(capture(content)).body)["data"]
    return rows


def test_the_kinds_are_read_in_the_order_of_the_table() -> None:
    """Order, spaces, case and repetition are ignored, and `all` means every kind."""
    assert read_kinds("nan, 500,NaN") == ("500", "nan")
    assert read_kinds("all") == read_kinds("nan,all") == KINDS


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("half", "there is no fault 'half' (did you mean half-list?)"),
        ("zzz,nann", "'nann' (did you mean nan?); there is no fault 'zzz'"),
        ("al", "there is no fault 'al' (did you mean all?)"),
        ("", "no fault named"),
        (" , ", "no fault named"),
    ],
)
def test_an_unknown_kind_is_told_with_its_neighbor(text: str, output: str) -> None:
    """The error suggests a similar kind, and its hint lists every kind."""
    with pytest.raises(SettingsInvalid) as caught:
        read_kinds(text)
    assert output in str(caught.value)
    assert all(kind in caught.value.hint for kind in (*KINDS, "all"))


@pytest.mark.parametrize(
    ("kinds", "rate"), [((), 1.0), (("nan",), -0.1), (("nan",), 1.1), (("nan", "none"), 1.0)]
)
def test_faults_that_cannot_be_chosen_are_refused(kinds: tuple[str, ...], rate: float) -> None:
    """No kind, an unknown kind and an invalid rate are refused at the start."""
    with pytest.raises(SettingsInvalid):
        Faults(kinds, rate)


def test_a_seed_says_which_poll_gets_which_fault() -> None:
    """A seed repeats the same choice in any order, and another seed does not."""
    first = [Faults(KINDS, 0.5, seed=7)(number) for number in range(1000)]
    again = [Faults(KINDS, 0.5, seed=7)(number) for number in reversed(range(1000))]
    assert again[::-1] == first
    assert [Faults(KINDS, 0.5, seed=8)(number) for number in range(1000)] != first
    assert set(first) == {None, *KINDS}
    assert 400 < first.count(None) < 600


def test_the_rate_goes_from_none_to_all() -> None:
    """A rate of 0 gives no poll a fault, and the default gives every poll one."""
    assert {Faults(KINDS, 0)(number) for number in range(1000)} == {None}
    assert None not in {Faults(KINDS)(number) for number in range(1000)}


def test_untrue_models_differ_in_what_they_are_named_for() -> None:
    """Each false answer changes only what its name says."""
    true = json.loads(BODY)["data"]
    assert served("empty-list") == []
    assert served("half-list") == true[:1]
    assert [each["id"] for each in served("duplicate-ids")] == [1, 2, 3, 1]
    assert len({each["name"] for each in served("duplicate-ids")}) == 4
    assert served("new-type") == [true[0] | {"type": "new-type"}, *true[1:]]
    assert served("null-id") == [true[0] | {"id": None}, *true[1:]]
    assert [each.keys() - row().keys() for each in served("new-field")] == 3 * [{"new_field"}]
    assert b"NaN" in FAULTS["nan"].reply(capture()).body
    kept = {"id", "name", "type"}
    assert served("nulls")[0] == {key: item if key in kept else None for key, item in row().items()}


def test_long_names_are_long_and_each_is_another() -> None:
    """Every name is unique and has 10,000 characters of Markdown and control marks."""
    names = [each["name"] for each in served("long-names")]
    assert {len(name) for name in names} == {faults.NAME_LENGTH} == {10_000}
    assert len(set(names)) == 3
    for hostile in ("|", "`", "<!-- catalog:end", "\n", "\u202e", "<script>"):
        assert hostile in names[0]


@pytest.mark.parametrize("kind", ["empty-list", "nan", "nulls", "long-names", "duplicate-ids"])
@pytest.mark.parametrize(
    "content", [b"no JSON", b"[]", b'{"data": 1}', b'{"data": [1]}', b"[" * 100_000]
)
def test_a_recording_without_models_is_served_as_it_is(kind: str, content: bytes) -> None:
    """A broken recording does not break the server."""
    assert FAULTS[kind].reply(capture(content)).body == content


def test_a_recording_of_no_models_takes_every_fault() -> None:
    """Faults of the first model leave an empty list unchanged."""
    for kind in ("half-list", "duplicate-ids", "nan", "new-type", "long-names"):
        assert served(kind, body()) == []


def test_what_could_be_true_has_a_tag_of_its_own() -> None:
    """A plausible false state has its own ETag, and damage keeps the true one."""
    true = capture().validators["ETag"]
    for kind in ("half-list", "new-field", "long-names"):
        assert FAULTS[kind].reply(capture()).headers["ETag"] != true
    for kind in ("truncated", "empty-body", "charset", "reset", "drip"):
        assert FAULTS[kind].reply(capture()).headers["ETag"] == true


def test_damage_does_what_it_says() -> None:
    """Half is half, and another encoding has the same text."""
    assert BODY.startswith(FAULTS["truncated"].reply(capture()).body)
    assert FAULTS["empty-body"].reply(capture()).body == b""
    assert FAULTS["charset"].reply(capture()).body.decode("utf-16").encode() == BODY


def test_bad_ways_are_steps() -> None:
    """The sent bytes, their order and pauses are visible without a socket."""
    assert list(wire.whole(b"abcd")) == [Mark.HEAD, b"abcd"]
    assert list(wire.refuse(b"abcd")) == [Mark.RESET]
    assert list(wire.break_off(b"abcd")) == [Mark.HEAD, b"ab", Mark.RESET]
    assert list(wire.stay_silent(b"abcd")) == [Pause(None)]
    assert list(wire.drip(b"ab")) == [Mark.HEAD, b"a", Pause(1), b"b", Pause(1)]


def pieces(way: wire.Way) -> Iterator[bytes]:
    """Return the chunks that are sent, each with its length."""
    head, *chunks, end = way(b"{}")
    assert (head, end) == (Mark.HEAD, b"0\r\n\r\n")
    for chunk in chunks:
        assert isinstance(chunk, bytes)
        size, _, rest = chunk.partition(b"\r\n")
        assert rest[int(size, 16) :] == b"\r\n"
        yield rest[:-2]


def test_a_flood_is_valid_json() -> None:
    """A flood is the true answer and can only be refused by size."""
    assert b"".join(pieces(wire.flood(3))) == b" " * 3_000_000 + b"{}"


def test_a_bomb_is_small_and_unfolds() -> None:
    """It is real gzip of the true answer behind blanks, a thousandth of their size."""
    packed = b"".join(pieces(wire.bomb(20)))
    assert len(packed) < 21_000
    assert gzip.decompress(packed) == b" " * 20_000_000 + b"{}"
