"""Show the recent changes of all providers."""

from typing import Annotated, Literal

from pydantic import Field

from catalog.api.json_output import as_json
from catalog.api.reads import (
    Place,
    change_filters,
    count_quiet,
    find_places,
    levels_from,
    read_changes,
)
from catalog.api.when import read_moment
from catalog.core.clock import stamp
from catalog.core.errors import NotFound
from catalog.core.text import count
from catalog.report.sentences import sentence
from catalog.web.tools.store import Store, currency
from catalog.web.tools.tool import Answer, Arguments, Provider, Tool, paragraphs, quoted
from catalog.web.tools.unknown import unknown

Since = Annotated[
    str, Field(description="Not before: 2025-12-23, 2025-12-23T10:16:55Z, yesterday, 7d ago as 7d.")
]


class Changes(Arguments):
    """Which changes."""

    since: Since = "7d"
    level: Annotated[
        Literal["breaking", "warning", "info", "quiet"] | None,
        Field(description="This level and more severe ones. By default all but quiet."),
    ] = None
    model: Annotated[str | None, Field(description="Only this model, by name or id.")] = None
    provider: Provider = None
    limit: Annotated[int, Field(ge=1, le=500, description="The maximum of changes.")] = 50


def changes(store: Store, wanted: Changes) -> Answer:
    """Return the newest changes that match, oldest first."""
    since = read_moment(wanted.since, "since", "start")
    with store.reading(wanted.provider) as reading:
        places: list[Place | str] = [each.one.name for each in reading.each]
        if wanted.model is not None:
            names = [each.one.name for each in reading.each]
            try:
                places = [*find_places(reading.connection, names, wanted.model, None)]
            except NotFound:
                return unknown(reading, wanted.model)
        levels = levels_from(wanted.level)
        filters = change_filters(reading.connection, places, since, None, levels)
        found = read_changes(reading.connection, filters)
        quiet = 0 if wanted.level else count_quiet(reading.connection, filters)
        current = currency(reading)
    shown = found[-wanted.limit :]
    left = len(found) - len(shown)
    head = f"{count(len(found), 'stored change')} since {wanted.since}."
    head += f" The newest {len(shown):,} follow; raise limit for the rest." if left else ""
    head += f" {count(quiet, 'quiet change')} left out." if quiet else ""
    lines = [f"{stamp(each.at)} {each.provider} {each.level}: {sentence(each)}" for each in shown]
    document = {"changes": [as_json(each) for each in shown], "matches": len(found)}
    return Answer(paragraphs(head, quoted(lines), current), document)


CHANGES = Tool(
    "recent_changes",
    "List what changed in the model lists: models added, removed, restored or renamed, moved "
    "limits, prices and statuses, announced ends. Oldest first.",
    Changes,
    changes,
)
