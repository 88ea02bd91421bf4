"""Polls, imports, `validate`, `diff`, `check` and `replay` judge every answer alike."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import pytest

from catalog.api.compare import Side
from catalog.changes.finding import Finding
from catalog.changes.poll import Pass
from catalog.check.from_recordings import of_files
from catalog.cli.changes import _state
from catalog.cli.importing import _import
from catalog.config.providers import ListSettings, ProviderSettings
from catalog.core.errors import PayloadInvalid, Problem
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.core.payload import Drift, Validators
from catalog.core.snapshot import Snapshot
from catalog.providers.infomaniak.provider import LIST_REQUEST
from catalog.providers.listing import Listed, listed
from catalog.providers.provider import Provider, make
from catalog.providers.recordings import Recording, find, read_payload
from catalog.providers.source import Source
from catalog.replay.route import Route
from catalog.replay.server import ReplayServer
from catalog.store.database import Database
from catalog.sync.decide import Policy
from catalog.sync.sync import Options, Sync
from tests.support.rig import START, TLS, TOKEN, lay_database

PAYLOADS = Path(__file__).parents[1] / "payloads"
FILES = sorted(PAYLOADS.glob("*/*.json"))
SETTINGS = {
    "infomaniak": ProviderSettings(name="infomaniak", kind="infomaniak"),
    "acme": ProviderSettings(name="acme", kind="openai", url="http://127.0.0.1:9"),
    "map": ProviderSettings(
        name="map",
        kind="json",
        url="http://127.0.0.1:9",
        list=ListSettings(route="/trees", rows="", key="{1}"),
    ),
}


@dataclass(frozen=True)
class Judged:
    """The result for an answer: models by key, or problems."""

    models: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def of_snapshot(snapshot: Snapshot | None) -> Judged:
    """Return the models of the newest snapshot."""
    return Judged(tuple(f"{each.key} {each.facts}" for each in snapshot.models) if snapshot else ())


def of_pass(one: Pass) -> Judged:
    """Return the result of the poll."""
    return Judged(problems=one.poll.problems) if one.poll.error else of_snapshot(one.poll.snapshot)


def sync(provider: Provider, database: Database, fetch: Callable[[Validators], object]) -> Sync:
    """Make a poll without document and channels."""
    made: Callable[..., Sync] = Sync
    return made(provider, fetch, database, Policy(), (), None, lambda: START)


@contextmanager
def database() -> Iterator[Database]:
    """Return a database without rows, from a copy."""
    with TemporaryDirectory() as folder, closing(Database(str(lay_database(Path(folder))))) as made:
        yield made


def polled(provider: Provider, recording: Recording) -> tuple[Judged, tuple[Finding, ...]]:
    """Poll a server that sends the bytes."""
    with database() as store:
        one = sync(provider, store, lambda _: read_payload(recording.path, provider)).run(
            Options(accept=True)
        )
    return of_pass(one), one.poll.findings


def imported(provider: Provider, recording: Recording) -> Judged:
    """Import the file."""
    with database() as store:
        one = _import(sync(provider, store, lambda _: None), recording, accept=True)
    return of_pass(one)


def replayed(name: str, provider: Provider, recording: Recording) -> Judged:
    """Poll a replay of the file."""
    asking = SETTINGS[name].description or LIST_REQUEST
    server = ReplayServer([recording], route=Route(provider, asking))
    with server, Http(Limits(attempts=1), tls=TLS) as http, database() as store:
        place = tuple(provider.contract["x-rows"])
        source = Source(http, provider.name, server.url, TOKEN, lambda: START, asking, place)
        return of_pass(sync(provider, store, source.fetch).run(Options(accept=True)))


def judged(call: Callable[[], Snapshot]) -> Judged:
    """Return the models, or the problems of a raised error."""
    try:
        return of_snapshot(call())
    except PayloadInvalid as error:
        return Judged(problems=error.problems)


def checked(provider: Provider, path: Path) -> tuple[bool, tuple[str, ...]]:
    """Run `check`, and return whether it accepts the file.

    Also return the listed names.
    """
    try:
        return True, tuple(sorted(known.name for known in of_files(path, provider).listed))
    except PayloadInvalid as error:
        return False, tuple(str(each) for each in error.problems)


def cases() -> Iterator[object]:
    """Yield each payload with fitting providers.

    Broken payloads come with other providers too.
    """
    for path in FILES:
        names = ("acme", "map") if path.parent.name == "rows" else ("infomaniak", "acme")
        for name in names:
            yield pytest.param(path, name, id=f"{path.stem}-{name}")


@pytest.mark.long
@pytest.mark.unmeasured
@pytest.mark.parametrize(("path", "name"), [*cases()])
def test_every_path_judges_alike(path: Path, name: str, tmp_path: Path) -> None:
    """One file gives the same models, or the same problems, in all that read answers."""
    provider = make(name, SETTINGS[name].description, SETTINGS[name].bad_rows)
    copyfile(path, tmp_path / "2026-01-01T000000Z.json")
    (recording,) = find(tmp_path)
    poll, findings = polled(provider, recording)
    read = listed_or_none(provider, recording.path)
    assert judged(lambda: listed(read_payload(recording.path, provider), provider).snapshot) == poll
    state: Callable[..., Side] = _state
    assert judged(lambda: state(None, provider, str(recording.path)).snapshot) == poll
    assert imported(provider, recording) == poll
    assert replayed(name, provider, recording) == poll
    good, problems = checked(provider, tmp_path)
    assert good == (not poll.problems)
    assert good or problems == tuple(map(str, poll.problems))
    if read is not None:
        drift = [each.change for each in findings if isinstance(each.change, Drift)]
        rows = [each for each in drift if each.what == "row refused"]
        assert [each.keys for each in rows] == ([keys] if (keys := refused(read)) else [])
        others = [each for each in drift if each not in rows]
        assert sorted(others, key=repr) == sorted(read.drift, key=repr)


def refused(read: Listed) -> tuple[str, ...]:
    """Return the keys of bad rows."""
    return tuple(each.key or "" for each in read.refused)


def listed_or_none(provider: Provider, path: Path) -> Listed | None:
    """Return what `validate` shows, None for a broken answer."""
    try:
        return listed(read_payload(path, provider), provider)
    except PayloadInvalid:
        return None
