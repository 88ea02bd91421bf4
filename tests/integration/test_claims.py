"""Claims of processes whose clocks differ, and of processes that are dead."""

import os
import signal
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from sqlalchemy import select, text

from catalog.changes.incident import Trouble
from catalog.core.clock import now
from catalog.store import claims, outbox, slots
from catalog.store.claims import FAR, NEAR, Present, is_held, present
from catalog.store.database import Database
from catalog.store.tables import DeliveryRow, SlotRow, col, plain
from tests.support.builders import AT, finding
from tests.support.checkout import ROOT
from tests.support.database import HOUR, NAME, ask, save
from tests.support.http_server import Exchange, serve
from tests.support.shell import Shell

SHIFTS = (0, 90, -40)
MINUTE = timedelta(minutes=1)
LONGEST = 10 * MINUTE
HERE = claims.owner().rsplit(":", 2)[0]
BOOT = claims.owner().rsplit(".", 1)[-1]


def record_pending(database: Database, *days: int) -> None:
    """Record one poll per day, with a finding for channel `ear`."""
    for day in days:
        wants = {"ear": (lambda _: True, lambda at, _: at)}
        save(database, 24 * day, None, finding(Trouble("held", f"{day}")), recipients=wants)


@contextmanager
def sleeping() -> Iterator[Popen[bytes]]:
    """Run a process that does nothing until it is stopped."""
    with Popen([sys.executable, "-c", "input()"], stdin=PIPE) as process:
        yield process
        process.kill()


def began(pid: int) -> str:
    """Return the start time of a process, as claims write it."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]


def slowly(exchange: Exchange) -> None:
    """Accept a message after a short delay."""
    exchange.wait(0.2)
    exchange.send(204, {}, b"")


@pytest.mark.long
def test_three_processes_with_clocks_that_differ_send_each_message_once(
    database: Database, url: str
) -> None:
    """By clocks at +0, +90 and -40 s, a slow receiver gets each message once."""
    record_pending(database, *range(6))
    with serve(slowly) as receiver, ExitStack() as stack:
        given = [["-m", "tests.support.courier", url, receiver.url, str(shift)] for shift in SHIFTS]
        running = [stack.enter_context(Shell(ROOT).python(*words)) for words in given]
        output = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], output
    times = Counter(request.headers["webhook-id"] for request in receiver.requests)
    assert sorted(times.values()) == [1] * 6
    assert ask(database, "select distinct state, attempts from delivery") == [("delivered", 1)]


@pytest.mark.parametrize("off", [timedelta(), -HOUR, 30 * HOUR, -30 * HOUR])
def test_a_live_process_of_this_machine_keeps_its_claim(off: timedelta) -> None:
    """A live process on this machine keeps its claim at any clock time."""
    with sleeping() as other:
        by = f"{HERE}:{other.pid}:abcd0123.{began(other.pid)}.{BOOT}"
        assert is_held(by, AT + LONGEST, LONGEST, Present(AT + off))


def test_a_killed_process_loses_its_claim_at_once() -> None:
    """A killed process loses its claim, even if its number is used again."""
    with sleeping() as other:
        mine = f"{HERE}:{other.pid}:abcd0123.{began(other.pid)}.{BOOT}"
        earlier = f"{HERE}:{other.pid}:abcd0123.1.{BOOT}"
        assert is_held(mine, AT + LONGEST, LONGEST, Present(AT))
        assert not is_held(earlier, AT + LONGEST, LONGEST, Present(AT))
        other.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert not is_held(mine, AT + LONGEST, LONGEST, Present(AT))
    assert not is_held(mine, AT + LONGEST, LONGEST, Present(AT))


@pytest.mark.parametrize(
    ("owner", "off"),
    [
        ("elsewhere/0:1:abcd0123.77.beef", FAR),  # another machine
        ("elsewhere/0:1:abcd", FAR),  # as earlier versions wrote it
        (f"{socket.gethostname()}/0:1:abcd0123.77.{BOOT}", NEAR),  # another container
        (f"{HERE}:{os.getppid()}:abcd", FAR),  # a process whose number may be another's now
        (f"{HERE}:0:abcd0123.77.{BOOT}", NEAR),  # a process that the system hides
        ("damaged", FAR),
    ],
)
def test_a_claim_of_an_unknown_process_lasts_as_long_as_its_clock_may_be_off(
    owner: str, off: timedelta
) -> None:
    """A claim of an unknown process lasts as long as its clock may be off."""
    second, until = timedelta(seconds=1), AT + LONGEST
    for moment in (AT, AT - FAR, until + off - second):
        assert is_held(owner, until, LONGEST, Present(moment)), moment
    for moment in (AT - FAR - second, until + off, AT + 365 * 24 * HOUR):
        assert not is_held(owner, until, LONGEST, Present(moment)), moment


def test_a_claim_by_the_clock_of_the_database_ends_to_the_second() -> None:
    """A claim by the database's clock ends to the second, or with its process."""
    parent = f"{HERE}:{os.getppid()}:abcd0123.{began(os.getppid())}.{BOOT}"
    for owner in ("elsewhere/0:1:abcd", parent):
        for later, held in ((LONGEST - timedelta(seconds=1), True), (LONGEST, False)):
            at = Present(AT + later, is_shared=True)
            assert is_held(owner, AT + LONGEST, LONGEST, at) is held
    dead = f"{HERE}:99999999999999999999:abcd0123.1.{BOOT}"
    assert not is_held(dead, AT + LONGEST, LONGEST, Present(AT, is_shared=True))


@pytest.mark.parametrize("shift", [timedelta(), 2 * HOUR, -2 * HOUR])
def test_on_postgresql_claims_are_written_by_the_clock_of_the_database(
    database: Database, url: str, shift: timedelta
) -> None:
    """PostgreSQL dates claims by its own clock, and SQLite by the clock of the process."""
    record_pending(database, 0)
    expected = now() if "postgresql" in url else now() + shift
    with database.writing() as connection:
        assert outbox.claim(connection, "ear", now() + shift)
        slots.claim(plain(connection), NAME, AT, LONGEST, present(connection, now() + shift))
        for table in (DeliveryRow, SlotRow):
            until = connection.scalar(select(col(table.claimed_until)))
            assert until is not None
            assert abs(until - LONGEST - expected) < MINUTE
    by = claims.owner().replace(str(os.getpid()), str(os.getppid()))
    with database.writing() as connection:
        connection.execute(text("update delivery set claimed_by = :by"), {"by": f"else{by}"})
        assert outbox.claim(connection, "ear", now() + shift) is None
