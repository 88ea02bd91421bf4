"""Answer that a name is not stored, without a verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.check.from_store import of_store
from catalog.check.known import Known, Listing
from catalog.check.suggest import Suggestions
from catalog.config.build import wire_provider
from catalog.core.clock import stamp
from catalog.core.text import closest
from catalog.web.reader import Reading
from catalog.web.tools.store import currency, stored
from catalog.web.tools.tool import Answer, paragraphs, quote, quoted

NO_VERDICT = "This does not mean that it does not exist."


@dataclass(frozen=True, slots=True)
class Clue:
    """The clues about a name outside of the stored lists."""

    text: str
    document: Mapping[str, Any]


def unknown(reading: Reading, name: str, at: str | None = None) -> Answer:
    """Return that no stored list has a model, with clues.

    `at` is the time as the client wrote it.
    """
    searched = stored(reading)
    until = f" up to {at}" if at else ""
    places = " and ".join(f"of {each.provider} since {stamp(each.since)}" for each in searched)
    providers = [wire_provider(each.one) for each in reading.each]
    listings = [of_store(reading.connection, each) for each in providers]
    clues = [clue for each in listings if (clue := _clue(each, name)) is not None]
    near = closest(name, {one for each in listings for one in each.names if one != name})
    lines = [f"asked: {quote(name)}", *(each.text for each in clues)]
    lines += [f"similar name: {quote(near)}"] if near else []
    text = paragraphs(
        f"Unknown: it is not in the stored history {places}{until}. {NO_VERDICT}",
        quoted(lines),
        currency(reading),
    )
    document = {"found": False, "model": name, "searched": [each.as_json() for each in searched]}
    document |= {"clues": [each.document for each in clues]} if clues else {}
    return Answer(text, document | ({"similar": near} if near else {}))


def _clue(listing: Listing, name: str) -> Clue | None:
    known, provider = listing.names.get(name), {"provider": listing.provider}
    if known is not None and known.is_alias:
        document = provider | {"alias_of": known.model.name}
        return Clue(f"{listing.provider}: an alias of {quote(known.model.name)}", document)
    if known is not None and known.listed_since is not None:  # at another time than asked
        since = stamp(known.listed_since)
        said = f"{listing.provider}: listed for the first time {since}"
        return Clue(said, provider | {"listed_since": since})
    if known is not None:
        return _removed(listing, known)
    other = listing.others.get(name)
    return None if other is None else Clue(f"listed by {other}", {"listed_by": other})


def _removed(listing: Listing, known: Known) -> Clue:
    """Return a clue about a model from before the stored lists."""
    day = known.gone_before
    text, facts = Suggestions(listing).instead(known)
    said = f"{listing.provider}: gone from the list since before {day}"
    document = {"provider": listing.provider, "gone_before": str(day), "source": known.source}
    return Clue(f"{said}; {text}" if text else said, document | facts)
