"""`catalog explain`: show the reasons and the recipients of a finding."""

from collections.abc import Iterator, Sequence
from typing import Any

import click

from catalog.changes.aliases import ALIAS_RULES, moved_aliases
from catalog.changes.change import (
    Cancelled,
    Change,
    OfModel,
    Probed,
    Removed,
    Renamed,
    Retiring,
    Updated,
)
from catalog.changes.finding import Finding, Level
from catalog.changes.likeness import common_tendency, suffix
from catalog.changes.rules import Rule, rules
from catalog.changes.values import attribute_within
from catalog.changes.waves import BULK, SAME_MOVES, VARIANTS
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.lazy_types import FindingDelivery, Settings
from catalog.cli.output import format_option, print_json, print_list, say, say_wrapped
from catalog.core.clock import stamp
from catalog.core.paths import Attributes
from catalog.core.payload import Drift
from catalog.core.strict_json import values_json
from catalog.core.text import VALUE_LIMIT, both, count
from catalog.report.ends import is_as_announced
from catalog.report.json_output import finding_json
from catalog.report.sentences import sentence

SHOWN = 10
Line = tuple[str, str]


@click.command()
@click.argument("finding")
@format_option("text", "json")
@provider_option
@pass_app
def explain(app: App, finding: str, style: str) -> int:
    """Explain one FINDING: its rule, its comparison, its messages.

    FINDING is the number in `catalog changes`, the fingerprint, or the beginning of a fingerprint.
    """
    from catalog.config.build import wire_provider
    from catalog.store import changelog, lookup

    about = {settings.one.name: settings for settings in app.each}
    with app.database.reading() as connection:
        provider, (number, *earlier) = lookup.find(connection, list(about), finding.lower())
        (found,) = changelog.findings(
            connection, changelog.FindingFilter(provider, numbers=(number,))
        )
        compared = lookup.compared(connection, (number,)).get(number, (None, None))
        deliveries = lookup.deliveries(connection, number)
    settings = about[provider]
    attributes = wire_provider(settings.one).attributes
    levels = settings.rules
    rule = rules().get(found.rule)
    if style == "json":
        document = finding_json(found) | {"number": number, "earlier": earlier}
        document |= {"why": rule.why, "conditions": conditions(rule)} if rule else {}
        document |= {"table_level": str(rule.level)} if rule else {}
        document |= {"own_level": str(levels[found.rule])} if found.rule in levels else {}
        document["facts"] = [_fact_json(change, attributes) for change in found.changes]
        document["channels"] = [_delivery_json(each) for each in deliveries]
        print_json(document)
        return 0
    lines = [
        *_head(found, earlier),
        *_judged(found, rule, str(levels.get(found.rule, ""))),
        *_compared(found, compared),
    ]
    print_list([(f"{name:10}", text) for name, text in lines])
    _print_facts(found, attributes)
    say("channels")
    for line in (*map(_line, deliveries), *_not_delivered(found, deliveries, settings)):
        say_wrapped(line, 2)
    return 0


def conditions(rule: Rule) -> dict[str, str]:
    """Return the conditions of a rule, named as in rules.toml."""
    asked = {
        "kind": rule.kind,
        "attribute": rule.attribute,
        "move": rule.move,
        "from": rule.before,
        "to": rule.after,
        "name": "kept" if rule.name_kept else None,
    }
    return {name: value for name, value in asked.items() if value is not None}


def bundled(finding: Finding) -> str | None:
    """Return why changes are reported as one, None for a single change."""
    if not finding.is_wave:
        return None
    many, models = len(finding.changes), count(len(finding.models), "model")
    match finding.change:
        case Updated():
            updates = [each for each in finding.changes if isinstance(each, Updated)]
            fields = {each.field for each in updates}
            if updates[0].since is not None:
                return f"{count(many, 'value')} that settled at the same time"
            if finding.rule in ALIAS_RULES and moved_aliases(updates):
                return f"aliases that went from one of {models} to another"
            if len(fields) > 1:
                how = "came or went together" if common_tendency(updates) else "moved in one poll"
                return f"{count(len(fields), 'field')} that {how} on {models}"
            return (
                f"one field on most models at once, or on {SAME_MOVES} or more models that got the "
                "same move, or that all got the field"
            )
        case Renamed():
            return f"{many:,} names that changed in the same way"
        case Retiring() | Cancelled():
            return f"{many:,} announced ends that were reported together"
        case Removed() if is_as_announced(finding):
            return f"{many:,} models that left as announced for the same day"
    if len({suffix(model.name) for model in finding.models} - {None}) == 1:
        return f"{many:,} models of one suffix, from {VARIANTS} on"
    return f"{many:,} models {finding.change.kind} in one poll, from {BULK} on"


def _head(found: Finding, earlier: Sequence[int]) -> Iterator[Line]:
    yield "finding", f"{found.number} of {found.provider}, fingerprint {found.fingerprint}"
    yield "found at", stamp(found.at)
    yield "text", sentence(found)
    together = bundled(found)
    if together is not None:
        yield "as one", together
    if earlier:
        yield "before", f"the same was found as number {', '.join(map(str, earlier))}"


