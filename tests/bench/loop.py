"""Poll in a hand-written loop with httpx, row checks and bulk SQL.

It does the same work as a pass. Every poll is a row, a body is stored once and compressed, a model
has a row for each stretch without a change, and each changed field is a row. All of a poll is one
transaction that is on disk at its end. docs/benchmarks.md lists the missing parts.
"""

import hashlib
import json
import sqlite3
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

TABLES = """
PRAGMA synchronous = FULL;
CREATE TABLE poll (id INTEGER PRIMARY KEY, at TEXT, outcome TEXT, digest TEXT);
CREATE TABLE payload (digest TEXT PRIMARY KEY, body BLOB);
CREATE TABLE version (id INTEGER PRIMARY KEY, key TEXT, facts TEXT, first INT, last INT);
CREATE INDEX version_by_key ON version (key, first);
CREATE INDEX version_by_end ON version (last);
CREATE TABLE change (id INTEGER PRIMARY KEY, poll INT, key TEXT, field TEXT, before TEXT,
  after TEXT);
CREATE INDEX change_by_poll ON change (poll);
"""
NEEDED = {"id": int, "name": str, "type": str}


@dataclass
class Loop:
    """The client and the database of the loop."""

    url: str
    file: Path
    client: httpx.Client = field(default_factory=httpx.Client)
    database: sqlite3.Connection = field(init=False)

    def __post_init__(self) -> None:
        self.database = sqlite3.connect(self.file)
        self.database.executescript(TABLES)

    def poll(self, at: str) -> str:
        """Poll once and return the outcome."""
        body = self.client.get(self.url, headers={"Accept": "application/json"}).raise_for_status()
        digest = hashlib.sha256(body.content).hexdigest()
        query = "SELECT digest FROM poll WHERE digest IS NOT NULL ORDER BY id DESC LIMIT 1"
        last = self.database.execute(query).fetchone()
        if last is not None and last[0] == digest:
            self._row(at, "unchanged", None)
            outcome = "unchanged"
        else:
            self._changed(self._row(at, "changed", digest), digest, body.content)
            outcome = "changed"
        self.database.commit()
        return outcome

    def _row(self, at: str, outcome: str, digest: str | None) -> int:
        row = (at, outcome, digest)
        return self.database.execute("INSERT INTO poll VALUES (NULL, ?, ?, ?)", row).lastrowid or 0

    def _changed(self, poll: int, digest: str, body: bytes) -> None:
        write = self.database.executemany
        write("INSERT OR IGNORE INTO payload VALUES (?, ?)", [(digest, zlib.compress(body, 9))])
        now = {str(row["id"]): written(row) for row in checked(body)}
        query = "SELECT key, facts FROM version WHERE last IS NULL"
        known = dict(self.database.execute(query))
        ended = [(poll, key) for key, facts in known.items() if now.get(key) != facts]
        write("UPDATE version SET last = ? WHERE key = ? AND last IS NULL", ended)
        begun = [(key, facts, poll) for key, facts in now.items() if known.get(key) != facts]
        write("INSERT INTO version VALUES (NULL, ?, ?, ?, NULL)", begun)
        both = [(key, json.loads(known[key]), json.loads(now[key])) for _, key in ended]
        changes = [
            (poll, key, name, written(before.get(name)), written(after.get(name)))
            for key, before, after in both
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        ]
        write("INSERT INTO change VALUES (NULL, ?, ?, ?, ?, ?)", changes)


def checked(body: bytes) -> list[dict[str, Any]]:
    """Return the rows. A missing field or repeated id raises ValueError."""
    rows: list[dict[str, Any]] = json.loads(body)["data"]
    for row in rows:
        if any(not isinstance(row.get(name), kind) for name, kind in NEEDED.items()):
            raise ValueError(f"a row lacks what is needed: {row}")
    if len({row["id"] for row in rows}) < len(rows):
        raise ValueError("two rows have the same id")
    return rows


def written(value: Any) -> str:
    """Write JSON with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
