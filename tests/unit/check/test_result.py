"""Notices that comments and baselines ignore."""

from dataclasses import replace

from catalog.changes.finding import Level
from catalog.check.notice import Notice, fingerprint
from catalog.check.result import Notices, apply_baseline, ignore
from catalog.check.scan.uses import Ignore
from tests.support.check_builders import scanned, use

NOTICE = Notice("app.py", 3, 9, "delisted", Level.BREAKING, "left", "gone")


def test_a_comment_ignores_notices_of_its_line() -> None:
    """A comment ignores its rules, or all rules without one, and only in its line."""
    other = replace(NOTICE, rule="limit")
    elsewhere = replace(NOTICE, line=4)
    files = [scanned(use("left"), ignores=(Ignore(3, ("delisted",), "known"),))]
    notices = ignore((NOTICE, other, elsewhere), files)
    assert (notices.reported, notices.ignored) == ((other, elsewhere), (NOTICE,))
    every = [scanned(use("left"), ignores=(Ignore(3, (), ""),))]
    assert ignore((NOTICE, other), every).ignored == (NOTICE, other)


def test_a_comment_that_ignores_nothing_is_reported() -> None:
    """An unused comment is info with its rules, and a rule that does not exist is named."""
    files = [
        scanned(use("left"), ignores=(Ignore(5, ("limit",), ""), Ignore(6, ("gone", "limit"), ""))),
        scanned(use("left", path="b.py"), ignores=(Ignore(1, (), ""),)),
    ]
    notices = ignore((), files).reported
    assert [(each.path, each.line, each.rule, each.name) for each in notices] == [
        ("app.py", 5, "unused-ignore", "catalog: ignore[limit]"),
        ("app.py", 6, "unused-ignore", "catalog: ignore[gone,limit]"),
        ("b.py", 1, "unused-ignore", "catalog: ignore"),
    ]
    assert {each.level for each in notices} == {Level.INFO}
    assert notices[1].text == "this comment ignores gone, and there is no such rule"


def test_the_baseline_ignores_moved_notices() -> None:
    """A notice of the same file, rule and name is known in any line, and a new one is reported."""
    moved, new = replace(NOTICE, line=99), replace(NOTICE, name="other")
    stale = fingerprint("gone.py", "limit", "x")
    left = apply_baseline(Notices((moved, new)), frozenset({NOTICE.fingerprint, stale}))
    assert (left.reported, left.known, left.unneeded) == ((new,), (moved,), 1)