def _judged(found: Finding, rule: Rule | None, own: str) -> Iterator[Line]:
    if rule is None:
        yield "rule", f"{found.rule}, which this version does not know"
        yield "level", str(found.level)
        return
    yield "rule", f"{rule.id}: {rule.why}"
    asked = ", ".join(f"{name} {value}" for name, value in conditions(rule).items())
    yield "conditions", asked
    now = f"; your configuration says {own}" if own else ""
    yield "level", f"{found.level}; the shipped rule says {rule.level}{now}"
    if found.moves is not None:
        yield (
            "",
            "a return to an earlier value has the level of its move, if that is more severe",
        )
    if found.is_wave:
        yield "", "of changes in one finding, the most severe rule decides"


def _compared(found: Finding, snapshots: tuple[str | None, str | None]) -> Iterator[Line]:
    before, after = snapshots
    match found.change:
        case Drift():
            yield "compared", "the answer with the contract"
        case Probed():
            yield "compared", "the answers of called models with the lists"
        case Retiring() | Cancelled():
            yield "compared", "the day on which the model ends with the day of the poll"
        case _ if found.models:
            yield "compared", f"snapshot {before} with snapshot {after}"
        case _:
            yield "compared", "nothing: it is about the poll or a message, not about the catalog"


def _print_facts(found: Finding, attributes: Attributes) -> None:
    say("facts")
    for change in found.changes[:SHOWN]:
        for line in _fact(change, attributes):
            say_wrapped(line, 2)
    if rest := found.changes[SHOWN:]:
        say(f"  and {len(rest):,} more; --format json has them all")


def _fact(change: Change, attributes: Attributes) -> Iterator[str]:
    where = f"{change.model.name} (id {change.model.key})" if isinstance(change, OfModel) else ""
    match change:
        case Updated():
            yield f"{where}: {change.field}{_called(change.field, attributes)}"
            sides = both(change.before or "missing", change.after or "missing", 4 * VALUE_LIMIT)
            for side, value in zip(("before", "after"), sides, strict=True):
                yield f"  {side:7} {value}"
        case Renamed():
            yield f"{where}: renamed to {change.name} (id {change.key})"
        case Drift():
            yield f"{change.what}: {change.field}{_called(change.field, attributes)}"
            rows = zip(change.models, change.problems, strict=False)
            yield from (f"  {name}: {problem}" for name, problem in rows)
        case Probed() | Retiring() | Cancelled():
            yield f"{change.name}: {change.kind}"
        case Removed() if change.candidates:
            yield f"{where}: {change.kind}; instead: {', '.join(change.candidates)}"
        case _:
            yield f"{where}: {change.kind}" if where else change.kind


def _called(field: str, attributes: Attributes) -> str:
    """Return the attribute or class of a field as text, if any."""
    attribute = attribute_within(field, attributes.of_field(field))
    return "" if attribute is None else f", which is {attribute!r}"


def _fact_json(change: Change, attributes: Attributes) -> dict[str, Any]:
    known: dict[str, Any] = {"kind": change.kind}
    if isinstance(change, Drift | Updated):
        known["field"] = change.field
        attribute = attribute_within(change.field, attributes.of_field(change.field))
        known |= {} if attribute is None else {"attribute": attribute}
    if isinstance(change, Probed | Retiring | Cancelled):
        known["model"] = change.name
    if isinstance(change, OfModel):
        known |= {"model": change.model.name, "key": change.model.key}
    if isinstance(change, Updated):
        known |= values_json(change.before, change.after)
    return known


def _line(each: FindingDelivery) -> str:
    name = f"message {each.message_id[:12]}"
    if each.delivered_at is not None:
        return f"{each.channel}: sent at {stamp(each.delivered_at)}, {name}"
    tried = f", {count(each.attempts, 'attempt')}" if each.attempts else ""
    when = f", next at {stamp(each.next_at)}" if each.next_at else ""
    said = f": {each.error}" if each.error else ""
    state = "pending" if each.state == "owed" else each.state
    return f"{each.channel}: {state}{tried}{when}, {name}{said}"


def _not_delivered(
    found: Finding, deliveries: Sequence[FindingDelivery], settings: Settings
) -> Iterator[str]:
    """Yield why each other channel got no message, by the current configuration."""
    from catalog.config.build import wire_audience

    if found.level is Level.QUIET:
        yield "none: quiet findings are sent to no channel"
        return
    pending = {each.channel.partition("/")[0] for each in deliveries}
    for channel in settings.channel:
        if channel.name in pending:
            continue
        if wire_audience(channel).wants(found):
            yield f"{channel.name}: not sent; it was imported, or the channel is newer"
        else:
            yield f"{channel.name}: not sent; the settings of the channel exclude it"
    if not settings.channel and not deliveries:
        yield "none is configured"


def _delivery_json(each: FindingDelivery) -> dict[str, Any]:
    known = {
        "channel": each.channel,
        "state": each.state,
        "message": each.message_id,
        "attempts": each.attempts,
        "next_at": each.next_at and stamp(each.next_at),
        "delivered_at": each.delivered_at and stamp(each.delivered_at),
        "error": each.error,
    }
    return {name: value for name, value in known.items() if value is not None}
