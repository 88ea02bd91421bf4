"""What the catalog means for code that names its models."""

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
from tests.support.check_builders import STORY, TODAY, day, listing, scanned, shipped, told, use

ONE, TWO = day("2026-05-01"), day("2026-05-10")
KEPT = model("2", name="org/kept-8b", max_token_input=1000)
LEFT = listing(snapshot(model("1", name="left"), KEPT, at=ONE), snapshot(KEPT, at=TWO))


def locked(**given: Any) -> dict[str, Locked]:
    """Make a lock of one model."""
    facts: dict[str, Any] = {"type": "llm", "limit": 1000, "description": "A", "at": ONE}
    return {"alias": Locked("infomaniak", "alias", **({"files": ("a.py",)} | facts | given))}


def test_the_story() -> None:
    """Of the product's seven names each is told as gone, since when, and what to use instead."""
    notices = [told(use(name), shipped(), today=date(2026, 11, 1))[0] for name in STORY]
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


def test_a_listed_model_is_nothing_to_tell() -> None:
    """A model of the newest catalog gives no notice."""
    assert told(use("org/kept-8b", limit=1000), LEFT) == ()


def test_a_model_that_left_lately_is_retiring() -> None:
    """Until the promised day it is a warning that counts the days, then it is breaking."""
    notice = told(use("left"), LEFT, today=date(2026, 5, 31))[0]
    assert (notice.rule, notice.level) == ("retiring", Level.WARNING)
    assert notice.text == (
        "gone from infomaniak's catalog since 2026-05-10; "
        "calls work until at least 2026-06-09 (9 days left)"
    )
    assert notice.facts["days_left"] == 9
    last = told(use("left"), LEFT, today=date(2026, 6, 8))[0]
    assert "(1 day left)" in last.text
    over = told(use("left"), LEFT, today=date(2026, 6, 10))[0]
    assert (over.rule, over.level) == ("delisted", Level.BREAKING)
    assert "calls were to work until 2026-06-09 (Infomaniak's lifecycle policy)" in over.text


def test_what_ends_later_than_asked_is_only_info() -> None:
    """An end beyond `within` is told, and fails nothing."""
    notice = told(use("left"), LEFT, within=timedelta(days=7))[0]
    assert (notice.rule, notice.level) == ("retiring", Level.INFO)


def test_an_announced_end_is_told_of_a_listed_model() -> None:
    """A note makes a listed model retiring, with its successor; after the day it is delisted."""
    noted = Noted(date(2026, 6, 1), "org/next", "https://example.org/news")
    known = listing(snapshot(KEPT, at=ONE), evidence=Evidence(notes={KEPT.name: noted}))
    notice = told(use(KEPT.name), known)[0]
    assert notice.rule == "retiring"
    assert notice.text == ("listed by infomaniak; announced to end on 2026-06-01 (12 days left)")
    assert notice.instead == "use org/next"
    over = told(use(KEPT.name), known, today=date(2026, 6, 2))[0]
    assert over.rule == "delisted"
    assert "until 2026-06-01 (announced by https://example.org/news)" in over.text
    bare = replace(noted, source=None)
    known = listing(snapshot(KEPT, at=ONE), evidence=Evidence(notes={KEPT.name: bare}))
    assert "(announced)" in told(use(KEPT.name), known, today=date(2026, 6, 2))[0].text


def test_a_refusal_goes_before_all_promises() -> None:
    """A believed refusal is told with the provider's words, also of a listed model."""
    proof = Proof(answers=False, at=TWO, said="model not found")
    known = listing(snapshot(KEPT, at=ONE), evidence=Evidence(proofs={KEPT.name: proof}))
    notice = told(use(KEPT.name), known)[0]
    assert (notice.rule, notice.level) == ("refused", Level.BREAKING)
    assert notice.text == (
        'listed by infomaniak; a call was refused on 2026-05-10: "model not found"'
    )
    quiet = Evidence(proofs={KEPT.name: replace(proof, said=None)})
    assert told(use(KEPT.name), listing(snapshot(KEPT, at=ONE), evidence=quiet))[0].text.endswith(
        "refused on 2026-05-10"
    )


def test_an_answer_after_the_end_is_said() -> None:
    """A model that is gone and still answers is told as gone, with when it answered."""
    evidence = Evidence(proofs={"left": Proof(answers=True, at=day("2026-07-01"))})
    states = (snapshot(model("1", name="left"), KEPT, at=ONE), snapshot(KEPT, at=TWO))
    notice = told(use("left"), listing(*states, evidence=evidence), today=date(2026, 8, 1))[0]
    assert notice.rule == "delisted"
    assert notice.text.endswith("; a call still got an answer on 2026-07-01")


def test_an_unknown_name_is_reported_with_what_was_meant() -> None:
    """The similar known name is proposed; a name like no other is reported without a guess."""
    near = told(use("org/kept-9b"), LEFT)[0]
    assert (near.rule, near.instead) == ("unknown", "did you mean org/kept-8b?")
    assert near.facts == {"did_you_mean": "org/kept-8b"}
    assert told(use("something-new"), LEFT)[0].instead == ""


