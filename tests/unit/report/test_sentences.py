import unicodedata
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.changes.change import (
    Added,
    Basis,
    Change,
    Removed,
    Renamed,
    Restored,
    Retiring,
    Updated,
)
from catalog.changes.incident import Recovered, Trouble, Undelivered
from catalog.changes.successors import Difference, Successor
from catalog.core.clock import stamp
from catalog.core.payload import Drift
from catalog.core.strict_json import JsonText, canonical
from catalog.core.text import VALUE_LIMIT
from catalog.report.sentences import best, drift_sentence, fact, sentence, successor
from catalog.report.summary import pending
from tests.support.builders import AT, finding, model

HOSTILE = "a\x1b[31m\nb\r\u2028c\x85d\x00"
LINK = "https://developer.infomaniak.com/docs/api/post/2/ai/%7Bproduct_id%7D"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.floats(allow_nan=False, allow_infinity=False, width=16)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=3,
)
long_texts = st.builds(
    lambda head, fill, tail: head + fill * 90 + tail,
    texts,
    st.sampled_from(["a", "b ", "/"]),
    texts,
)
sides = st.none() | (values | long_texts).map(canonical)


def text(value: Any) -> JsonText:
    """Write a value as canonical text."""
    return canonical(value)


def updated(before: JsonText | None, after: JsonText | None, field: str = "version") -> Updated:
    """Make an update of the model alpha."""
    return Updated(model(), field, before, after)


def move(before: JsonText | None, after: JsonText | None) -> str:
    """Return both values as in a sentence."""
    return sentence(finding(updated(before, after))).removeprefix("alpha: version ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Added(model()), "alpha added: llm, 32,000 tokens, ready"),
        (
            Added(model(meta={"is_beta": True}, info_status="coming_soon")),
            "alpha added: llm, 32,000 tokens, coming_soon, beta",
        ),
        (
            Added(model(type="stt", max_token_input=None, info_status=None, meta=None)),
            "alpha added: stt",
        ),
        (Added(model(max_token_input=0)), "alpha added: llm, 0 tokens, ready"),
        (Removed(model()), "alpha removed"),
        (Restored(model(), AT - timedelta(days=6, hours=5)), "alpha restored after 6 days"),
        (updated(text("3"), text("3.2")), "alpha: version 3 → 3.2"),
        (updated(None, text(None)), "alpha: version missing → null"),
        (updated(text(32000), text(128000)), "alpha: version 32,000 → 128,000"),
        (updated(text(True), None, "meta.is_beta"), "alpha: meta.is_beta true → missing"),
        (Drift("new field", "meta.x", None, ("alpha",)), "new field meta.x (alpha)"),
        (Drift("new field", "$.page", None, ()), "new field $.page"),
        (Drift("new null", "logo_url", None, ("a", "b")), "new null in logo_url (a, b)"),
        (
            Drift("next part", "$.nextPageToken", None, ()),
            "the answer looks like one part of several: nextPageToken is filled",
        ),
        (
            Drift("next part", "$.has_more", canonical(True), ()),
            "the answer looks like one part of several: has_more is true",
        ),
        (
            Drift("larger total", "$.totalSize", None, ()),
            "the answer looks like one part of several: totalSize counts more than it holds",
        ),
        (
            Drift("new value", "type", text("video"), tuple("abcde")),
            "new value of type: video (a, b, c and 2 more)",
        ),
        (
            Drift("odd format", "last_updated_at", text("soon"), ("a",)),
            "odd format of last_updated_at: soon (a)",
        ),
        (Trouble("held", "the list is empty"), "answer held: the list is empty"),
        (Trouble("invalid", "$: found 1"), "answer invalid: $: found 1"),
        (Trouble("invalid", "$: x", AT - timedelta(hours=1)), "answer invalid for 1 hour: $: x"),
        (
            Trouble("failing", "503", AT - timedelta(hours=1)),
            "the provider could not be read for 1 hour: 503",
        ),
        (
            Trouble("failing", "host/x could not be read: refused", AT - timedelta(hours=1)),
            "the provider could not be read for 1 hour: host/x: refused",
        ),
        (
            Trouble("stale", "503", AT - timedelta(hours=1)),
            "no answer was accepted for 1 hour: 503",
        ),
        (Renamed(model(), "2", "omega"), "alpha renamed to omega (id 1 → 2)"),
        (Renamed(model(), "2", "alpha"), "alpha has another id: id 1 → 2"),
        (Renamed(model(), "omega", "omega"), "alpha renamed to omega"),
        (Undelivered("ops", "410"), "a message to channel ops was given up: 410"),
        (Undelivered("ops", "channel ops: 410"), "a message to channel ops was given up: 410"),
        (
            Recovered(("stale", "held"), AT - timedelta(hours=1)),
            "well again after 1 hour (old list, held answer)",
        ),
    ],
)
def test_sentences(change: Change, said: str) -> None:
    """Every kind of change has one plain sentence."""
    assert sentence(finding(change)) == said


