"""Files and rows of the check: recorded catalogs, the database, locks, baselines."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from catalog.check import from_recordings, lock, result
from catalog.check.from_store import of_store
from catalog.check.lock import InUse
from catalog.core.clock import stamp
from catalog.core.errors import NotFound, PayloadInvalid, SettingsInvalid
from catalog.core.payload import Payload
from catalog.providers import recordings
from catalog.providers.infomaniak.provider import Infomaniak
from catalog.providers.provider import make
from catalog.providers.recordings import read
from catalog.providers.validate import validate
from catalog.store.database import MEMORY, Database
from catalog.store.tables import ModelVersionRow, NoteRow, ProbeRow
from tests.support.builders import body, model, row, snapshot
from tests.support.check_builders import day, listing, scanned, shipped, use
from tests.support.database import NAME, save
from tests.unit.providers.described.test_provider import MARS, SHIP

ONE, TWO = day("2026-05-01"), day("2026-05-10")


def probe(**given: Any) -> dict[str, Any]:
    """Make the row of one call."""
    known = {"provider": NAME, "key": "1", "name": "alpha", "route": "chat", "at": ONE}
    return (
        known
        | {"verdict": "answers", "believed": True, "calls": 1, "tokens": 1, "said": None}
        | given
    )


def test_the_shipped_history_keeps_the_contract() -> None:
    """Every shipped answer is valid, so the check may read it without validation."""
    provider = Infomaniak()
    for each in recordings.find(recordings.shipped()):
        sent = read(each.path)
        valid = validate(Payload(NAME, "", each.at, sent), provider)
        assert valid.models


def test_the_database_gives_the_same_listing_as_files() -> None:
    """The stored history gives the same listing as the recorded one."""
    database, provider = Database(MEMORY), Infomaniak()
    for at, each in enumerate(recordings.find(recordings.shipped())):
        sent = read(each.path)
        state = provider.normalize(validate(Payload(NAME, "", each.at, sent), provider))
        save(database, at, state, content=sent)
    with database.reading() as connection:
        assert of_store(connection, provider) == shipped()


def test_an_empty_database_is_an_error() -> None:
    """Without a stored snapshot the check fails, and the hint names --shipped."""
    database = Database(MEMORY)
    save(database, 0)
    with database.reading() as connection, pytest.raises(NotFound, match="no snapshot") as caught:
        of_store(connection, Infomaniak())
    assert "--shipped" in caught.value.hint


def test_calls_and_notes_count() -> None:
    """One answering route is enough, a refusal needs all routes, and the newest note counts."""
    database = Database(MEMORY)
    save(database, 0, snapshot(model("1", name="alpha"), model("2", name="beta"), at=ONE))
    probes = [
        probe(route="old", verdict="refused", said="no"),
        probe(),
        probe(name="beta", verdict="answers"),
        probe(name="beta", verdict="refused", at=TWO, said="model not found"),
        probe(name="beta", route="new", verdict="timeout"),
        probe(name="beta", route="new", verdict="answers", believed=False),
        probe(provider="other", name="alpha", verdict="refused"),
    ]
    notes = [
        {"provider": NAME, "key": "1", "noted_at": ONE, "successor": "old"},
        {"provider": NAME, "key": "1", "noted_at": TWO, "successor": "beta", "source": "mail"},
        {"provider": NAME, "key": "9", "noted_at": TWO, "successor": "none"},
    ]
    with database.writing() as connection:
        connection.execute(insert(ProbeRow), probes)
        for each in notes:
            connection.execute(insert(NoteRow).values(**each))
    with database.reading() as connection:
        known = of_store(connection, Infomaniak()).names
    alpha, beta = known["alpha"].proof, known["beta"].proof
    assert alpha is not None
    assert (alpha.answers, alpha.said) == (True, None)
    assert beta is not None
    assert (beta.answers, beta.at, beta.said) == (False, TWO, "model not found")
    assert (known["alpha"].noted.successor, known["alpha"].noted.source) == ("beta", "mail")
    assert known["beta"].noted.successor is None


def test_names_in_other_stored_catalogs_are_known() -> None:
    """Names in other catalogs have their provider, and those of models.dev work without prefix."""
    database = Database(MEMORY)
    save(database, 0, snapshot(model("1", name="alpha"), at=ONE))
    rows = [
        ("models.dev", "groq/fast-1", '{"id":"fast-1"}'),
        ("models.dev", "infomaniak/alpha", '{"id":"alpha"}'),
        ("router", "org/big-2", '{"id":"org/big-2"}'),
        ("router", "org/big-2", '{"id":"org/big-2"}'),
    ]
    with database.writing() as connection:
        for key, (provider, name, facts) in enumerate(rows):
            row = {"key": str(key), "name": name, "type": "llm", "facts": facts}
            values = row | {"provider": provider, "first_snapshot": 1, "digest": ""}
            connection.execute(insert(ModelVersionRow).values(**values))
    with database.reading() as connection:
        assert of_store(connection, Infomaniak()).others == {
            "groq/fast-1": "models.dev",
            "fast-1": "groq in models.dev",
            "org/big-2": "router",
        }


def test_a_file_continues_the_shipped_history(tmp_path: Path) -> None:
    """One saved answer gives the current models, and the shipped history the earlier ones."""
    file = tmp_path / "2026-06-01T120000Z.json"
    file.write_bytes(body(row(id=2, name="whisper", type="stt")))
    known = from_recordings.of_files(file, Infomaniak())
    assert stamp(known.as_of) == "2026-06-01T12:00:00Z"
    assert [each.name for each in known.listed] == ["whisper"]
    assert known.names["flux"].gone_since == known.as_of
    assert known.names["llama3"].gone_since == shipped().names["llama3"].gone_since
    assert known.names["mixtral"].gone_before is not None


def test_a_folder_is_a_history_of_its_own(tmp_path: Path) -> None:
    """A folder of answers replaces the shipped history."""
    for name, names in (("2026-05-01T120000Z", ("a", "b")), ("2026-06-01T120000Z", ("b",))):
        rows = [row(id=ord(each), name=each) for each in names]
        (tmp_path / f"{name}.json").write_bytes(body(*rows))
    known = from_recordings.of_files(tmp_path, Infomaniak())
    assert {name: each.is_listed for name, each in known.names.items()} == {
        "a": False,
        "b": True,
        "mixtral": False,
    }


def test_our_own_json_is_read(tmp_path: Path) -> None:
    """The output of `catalog models --format json` is a catalog with its time."""
    file = tmp_path / "models.json"
    facts = {"schema_version": 1, "taken_at": "2026-06-01T12:00:00Z"}
    file.write_text(json.dumps(facts | {"models": [{"facts": row(name="new")}]}), "utf-8")
    known = from_recordings.of_files(file, Infomaniak())
    assert stamp(known.as_of) == "2026-06-01T12:00:00Z"
    assert known.names["new"].is_listed
    for broken in (facts, facts | {"models": 3}, facts | {"models": [], "taken_at": "today"}):
        file.write_text(json.dumps(broken), "utf-8")
        with pytest.raises(PayloadInvalid):
            from_recordings.of_files(file, Infomaniak())


def test_another_provider_has_no_shipped_history(tmp_path: Path) -> None:
    """A described provider's answer is read by its description, without other models."""
    file = tmp_path / "mars.json"
    file.write_text(json.dumps({"fleet": {"red": {"ships": [SHIP]}}}), "utf-8")
    known = from_recordings.of_files(file, make("mars", MARS))
    assert (known.provider, list(known.names), known.others) == ("mars", ["argo"], {})


