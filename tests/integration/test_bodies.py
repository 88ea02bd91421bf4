"""Bodies stored as differences: what rests on what, and that each is read as it was sent."""

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from catalog.changes.poll import Outcome, Poll
from catalog.core.errors import StoreError
from catalog.core.payload import Payload
from catalog.store import bodies, migrate
from catalog.store.bodies import Damaged, difference, pack, unpack
from catalog.store.database import Database
from catalog.store.prune import prune
from catalog.store.record import record
from catalog.store.transfer import export, load
from catalog.store.verify import verify
from tests.bench.made import Made
from tests.builders import AT, model, payload, snapshot
from tests.stored import HOUR, NAME, ask

OTHER = "other"
MANY = 40
"""Bodies in a row of which each differs a little from the one before it."""
WHOLE = "select count(*) from payload where body is not null and base_sha256 is null"
BASED = "select count(*) from payload where body is not null and base_sha256 is not null"


def states(count: int, seed: int = 1) -> list[bytes]:
    """Give answers of which each differs a little from the one before it."""
    return list(islice(Made(30, seed).states(), count))


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


@pytest.mark.long
def test_differences_are_to_a_whole_body_until_a_new_one_costs_less(database: Database) -> None:
    """Every base is whole, each has several differences, and all take a fraction of their size."""
    answers = series(database, MANY)
    wholes = {each.digest for each in answers if base(database, each) is None}
    assert {base(database, each) for each in answers} == {None, *wholes}
    assert 2 <= len(wholes) <= MANY // 8
    assert_read(database, *answers)
    mean = "select avg(length(body)) from payload where base_sha256 is"
    ((whole,),), ((differences,),) = (
        ask(database, f"{mean} null"),
        ask(database, f"{mean} not null"),
    )
    assert float(str(differences)) * 5 < float(str(whole))


@pytest.mark.parametrize("content", [b"", b"<html>Bad gateway</html>", bytes(range(256)) * 4])
def test_what_has_little_of_the_one_before_is_whole(database: Database, content: bytes) -> None:
    """An answer of another kind rests on nothing, and a following one not on it."""
    first = poll(database, 0, states(1)[0])
    odd = poll(database, 1, content, Outcome.INVALID)
    then = poll(database, 2, states(2)[1])
    assert [base(database, each) for each in (odd, then)] == [None, first.digest]
    assert_read(database, first, odd, then)


def test_an_answer_that_was_held_is_no_base(database: Database) -> None:
    """The base is what was accepted last, so a held answer affects no later one."""
    one, two, three = states(3)
    first = poll(database, 0, one)
    held = poll(database, 1, two, Outcome.HELD)
    then = poll(database, 2, three)
    assert [base(database, each) for each in (held, then)] == [first.digest] * 2
    assert_read(database, first, held, then)


def test_two_providers_have_keyframes_of_their_own(database: Database) -> None:
    """A body is a difference to one of its own provider; the same body of both is stored once."""
    answers = [
        poll(database, at, body, provider=provider)
        for at, pair in enumerate(zip(states(3), states(3, seed=2), strict=True))
        for provider, body in zip((NAME, OTHER), pair, strict=True)
    ]
    bases = [base(database, each) for each in answers]
    assert bases == [None, None, *(each.digest for each in answers[:2])] + [
        each.digest for each in answers[:2]
    ]
    poll(database, 3, answers[-1].body)
    assert_read(database, *answers)
    then = poll(database, 4, states(4, seed=2)[3])
    assert base(database, then) == answers[1].digest
    assert_read(database, *answers, then)


def test_pruning_a_difference_leaves_the_others(database: Database) -> None:
    """What stays keeps its base where that stays, and is read as sent."""
    answers = series(database, 10)
    drop(database, answers[4], answers[5])
    assert {base(database, each) for each in answers[6:]} == {answers[0].digest}
    assert_read(database, *answers[:4], *answers[6:])


def test_pruned_from_the_beginning(database: Database) -> None:
    """Pruning drops what it says, though all that stays rested on it."""
    answers = series(database, 10)
    with database.writing() as connection:
        assert prune(connection, AT + 7 * HOUR - timedelta(minutes=1)).bodies == 6
    assert (count(database, WHOLE), count(database, BASED)) == (1, 3)
    assert_read(database, *answers[6:])


