"""Polls of which each brings another body, and what the database then holds of them."""

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
    """Give answers of which each differs a little from the one before it."""
    return list(islice(RandomCatalog(30, seed).states(), count))


def poll(
    database: Database, at: int, body: bytes, outcome: Outcome | None = None, provider: str = NAME
) -> Payload:
    """Record a poll so many hours after the start; by itself it brings a snapshot."""
    answer = replace(payload(body, AT + at * HOUR), provider=provider)
    brings = replace(snapshot(model("1", str(at)), at=answer.fetched_at), provider=provider)
    state = None if outcome else brings
    brought = outcome or (Outcome.CHANGED if at else Outcome.FIRST)
    with database.writing() as connection:
        record(connection, Poll(provider, answer.fetched_at, 5, brought, answer, state), {})
    return answer


def series(database: Database, count: int) -> list[Payload]:
    """Record polls of which each brings another body."""
    return [poll(database, at, body) for at, body in enumerate(states(count))]


def count(database: Database, query: str) -> object:
    """Return the one number that a query comes to."""
    return ask(database, query)[0][0]


def base(database: Database, of: Payload) -> object:
    """Return what a body is stored as the difference to."""
    query = f"select base_sha256 from payload where sha256 = '{of.digest}'"  # noqa: S608  # a digest
    return count(database, query)


def problems(database: Database) -> list[str]:
    """Return what a verification finds wrong."""
    with database.reading() as connection:
        return [str(check.bad) for check in verify(connection) if check.bad]


def assert_read(database: Database, *answers: Payload) -> None:
    """Hold that each of these, and no other, is read as it was sent, and that all is sound."""
    with database.reading() as connection:
        assert [bodies.read(connection, each.digest) for each in answers] == [
            each.body for each in answers
        ]
        there = {each.sha256 for each in bodies.check(connection) if each.is_there}
    assert there == {each.digest for each in answers}
    assert problems(database) == []


def drop(database: Database, *answers: Payload) -> None:
    """Let the bodies of these go."""
    with database.writing() as connection:
        bodies.drop(connection, {each.digest for each in answers})


def edit(database: Database, statement: str, **values: object) -> None:
    """Edit the database as its own program never would."""
    with database.writing() as connection:
        connection.execute(text(statement), values)


def damage(database: Database, answer: Payload) -> None:
    """Change what is stored of a body."""
    body = b"\x00damaged"
    edit(
        database,
        "update payload set body = :body where sha256 = :sha256",
        body=body,
        sha256=answer.digest,
    )
