"""Show which models end soon, and what can replace a model."""

from typing import Annotated, Any

from pydantic import Field

from catalog.api.endings import Ending, ending_json, endings
from catalog.api.reads import read_state, read_states
from catalog.api.values import ModelDetails
from catalog.config.build import wire_provider
from catalog.core.clock import stamp
from catalog.core.text import count
from catalog.report.ends import days_left, until
from catalog.report.json_output import forecast_json, successor_json
from catalog.report.sentences import successor
from catalog.web.reader import Reading
from catalog.web.tools.models import find
from catalog.web.tools.store import Store, currency
from catalog.web.tools.tool import Answer, Arguments, Provider, Tool, paragraphs, quote, quoted
from catalog.web.tools.unknown import unknown

COMPARED = (
    "Only type, context limit, beta, status and route are compared, as far as the provider lists "
    "them. Quality, price and speed are not."
)


class Ends(Arguments):
    """Which ends."""

    days: Annotated[int, Field(ge=0, le=3650, description="Ends within this many days.")] = 30
    provider: Provider = None


class Replace(Arguments):
    """The model to replace."""

    model: Annotated[str, Field(description="Its name or id; case matters.", min_length=1)]
    provider: Provider = None


def ends(store: Store, wanted: Ends) -> Answer:
    """Return the models that end within some days, the next end first."""
    with store.reading(wanted.provider) as reading:
        now = reading.now
        found = endings(
            read_states(reading.connection, reading.each),
            now,
            lambda end: 0 <= end.forecast.days_left(now) <= wanted.days,
        )
        current = currency(reading)
    head = f"{count(len(found), 'model')} with a known end within {count(wanted.days, 'day')}."
    if not found:
        head += " Providers remove models without notice too."
    text = paragraphs(head, quoted([_line(each, reading) for each in found]), current)
    return Answer(text, {"forecasts": [ending_json(each, now) for each in found]})


def replacement(store: Store, wanted: Replace) -> Answer:
    """Return the models that can replace a model, with the losses."""
    with store.reading(wanted.provider) as reading:
        details = find(reading, wanted.model)
        if details is None:
            return unknown(reading, wanted.model)
        one = next(each.one for each in reading.each if each.one.name == details.provider)
        provider, number = wire_provider(one), details.snapshot
        state = read_state(reading.connection, provider, number)
        found = state.replacements(details.model)
        current = currency(reading)
    lines = [_state(details, reading)]
    lines += [f"instead: {successor(each)}" + _basis(each.is_noted) for each in found]
    head = COMPARED if found else "No listed model of the same type can replace it."
    document: dict[str, Any] = {"found": True, "provider": details.provider}
    document |= {"model": details.model.name, "key": details.model.key}
    document |= {"listed": details.is_listed}
    if details.gone_since is not None:
        document["gone_since"] = stamp(details.gone_since)
    if details.end is not None:
        document["forecast"] = forecast_json(details.end, reading.now)
    document["successors"] = [successor_json(each) for each in found]
    return Answer(paragraphs(quoted(lines), head, current), document)


def _line(each: Ending, reading: Reading) -> str:
    expected = each.end.forecast
    said = until(expected.until, expected.basis, expected.ground)
    instead = ", ".join(map(successor, each.successors)) or "no known replacement"
    left = days_left(expected.until, reading.now)
    return f"{each.provider}; {quote(each.end.model.name)}; {left}; {said}; instead: {instead}"


def _state(details: ModelDetails, reading: Reading) -> str:
    known = f"{details.provider}; {quote(details.model.name)}; "
    if details.gone_since is not None:
        known += f"not listed since {stamp(details.gone_since)}"
    else:
        known += "listed"
    if details.end is None:
        return f"{known}; no end is stored"
    return f"{known}; end: {days_left(details.end.until, reading.now)}"


def _basis(is_noted: bool) -> str:
    return " (named by a person)" if is_noted else ""


ENDS = Tool(
    "ending_models",
    "List the models whose end is known and near, with the day, its source and replacements.",
    Ends,
    ends,
)
REPLACE = Tool(
    "suggest_replacement",
    "Suggest listed models that can replace a model of the same provider, each with what would be "
    "lost. Works for removed, ending and listed models.",
    Replace,
    replacement,
)
