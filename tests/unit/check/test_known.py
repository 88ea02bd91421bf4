"""What is known of every name that ever stood in the catalog."""

from datetime import date

import pytest

from catalog.changes.forecast import Forecast
from catalog.check.known import Evidence, Listing, Noted, Proof, Swap, stretches
from catalog.check.suggest import Suggestions, instead, is_slip
from catalog.core.paths import Attributes
from catalog.core.snapshot import Snapshot
from tests.support.builders import model, snapshot
from tests.support.check_builders import day, former, known, listing, shipped, told, use

ONE, TWO, THREE = day("2026-01-01"), day("2026-02-01"), day("2026-03-01")


def test_states_become_stretches() -> None:
    """A model that stays is one stretch, one that changes two, and a gap divides."""
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


def test_who_left_is_known_with_the_promise() -> None:
    """A model that left has its moment and the policy's day; one that came back has neither."""
    a, b, c = (model(key, name=key) for key in ("1", "2", "3"))
    known = listing(snapshot(a, b, at=ONE), snapshot(c, at=TWO), snapshot(b, c, at=THREE)).names
    policy = Forecast(date(2026, 3, 3), "policy", "Infomaniak's lifecycle policy")
    assert (known["1"].gone_since, known["1"].forecast) == (TWO, policy)
    assert not known["1"].is_listed
    assert (known["2"].gone_since, known["2"].forecast) == (None, None)
    assert known["3"].listed_since == TWO


def test_a_new_name_takes_the_place_of_the_old_one() -> None:
    """A renamed model is gone by its old name, and its successor is the new one."""
    known = listing(
        snapshot(model("1", name="old"), at=ONE), snapshot(model("1", name="new"), at=TWO)
    )
    assert known.names["old"].gone_since == TWO
    assert known.names["old"].renamed_to == "new"
    assert known.names["new"].renamed_to is None
    assert instead(known.names["old"], known)[0] == "use new"


def test_only_what_tells_of_another_model_is_a_swap() -> None:
    """An alias is swapped by its description, any name by another id, a full name by no words."""
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


def test_the_strongest_basis_goes_first() -> None:
    """A refusal proves the end, else a note announces it, else the policy promises it."""
    promised = Forecast(date(2026, 1, 31), "policy", "a policy")
    said = Noted(date(2026, 6, 1), source="a mail")
    announced = Forecast(date(2026, 6, 1), "announced", "announced by a mail")
    assert known(gone_since=ONE, policy=promised).forecast == promised
    assert known(policy=promised, noted=said).forecast == announced
    assert known(noted=said, proof=Proof(answers=True, at=ONE)).forecast == announced
    refused = known(noted=said, proof=Proof(answers=False, at=ONE, said="gone")).forecast
    assert refused == Forecast(date(2026, 1, 1), "proved", "gone")
    assert known().forecast is None


def test_who_was_gone_before_is_known_until_it_is_seen() -> None:
    """A name from before the history is gone; one that is listed after all is not."""
    evidence = Evidence(former=(former("x"), former("y")))
    found = listing(snapshot(model("1", name="y"), at=ONE), evidence=evidence)
    assert not found.names["x"].is_listed
    assert found.names["y"].is_listed


def test_what_all_successors_lose_is_said_once() -> None:
    """Each stands with its own loss, and what is the same of all of them at the end."""
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


def test_a_noted_successor_stands_alone() -> None:
    """What a person named is proposed without others, also if it is of another type or unlisted."""
    states = (snapshot(model("1", name="old"), at=ONE), snapshot(model("2", type="stt"), at=TWO))
    noted = Evidence(notes={"old": Noted(successor="elsewhere/new")})
    known = listing(*states, evidence=noted)
    assert instead(known.names["old"], known)[0] == "use elsewhere/new"
    noted = Evidence(notes={"old": Noted(successor="alpha")})
    known = listing(*states, evidence=noted)
    assert instead(known.names["old"], known)[0] == "use alpha (type llm to stt)"
    nobody = listing(*states)
    assert instead(nobody.names["old"], nobody) == ("", {})


def test_what_ends_itself_is_no_successor() -> None:
    """A listed model with a noted end is not proposed; other states and routes are said."""
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
def test_what_was_meant_is_found(name: str, expected: str | None) -> None:
    """A slip, the last part of a name and a description lead to the name that calls take."""
    found = Suggestions(shipped()).meant(name)
    assert (found and found.name) == expected


def test_another_version_is_no_slip() -> None:
    """Only where the numbers agree were it the fingers."""
    llama = shipped().names["llama3"]
    assert is_slip("lama3", llama)
    assert not is_slip("llama3.1", llama)
    assert not is_slip("gpt-oss", llama)


FIELDS = Attributes.of({"also": "aliases", "points_to": "alias_of"})


def of(*snapshots: Snapshot, notes: dict[str, Noted] | None = None) -> Listing:
    """Make a listing of states whose models have aliases."""
    return listing(*snapshots, evidence=Evidence(attributes=FIELDS, notes=notes or {}))


def test_an_alias_is_a_name() -> None:
    """Calls take an alias as long as it is listed; afterwards its model is the successor."""
    old, new = model("1", "a", also=["b", "c"]), model("1", "a", also=["c"])
    known = of(snapshot(old, at=ONE), snapshot(new, at=TWO), snapshot(new, at=THREE))
    assert sorted(known.names) == ["a", "b", "c"]
    assert [each.name for each in known.listed] == ["a"]
    assert (known.names["c"].is_listed, known.names["c"].is_alias) == (True, True)
    gone = known.names["b"]
    assert (gone.gone_since, gone.renamed_to, gone.model) == (TWO, "a", old)
    assert instead(gone, known)[0] == "use a"
    (notice,) = told(use("b"), known)
    assert notice.text.startswith(
        "no longer an alias of a in infomaniak's catalog since 2026-02-01"
    )
    assert told(use("c"), known) == ()
    assert Suggestions(known).meant("alpha 1.0") == known.names["a"]


def test_an_alias_that_goes_with_its_model_has_no_successor_of_that_name() -> None:
    """Where the model is gone too, other models are suggested."""
    known = of(snapshot(model("1", "a", also=["b"]), at=ONE), snapshot(model("2", "x"), at=TWO))
    assert known.names["b"].renamed_to is None
    assert instead(known.names["b"], known)[0] == "use x"


def test_an_alias_that_went_over_is_swapped() -> None:
    """A name that another model answers has changed, whether it is an alias or points to one."""
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


def test_an_own_name_counts_more_than_an_alias() -> None:
    """A name that is a model and an alias of another one is that of the model."""
    both = (model("1", "a"), model("2", "b", also=["a"]))
    known = of(snapshot(*both, at=ONE)).names
    assert known["a"].model.key == "1"
    renamed = of(
        snapshot(model("1", "a"), at=ONE), snapshot(model("2", "b", also=["a"]), at=TWO)
    ).names
    assert (renamed["a"].is_listed, renamed["a"].renamed_to) == (True, None)


def test_an_alias_ends_with_its_model() -> None:
    """A note about the end of a model is one about its aliases."""
    known = of(
        snapshot(model("1", "a", also=["b"]), at=ONE), notes={"a": Noted(date(2026, 6, 1))}
    ).names
    assert [known[name].forecast for name in "ab"] == [
        Forecast(date(2026, 6, 1), "announced", "announced")
    ] * 2
