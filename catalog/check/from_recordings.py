"""Read the known model names from recordings, without a database."""

import tomllib
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from catalog.changes.announced import Announcements, announcements
from catalog.check.known import Evidence, Known, Listing, names, stretches
from catalog.core.clock import now
from catalog.core.payload import Payload
from catalog.core.snapshot import Model, Snapshot, Stretch
from catalog.core.strict_json import Json, canonical, read_strict
from catalog.providers.infomaniak.provider import Infomaniak
from catalog.providers.listing import listed
from catalog.providers.provider import Provider
from catalog.providers.recordings import Recording, find, moment, read, shipped
from catalog.providers.validate import trusted


def of_history(provider: Provider) -> Listing:
    """Return a listing from the shipped history, without network and database."""
    return _listing((_shipped(provider), ()), provider)


def of_files(path: Path, provider: Provider) -> Listing:
    """Return a listing from one payload file or a folder of recordings.

    The file has an answer, its bare list, or output of `catalog models --format json`. It only
    lists current models, so the shipped history before it supplies the removed ones. Raise NotFound
    for an unreadable file and PayloadInvalid for a contract violation.
    """
    if path.is_dir():
        return _listing(_read(find(path), provider), provider)
    newest = Recording(path, moment(path) or now())
    before = _shipped(provider) if isinstance(provider, Infomaniak) else []
    return _listing(_read([newest], provider, before), provider)


def former(provider: Provider) -> tuple[Known, ...]:
    """Return models removed before the recordings."""
    if not isinstance(provider, Infomaniak):
        return ()
    file = files("catalog.providers.infomaniak").joinpath("names.toml")
    return tuple(
        Known(
            row["name"],
            Model("", row["name"], row["type"], canonical({})),
            gone_before=row["gone_before"],
            source=row["source"],
        )
        for row in tomllib.loads(file.read_text("utf-8"))["former"]
    )


def _listing(read_in: tuple[Sequence[Snapshot], Sequence[str]], provider: Provider) -> Listing:
    snapshots, refused = read_in
    ranges = stretches(snapshots)
    evidence = Evidence(
        former=former(provider),
        announced=announced(ranges, provider),
        statuses=provider.statuses,
        attributes=provider.attributes,
    )
    found = names(ranges, provider.lifecycle, evidence)
    first, last = snapshots[0].taken_at, snapshots[-1].taken_at
    return Listing(provider.name, first, last, found, refused=tuple(refused))


def announced(found: Iterable[Stretch], provider: Provider) -> Announcements:
    """Return the announced end of each model, as last listed."""
    ordered = sorted(found, key=lambda each: each.since)
    last = {each.model.key: each.model for each in ordered}
    return announcements(last.values(), provider.announced)


def _shipped(provider: Provider) -> list[Snapshot]:
    """Return the shipped history.

    It is not validated, because it is valid and the check takes a tenth of a second.
    """
    payloads = [
        Payload(provider.name, each.path.name, each.at, read(each.path)) for each in find(shipped())
    ]
    # Imported here, because checks with a database do not need it.

    return [provider.normalize(trusted(each, provider)) for each in payloads]


def _read(
    recordings: Sequence[Recording], provider: Provider, before: Sequence[Snapshot] = ()
) -> tuple[list[Snapshot], list[str]]:
    """Return all states, and the bad rows of the last one.

    Earlier states of `before` come first. A model whose row is bad keeps its version of the
    previous state.
    """
    states, refused = list(before), list[str]()
    for number, each in enumerate(recordings):
        payload = _payload(each, provider)
        if number == 0:
            states = [state for state in before if state.taken_at < payload.fetched_at]
        found = listed(payload, provider, states[-1] if states else None)
        states.append(found.snapshot)
        refused = [str(row.problem) for row in found.refused]
    return states, refused


def _payload(recording: Recording, provider: Provider) -> Payload:
    at, body = recording.at, read(recording.path)
    if b'"schema_version"' in body:
        at, body = _ours(body, at)
    return Payload(provider.name, recording.path.name, at, body)


def _ours(body: bytes, at: datetime) -> tuple[datetime, bytes]:
    """Convert printed models to a time and a bare list of rows.

    The input is from `catalog models --format json`. Other content is unchanged, so that the
    contract reports its errors.
    """
    document: Json = read_strict(body)
    try:
        rows = [model["facts"] for model in document["models"]]
        at = datetime.fromisoformat(document["taken_at"])
    except (KeyError, TypeError, ValueError):
        return at, body
    return at, canonical(rows).encode()