def test_a_lock_keeps_its_date_while_its_facts_stay(tmp_path: Path) -> None:
    """A lock reads back unchanged, and keeps its date while the facts are the same."""
    files = (scanned(use("alpha"), use("unknown"), use("alpha", path="b.py")),)
    mention = scanned(use("beta", kind="mention"))
    states = [
        snapshot(model("1", name="alpha"), model("2", name="beta"), at=at) for at in (ONE, TWO)
    ]
    made = lock.make((*files, mention), listing(states[0]), ())
    file = tmp_path / "catalog.lock"
    file.write_text(lock.text(made), encoding="utf-8")
    assert lock.read(file) == made
    assert [(each.name, each.at, each.files) for each in made] == [
        ("alpha", ONE, ("app.py", "b.py"))
    ]
    assert lock.make(files, listing(*states), made) == made
    swapped = snapshot(model("1", name="alpha", description="other"), at=TWO)
    assert lock.make(files, listing(states[0], swapped), made)[0].at == TWO


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is damaged or has another format"),
        ("[]", "is damaged or has another format"),
        ('{"lock_version": 2, "models": []}', "version 2, not 1"),
        ('{"lock_version": 1, "models": [{"name": "x"}]}', "provider"),
        ('{"baseline_version": 2, "known": []}', "_version"),
    ],
)
def test_a_broken_lock_or_baseline_is_an_error(text: str, reason: str, tmp_path: Path) -> None:
    """A broken lock or baseline is reported with its path and the option that rewrites it."""
    file = tmp_path / "broken"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=reason) as caught:
        lock.read(file)
    assert str(file) in str(caught.value)
    assert "--write-lock" in caught.value.hint
    with pytest.raises(SettingsInvalid, match="is damaged or has another format") as caught:
        result.read_baseline(file)
    assert "--write-baseline" in caught.value.hint


