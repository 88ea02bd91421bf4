from importlib.resources import files
from typing import get_args

import pytest

from catalog.changes.change import KINDS
from catalog.changes.finding import Level
from catalog.changes.rules import Move, Rule, rules
from catalog.core.strict_json import parse
from catalog.providers.infomaniak.provider import ATTRIBUTES

TABLE = list(rules().values())
CLASSES = ("quiet", "price", "ends", "successor", "aliases")
"""Classes of fields in a provider description, in addition to known attributes."""
each_rule = pytest.mark.parametrize("rule", TABLE, ids=lambda rule: rule.id)


def specificity(rule: Rule) -> int:
    """Count the conditions of a rule beside its kind."""
    output = (rule.attribute, rule.move, rule.before, rule.after)
    return sum(condition is not None for condition in output) + rule.name_kept


@each_rule
def test_fields_are_filled(rule: Rule) -> None:
    """A rule has an id for configurations, a known kind and level, and one line of why."""
    assert rule.id.replace("-", "").isalpha()
    assert rule.id.islower()
    assert rule.kind in {*KINDS, "flapping", "damped", "implausible", "repeated", "dropped"}
    assert rule.level in Level
    assert rule.why.endswith(".")
    assert rule.why.isprintable()
    assert 10 < len(rule.why) < 100


@each_rule
def test_conditions_are_known_words(rule: Rule) -> None:
    """A condition names a known attribute and a known move."""
    assert rule.attribute in {None, *ATTRIBUTES.values(), *CLASSES}
    assert rule.move in {None, *get_args(Move)}
    assert (rule.move == "value") == (rule.kind == "drift" and rule.attribute is not None)
    if rule.move in {"lowered", "raised"}:
        assert rule.attribute in {"context_limit", "price"}


@each_rule
def test_only_some_kinds_have_conditions(rule: Rule) -> None:
    """Only kinds with a field, a day or a time of listing have conditions."""
    assert (rule.move in {"over", "soon"}) <= (rule.kind == "retiring")
    assert (rule.move == "brief") <= (rule.kind == "removed")
    known = {"updated", "drift", "renamed", "retiring", "removed"}
    assert rule.kind in known or specificity(rule) == 0
    assert not rule.name_kept or rule.kind == "renamed"


@each_rule
def test_values_are_such_as_the_provider_sends(rule: Rule) -> None:
    """A value in a condition has the type that its attribute has."""
    kinds = {"status": str, "beta": bool}
    for value in (rule.before, rule.after):
        assert value is None or isinstance(parse(value), kinds[rule.attribute or ""])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_rule_for_the_rest(kind: str) -> None:
    """The last rule of each kind matches everything."""
    assert specificity([rule for rule in TABLE if rule.kind == kind][-1]) == 0


@each_rule
def test_no_rule_stands_in_the_shadow_of_another(rule: Rule) -> None:
    """No rule follows one with the same or fewer conditions, so each can match."""
    earlier = TABLE[: TABLE.index(rule)]
    pairs = ("attribute", "move", "before", "after")
    for other in (each for each in earlier if each.kind == rule.kind):
        wider = all(getattr(other, at) in {None, getattr(rule, at)} for at in pairs)
        assert not wider or other.name_kept


def test_every_attribute_has_a_rule() -> None:
    """Each known attribute and field class has a rule, the description by what it shows."""
    attributes = {*ATTRIBUTES.values(), *CLASSES}
    assert {rule.attribute for rule in TABLE} - {None} == attributes - {"description"}


def test_levels_that_people_rely_on() -> None:
    """Certain call failures are breaking, possible ones warnings, and no other rule is."""
    levels = {level: {rule.id for rule in TABLE if rule.level is level} for level in Level}
    assert levels[Level.BREAKING] == {
        "model-removed",
        "retirement-over",
        "retirement-soon",
        "model-renamed",
        "name-changed",
        "model-retyped",
        "status-gone",
        "limit-lowered",
        "alias-dropped",
        "listed-refused",
        "delisted-refused",
    }
    assert levels[Level.WARNING] == {
        "retirement-ahead",
        "retirement-brought-forward",
        "status-ending",
        "limit-lost",
        "limit-gained",
        "price-raised",
        "price-lost",
        "ready-lost",
        "beta-entered",
        "removed-with-alias",
        "alias-swapped",
        "route-changed",
        "unknown-status",
        "unknown-type",
        "list-in-parts",
        "row-refused",
        "row-recovered",
        "catalog-held",
        "payload-invalid",
        "provider-failing",
        "catalog-stale",
        "trouble-ended",
        "delivery-ended",
        "answered-as-another",
    }
    assert levels[Level.QUIET] == {
        "null-moved",
        "value-respelled",
        "quiet-changed",
        "end-changed",
        "flapping-damped",
        "implausible-again",
        "implausible-dropped",
        "price-rounded",
        "list-extended",
    }


def test_ids_are_unique() -> None:
    """No two rules share an id, because the later one would be lost."""
    text = files("catalog.changes").joinpath("rules.toml").read_text(encoding="utf-8")
    assert text.count("[[rule]]") == len(TABLE)


def test_conditions_are_read() -> None:
    """Every condition in the file is in the rule, with canonical values."""
    kept, entered, lost = (rules()[at] for at in ("id-changed", "beta-entered", "limit-lost"))
    assert (kept.name_kept, entered.name_kept, entered.attribute) == (True, False, "beta")
    assert (entered.before, entered.after) == (None, "true")
    assert rules()["ready-lost"].before == '"ready"'
    assert lost.move == "lost"