def test_a_body_that_was_pruned_comes_back(database: Database) -> None:
    """It is stored as the difference to what is in force, and nothing rests on itself."""
    answers = series(database, 6)
    drop(database, *answers[:3])
    poll(database, 6, answers[1].body)
    assert base(database, answers[1]) == (base(database, answers[5]) or answers[5].digest)
    then = poll(database, 7, states(7)[6])
    assert base(database, then) == base(database, answers[1])
    assert_read(database, answers[1], *answers[3:], then)


def test_a_damaged_difference_affects_no_other(database: Database) -> None:
    """Only the damaged body is reported, and every other is read as sent."""
    answers = series(database, 9)
    damage(database, answers[5])
    damaged = f"payload {answers[5].digest}: its body is not what was sent: another digest"
    assert problems(database) == [damaged]
    with database.reading() as connection:
        for each in (*answers[:5], *answers[6:]):
            assert bodies.read(connection, each.digest) == each.body
        with pytest.raises(StoreError, match="cannot be read"):
            bodies.read(connection, answers[5].digest)


def test_a_poll_after_a_damaged_keyframe_is_whole(database: Database) -> None:
    """A poll after the damage is stored without a base, and the pass goes on."""
    answers = series(database, 3)
    damage(database, answers[0])
    then = poll(database, 3, states(4)[3])
    assert base(database, then) is None
    with database.reading() as connection:
        assert bodies.read(connection, then.digest) == then.body


def test_pruning_refuses_to_lose_differences_to_a_damaged_body(database: Database) -> None:
    """What cannot be stored whole keeps its base, because a backup may still mend it."""
    answers = series(database, 4)
    damage(database, answers[0])
    with pytest.raises(StoreError, match=r"the body of payload \w+ cannot be read"):
        drop(database, answers[0])
    assert base(database, answers[2]) == answers[0].digest


def test_what_an_older_version_stored_is_read_and_rested_on(database: Database) -> None:
    """Bodies of before were packed by zlib, whole: they stay so, and serve as a base."""
    first = poll(database, 0, states(1)[0])
    stored = {"body": zlib.compress(first.body, 9), "sha256": first.digest}
    edit(database, "update payload set body = :body where sha256 = :sha256", **stored)
    then = poll(database, 1, states(2)[1])
    assert base(database, then) == first.digest
    assert_read(database, first, then)
    drop(database, first)
    assert_read(database, then)


NOT_WHOLE = "its body is a difference to one that is not stored whole"
DAMAGED = "its body is not what was sent: another digest"
EDITS = {
    "the body of a base gone": (
        "update payload set body = null, base_sha256 = null where sha256 = :first",
        NOT_WHOLE,
    ),
    "a base that is a difference": (
        "update payload set base_sha256 = :third where sha256 = :fourth",
        NOT_WHOLE,
    ),
    "two that name each other": (
        "update payload set base_sha256 = :fourth where sha256 = :first",
        NOT_WHOLE,
    ),
    "a difference said to be whole": (
        "update payload set base_sha256 = null where sha256 = :fourth",
        DAMAGED,
    ),
    "a size that is wrong": (
        "update payload set size = 3 where sha256 = :fourth",
        DAMAGED,
    ),
}


@pytest.mark.parametrize("case", EDITS)
def test_an_edited_base_is_reported(database: Database, case: str) -> None:
    """Whatever a base is made to be, the body is reported, and nothing hangs or breaks off."""
    statement, expected = EDITS[case]
    digests = [each.digest for each in series(database, 4)]
    names = dict(zip(("first", "second", "third", "fourth"), digests, strict=True))
    named = {name: value for name, value in names.items() if f":{name}" in statement}
    edit(database, statement, **named)
    assert problems(database)
    with database.reading() as connection:
        found = {each.sha256: each.problem for each in bodies.check(connection)}
    assert found[names["fourth"]] == expected
    with database.reading() as connection, pytest.raises(StoreError, match="cannot be read"):
        bodies.read(connection, names["fourth"])


def test_one_that_is_not_there_cannot_be_read(database: Database) -> None:
    """A digest that names no payload is an error that says so, not a crash."""
    series(database, 1)
    with database.reading() as connection, pytest.raises(StoreError, match="cannot be read"):
        bodies.read(connection, "none")


@pytest.fixture
def other() -> Iterator[Database]:
    """Make an empty database in memory."""
    made = Database("sqlite://")
    yield made
    made.close()


