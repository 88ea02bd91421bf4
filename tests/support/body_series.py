"""Record polls with different bodies, and query their database."""

from dataclasses import replace
from itertools import islice

from sqlalchemy import text

from catalog.changes.poll import Outcome, Poll
from catalog.core.payload import Payload
from catalog.store import bodies
from catalog.store.database import Database
from catalog.store.record import record
from catalog.store.verify import verify
from tests.bench.random_catalog import RandomCatalog
from tests.support.builders import AT, model, payload, snapshot
from tests.support.database import HOUR, NAME, ask


def states(count: int, seed: int = 1) -> list[bytes]:
    """Return answers that differ a little from the one before."""
    return list(islice(RandomCatalog(30, seed).states(), count))


def poll(
    database: Database, at: int, body: bytes, outcome: Outcome | None = None, provider: str = NAME
) -> Payload:
    """Record a poll some hours after the start.

    By default it stores a new snapshot.
    """
    answer = replace(payload(body, AT + at * HOUR), provider=provider)
    brings = replace(snapshot(model("1", str(at)), at=answer.fetched_at), provider=provider)
    state = None if outcome else brings
    brought = outcome or (Outcome.CHANGED if at else Outcome.FIRST)
    with database.writing() as connection:
        record(connection, Poll(provider, answer.fetched_at, 5, brought, answer, state), {})
    return answer


def series(database: Database, count: int) -> list[Payload]:
    """Record polls, each with another body."""
    return [poll(database, at, body) for at, body in enumerate(states(count))]


def count(database: Database, query: str) -> object:
    """Return the one number that a query selects."""
    return ask(database, query)[0][0]


def base(database: Database, of: Payload) -> object:
    """Return the digest of the base of a stored body, or None."""
    query = f"select base_sha256 from payload where sha256 = '{of.digest}'"  # noqa: S608  # a digest
    return count(database, query)


def problems(database: Database) -> list[str]:
    """Return the problems that a verification finds."""
    with database.reading() as connection:
        return [str(check.bad) for check in verify(connection) if check.bad]


def assert_read(database: Database, *answers: Payload) -> None:
    """Assert that exactly these bodies are stored, read back unchanged and verify."""
    with database.reading() as connection:
        assert [bodies.read(connection, each.digest) for each in answers] == [
            each.body for each in answers
        ]
        there = {each.sha256 for each in bodies.check(connection) if each.is_there}
    assert there == {each.digest for each in answers}
    assert problems(database) == []


def drop(database: Database, *answers: Payload) -> None:
    """Delete these bodies."""
    with database.writing() as connection:
        bodies.drop(connection, {each.digest for each in answers})


def edit(database: Database, statement: str, **values: object) -> None:
    """Edit the database in a way that the program never does."""
    with database.writing() as connection:
        connection.execute(text(statement), values)


def damage(database: Database, answer: Payload) -> None:
    """Damage the stored body of an answer."""
    body = b"\x00damaged"
    edit(
        database,
        "update payload set body = :body where sha256 = :sha256",
        body=body,
        sha256=answer.digest,
    )
