"""State remembered between passes changes no output."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from catalog.changes.poll import Outcome, Pass
from catalog.config.build import wire_sync
from catalog.config.load import load
from catalog.core.errors import TimedOut
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.core.payload import Answer, Payload, Validators
from catalog.store.database import Database
from catalog.sync.sync import Options, Sync
from tests.support.builders import MISSING, body, row
from tests.support.database import untime
from tests.support.rig import HOUR, Clock, Ear

COPIED, PUT_BACK = 15, 22
"""After these passes a backup is made and restored."""
KINDS = ("infomaniak", "openrouter", "models.dev")
REMOVALS = ("at once", "again", "next")
Rows = list[dict[str, Any]]


def series() -> Iterator[Rows]:
    """Yield rows of consecutive answers.

    They have every kind of change.
    """
    rows = [
        row(id=number, name=f"m-{number}", description=f"d {number}") for number in range(1, 21)
    ]

    def but(place: int, **facts: Any) -> Rows:
        return [*rows[:place], row(**(rows[place] | facts)), *rows[place + 1 :]]

    yield rows
    yield but(3, max_token_input=1)
    yield rows
    yield but(3, max_token_input=1)
    yield but(3, max_token_input=True)
    yield but(3, id=2)
    yield but(3, name="m-1")
    yield [rows[0], *rows]
    yield but(3, type=MISSING)
    yield but(3, type=None)
    yield but(4, type="video", extra=1.0)
    yield but(4, type="video", extra=1)
    yield but(4, type="video", extra=[{"a": [True, None, 1.5]}])
    yield but(5, meta=None, description=None)
    yield rows[::-1]
    yield [dict(reversed(each.items())) for each in rows]
    yield rows[:12]
    yield rows[:3]
    yield rows[:3]
    yield rows
    yield []
    yield [*rows, row(id=30, name="m-30:free"), row(id=31, name="m-31", description="a\0b")]
    yield [each | {"version": "2"} for each in rows]
    yield [each | {"version": "2"} for each in rows[1:]]
    yield [each | {"id": each["id"] + 100 * (each["id"] == 7)} for each in rows]
    yield rows


def answers(kind: str) -> Iterator[bytes | None]:
    """Yield bodies of one kind, also odd ones.

    None means no answer.
    """
    for number, rows in enumerate(series()):
        content = body(*rows)
        if kind == "models.dev":
            some = {str(each.get("id")): each for each in rows}
            others = {"1": row(id=1, name="m-1")}
            content = json.dumps({"a": {"models": some}, "b": {"models": others}}).encode()
        yield content
        match number % 10:
            case 1:
                yield content[:-3]
            case 3:
                yield None
            case 5:
                yield content.replace(b'"version"', b'"version": NaN, "version"', 1)
            case 7:
                yield content.replace(b'"m-1"', b'"m-\\ud83d\\ude00"', 1)
            case 9:
                yield content


@dataclass
class Answers:
    """A fetch that returns a given answer."""

    clock: Clock
    body: bytes | None = None

    def __call__(self, _validators: Validators) -> Answer:
        """Return the answer, or raise a timeout."""
        if self.body is None:
            raise TimedOut("no answer came")
        return Payload("x", "http://127.0.0.1/", self.clock.now, self.body)


@dataclass
class Process:
    """One process of a provider: its Sync and its scripted answers."""

    sync: Sync
    fetch: Answers

    @classmethod
    def begin(cls, folder: Path, given: dict[str, Any], clock: Clock, http: Http) -> "Process":
        """Start a process whose files are in a folder."""
        files = {"database": str(folder / "catalog.db"), "document.path": str(folder / "models.md")}
        settings = load(None, files | given, environ={"HOME": str(folder)}).settings.each[0]
        fetch = Answers(clock)
        sync = wire_sync(settings, Database(settings.database), http, clock)
        return cls(replace(sync, fetch=fetch, channels=(Ear(),)), fetch)

    def poll(self, content: bytes | None, *, dry_run: bool) -> Pass:
        """Run one pass."""
        self.fetch.body = content
        return self.sync.run(Options(dry_run=dry_run))


@dataclass
class Results:
    """The results of a series: each pass, and the final files."""

    outcomes: list[Outcome] = field(default_factory=list)
    found: list[Any] = field(default_factory=list)
    written: list[str] = field(default_factory=list)


def results_of(folder: Path, kind: str, removals: str, lasting: int) -> Results:
    """Run the series and return its results.

    The number is that of lasting processes that poll in turn. 0 means a fresh process for each
    pass.
    """
    folder.mkdir()
    came, clock = Results(), Clock()
    file, copy = folder / "catalog.db", folder / "copy.db"
    given: dict[str, Any] = {
        "provider": [{"name": "x", "kind": kind, "removals": removals, "token": "any"}]
    }
    given |= {"signal": {"again_after": "1ms"}}
    with Http(Limits(deadline=1)) as http:
        lasted = [Process.begin(folder, given, clock, http) for _ in range(lasting)]
        for number, content in enumerate(answers(kind)):
            clock.now += HOUR
            process = lasted[number % lasting] if lasted else None
            process = process or Process.begin(folder, given, clock, http)
            if number % 4 == 0:
                came.found.append(process.poll(content, dry_run=True).poll.findings)
            result = process.poll(content, dry_run=False)
            came.outcomes.append(result.poll.outcome)
            came.found.append((result.poll.findings, result.poll.problems, result.snapshot))
            if number == COPIED:
                copyfile(file, copy)
            if number == PUT_BACK:
                copyfile(copy, file)
    with closing(sqlite3.connect(file)) as database:
        untime(database)
        came.written = [*database.iterdump(), (folder / "models.md").read_text(encoding="utf-8")]
    return came


@pytest.mark.long
@pytest.mark.unmeasured
@pytest.mark.parametrize(("kind", "removals"), [*zip(KINDS, REMOVALS, strict=True)])
def test_a_lasting_process_writes_what_fresh_ones_write(
    tmp_path: Path, kind: str, removals: str
) -> None:
    """Lasting and fresh processes give the same findings, store and document, for all answers.

    Two processes on one file give the same too.
    """
    fresh = results_of(tmp_path / "fresh", kind, removals, 0)
    assert {*fresh.outcomes} == {*Outcome}
    for lasting in (1, 2) if kind == KINDS[0] else (1,):
        assert results_of(tmp_path / str(lasting), kind, removals, lasting) == fresh
