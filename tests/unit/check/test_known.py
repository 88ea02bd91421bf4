"""The known facts of every name that the catalog ever listed."""

from datetime import date

import pytest

from catalog.changes.forecast import Forecast
from catalog.check.known import Evidence, Listing, Noted, Proof, Swap, stretches
from catalog.check.suggest import Suggestions, instead, is_misspelling
from catalog.core.paths import Attributes
from catalog.core.snapshot import Snapshot
from tests.support.builders import model, snapshot
from tests.support.check_builders import day, former, known, listing, notices_of, shipped, use

ONE, TWO, THREE = day("2026-01-01"), day("2026-02-01"), day("2026-03-01")


def test_states_become_stretches() -> None:
    """An unchanged model is one stretch, and a change or a gap begins another one."""
    a, changed = model("1", name="a"), model("1", name="a", description="other")
    b = model("2", name="b")
    found = stretches(
        (snapshot(a, b, at=ONE), snapshot(changed, at=TWO), snapshot(changed, b, at=THREE))
    )
    assert [(each.model, each.since, each.until) for each in found] == [
        (a, ONE, TWO),
        (b, ONE, TWO),
        (changed, TWO, None),
        (b, THREE, None),
    ]


def test_a_removed_model_has_its_promise() -> None:
    """A removed model has its time and the policy's day, and a restored one has neither."""
    a, b, c = (model(key, name=key) for key in ("1", "2", "3"))
    known = listing(snapshot(a, b, at=ONE), snapshot(c, at=TWO), snapshot(b, c, at=THREE)).names
    policy = Forecast(date(2026, 3, 3), "policy", "Infomaniak's lifecycle policy")
    assert (known["1"].gone_since, known["1"].forecast) == (TWO, policy)
    assert not known["1"].is_listed
    assert (known["2"].gone_since, known["2"].forecast) == (None, None)
    assert known["3"].listed_since == TWO


def test_a_new_name_replaces_the_old_one() -> None:
    """A renamed model is gone by its old name, and the new name is its successor."""
    known = listing(
        snapshot(model("1", name="old"), at=ONE), snapshot(model("1", name="new"), at=TWO)
    )
    assert known.names["old"].gone_since == TWO
    assert known.names["old"].renamed_to == "new"
    assert known.names["new"].renamed_to is None
    assert instead(known.names["old"], known)[0] == "use new"


def test_only_another_model_is_a_swap() -> None:
    """A new description swaps a name without a vendor, and a new id swaps any name."""
    before = snapshot(
        model("1", name="alias", description="A"),
        model("2", name="org/full", description="A"),
        model("3", name="reused"),
        at=ONE,
    )
    after = snapshot(
        model("1", name="alias", description="B"),
        model("2", name="org/full", description="B"),
        model("4", name="reused"),
        at=TWO,
    )
    known = listing(before, after).names
    assert [(each.at, each.before, each.after) for each in known["alias"].swaps] == [
        (TWO, "A", "B")
    ]
    assert known["org/full"].swaps == ()
    assert len(known["reused"].swaps) == 1


def test_the_strongest_basis_decides() -> None:
    """A refusal decides the end, else a note, else the policy."""
    promised = Forecast(date(2026, 1, 31), "policy", "a policy")
    said = Noted(date(2026, 6, 1), source="a mail")
    announced = Forecast(date(2026, 6, 1), "announced", "announced by a mail")
    assert known(gone_since=ONE, policy=promised).forecast == promised
    assert known(policy=promised, noted=said).forecast == announced
    assert known(noted=said, proof=Proof(answers=True, at=ONE)).forecast == announced
    refused = known(noted=said, proof=Proof(answers=False, at=ONE, said="gone")).forecast
    assert refused == Forecast(date(2026, 1, 1), "proved", "gone")
    assert known().forecast is None


def test_a_former_name_is_gone_unless_listed() -> None:
    """A name from before the history is gone, unless the history lists it."""
    evidence = Evidence(former=(former("x"), former("y")))
    found = listing(snapshot(model("1", name="y"), at=ONE), evidence=evidence)
    assert not found.names["x"].is_listed
    assert found.names["y"].is_listed


def test_a_loss_of_all_successors_is_shown_once() -> None:
    """Each successor has its own losses, and the common losses are at the end."""
    gone = model("9", name="old", max_token_input=100)
    known = listing(
        snapshot(gone, at=ONE),
        snapshot(
            model("1", name="org/a", max_token_input=90, meta={"is_beta": True}),
            model("2", name="org/b", max_token_input=None, meta={"is_beta": True}),
            at=TWO,
        ),
    )
    text, facts = instead(known.names["old"], known)
    assert text == "use org/a (context 100 to 90) or org/b (context 100 to unknown) (all: beta)"
    assert facts["instead"][1] == {
        "model": "org/b",
        "noted": False,
        "listed": True,
        "differences": [
            {"what": "context", "before": 100},
            {"what": "beta", "before": False, "after": True},
        ],
    }