def test_owed() -> None:
    """Pending messages have the reason and the time of the next attempt."""
    assert (
        pending("ops", 2, "503", AT)
        == f"2 messages not delivered, 503; next attempt not before {stamp(AT)}"
    )
    assert pending("ops", 1, None, None) == "channel ops: 1 message to be sent at the next run"


def test_removal_says_how_long_calls_work() -> None:
    """A removal has the last day of calls and its source."""
    gone = finding(Removed(model()), callable_until=date(2026, 1, 22), ground="the policy")
    said = "alpha removed; callable until at least 2026-01-22 (the policy)"
    assert sentence(gone) == said


@pytest.mark.parametrize(
    ("until", "basis", "ground", "said"),
    [
        (22, "policy", "why", "30 days left; callable until at least 2026-01-22 (why)"),
        (1, "announced", "a mail", "9 days left; announced to end on 2026-01-01 (a mail)"),
        (22, "proved", "refused\non 2025-12-20", "over; refused on 2025-12-20"),
    ],
)
def test_an_end_is_told_in_the_words_of_its_basis(
    until: int, basis: Basis, ground: str, said: str
) -> None:
    """An end has the days left, the day and its source in one line."""
    day = date(2026, 1, until)
    change = Retiring("1", "alpha", "llm", day, basis, ground)
    output = finding(change, callable_until=day, basis=basis, ground=ground)
    assert sentence(output) == f"alpha: {said}"


@pytest.mark.parametrize(
    ("days", "said"),
    [(2, "2 days left"), (1, "1 day left"), (0, "last day"), (-3, "over since 2025-12-20")],
)
def test_days_left(days: int, said: str) -> None:
    """Days are counted down to the last day, then it has the date."""
    day = AT.date() + timedelta(days=days)
    assert fact(finding(Retiring("1", "alpha", "llm", day, "policy", "why"))) == f"alpha: {said}"


def test_an_end_that_moved_says_from_where_and_what_to_use_instead() -> None:
    """A moved end has the previous day and possible successors."""
    day, before = date(2026, 1, 22), date(2026, 1, 1)
    change = Retiring("1", "alpha", "llm", day, "policy", "why", 30, before, ("beta", "gamma"))
    said = "alpha: 30 days left, before it was 2026-01-01; instead: beta, gamma"
    assert fact(finding(change)) == said


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ((), "beta"),
        ((Difference("context", 262144, 200000),), "beta (context 262,144 to 200,000)"),
        ((Difference("context", 128, None),), "beta (context 128 to unknown)"),
        (
            (Difference("beta", None, True), Difference("status", "ready", None)),
            "beta (not beta to beta, ready to unknown)",
        ),
        (
            (Difference("type", "llm", "stt"), Difference("route", "/a", "/b")),
            "beta (type llm to stt, another route)",
        ),
    ],
)
def test_a_successor_stands_with_what_would_be_lost(
    differences: tuple[Difference, ...], said: str
) -> None:
    """Each loss has a few words, and an unlisted name is marked."""
    assert successor(Successor("beta", differences)) == said
    unlisted = Successor("beta", differences, is_noted=True, is_listed=False)
    assert successor(unlisted) == "beta (not in the catalog)"


def test_the_best_successor_is_named_and_the_others_counted() -> None:
    """A table has room for one successor, and a model without any has none there."""
    assert best(()) is None
    assert best([Successor("beta", ())]) == "beta"
    assert best([Successor("beta", ()), Successor("gamma", ())]) == "beta (+1)"


def test_wave_of_one_move() -> None:
    """A wave with one move shows it with the first few names."""
    moved = [Updated(model(str(at), f"m{at}"), "meta", None, text({})) for at in range(1204)]
    assert sentence(finding(*moved)) == (
        "meta on 1,204 models: missing → {} (m0, m1, m2 and 1,201 more)"
    )


def test_wave_of_different_moves() -> None:
    """A wave with different values shows their direction and the number of values."""
    moved = [Updated(model(str(at), f"m{at}"), "x", None, text(at % 2)) for at in range(3)]
    assert sentence(finding(*moved)) == "x on 3 models: came, 2 different values (m0, m1, m2)"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Drift("bare list", "$.data", None, ()), "a bare list in place of an object with $.data"),
        (Drift("row repeated", "$.data", text(3), ("elm",)), "row listed 3 times (elm)"),
        (
            Drift("key repeated", "meta.x", text(2), ("elm", "oak")),
            "meta.x given 2 times with the same value (elm, oak)",
        ),
        (
            Drift("row refused", "$", None, ("elm", "oak"), ("1", "2"), ("$[1].x: bad", "other")),
            "2 rows refused (elm, oak): $[1].x: bad",
        ),
        (Drift("row recovered", "$", None, ("elm",), ("1",)), "1 row no longer refused (elm)"),
    ],
)
def test_rows_in_a_sentence(change: Drift, said: str) -> None:
    """Repeated, refused and recovered rows are named in one line."""
    assert drift_sentence(change) == said


