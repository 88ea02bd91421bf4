"""What is known of every name, read from the database."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from catalog.check.listing import Evidence, Listing, Noted, Proof, Stretch, names
from catalog.check.recorded import beside
from catalog.core.errors import NotFound
from catalog.providers.provider import Provider
from catalog.store import history, knowledge
from catalog.store.database import Transaction


def of_store(connection: Transaction, provider: Provider) -> Listing:
    """Read a listing from the database; raise NotFound where it holds no snapshot."""
    heads = history.heads(connection, provider.name)
    if not heads:
        hint = "Run `catalog sync` (with a token) or `catalog import` first, or add --shipped."
        raise NotFound("no snapshot is stored yet", hint=hint)
    former, elsewhere = beside(provider)
    found = [Stretch(*each) for each in knowledge.stretches(connection, provider.name)]
    evidence = Evidence(
        proofs=_proofs(knowledge.calls(connection, provider.name)),
        notes=_notes(knowledge.notes(connection, provider.name), found),
        former=former,
    )
    known = names(found, provider.lifecycle, evidence)
    return Listing(provider.name, heads[0].taken_at, heads[-1].taken_at, known, elsewhere)


def _proofs(calls: Iterable[knowledge.Called]) -> Mapping[str, Proof]:
    """Say of each name whether it answers: on one route is enough, refused is refused on all.

    What says nothing of the model, such as a timeout, is passed over.
    """
    by_name: dict[str, list[knowledge.Called]] = defaultdict(list)
    for call in calls:
        if call.verdict in {"answers", "refused"}:
            by_name[call.name].append(call)
    proofs = {}
    for name, said in by_name.items():
        answers = [call for call in said if call.verdict == "answers"]
        last = max(answers or said, key=lambda call: call.at)
        proofs[name] = Proof(bool(answers), last.at, None if answers else last.said)
    return proofs


def _notes(notes: Iterable[knowledge.Note], found: Iterable[Stretch]) -> Mapping[str, Noted]:
    """Put the notes, which are of models, under every name that the model ever had."""
    by_key = {note.key: Noted(note.retires, note.successor, note.source) for note in notes}
    return {each.model.name: by_key[each.model.key] for each in found if each.model.key in by_key}
