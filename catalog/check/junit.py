"""A check as a report of tests, as build servers read them."""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from catalog.check.notice import Notice
from catalog.check.outcome import Outcome, one_line
from catalog.core.files import shown
from catalog.core.visible import visible


def report(outcome: Outcome) -> str:
    """Write a report: a case for each notice, for each file without, and for each skipped one.

    What the check does not fail on is a case that passed, with what there is to say as its output.
    """
    notices = outcome.heeded.notices
    told = {notice.path for notice in notices}
    silent = [path for path in outcome.files if path not in told]
    failures = sum(outcome.fails(notice) for notice in notices)
    skipped = outcome.skipped
    tests = len(notices) + len(silent) + len(skipped)
    counts = f'tests="{tests}" failures="{failures}" errors="0"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="catalog check" {counts} time="0">',
        f'  <testsuite name="catalog check" {counts} skipped="{len(skipped)}" time="0">',
        *(line for notice in notices for line in _case(notice, failed=outcome.fails(notice))),
        *(f"    <testcase {_named(shown(path), 'models')}/>" for path in silent),
        *(
            f"    <testcase {_named(shown(each.path), 'limits')}>"
            f"<skipped message={_quoted(each.skipped)}/></testcase>"
            for each in skipped
        ),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _case(notice: Notice, *, failed: bool) -> Iterator[str]:
    name = f"{notice.rule} {notice.name} at {notice.line}:{notice.column}"
    where = f"{shown(notice.path)}:{notice.line}:{notice.column}"
    said = escape(visible(f"{where}: {one_line(notice)}"))
    yield f"    <testcase {_named(shown(notice.path), name)}>"
    if failed:
        kind, message = _quoted(notice.rule), _quoted(notice.text)
        yield f"      <failure type={kind} message={message}>{said}</failure>"
    else:
        yield f"      <system-out>{said}</system-out>"
    yield "    </testcase>"


def _named(path: str, name: str) -> str:
    return f'classname={_quoted(path)} name={_quoted(name)} time="0"'


def _quoted(text: str) -> str:
    return quoteattr(visible(text))