def test_a_noted_successor_is_the_only_one() -> None:
    """A noted successor is suggested alone, even if it has another type or is not listed."""
    states = (snapshot(model("1", name="old"), at=ONE), snapshot(model("2", type="stt"), at=TWO))
    noted = Evidence(notes={"old": Noted(successor="elsewhere/new")})
    known = listing(*states, evidence=noted)
    assert instead(known.names["old"], known)[0] == "use elsewhere/new"
    noted = Evidence(notes={"old": Noted(successor="alpha")})
    known = listing(*states, evidence=noted)
    assert instead(known.names["old"], known)[0] == "use alpha (type llm to stt)"
    known = listing(*states)
    assert instead(known.names["old"], known) == ("", {})


def test_an_ending_model_is_not_a_successor() -> None:
    """A listed model with a noted end is not suggested, and other statuses and routes are shown."""
    other = "https://example.org/docs/api/post/2/other"
    states = (
        snapshot(model("1", name="old"), at=ONE),
        snapshot(
            model("2", name="ends"),
            model("3", name="stays", info_status="coming_soon", documentation_link=other),
            at=TWO,
        ),
    )
    noted = Evidence(notes={"ends": Noted(date(2027, 1, 1))})
    known = listing(*states, evidence=noted)
    text, _ = instead(known.names["old"], known)
    assert text == "use stays (ready to coming_soon, another route)"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Qwen/Qwen3-Embeding-8B", "Qwen/Qwen3-Embedding-8B"),
        ("apertus-70b-instruct-2509", "swiss-ai/Apertus-70B-Instruct-2509"),
        ("Whisper V3", "whisper"),
        ("mistral-3", "mistral3"),
        ("something-else-entirely", None),
    ],
)
def test_the_meant_name_is_found(name: str, expected: str | None) -> None:
    """A misspelling, the last part of a name and a description lead to the listed name."""
    found = Suggestions(shipped()).meant(name)
    assert (found and found.name) == expected


def test_another_version_is_not_a_misspelling() -> None:
    """A similar name is a misspelling only if its numbers are the same."""
    llama = shipped().names["llama3"]
    assert is_misspelling("lama3", llama)
    assert not is_misspelling("llama3.1", llama)
    assert not is_misspelling("gpt-oss", llama)


FIELDS = Attributes.of({"also": "aliases", "points_to": "alias_of"})


def of(*snapshots: Snapshot, notes: dict[str, Noted] | None = None) -> Listing:
    """Make a listing of states whose models have aliases."""
    return listing(*snapshots, evidence=Evidence(attributes=FIELDS, notes=notes or {}))


def test_an_alias_is_a_name() -> None:
    """A listed alias gives no notice, and the model of a removed alias is its successor."""
    old, new = model("1", "a", also=["b", "c"]), model("1", "a", also=["c"])
    known = of(snapshot(old, at=ONE), snapshot(new, at=TWO), snapshot(new, at=THREE))
    assert sorted(known.names) == ["a", "b", "c"]
    assert [each.name for each in known.listed] == ["a"]
    assert (known.names["c"].is_listed, known.names["c"].is_alias) == (True, True)
    gone = known.names["b"]
    assert (gone.gone_since, gone.renamed_to, gone.model) == (TWO, "a", old)
    assert instead(gone, known)[0] == "use a"
    (notice,) = notices_of(use("b"), known)
    assert notice.text.startswith(
        "no longer an alias of a in infomaniak's catalog since 2026-02-01"
    )
    assert notices_of(use("c"), known) == ()
    assert Suggestions(known).meant("alpha 1.0") == known.names["a"]


def test_an_alias_that_goes_with_its_model_has_no_successor_of_that_name() -> None:
    """If the model of an alias is gone too, other models are suggested."""
    known = of(snapshot(model("1", "a", also=["b"]), at=ONE), snapshot(model("2", "x"), at=TWO))
    assert known.names["b"].renamed_to is None
    assert instead(known.names["b"], known)[0] == "use x"


def test_an_alias_of_another_model_is_swapped() -> None:
    """An alias that moves to another model, or a name that points to another one, is swapped."""
    known = of(
        snapshot(model("1", "a", also=["b"]), model("3", "~x", points_to="one"), at=ONE),
        snapshot(
            *(model("1", "a", also=["n"]), model("2", "z", also=["b"])),
            model("3", "~x", points_to="two", description="new"),
            at=TWO,
        ),
        snapshot(
            *(model("1", "a"), model("2", "z", also=["b"], description="new")),
            model("3", "~x", points_to=None, description="new"),
            at=THREE,
        ),
    ).names
    assert known["b"].is_listed
    assert known["b"].swaps == (Swap(TWO, "a", "z"),)
    assert known["~x"].swaps == (Swap(TWO, "one", "two"),)


def test_an_own_name_overrides_an_alias() -> None:
    """A name that is a model and an alias of another model means the first model."""
    both = (model("1", "a"), model("2", "b", also=["a"]))
    known = of(snapshot(*both, at=ONE)).names
    assert known["a"].model.key == "1"
    renamed = of(
        snapshot(model("1", "a"), at=ONE), snapshot(model("2", "b", also=["a"]), at=TWO)
    ).names
    assert (renamed["a"].is_listed, renamed["a"].renamed_to) == (True, None)


def test_an_alias_ends_with_its_model() -> None:
    """A note about the end of a model also applies to its aliases."""
    known = of(
        snapshot(model("1", "a", also=["b"]), at=ONE), notes={"a": Noted(date(2026, 6, 1))}
    ).names
    assert [known[name].forecast for name in "ab"] == [
        Forecast(date(2026, 6, 1), "announced", "announced")
    ] * 2