ENTRY = {"provider": "a", "name": "b", "at": "2026-01-01T00:00:00Z", "files": ["c.py"]}


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"limit": "1"}, 'limit: found "1", expected a number'),
        ({"limit": 2**63}, "limit: found 9223372036854775808, expected a number of tokens"),
        ({"limit": True}, "limit: found true, expected a number"),
        ({"name": None}, "name: found null, expected text"),
        ({"type": 1}, "type: found 1, expected text"),
        ({"files": "c.py"}, 'files: found "c.py", expected a list'),
        ({"files": [1]}, r"files: found \[1\], expected the names of files"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "date value out of range"),
    ],
)
def test_a_wrong_value_in_a_lock_is_named(
    odd: dict[str, object], reason: str, tmp_path: Path
) -> None:
    """A value of another kind, or too large, is named with its key."""
    file = tmp_path / "lock"
    file.write_text(json.dumps({"lock_version": 1, "models": [ENTRY]}), encoding="utf-8")
    assert lock.read(file)[0].files == ("c.py",)
    file.write_text(json.dumps({"lock_version": 1, "models": [ENTRY | odd]}), encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=reason):
        lock.read(file)


def test_an_unreadable_lock_or_baseline_is_an_error(tmp_path: Path) -> None:
    """A folder in place of a lock or baseline is an error. A missing lock is empty."""
    with pytest.raises(SettingsInvalid, match="cannot read the lock"):
        lock.read(tmp_path)
    with pytest.raises(SettingsInvalid, match="cannot read the baseline"):
        result.read_baseline(tmp_path)
    assert lock.read(tmp_path / "none") == lock.read(Path(__file__) / "none") == ()


def test_a_daemon_follows_the_lock(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The lock is read each time, and a broken or missing one keeps the last models."""
    file = tmp_path / "catalog.lock"
    in_use = InUse(file)
    assert in_use() == {}
    made = lock.make((scanned(use("alpha")),), listing(snapshot(model(), at=ONE)), ())
    file.write_text(lock.text(made), encoding="utf-8")
    known = {("infomaniak", "alpha"): ("app.py",)}
    assert in_use() == known
    file.write_text("{", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert in_use() == known
    assert "is damaged or has another format" in caplog.text
    file.unlink()
    assert in_use() == known