@pytest.mark.parametrize(
    "change",
    [
        Added(model(name=HOSTILE, type=HOSTILE, info_status=HOSTILE)),
        Removed(model(name=HOSTILE)),
        Restored(model(name=HOSTILE), AT),
        Updated(model(name=HOSTILE), HOSTILE, text(HOSTILE), text({HOSTILE: HOSTILE})),
        Updated(model(), "x", text(["\u2029", "\x9b"]), text("\x1b")),
        Drift("new value", HOSTILE, text(HOSTILE), (HOSTILE, "b")),
        Drift("new null", HOSTILE, None, (HOSTILE,)),
        Drift("bare list", HOSTILE, None, ()),
        Drift("row repeated", "$", text(2), (HOSTILE,)),
        Drift("key repeated", HOSTILE, text(2), (HOSTILE,)),
        Drift("row refused", "$", None, (HOSTILE,), (HOSTILE,), (HOSTILE,)),
        Drift("row recovered", "$", None, (HOSTILE,), (HOSTILE,)),
        Trouble("held", HOSTILE),
    ],
    ids=lambda change: change.kind,
)
def test_no_sentence_breaks_out_of_its_line(change: Change) -> None:
    """No name, field or value puts a control character into a sentence."""
    said = sentence(finding(change))
    assert not [each for each in said if unicodedata.category(each) in {"Cc", "Zl", "Zp"}]
    if isinstance(change, Drift):
        assert drift_sentence(change) == said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("same words, old", "same words, new", "same words, old → same words, new"),
        (f"{LINK}/v2/rerank", f"{LINK}/cohere/v2/rerank", "…/v2/rerank → …/cohere/v2/rerank"),
        ("word " * 100 + "old", "word " * 100 + "new", "… old → … new"),
        ("word " * 100 + "end", "word " * 100, "… end → … "),
        ("x" * 200 + "1", "x" * 200 + "2", f"…{'x' * 30}1 → …{'x' * 30}2"),
        ("a" + "x" * 200, "b" + "x" * 200, f"a{'x' * 30}… → b{'x' * 30}…"),
        (
            "word " * 100 + "old" + " tail" * 100,
            "word " * 100 + "renewed" + " tail" * 100,
            f"… old{' tail' * 5} tai… → … renewed{' tail' * 5} tai…",
        ),
        ("word " * 100, "word " * 40, f"… {'word ' * 24}".rstrip()[:119] + "… → … "),
        (
            ["x" * 200 + "1", "same"],
            ["same", "x" * 200 + "2"],
            f"+…{'x' * 29}2, -…{'x' * 29}1",
        ),
        (
            [f"old-{at:02}-{'x' * 20}" for at in range(9)],
            [f"new-{at:02}-{'x' * 20}" for at in range(8)],
            (
                f"+new-00-{'x' * 20}, +new-01-{'x' * 20}, +new-02-{'x' * 20} and 5 more, "
                f"-old-00-{'x' * 20}, -old-01-{'x' * 20}, -old-02-{'x' * 20} and 6 more"
            ),
        ),
        (["a", "b" * 300], ["a"], f"-{'b' * 118}…"),
        (
            [{"min": 0, "price": 1}, {"price": 2}],
            [{"price": 2}, {"min": 0, "price": 1}],
            "the same in another order",
        ),
        ("1,000", 1000, '"1,000" → 1000'),
        ("null", None, '"null" → null'),
        ("a b", "a\nb", '"a b" → "a\\nb"'),
        ("a", "a ", '"a" → "a "'),
        (["chat", "vision"], ["audio", "chat"], "+audio, -vision"),
        (["chat", "vision"], ["vision", "chat"], "the same in another order"),
        ([1, 2.5], [1, 3], "+3, -2.5"),
        ([1, 2], [2, 1], "[1,2] → [2,1]"),
        ([True], [True, False], "[true] → [true,false]"),
        (["chat"], ["chat", "chat"], '["chat"] → ["chat","chat"]'),
        (["chat"], ["chat", 1], '["chat"] → ["chat",1]'),
        ("a\u0085", "a\u2028", '"a\\u0085" → "a\\u2028"'),
        (["\u0085"], ["\u2028"], '["\\u0085"] → ["\\u2028"]'),
    ],
)
def test_moves(before: Any, after: Any, said: str) -> None:
    """Values are shown from their difference on, as JSON if they look alike."""
    assert move(text(before), text(after)) == said


def test_a_word_is_not_mistaken_for_absence() -> None:
    """The text "missing" differs from a missing value."""
    assert move(None, text("missing")) == 'missing → "missing"'


@given(sides, sides)
def test_different_values_never_look_the_same(
    before: JsonText | None, after: JsonText | None
) -> None:
    """Different values always look different, on one line of limited length."""
    said = move(before, after)
    side = said[: (len(said) - len(" → ")) // 2]
    assert (said == f"{side} → {side}") == (before == after)
    assert len(said) <= 2 * VALUE_LIMIT + len(" → ")
    assert "\n" not in said
