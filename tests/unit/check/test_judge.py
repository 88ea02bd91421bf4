"""Notices about code that uses models of the catalog."""

from dataclasses import replace
from datetime import date, timedelta
from time import process_time
from typing import Any

import pytest

from catalog.changes.finding import Level
from catalog.check.counting import divide
from catalog.check.judge import Terms, judge
from catalog.check.known import Evidence, Noted, Proof
from catalog.check.lock import Locked
from catalog.check.suggest import Suggestions
from tests.support.builders import model, snapshot
from tests.support.check_builders import (
    STORY,
    TODAY,
    day,
    listing,
    notices_of,
    scanned,
    shipped,
    use,
)

ONE, TWO = day("2026-05-01"), day("2026-05-10")
KEPT = model("2", name="org/kept-8b", max_token_input=1000)
LEFT = listing(snapshot(model("1", name="left"), KEPT, at=ONE), snapshot(KEPT, at=TWO))


def locked(**given: Any) -> dict[str, Locked]:
    """Make a lock of one model."""
    facts: dict[str, Any] = {"type": "llm", "limit": 1000, "description": "A", "at": ONE}
    return {"alias": Locked("infomaniak", "alias", **({"files": ("a.py",)} | facts | given))}


def test_the_story() -> None:
    """Each of the product's seven names is reported with its removal and a replacement."""
    notices = [notices_of(use(name), shipped(), today=date(2026, 11, 1))[0] for name in STORY]
    assert {notice.rule for notice in notices} == {"delisted"}
    assert {notice.level for notice in notices} == {Level.BREAKING}
    assert [notice.facts.get("gone_since", "")[:10] for notice in notices] == [
        "",
        *["2026-05-19"] * 4,
        "2025-11-26",
        "2026-05-19",
    ]
    assert notices[0].text == "gone from infomaniak's catalog since before 2025-08-13"
    assert all(notice.instead.startswith("use ") for notice in notices)
    assert "Qwen/Qwen3.5-122B-A10B-FP8 (context 262,144 to 200,000)" in notices[-1].instead


def test_a_listed_model_has_no_notice() -> None:
    """A model of the newest catalog gives no notice."""
    assert notices_of(use("org/kept-8b", limit=1000), LEFT) == ()


def test_a_recently_removed_model_is_retiring() -> None:
    """A removed model is a warning with the days left until the promised day, then breaking."""
    notice = notices_of(use("left"), LEFT, today=date(2026, 5, 31))[0]
    assert (notice.rule, notice.level) == ("retiring", Level.WARNING)
    assert notice.text == (
        "gone from infomaniak's catalog since 2026-05-10; "
        "calls work until at least 2026-06-09 (9 days left)"
    )
    assert notice.facts["days_left"] == 9
    last = notices_of(use("left"), LEFT, today=date(2026, 6, 8))[0]
    assert "(1 day left)" in last.text
    over = notices_of(use("left"), LEFT, today=date(2026, 6, 10))[0]
    assert (over.rule, over.level) == ("delisted", Level.BREAKING)
    assert (
        "calls were expected to work until 2026-06-09 (Infomaniak's lifecycle policy)" in over.text
    )


def test_a_later_end_is_only_info() -> None:
    """An end after `within` is reported as info and fails nothing."""
    notice = notices_of(use("left"), LEFT, within=timedelta(days=7))[0]
    assert (notice.rule, notice.level) == ("retiring", Level.INFO)


def test_an_announced_end_of_a_listed_model_is_reported() -> None:
    """A note makes a listed model retiring with its successor, and delisted after its day."""
    noted = Noted(date(2026, 6, 1), "org/next", "https://example.org/news")
    known = listing(snapshot(KEPT, at=ONE), evidence=Evidence(notes={KEPT.name: noted}))
    notice = notices_of(use(KEPT.name), known)[0]
    assert notice.rule == "retiring"
    assert notice.text == ("listed by infomaniak; announced to end on 2026-06-01 (12 days left)")
    assert notice.instead == "use org/next"
    over = notices_of(use(KEPT.name), known, today=date(2026, 6, 2))[0]
    assert over.rule == "delisted"
    assert "until 2026-06-01 (announced by https://example.org/news)" in over.text
    bare = replace(noted, source=None)
    known = listing(snapshot(KEPT, at=ONE), evidence=Evidence(notes={KEPT.name: bare}))
    assert "(announced)" in notices_of(use(KEPT.name), known, today=date(2026, 6, 2))[0].text


def test_a_refusal_overrides_all_promises() -> None:
    """A confirmed refusal is reported with the provider's message, even for a listed model."""
    proof = Proof(answers=False, at=TWO, said="model not found")
    known = listing(snapshot(KEPT, at=ONE), evidence=Evidence(proofs={KEPT.name: proof}))
    notice = notices_of(use(KEPT.name), known)[0]
    assert (notice.rule, notice.level) == ("refused", Level.BREAKING)
    assert notice.text == (
        'listed by infomaniak; a call was refused on 2026-05-10: "model not found"'
    )
    quiet = Evidence(proofs={KEPT.name: replace(proof, said=None)})
    assert notices_of(use(KEPT.name), listing(snapshot(KEPT, at=ONE), evidence=quiet))[
        0
    ].text.endswith("refused on 2026-05-10")


def test_an_answer_after_the_end_is_reported() -> None:
    """A removed model that still answers is reported as gone with the day of the answer."""
    evidence = Evidence(proofs={"left": Proof(answers=True, at=day("2026-07-01"))})
    states = (snapshot(model("1", name="left"), KEPT, at=ONE), snapshot(KEPT, at=TWO))
    notice = notices_of(use("left"), listing(*states, evidence=evidence), today=date(2026, 8, 1))[0]
    assert notice.rule == "delisted"
    assert notice.text.endswith("; a call still got an answer on 2026-07-01")


