"""Read what is known of every model name: from recordings, or from the database."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from catalog.check.known import Evidence, Known, Listing, Noted, Proof, Stretch, names, stretches
from catalog.core.clock import now
from catalog.core.errors import NotFound
from catalog.core.payload import Payload
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import Json, canonical, read_strict
from catalog.providers.infomaniak.provider import Infomaniak
from catalog.providers.provider import Provider
from catalog.providers.recordings import Recording, find, moment, read, shipped
from catalog.store import history, knowledge
from catalog.store.database import Transaction


def of_history(provider: Provider) -> Listing:
    """Read a listing from the history that comes with the program; offline, without a database."""
    return _listing(_shipped(provider), provider)


def of_files(path: Path, provider: Provider) -> Listing:
    """Read a listing from a folder of recorded payloads, or from one file.

    The file is an answer as sent, its bare list, or what `catalog models --format json` printed. It
    says only what is listed now, so the shipped history before it says who is gone. Raise NotFound
    for what cannot be read, PayloadInvalid for what breaks the contract.
    """
    if path.is_dir():
        return _listing([_snapshot(each, provider) for each in find(path)], provider)
    newest = _snapshot(Recording(path, moment(path) or now()), provider)
    before = _shipped(provider) if isinstance(provider, Infomaniak) else ()
    earlier = [each for each in before if each.taken_at < newest.taken_at]
    return _listing([*earlier, newest], provider)


def beside(provider: Provider) -> tuple[tuple[Known, ...], tuple[str, ...]]:
    """Return who was gone before the recorded history, and patterns of other providers' names."""
    if not isinstance(provider, Infomaniak):
        return (), ()
    file = files("catalog.providers.infomaniak").joinpath("names.toml")
    names_beside = tomllib.loads(file.read_text("utf-8"))
    former = (
        Known(
            row["name"],
            Model("", row["name"], row["type"], canonical({})),
            gone_before=row["gone_before"],
            source=row["source"],
        )
        for row in names_beside["former"]
    )
    return tuple(former), tuple(names_beside["elsewhere"])


def _listing(snapshots: Sequence[Snapshot], provider: Provider) -> Listing:
    former, elsewhere = beside(provider)
    found = names(stretches(snapshots), provider.lifecycle, Evidence(former=former))
    first, last = snapshots[0].taken_at, snapshots[-1].taken_at
    return Listing(provider.name, first, last, found, elsewhere)


def _shipped(provider: Provider) -> list[Snapshot]:
    """Read the shipped history, which holds to the contract: a check of it takes a tenth second."""
    payloads = [
        Payload(provider.name, each.path.name, each.at, read(each.path)) for each in find(shipped())
    ]
    from catalog.providers.validate import trusted  # a check by the database needs none of it

    return [provider.normalize(trusted(each, provider)) for each in payloads]


def _snapshot(recording: Recording, provider: Provider) -> Snapshot:
    from catalog.providers.validate import validate

    at, body = recording.at, read(recording.path, provider.envelope)
    if b'"schema_version"' in body:
        at, body = _ours(body, at, provider.envelope)
    payload = Payload(provider.name, recording.path.name, at, body)
    return provider.normalize(validate(payload, provider))


def _ours(body: bytes, at: datetime, envelope: tuple[bytes, bytes]) -> tuple[datetime, bytes]:
    """Make an answer of what `catalog models --format json` printed, and say when it was true.

    What is something else stays as it is: the contract says what is wrong with it.
    """
    document: Json = read_strict(body)
    try:
        rows = [model["facts"] for model in document["models"]]
        at = datetime.fromisoformat(document["taken_at"])
    except (KeyError, TypeError, ValueError):
        return at, body
    return at, canonical(rows).encode().join(envelope)


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