def test_a_routing_prefix_is_not_part_of_the_name() -> None:
    """A removed model behind a prefix is reported by its own name, with what is written."""
    notice = told(use("openai/left", bare="left", means="left"), LEFT)[0]
    assert (notice.name, notice.facts["written"]) == ("left", "openai/left")
    assert notice.text.endswith("; written as openai/left")
    near = told(use("openai/org/kept-9b", bare="org/kept-9b", means=""), LEFT)[0]
    assert (near.name, near.instead) == ("openai/org/kept-9b", "did you mean org/kept-8b?")


def test_what_was_meant_may_be_gone_too() -> None:
    """A slip of a name that is gone says so."""
    notice = told(use("leftt"), LEFT)[0]
    assert notice.instead == (
        "did you mean left? (gone from infomaniak's catalog since 2026-05-10)"
    )


def test_a_number_above_the_limit_is_told_where_it_stands() -> None:
    """The notice is at the number, says both, and counts where the model is about to go too."""
    notice = told(use(KEPT.name, limit=1001, limit_line=5, limit_place="max_context"), LEFT)[0]
    assert (notice.rule, notice.line, notice.text, notice.instead) == (
        "limit",
        5,
        "max_context is 1,001, and the model takes 1,000 tokens",
        "at most 1,000",
    )
    bare = told(use(KEPT.name, limit=1001), LEFT)[0]
    assert (bare.line, bare.text[:21]) == (3, "the number beside it ")
    soon = Evidence(notes={KEPT.name: Noted(date(2026, 6, 1))})
    both = told(use(KEPT.name, limit=1001), listing(snapshot(KEPT, at=ONE), evidence=soon))
    assert {each.rule for each in both} == {"limit", "retiring"}


def test_a_swap_since_the_lock_is_told() -> None:
    """Only what moved after the lock was written counts."""
    known = listing(
        snapshot(model("1", name="alias", description="A", max_token_input=1000), at=ONE),
        snapshot(model("1", name="alias", description="B", max_token_input=1000), at=TWO),
    )
    notice = told(use("alias"), known, locked=locked())[0]
    assert (notice.rule, notice.text) == (
        "changed",
        "another model stands behind the name since 2026-05-10: A → B (locked on 2026-05-01)",
    )
    assert told(use("alias"), known, locked=locked(at=TWO)) == ()
    assert told(use("alias"), known) == ()


def test_facts_that_got_worse_since_the_lock_are_told() -> None:
    """Another type and a lower or lost limit count; a higher one does not."""
    known = listing(
        snapshot(model("1", name="alias", description="A", max_token_input=1000), at=ONE)
    )
    lower = told(use("alias"), known, locked=locked(type="stt", limit=2000))[0]
    assert lower.text == (
        "its type was stt, and is llm; its limit was 2,000 tokens, and is 1,000 tokens "
        "(locked on 2026-05-01)"
    )
    assert told(use("alias"), known, locked=locked(limit=10)) == ()
    lost = listing(snapshot(model("1", name="alias", max_token_input=None), at=ONE))
    assert "and is unknown" in told(use("alias"), lost, locked=locked())[0].text


def test_prose_fails_nothing() -> None:
    """A mention of a model that is gone is info; an unknown name in prose is not told."""
    notice = told(use("left", kind="mention"), LEFT, today=date(2027, 1, 1))[0]
    assert (notice.rule, notice.level) == ("delisted", Level.INFO)
    assert told(use("org/kpet-8b", kind="mention"), LEFT) == ()


def test_levels_are_the_users() -> None:
    """A level of one's own takes the place of the rule's."""
    notice = told(use("left"), LEFT, levels={"retiring": Level.BREAKING})[0]
    assert notice.level is Level.BREAKING


def test_nothing_to_use_instead_is_left_out() -> None:
    """Where nothing of the type is listed, nothing is proposed."""
    states = (snapshot(model("1", name="x", type="stt"), KEPT, at=ONE), snapshot(KEPT, at=TWO))
    assert told(use("x"), listing(*states))[0].instead == ""


@pytest.mark.long
@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", ["unknown", "slip", "gone"])
def test_very_many_names_are_judged_quickly(kind: str) -> None:
    """Ten thousand names cost at most 8 s of CPU: unknown, misspelled, or of a model that left."""
    names = {"unknown": "Qwen/Qwen3-{}B", "slip": "Qwen/Qwen3-Embeding-8B", "gone": "llama3"}
    known = shipped()
    made = [names[kind].format(n * 7919) for n in range(10_000)]
    uses = [use(name, means=name if name in known.names else "") for name in made]
    before = process_time()
    suggestions = Suggestions(known)
    counted, _ = divide([scanned(*uses)], suggestions)
    notices = judge(counted, Terms(suggestions, TODAY))
    assert process_time() - before < 8  # about 3 s alone
    assert len(notices) == (0 if kind == "unknown" else len(uses))