def test_an_unknown_name_is_reported_with_a_suggestion() -> None:
    """A similar known name is suggested, and a unique name is reported without a suggestion."""
    near = notices_of(use("org/kept-9b"), LEFT)[0]
    assert (near.rule, near.instead) == ("unknown", "did you mean org/kept-8b?")
    assert near.facts == {"did_you_mean": "org/kept-8b"}
    assert notices_of(use("something-new"), LEFT)[0].instead == ""


def test_a_routing_prefix_is_not_part_of_the_name() -> None:
    """A removed model after a prefix is reported by its own name, with the written one."""
    notice = notices_of(use("openai/left", bare="left", means="left"), LEFT)[0]
    assert (notice.name, notice.facts["written"]) == ("left", "openai/left")
    assert notice.text.endswith("; written as openai/left")
    near = notices_of(use("openai/org/kept-9b", bare="org/kept-9b", means=""), LEFT)[0]
    assert (near.name, near.instead) == ("openai/org/kept-9b", "did you mean org/kept-8b?")


def test_a_suggested_name_may_be_gone_too() -> None:
    """A suggestion for a misspelled name says if that model is gone."""
    notice = notices_of(use("leftt"), LEFT)[0]
    assert notice.instead == (
        "did you mean left? (gone from infomaniak's catalog since 2026-05-10)"
    )


def test_a_number_above_the_limit_is_reported_at_its_line() -> None:
    """The notice is at the number and has both values, also if the model is retiring."""
    notice = notices_of(use(KEPT.name, limit=1001, limit_line=5, limit_place="max_context"), LEFT)[
        0
    ]
    assert (notice.rule, notice.line, notice.text, notice.instead) == (
        "limit",
        5,
        "max_context is 1,001, and the model takes 1,000 tokens",
        "at most 1,000",
    )
    bare = notices_of(use(KEPT.name, limit=1001), LEFT)[0]
    assert (bare.line, bare.text[:21]) == (3, "the number beside it ")
    soon = Evidence(notes={KEPT.name: Noted(date(2026, 6, 1))})
    both = notices_of(use(KEPT.name, limit=1001), listing(snapshot(KEPT, at=ONE), evidence=soon))
    assert {each.rule for each in both} == {"limit", "retiring"}


def test_a_swap_since_the_lock_is_reported() -> None:
    """Only a change after the lock was written is reported."""
    known = listing(
        snapshot(model("1", name="alias", description="A", max_token_input=1000), at=ONE),
        snapshot(model("1", name="alias", description="B", max_token_input=1000), at=TWO),
    )
    notice = notices_of(use("alias"), known, locked=locked())[0]
    assert (notice.rule, notice.text) == (
        "changed",
        "the name means another model since 2026-05-10: A → B (locked on 2026-05-01)",
    )
    assert notices_of(use("alias"), known, locked=locked(at=TWO)) == ()
    assert notices_of(use("alias"), known) == ()


def test_facts_that_got_worse_since_the_lock_are_reported() -> None:
    """Another type and a lower or missing limit are reported, and a higher limit is not."""
    known = listing(
        snapshot(model("1", name="alias", description="A", max_token_input=1000), at=ONE)
    )
    lower = notices_of(use("alias"), known, locked=locked(type="stt", limit=2000))[0]
    assert lower.text == (
        "its type was stt, and is llm; its limit was 2,000 tokens, and is 1,000 tokens "
        "(locked on 2026-05-01)"
    )
    assert notices_of(use("alias"), known, locked=locked(limit=10)) == ()
    lost = listing(snapshot(model("1", name="alias", max_token_input=None), at=ONE))
    assert "and is unknown" in notices_of(use("alias"), lost, locked=locked())[0].text


def test_prose_fails_nothing() -> None:
    """A mention of a removed model is info, and an unknown name in prose is not reported."""
    notice = notices_of(use("left", kind="mention"), LEFT, today=date(2027, 1, 1))[0]
    assert (notice.rule, notice.level) == ("delisted", Level.INFO)
    assert notices_of(use("org/kpet-8b", kind="mention"), LEFT) == ()


def test_a_configured_level_applies() -> None:
    """A configured level replaces the level of the rule."""
    notice = notices_of(use("left"), LEFT, levels={"retiring": Level.BREAKING})[0]
    assert notice.level is Level.BREAKING


def test_no_replacement_is_suggested_without_a_listed_one() -> None:
    """If no model of the same type is listed, no replacement is suggested."""
    states = (snapshot(model("1", name="x", type="stt"), KEPT, at=ONE), snapshot(KEPT, at=TWO))
    assert notices_of(use("x"), listing(*states))[0].instead == ""


@pytest.mark.long
@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", ["unknown", "misspelled", "gone"])
def test_very_many_names_are_judged_quickly(kind: str) -> None:
    """Ten thousand unknown, misspelled or removed names take at most 8 s of CPU."""
    names = {"unknown": "Qwen/Qwen3-{}B", "misspelled": "Qwen/Qwen3-Embeding-8B", "gone": "llama3"}
    known = shipped()
    made = [names[kind].format(n * 7919) for n in range(10_000)]
    uses = [use(name, means=name if name in known.names else "") for name in made]
    before = process_time()
    suggestions = Suggestions(known)
    counted, _ = divide([scanned(*uses)], suggestions)
    notices = judge(counted, Terms(suggestions, TODAY))
    assert process_time() - before < 8  # about 3 s alone
    assert len(notices) == (0 if kind == "unknown" else len(uses))
