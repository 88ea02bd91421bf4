from datetime import timedelta

import pytest

from catalog.alerts.channel import Audience
from catalog.changes.change import PROBED_KINDS, Probed
from catalog.changes.finding import Level
from catalog.changes.judge import Case, judge
from catalog.changes.rules import Lifecycle
from catalog.providers.infomaniak.provider import Infomaniak
from catalog.report.sentences import sentence
from tests.support.builders import AT, finding

GONE = AT - timedelta(days=188)


@pytest.mark.parametrize(
    ("change", "output"),
    [
        (
            Probed("ghost", "a", ("chat-v1",), said="rule: no", elsewhere=("chat-v2",)),
            "a is listed, but chat-v1 refuses it: rule: no; chat-v2 answers",
        ),
        (Probed("ghost", "a", ("chat-v1",)), "a is listed, but chat-v1 refuses it"),
        (
            Probed("over", "a", ("chat-v1", "chat-v2"), gone_since=GONE, said="no"),
            "a is refused by chat-v1, chat-v2 now, 188 days after it left the catalog",
        ),
        (
            Probed("lingering", "a", ("chat-v1",), gone_since=GONE),
            "a still answers on chat-v1, 188 days after it left the catalog",
        ),
        (Probed("phantom", "a", ("chat-v1",)), "a answers on chat-v1, and no list has it"),
        (
            Probed("absent", "a", ()),
            "a is listed, but missing from the list of models that can be called",
        ),
        (Probed("answering", "a", ("chat-v2",)), "a answers again on chat-v2"),
        (
            Probed("substituted", "a", ("chat-v2",), answered_as="c\n", before="b"),
            "a on chat-v2 answers as c , not b",
        ),
    ],
)
def test_what_probes_found_in_words(change: Probed, output: str) -> None:
    """Each kind is one sentence with its routes and the provider's text."""
    assert sentence(finding(change)) == output


def test_every_kind_is_judged() -> None:
    """Each kind has its rule, and failing calls are breaking."""
    case = Case("infomaniak", AT, Infomaniak.attributes, Lifecycle(30, "policy"))
    found = judge([Probed(kind, "a", ("r",)) for kind in PROBED_KINDS], case)
    assert [(each.change.kind, each.level) for each in found] == [
        ("ghost", Level.BREAKING),
        ("over", Level.BREAKING),
        ("substituted", Level.WARNING),
        ("lingering", Level.INFO),
        ("phantom", Level.INFO),
        ("absent", Level.INFO),
        ("answering", Level.INFO),
    ]


@pytest.mark.parametrize(
    ("audience", "wanted"),
    [
        (Audience(), True),
        (Audience(models=("acme/*",)), True),
        (Audience(models=("17",)), True),
        (Audience(models=("other",)), False),
        (Audience(types=("llm",)), True),
        (Audience(types=("stt",)), False),
        (Audience(types=("stt",), models=("17",)), False),
    ],
)
def test_who_wants_to_hear_of_a_probe(audience: Audience, wanted: bool) -> None:
    """Channel filters by model and type apply to probe results too."""
    assert audience.wants(finding(Probed("ghost", "acme/x", ("r",), "17", "llm"))) is wanted


def test_a_stranger_has_no_type() -> None:
    """An unlisted name matches filters by name, not by type."""
    stranger = finding(Probed("phantom", "mixtral", ("r",)))
    assert Audience(models=("mix*",)).wants(stranger)
    assert not Audience(types=("llm",)).wants(stranger)
