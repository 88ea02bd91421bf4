"""Search models, and show one model with its history."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from catalog.api.json_output import details_json
from catalog.api.listing import Listed, Listing, listings_json, read_listing
from catalog.api.reads import find_places, read_details
from catalog.api.values import ModelDetails
from catalog.api.when import When, read_moment
from catalog.changes.finding import Delisted
from catalog.config.build import wire_provider
from catalog.core.clock import stamp
from catalog.core.errors import ArgumentInvalid, NotFound
from catalog.core.snapshot import Model
from catalog.core.text import count
from catalog.report.ends import days_left, until
from catalog.report.json_output import model_json
from catalog.report.sentences import sentence
from catalog.store import history
from catalog.web.reader import Reading
from catalog.web.tools.store import Store, currency
from catalog.web.tools.tool import Answer, Arguments, At, Provider, Tool, paragraphs, quote, quoted
from catalog.web.tools.unknown import unknown

NEWEST = 20
"""The maximum of changes in the text. The JSON has all."""


class Search(Arguments):
    """Which models."""

    text: Annotated[
        str | None, Field(description="A part of the name, the id or the description; any case.")
    ] = None
    type: Annotated[str | None, Field(description="The provider's type, such as llm.")] = None
    status: Annotated[str | None, Field(description="The provider's status, such as ready.")] = None
    provider: Provider = None
    at: At = None
    limit: Annotated[int, Field(ge=1, le=200, description="The maximum of models.")] = 20

    def wants(self, one: Model, *texts: str | None) -> bool:
        """Return whether a model with these texts matches."""
        found = (one.name, one.key, one.description or "", *(text or "" for text in texts))
        return (
            self.type in {None, one.type}
            and self.status in {None, one.status}
            and (self.text or "").casefold() in "\n".join(found).casefold()
        )


class Get(Arguments):
    """Which model."""

    model: Annotated[str, Field(description="Its name or id; case matters.", min_length=1)]
    provider: Provider = None
    at: At = None


def search(store: Store, wanted: Search) -> Answer:
    """Return the listed models that match.

    With a text, removed models match too.
    """
    at = read_moment(wanted.at, "at")
    with store.reading(wanted.provider) as reading:
        found = _matching(reading, at, wanted)
        gone = [] if at or not wanted.text else _removed(reading, wanted)
        current = currency(reading)
    total, shown = sum(len(each.models) for each in found), []
    room = wanted.limit
    for each in found:
        shown.append(replace(each, models=each.models[:room]))
        room -= len(shown[-1].models)
    document = listings_json(shown, lambda _: True, reading.now) | {"matches": total}
    document |= {"delisted": [_gone_json(*each) for each in gone]} if gone else {}
    listed = [_line(each, one, reading) for each in shown for one in each.models]
    left = total - len(listed)
    head = f"{count(total, 'listed model')} {'matches' if total == 1 else 'match'}."
    if not total:
        head += " Only stored lists were searched: this is no proof that no such model exists."
    text = paragraphs(
        head,
        f"The first {len(listed):,} follow; raise limit for the rest." if left else "",
        quoted([*listed, *(_gone_line(*each) for each in gone)]),
        current,
    )
    return Answer(text, document)


def get(store: Store, wanted: Get) -> Answer:
    """Return all that is stored of one model."""
    at = read_moment(wanted.at, "at")
    with store.reading(wanted.provider) as reading:
        details = find(reading, wanted.model, at)
        if details is None:
            return unknown(reading, wanted.model, wanted.at)
        current = currency(reading)
    text = paragraphs(quoted(_details_lines(details, reading)), current)
    return Answer(text, {"found": True, **details_json(details, reading.now)})


def find(reading: Reading, name: str, at: When | None = None) -> ModelDetails | None:
    """Return a model by name or id, or None.

    Raise ArgumentInvalid if several have it.
    """
    connection, providers = reading.connection, [each.one.name for each in reading.each]
    try:
        places = find_places(connection, providers, name, at)
    except NotFound:
        return None
    if len(places) > 1:
        hint = f"Give provider, one of: {', '.join(each.provider for each in places)}."
        raise ArgumentInvalid(f"several providers have the model {name!r}", hint=hint)
    one = next(each.one for each in reading.each if each.one.name == places[0].provider)
    return read_details(connection, wire_provider(one), places[0], is_current=at is None)


def _matching(reading: Reading, at: When | None, wanted: Search) -> list[Listing]:
    """Return the matching models of each provider with a list then.

    Raise NotFound if none had.
    """
    found: list[Listing] = []
    missing: NotFound | None = None
    for settings in reading.each:
        try:
            listing = read_listing(reading.connection, settings, at)
        except NotFound as error:
            missing = error
            continue
        models = (
            each
            for each in listing.models
            if wanted.wants(each.model, each.label.title, each.label.description)
        )
        found.append(replace(listing, models=tuple(models)))
    if missing is not None and not found:
        raise missing
    return found


def _removed(reading: Reading, wanted: Search) -> list[tuple[str, Delisted]]:
    names = [each.one.name for each in reading.each]
    gone = [(name, each) for name in names for each in _delisted(reading, name)]
    return [(name, each) for name, each in gone if wanted.wants(each.model)][: wanted.limit]


def _delisted(reading: Reading, provider: str) -> tuple[Delisted, ...]:
    number = history.number_at(reading.connection, provider, None)
    return tuple(history.delisted(reading.connection, provider, number))


def _line(listing: Listing, one: Listed, reading: Reading) -> str:
    model = one.model
    parts = [listing.snapshot.provider, quote(model.name), model.type, model.status or ""]
    parts += [f"{model.context_limit:,} tokens" if model.context_limit else ""]
    parts += [f"ends: {days_left(one.end.until, reading.now)}" if one.end else ""]
    return "; ".join(filter(None, parts))


def _gone_line(provider: str, gone: Delisted) -> str:
    since = stamp(gone.gone_since)
    return f"{provider}; {quote(gone.model.name)}; {gone.model.type}; not listed since {since}"


def _gone_json(provider: str, gone: Delisted) -> dict[str, object]:
    return {
        "provider": provider,
        "gone_since": stamp(gone.gone_since),
        **model_json(gone.model),
    }


def _details_lines(details: ModelDetails, reading: Reading) -> list[str]:
    model, end = details.model, details.end
    known = [f"{details.provider}; {quote(model.name)}; id {quote(model.key)}; {model.type}"]
    known += [f"status {model.status}"] if model.status else []
    known += [f"context {model.context_limit:,} tokens"] if model.context_limit else []
    known += [f"description: {model.description}"] if model.description else []
    known += [f"first seen {stamp(details.first_seen)}"]
    if details.gone_since is None:
        known += [f"listed, unchanged since {stamp(details.unchanged_since)}"]
    else:
        known += [f"not listed since {stamp(details.gone_since)}"]
    if end is not None:
        left = days_left(end.until, reading.now)
        known += [f"end: {left}: {until(end.until, end.basis, end.ground)}"]
    shown = [each for each in details.findings if each.is_reported]
    known += [f"{count(len(shown), 'change')}, the newest {NEWEST} follow"] * (len(shown) > NEWEST)
    return known + [f"{stamp(each.at)} {each.level}: {sentence(each)}" for each in shown[-NEWEST:]]


SEARCH = Tool(
    "search_models",
    "Search the model lists of AI providers, now or at an earlier time, by text, type and status. "
    "With a text, removed models are found too.",
    Search,
    search,
)
GET = Tool(
    "get_model",
    "Show all that is stored about one model: facts, when it was first seen, its end, its history. "
    "An unknown model is reported as unknown, which is no verdict.",
    Get,
    get,
)
