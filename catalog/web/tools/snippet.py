"""Check the model names in code that the client sends."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from catalog.api import check
from catalog.changes.finding import counted
from catalog.check.formats import document
from catalog.check.known import Listing
from catalog.check.notice import Notice
from catalog.check.result import CheckResult, one_line
from catalog.config.build import wire_provider
from catalog.config.settings import Settings
from catalog.core.clock import stamp
from catalog.core.errors import ArgumentInvalid
from catalog.core.text import count
from catalog.web.tools.store import Store
from catalog.web.tools.tool import Answer, Arguments, Provider, Tool, paragraphs, quote, quoted

LONGEST = 100_000
"""The maximum characters of a snippet, because it is read in this process."""
MOST = 50
"""The maximum lines of each kind in the text. The JSON has all."""
NO_VERDICT = "A name that is not counted is unknown here. That is no verdict about it."


class Snippet(Arguments):
    """The code."""

    text: Annotated[str, Field(description="The code or configuration.", max_length=LONGEST)]
    name: Annotated[
        str,
        Field(
            description="A file name such as app.py, which decides the language. It is not opened.",
            min_length=1,
            max_length=200,
        ),
    ] = "snippet.py"
    days: Annotated[
        int | None, Field(ge=0, le=3650, description="Warn of models that end within these days.")
    ] = None
    provider: Provider = None


def snippet(store: Store, wanted: Snippet) -> Answer:
    """Return the uses of gone, ending and unknown models in a text.

    No file is read, and no process is forked, because other threads run.
    """
    selected = store.selected(wanted.provider)
    if len(selected) > 1:
        names = ", ".join(each.one.name for each in selected)
        raise ArgumentInvalid("several providers are configured", hint=f"Give provider: {names}.")
    settings = selected[0]
    listing, source = _listing(store, settings)
    found = check.find_uses_in(wanted.name, wanted.text, listing, settings)
    within = settings.check.within if wanted.days is None else timedelta(days=wanted.days)
    notices = check.judge_uses(found, within, {}, settings.rules)
    result = CheckResult(notices, found.scanned, listing, source, None, found.uncounted)
    return Answer(_text(result), document(result))


def _listing(store: Store, settings: Settings) -> tuple[Listing, str]:
    """Return the known names from the database or the shipped history."""
    provider = wire_provider(settings.one)
    if not check.is_there(store.url):
        return check.shipped_listing(settings.one, provider), check.SHIPPED
    with store.database() as database:
        return check.stored_listing(database, provider), "database"


def _text(result: CheckResult) -> str:
    listing, notices = result.listing, result.notices.reported
    head = (
        f"{count(result.uses, 'use')} of models of {listing.provider}; "
        f"{counted(each.level for each in notices) or 'nothing to report'}."
    )
    lines = [_line(each) for each in notices[:MOST]]
    lines += [f"not checked: {each.skipped}" for each in result.skipped]
    lines += [
        f"not counted, line {each.line}: {quote(each.name)}: {each.reason}"
        for each in result.uncounted[:MOST]
    ]
    against = (
        f"Compared with the lists of {listing.provider} from {stamp(listing.since)} to "
        f"{stamp(listing.as_of)} ({result.source})."
    )
    return paragraphs(head, quoted(lines), NO_VERDICT if result.uncounted else "", against)


def _line(notice: Notice) -> str:
    return f"line {notice.line}, {notice.level} {notice.rule}: {one_line(notice)}"


CHECK = Tool(
    "check_snippet",
    "Find uses of models in a piece of code or configuration that are gone, about to end, or "
    "unknown, with replacements. The text is only read, not run.",
    Snippet,
    snippet,
)
