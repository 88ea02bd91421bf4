"""Read the known model names from the database.

The module is separate because the database library is slow to import.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

from catalog.changes.forecast import Note
from catalog.check.from_recordings import announced, former
from catalog.check.known import Evidence, Listing, Noted, Proof, names
from catalog.core.errors import NotFound
from catalog.core.probe import Cell, Probe, Verdict
from catalog.core.snapshot import Stretch
from catalog.providers.provider import Provider
from catalog.store import forecasts, history, probes
from catalog.store.database import Transaction
from catalog.store.stretches import names_of_others, stretches


def of_store(connection: Transaction, provider: Provider) -> Listing:
    """Return a listing from the database, or raise NotFound without a snapshot."""
    heads = history.heads(connection, provider.name)
    if not heads:
        hint = "Run `catalog sync` or `catalog import` first, or add --shipped."
        raise NotFound("no snapshot is stored yet", hint=hint)
    found = list(stretches(connection, provider.name))
    evidence = Evidence(
        proofs=_proofs(probes.cells(connection, provider.name).values()),
        notes=_notes(forecasts.newest(connection, provider.name), found),
        former=former(provider),
        announced=announced(found, provider),
        statuses=provider.statuses,
        attributes=provider.attributes,
    )
    known = names(found, provider.lifecycle, evidence)
    others = _others(connection, provider.name)
    return Listing(provider.name, heads[0].taken_at, heads[-1].taken_at, known, others)


def _others(connection: Transaction, provider: str) -> Mapping[str, str]:
    """Return the names in catalogs of other providers, with the provider.

    In a catalog of many providers such as models.dev, a name is `provider/name`. The part after
    the slash counts too if the row has it as its id. The checked provider's rows are omitted.
    """
    found: dict[str, str] = {}
    for other, name, facts in names_of_others(connection, provider):
        head, _, rest = name.partition("/")
        if head.lower() == provider.lower():
            continue
        found.setdefault(name, other)
        if rest and f'"id":{json.dumps(rest)}' in facts:
            found.setdefault(rest, f"{head} in {other}")
    return found


def _proofs(cells: Iterable[Cell]) -> Mapping[str, Proof]:
    """Return whether each name answers calls.

    One answering route is enough. A refused name is refused on all routes. Results that do not
    concern the model, such as a timeout, are ignored.
    """
    by_name: dict[str, list[Probe]] = defaultdict(list)
    for cell in cells:
        if cell.last is not None and cell.verdict in {Verdict.ANSWERS, Verdict.REFUSED}:
            by_name[cell.name].append(cell.last)
    proofs = {}
    for name, calls in by_name.items():
        answers = [call for call in calls if call.verdict is Verdict.ANSWERS]
        last = max(answers or calls, key=lambda call: call.at)
        proofs[name] = Proof(bool(answers), last.at, None if answers else last.result.said)
    return proofs


def _notes(notes: Mapping[str, Note], found: Iterable[Stretch]) -> Mapping[str, Noted]:
    """Return each model's note under all names that it ever had."""
    return {
        each.model.name: Noted(note.retires, note.successor, note.source)
        for each in found
        if (note := notes.get(each.model.key))
    }