def test_differences_go_through_an_export(database: Database, other: Database) -> None:
    """A body may stand before its base in an export; imported, all are as they were."""
    answers = series(database, 16)
    drop(database, answers[1])
    with database.reading() as connection:
        lines = list(export(connection))
    with other.writing() as connection:
        load(connection, (line.encode() for line in lines))
    assert_read(other, answers[0], *answers[2:])
    with other.reading() as connection:
        assert list(export(connection)) == lines


def test_another_body_in_its_place_is_not_taken_for_it(database: Database) -> None:
    """What can be unpacked, and is not what was sent, is told as what is damaged."""
    (answer,) = series(database, 1)
    edit(database, "update payload set body = :body, size = 5", body=pack(b"other"))
    with database.reading() as connection, pytest.raises(StoreError, match="cannot be read"):
        bodies.read(connection, answer.digest)


def test_a_whole_body_that_is_damaged_is_told(database: Database) -> None:
    """What no way of packing knows is damaged, and named with what rests on it."""
    answers = series(database, 3)
    damage(database, answers[0])
    damaged = f"{DAMAGED}; 2 that are differences to it cannot be read either"
    base_damaged = f"its body is a difference to {answers[0].digest}, which is damaged"
    with database.reading() as connection:
        found = {each.sha256: each.problem for each in bodies.check(connection)}
    assert [found[each.digest] for each in answers] == [damaged, base_damaged, base_damaged]


def test_chains_of_an_older_version_are_read_after_the_upgrade(tmp_path: Path) -> None:
    """Bodies that rested on one another become differences to whole ones; damage stays damage."""
    engine = create_engine(f"sqlite:///{tmp_path}/catalog.db")
    migrate.upgrade(engine, "0010")
    engine.dispose()
    contents = states(9)
    before: bytes | None = None
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as raw, raw:
        for content in contents:
            packed = pack(content) if before is None else difference(content, before, 1.0)
            name, rests = sha(content), before and sha(before)
            row = (name, len(content), b"damaged" if content == contents[7] else packed, rests)
            raw.execute("insert into payload values (?, ?, ?, ?)", row)
            before = content
    database = Database(str(tmp_path / "catalog.db"))
    database.upgrade()
    with database.reading() as connection:
        assert [bodies.read(connection, sha(each)) for each in contents[:7]] == contents[:7]
        for each in contents[7:]:
            with pytest.raises(StoreError, match="cannot be read"):
                bodies.read(connection, sha(each))
    database.close()


def sha(body: bytes) -> str:
    """Name a body as the database does."""
    return hashlib.sha256(body).hexdigest()


def test_an_old_body_that_unpacks_to_more_than_it_says_is_damaged() -> None:
    """What zlib packed is unpacked no further than to the size that is stored with it."""
    packed = zlib.compress(b"x" * 1_000)
    assert unpack(packed, 1_000, None) == b"x" * 1_000
    for size in (10, -1):
        with pytest.raises(Damaged):
            unpack(packed, size, None)
    with pytest.raises(Damaged):
        unpack(packed[:-1], 1_000, None)


@pytest.mark.parametrize("extra", [b"\0", b"more", b"\x28\xb5\x2f\xfd"])
@pytest.mark.parametrize("kind", ["zlib", "whole", "difference"])
def test_bytes_behind_a_packed_body_are_damage(kind: str, extra: bytes) -> None:
    """Nothing may follow what was packed, by whatever it was packed."""
    base = b"a model and another one " * 50
    body = base + b"and one more"
    packed = {
        "zlib": zlib.compress(body),
        "whole": pack(body),
        "difference": difference(body, base, 1.0) or b"",
    }[kind]
    on = base if kind == "difference" else None
    assert unpack(packed, len(body), on) == body
    with pytest.raises(Damaged):
        unpack(packed + extra, len(body), on)


def test_a_verification_names_a_body_that_bytes_were_appended_to(database: Database) -> None:
    """An edit that changes no digest is an edit all the same."""
    whole, based = series(database, 2)
    assert base(database, based) == whole.digest
    change = "update payload set body = :body where sha256 = :sha256"
    for each in (based, whole):
        query = f"select body from payload where sha256 = '{each.digest}'"  # noqa: S608  # a digest
        stored = ask(database, query)[0][0]
        assert isinstance(stored, bytes | memoryview)
        edit(database, change, body=bytes(stored) + b"\0", sha256=each.digest)
        assert any(each.digest in problem for problem in problems(database))
