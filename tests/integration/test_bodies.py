"""Bodies stored as differences: their bases, and reading each one back unchanged."""

import hashlib
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from catalog.changes.poll import Outcome
from catalog.core.errors import StoreError
from catalog.store import bodies, migrate
from catalog.store.bodies import Damaged, difference, pack, unpack
from catalog.store.database import Database
from tests.support.body_series import (
    assert_read,
    base,
    damage,
    drop,
    edit,
    poll,
    problems,
    series,
    states,
)
from tests.support.database import NAME, ask

OTHER = "other"
MANY = 40
"""The number of consecutive bodies with small differences."""


@pytest.mark.long
def test_differences_are_to_a_whole_body_until_a_new_one_costs_less(database: Database) -> None:
    """Every base is whole, has several differences, and all take a fraction of their size."""
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
def test_an_unlike_body_is_stored_whole(database: Database, content: bytes) -> None:
    """An unlike answer is stored without a base, and the next one does not use it as a base."""
    first = poll(database, 0, states(1)[0])
    odd = poll(database, 1, content, Outcome.INVALID)
    then = poll(database, 2, states(2)[1])
    assert [base(database, each) for each in (odd, then)] == [None, first.digest]
    assert_read(database, first, odd, then)


def test_an_answer_that_was_held_is_no_base(database: Database) -> None:
    """A held answer is no base: the base is the last accepted body."""
    one, two, three = states(3)
    first = poll(database, 0, one)
    held = poll(database, 1, two, Outcome.HELD)
    then = poll(database, 2, three)
    assert [base(database, each) for each in (held, then)] == [first.digest] * 2
    assert_read(database, first, held, then)


def test_two_providers_have_keyframes_of_their_own(database: Database) -> None:
    """A body is a difference to one of its provider, and equal bodies are stored once."""
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


def test_a_damaged_difference_affects_no_other(database: Database) -> None:
    """Only the damaged body is reported, and every other is read as sent."""
    answers = series(database, 9)
    damage(database, answers[5])
    damaged = f"payload {answers[5].digest}: its body was changed: the digest does not match"
    assert problems(database) == [damaged]
    with database.reading() as connection:
        for each in (*answers[:5], *answers[6:]):
            assert bodies.read(connection, each.digest) == each.body
        with pytest.raises(StoreError, match="cannot be read"):
            bodies.read(connection, answers[5].digest)


def test_a_poll_after_a_damaged_keyframe_is_whole(database: Database) -> None:
    """A poll after the damage is stored without a base, and the pass continues."""
    answers = series(database, 3)
    damage(database, answers[0])
    then = poll(database, 3, states(4)[3])
    assert base(database, then) is None
    with database.reading() as connection:
        assert bodies.read(connection, then.digest) == then.body


def test_a_body_of_an_older_version_is_read_and_is_a_base(database: Database) -> None:
    """Bodies of older versions, packed by zlib, stay as they are and serve as a base."""
    first = poll(database, 0, states(1)[0])
    stored = {"body": zlib.compress(first.body, 9), "sha256": first.digest}
    edit(database, "update payload set body = :body where sha256 = :sha256", **stored)
    then = poll(database, 1, states(2)[1])
    assert base(database, then) == first.digest
    assert_read(database, first, then)
    drop(database, first)
    assert_read(database, then)


NOT_WHOLE = "its body is stored as a difference to a body that is not stored whole"
DAMAGED = "its body was changed: the digest does not match"
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
    "a difference marked as whole": (
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
    """Each kind of wrong base is reported, and no check hangs or crashes."""
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


def test_an_unknown_body_cannot_be_read(database: Database) -> None:
    """Reading an unknown digest is a StoreError, not a crash."""
    series(database, 1)
    with database.reading() as connection, pytest.raises(StoreError, match="cannot be read"):
        bodies.read(connection, "none")


def test_another_body_in_its_place_is_not_taken_for_it(database: Database) -> None:
    """A body that unpacks to other bytes is reported as unreadable."""
    (answer,) = series(database, 1)
    edit(database, "update payload set body = :body, size = 5", body=pack(b"other"))
    with database.reading() as connection, pytest.raises(StoreError, match="cannot be read"):
        bodies.read(connection, answer.digest)


def test_a_damaged_whole_body_is_reported(database: Database) -> None:
    """A damaged whole body is named, with the number of differences to it."""
    answers = series(database, 3)
    damage(database, answers[0])
    damaged = f"{DAMAGED}; bodies that cannot be read without it: 2"
    base_damaged = f"its body is stored as a difference to {answers[0].digest}, which is damaged"
    with database.reading() as connection:
        found = {each.sha256: each.problem for each in bodies.check(connection)}
    assert [found[each.digest] for each in answers] == [damaged, base_damaged, base_damaged]


def test_chains_of_an_older_version_are_read_after_the_upgrade(tmp_path: Path) -> None:
    """The upgrade turns chained bodies into differences to whole ones, and hides no damage."""
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
    """Return the name of a body in the database."""
    return hashlib.sha256(body).hexdigest()


def test_an_old_body_that_unpacks_to_more_than_it_says_is_damaged() -> None:
    """Unpacking zlib data stops at its stored size."""
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
    """Extra bytes after packed data are damage, for each way of packing."""
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
    """Bytes appended to a stored body are reported, although its digest is unchanged."""
    whole, based = series(database, 2)
    assert base(database, based) == whole.digest
    change = "update payload set body = :body where sha256 = :sha256"
    for each in (based, whole):
        query = f"select body from payload where sha256 = '{each.digest}'"  # noqa: S608  # a digest
        stored = ask(database, query)[0][0]
        assert isinstance(stored, bytes | memoryview)
        edit(database, change, body=bytes(stored) + b"\0", sha256=each.digest)
        assert any(each.digest in problem for problem in problems(database))
