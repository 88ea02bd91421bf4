"""Print the result of a check, for people and for programs."""

import json
from collections.abc import Sequence
from itertools import groupby

from catalog.changes.finding import counted
from catalog.check.counting import Uncounted
from catalog.check.notice import Notice
from catalog.check.result import CheckResult
from catalog.cli.output import print_list, say, say_wrapped
from catalog.core.files import shown
from catalog.core.text import count
from catalog.core.visible import visible


def show(style: str, result: CheckResult, *, why: bool) -> None:
    """Print a result. With `why`, text lists the names that do not count."""
    if style == "text":
        _print_text(result)
        _print_uncounted(result.uncounted, why=why)
    else:
        say(document(style, result), nl=False)


def document(style: str, result: CheckResult) -> str:
    """Return a result for programs, ending with a line break unless empty."""
    # Imported here, because both are slow to load and text output needs neither.
    from catalog.check import formats
    from catalog.report.json_output import SCHEMA_VERSION

    match style:
        case "github":
            return formats.annotations(result)
        case "junit":
            return formats.report(result)
        case "sarif":
            known = formats.log(result)
        case _:
            known = {"schema_version": SCHEMA_VERSION, **formats.document(result)}
    return f"{json.dumps(known, indent=2)}\n"


def _print_text(result: CheckResult) -> None:
    notices = result.notices.reported
    places = max((len(_place(notice)) for notice in notices), default=0)
    rules = max((len(notice.rule) for notice in notices), default=0)
    for path, group in groupby(notices, key=lambda notice: notice.path):
        say(visible(shown(path)), bold=True)
        for notice in group:
            start = f"{_place(notice):>{places}}", f"{notice.level:8}", f"{notice.rule:{rules}}"
            print_list([(*start, f"{notice.name}: {notice.text}")], indent=2)
            if notice.instead:
                say_wrapped(notice.instead, places + 16 + rules, dim=True)
    if notices:
        say()
    say(_summary(result))


def _print_uncounted(uncounted: Sequence[Uncounted], *, why: bool) -> None:
    if not uncounted:
        return
    one = len(uncounted) == 1
    looks = "name looks like a model and was" if one else "names look like models and were"
    say(f"{len(uncounted):,} more {looks} not counted: {'' if why else 'see --why'}".strip())
    for path, group in groupby(uncounted if why else (), key=lambda each: each.path):
        say(visible(shown(path)), bold=True)
        for each in group:
            say(visible(f"  {each.line}:{each.column}  {each.name}: {each.reason}"))


def _place(notice: Notice) -> str:
    return f"{notice.line}:{notice.column}"


def _summary(result: CheckResult) -> str:
    notices = result.notices
    parts = [counted(each.level for each in notices.reported) or "nothing to report"]
    parts += [f"{len(notices.ignored):,} ignored by comments"] if notices.ignored else []
    parts += [f"{len(notices.known):,} in the baseline"] if notices.known else []
    uses, files = count(result.uses, "use"), count(len(result.files), "file")
    listing = result.listing
    against = f"{listing.provider}'s catalog of {listing.as_of:%Y-%m-%d} ({shown(result.source)})"
    return visible(f"{', '.join(parts)}: {uses} in {files}, against {against}")
