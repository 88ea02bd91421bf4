"""Describe findings in English, as plain text of one line.

Names and values of the provider may contain anything. Control characters and line separators become
spaces, so that a value cannot fake a line or control a terminal.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from catalog.changes.aliases import ALIAS_RULES, moved_aliases
from catalog.changes.blocks import parent
from catalog.changes.change import (
    Added,
    Cancelled,
    EndChange,
    Probed,
    Removed,
    Renamed,
    Restored,
    Retiring,
    Updated,
)
from catalog.changes.finding import Finding, counted
from catalog.changes.flapping import DAMPED, FLAPPING
from catalog.changes.incident import Incident, Recovered, Trouble, Undelivered
from catalog.changes.likeness import common_tendency, likeness, suffix
from catalog.changes.renames import swap
from catalog.changes.rules import WITHDRAWN
from catalog.changes.shared_items import items_moved, shared_items
from catalog.changes.successors import Difference, Successor
from catalog.core.clock import stamp
from catalog.core.payload import Drift
from catalog.core.snapshot import Model
from catalog.core.strict_json import JsonText, canonical, cut, parse, shorten, undotted
from catalog.core.text import (
    EXAMPLES,
    VALUE_LIMIT,
    both,
    count,
    duration,
    examples,
    move,
    name_of,
    one_line,
    show,
)
from catalog.report import ends
from catalog.report.aliases import aliases_moved, aliases_of_removed
from catalog.report.prices import together
from catalog.report.qualifiers import extent, moved
from catalog.report.spans import span

STAYS = {
    "renamed-with-alias": ", and the old name stays as an alias",
    "removed-with-alias": ", and its name is an alias of another model now",
}
"""The additional text of a change, by rule."""
ENDED = {
    "stale": "old list",
    "failing": "failed polls",
    "invalid": "invalid answers",
    "held": "held answer",
}
"""The words for a problem that has ended."""
_OF_ALIASES = {*ALIAS_RULES, FLAPPING, DAMPED}
"""The rules of findings in which aliases may go from one model to another."""
_TWICE = re.compile(r" could not be read(?=:| through )")
"""The part of a reason that the sentence repeats."""
SHORT = 40
"""The maximum characters of a value in a line that would be too long."""


def sentence(finding: Finding) -> str:
    """Return the event in one line, with the last day of calls."""
    words = ends.last_call(finding)
    return f"{fact(finding)}; {words}" if words else fact(finding)


def fact(finding: Finding, most: int | None = None) -> str:
    """Return the event in one line, with doubts and earlier moves.

    A line longer than `most` characters gets shorter values, and is then cut.
    """
    line = _line(finding, VALUE_LIMIT)
    return line if most is None or len(line) <= most else cut(_line(finding, SHORT), most)


def _line(finding: Finding, limit: int) -> str:
    words = _wave(finding, limit) if finding.is_wave else _fact(finding, limit)
    words += STAYS.get(finding.rule, "")
    return one_line(words + extent(finding) + moved(finding))


def _fact(finding: Finding, limit: int) -> str:
    change = finding.change
    if ends.is_as_announced(finding):
        return ends.as_announced(finding)
    match change:
        case Added(model):
            return f"{name_of(model)} added: {_about(model)}"
        case Removed(model):
            return f"{name_of(model)} {_left(finding) or 'removed'}{aliases_of_removed(change)}"
        case Renamed(model, key, name):
            return _another_name(model, key, name)
        case Restored(model, gone_since):
            return f"{name_of(model)} restored after {duration(finding.at - gone_since)}"
        case Updated(model, field, before, after):
            since = f", since {stamp(change.since)}" if change.since else ""
            moving = move(before, after, limit)
            return f"{name_of(model)}: {cut(field, VALUE_LIMIT)} {moving}{since}"
    return _beside_the_lists(change, finding.at)


def _beside_the_lists(change: Drift | Probed | EndChange | Incident, at: datetime) -> str:
    match change:
        case Drift():
            return drift_sentence(change)
        case Recovered(troubles, since):
            ended = ", ".join(ENDED[each] for each in troubles)
            return f"well again after {duration(at - since)} ({ended})"
        case Undelivered(channel, reason):
            what = reason.removeprefix(f"channel {channel}: ")
            return f"a message to channel {channel} was given up: {what}"
        case Probed():
            return _probed(change, at)
        case Retiring():
            return ends.retiring([change], at)
        case Cancelled():
            return ends.cancelled([change])
    return _trouble(change, at)


def _trouble(trouble: Trouble, at: datetime) -> str:
    lasted = "" if trouble.since is None else f" for {duration(at - trouble.since)}"
    match trouble.kind:
        case "stale":
            return f"no answer was accepted{lasted}: {trouble.reason}"
        case "failing":
            reason = _TWICE.sub("", trouble.reason, count=1)
            return f"the provider could not be read{lasted}: {reason}"
        case _:
            return f"answer {trouble.kind}{lasted}: {trouble.reason}"


def _probed(change: Probed, at: datetime) -> str:
    name, on = cut(change.name, VALUE_LIMIT), ", ".join(change.routes)
    words = f": {change.said}" if change.said else ""
    away = "" if change.gone_since is None else f" {duration(at - change.gone_since)} after it left"
    match change.kind:
        case "ghost":
            still = f"; {', '.join(change.elsewhere)} answers" if change.elsewhere else ""
            return f"{name} is listed, but {on} refuses it{words}{still}"
        case "over":
            return f"{name} is refused by {on} now,{away} the catalog"
        case "lingering":
            return f"{name} still answers on {on},{away} the catalog"
        case "phantom":
            return f"{name} answers on {on}, and no list has it"
        case "absent":
            return f"{name} is listed, but missing from the list of models that can be called"
        case "answering":
            return f"{name} answers again on {on}"
    before, now = both(change.before or "", change.answered_as or "")
    return f"{name} on {on} answers as {now}, not {before}"


def successor(found: Successor) -> str:
    """Return the name of a successor and its differences."""
    name = cut(found.name, VALUE_LIMIT)
    if not found.is_listed:
        return one_line(f"{name} (not in the catalog)")
    lost = ", ".join(map(_difference, found.differences))
    return one_line(f"{name} ({lost})" if lost else name)


def best(found: Sequence[Successor]) -> str | None:
    """Return the best successor and the number of others: `qwen3 (+2)`."""
    if not found:
        return None
    name = cut(found[0].name, VALUE_LIMIT)
    others = f" (+{len(found) - 1})" if found[1:] else ""
    return one_line(f"{name}{others}")


def _difference(each: Difference) -> str:
    match each.what:
        case "beta":
            return "not beta to beta"
        case "route":
            return "another route"
        case "context":
            after = f"{each.after:,}" if each.after else "unknown"
            return f"context {each.before:,} to {after}"
    moved = (cut(str(value or "unknown"), VALUE_LIMIT) for value in (each.before, each.after))
    return " to ".join(moved) if each.what == "status" else f"type {' to '.join(moved)}"


def title(provider: str, findings: Iterable[Finding]) -> str:
    """Return the counts by level: `infomaniak: 1 breaking, 3 info`."""
    return f"{provider}: {counted(finding.level for finding in findings)}"


def _about(model: Model) -> str:
    parts = [cut(model.type, VALUE_LIMIT)]
    if model.context_limit is not None:
        parts.append(f"{model.context_limit:,} tokens")
    if model.status is not None:
        parts.append(cut(model.status, VALUE_LIMIT))
    if model.beta:
        parts.append("beta")
    return ", ".join(parts)


def _another_name(former: Model, key: str, name: str) -> str:
    ids = f"id {' → '.join(both(former.key, key))}"
    if name == former.name:
        return f"{name_of(former)} has another id: {ids}"
    return " renamed to ".join(both(former.name, name)) + f" ({ids})" * (key != name)


def _wave(finding: Finding, limit: int) -> str:
    if of_ends := ends.together(finding):
        return of_ends
    changes, many = finding.changes, count(len(finding.models), "model")
    updates = [change for change in changes if isinstance(change, Updated)]
    if not updates:
        return _variants(finding)
    names = examples([model.name for model in finding.models])
    fields = list(dict.fromkeys(update.field for update in updates))
    if updates[0].since is not None:
        since = stamp(updates[0].since)
        return f"{count(len(updates), 'value')} settled since {since}: {_each(updates)}"
    if finding.rule == "alias-dropped" or (finding.rule in _OF_ALIASES and moved_aliases(updates)):
        return aliases_moved(updates, limit)
    if len(fields) == 1:
        return f"{cut(fields[0], VALUE_LIMIT)} on {many}: {_moves(updates, limit)} ({names})"
    how, above = common_tendency(updates), parent(fields)
    if how is None:
        on = names if len(finding.models) == 1 else f"{many} ({names})"
        return f"{on}: {together(updates, limit)}"
    if len(finding.models) == 1:
        return f"{names}: {examples(fields)} {how}"
    if not above:
        return f"{examples(fields)} on {many}: {how} ({names})"
    below = [".".join(undotted(field)[len(undotted(above)) :]) for field in fields]
    return f"{cut(above, VALUE_LIMIT)} on {many}: {examples(below)} {how} ({names})"


def _moves(updates: Sequence[Updated], limit: int) -> str:
    distinct = {(update.before, update.after) for update in updates}
    texts = {move(update.before, update.after, limit) for update in updates}
    if len(texts) == 1:
        return texts.pop()
    how = common_tendency(updates)
    if how is None and (numbers := span(updates)):
        return numbers
    if how is None and len({likeness(update) for update in updates}) == 1:
        return _replaced(updates[0])
    if shared := shared_items(updates):
        more = count(sum(items_moved(update) > shared for update in updates), "model")
        went, came = (
            canonical([parse(JsonText(item)) for sign, item in sorted(shared) if sign == side])
            for side in "-+"
        )
        return f"{move(went, came, limit)}, and other items on {more}"
    values = {value for pair in distinct for value in pair if value is not None}
    match how:
        case None:
            return f"{len(distinct)} different moves"
        case "came" | "gone":
            return f"{how}, {count(len(values), 'different value')}"
    return how


def _each(updates: Sequence[Updated]) -> str:
    """Return the moves of some values with the names of their models."""
    shown = [
        f"{name_of(each.model)} {cut(each.field, VALUE_LIMIT)} {move(each.before, each.after)}"
        for each in updates[:EXAMPLES]
    ]
    more = f" and {len(updates) - EXAMPLES:,} more" if len(updates) > EXAMPLES else ""
    return ", ".join(shown) + more


def _replaced(update: Updated) -> str:
    """Return the part of a text that several values have replaced."""
    old, new = (parse(JsonText(str(value))) for value in (update.before, update.after))
    parts = (shorten(part) if part else "nothing" for part in swap(str(old), str(new)))
    return "{} → {} in each".format(*parts)


def _variants(finding: Finding) -> str:
    change, number = finding.change, len(finding.changes)
    names = examples([model.name for model in finding.models])
    if isinstance(change, Renamed):
        old, new = swap(change.model.name, change.name)
        pair = " → ".join(both(change.model.name, change.name))
        what = f"with {old or 'nothing'} → {new or 'nothing'}"
        return f"{count(number, 'model')} renamed {what}: {pair} and {number - 1:,} more"
    endings = {suffix(model.name) or "" for model in finding.models}
    noun = f"{endings.pop()} model".strip() if len(endings) == 1 else "model"
    return f"{count(number, noun)} {_left(finding) or change.kind} ({names})"


def _left(finding: Finding) -> str:
    return "withdrawn after one answer" if finding.rule == WITHDRAWN else ""


def drift_sentence(change: Drift) -> str:
    """Return the new part of an answer, without time and level."""
    field = cut(change.field, VALUE_LIMIT)
    if change.is_cut:
        return one_line(f"the answer looks like one part of several: {_sign(change)}")
    where = f" ({examples(change.models)})" if change.models else ""
    match change.what:
        case "clock":
            return one_line(f"{field} follows the clock on all models, so it is not compared")
        case "bare list":
            return one_line(f"a bare list in place of an object with {field}")
        case "row repeated":
            return one_line(f"row listed {show(change.value)} times{where}")
        case "key repeated":
            times = show(change.value)
            return one_line(f"{field} given {times} times with the same value{where}")
        case "row refused":
            many = count(len(change.keys), "row")
            return one_line(f"{many} refused{where}: {cut(change.problems[0], VALUE_LIMIT)}")
        case "row recovered":
            return one_line(f"{count(len(change.keys), 'row')} no longer refused{where}")
    if change.value is not None:
        return one_line(f"{change.what} of {field}: {show(change.value)}{where}")
    return one_line(f"{change.what}{' in' * (change.what == 'new null')} {field}{where}")


def _sign(change: Drift) -> str:
    """Return what shows that an answer is one part of a list."""
    field = cut(change.field.removeprefix("$."), VALUE_LIMIT)
    if change.what == "larger total":
        return f"{field} counts more than it holds"
    return f"{field} is {'filled' if change.value is None else show(change.value)}"
