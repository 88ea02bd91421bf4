"""Render the templates. Every value is escaped, because names come from providers."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from catalog.changes.finding import Finding
from catalog.core.clock import stamp
from catalog.core.text import duration
from catalog.core.visible import visible
from catalog.report.ends import days_left, until
from catalog.report.held import SHOWN
from catalog.report.sentences import sentence
from catalog.web.grouping import by_day, digest, models_of
from catalog.web.links import Links, model_path, month_path

LONGEST = 300
"""Maximum characters of a name or text in a list."""
_BEGIN, _MIDDLE, _END = Markup('<a class="name" href="'), Markup('">'), Markup("</a>")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?)", re.ASCII)

_LINK = re.compile(r"\[([^\[\]]*)\]\((?:([a-z-]+)\.md)?(?:#[^()\s]*)?\)")
"""A link in Markdown to a page of the docs, or to a part of this page."""


def page(template: str, links: Links, now: datetime, **values: Any) -> str:
    """Return a page as HTML. `now` is the time for ages and days left."""
    return _environment().get_template(template).render(links=links, now=now, **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("catalog.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "advice": _advice,
        "ago": _ago,
        "by_day": by_day,
        "days_left": days_left,
        "digest": digest,
        "linked": linked,
        "first_upper": lambda text: f"{text[:1].upper()}{text[1:]}",
        "number": _number,
        "sentence": lambda finding: short(sentence(finding)),
        "short": short,
        "moment": lambda moment: f"{moment:%Y-%m-%d %H:%M}",
        "stamp": stamp,
        "whole_dates": whole_dates,
        "marked": marked,
        "models_of": models_of,
        "value": _value,
        "until": lambda forecast: until(forecast.until, forecast.basis, forecast.ground),
    }
    environment.globals |= {
        "SHOWN": SHOWN,
        "filters_with": filters_with,
        "model_path": model_path,
        "month_path": month_path,
    }
    return environment


def short(text: object, limit: int = LONGEST) -> str:
    """Return a text on one line, cut to a limit."""
    shown = " ".join(visible(str(text)).split())
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def linked(finding: Finding, links: Links, but: str | None = None) -> Markup:
    """Return the sentence of a finding, with its models as links. The key `but` has no link."""
    text, parts = short(sentence(finding)), [""]
    for key, name in models_of(finding):
        shown = short(name, LONGEST)
        place = -1 if key == but else _place(shown, text)
        address = None if place < 0 else links.model(finding.provider, key)
        if address is not None:
            parts += [whole_dates(text[:place]), _link(address, shown)]
            text = text[place + len(shown) :]
    return Markup("").join([*parts, whole_dates(text)])


def _place(name: str, text: str) -> int:
    """Return where a text has a whole name, -1 if nowhere.

    A search without an expression, because compiling one for each name takes a millisecond.
    """
    place = text.find(name) if name else -1
    while place >= 0 and not _is_alone(text[place - 1 : place], text[place + len(name) :][:1]):
        place = text.find(name, place + 1)
    return place


def _is_alone(before: str, after: str) -> bool:
    """Return whether neither neighbor continues a name. A sentence may end with a dot."""
    return not any(
        each.isalnum() or (each != "" and each in signs)
        for each, signs in ((before, "_./-"), (after, "_/-"))
    )


def whole_dates(text: str) -> Markup:
    """Return a text as HTML, with dates on one line."""
    if not _DATE.search(text):  # the usual case
        return escape(text)
    parts = _DATE.split(text)
    shown = [
        Markup('<span class="nowrap">{}</span>').format(part) if index % 2 else escape(part)
        for index, part in enumerate(parts)
    ]
    return Markup("").join(shown)


def _link(address: str, text: str) -> Markup:
    # No `Markup.format`, which takes several times as long, because a page has hundreds of links.
    return _BEGIN + address + _MIDDLE + text + _END


def filters_with(filters: Mapping[str, str], **values: object) -> dict[str, object]:
    """Return the filters of a list with some replaced. The first page has no cursor."""
    return {**filters, **values}


def marked(text: str, limit: int = 1000) -> Markup:
    """Return our own text as HTML, with `code` between backticks as code. The rest is escaped."""
    parts = short(text, limit).split("`")
    shown = [
        Markup("<code>{}</code>").format(part) if index % 2 else whole_dates(part)
        for index, part in enumerate(parts)
    ]
    return Markup("").join(shown)


def _advice(text: str) -> Markup:
    """Return what a rule advises. A link to a page of the docs becomes its command."""
    return marked(_LINK.sub(_plain, text))


def _plain(link: re.Match[str]) -> str:
    text, page = link[1], link[2]
    return f"{text} (`catalog help {page}`)" if page else text


def _value(value: object) -> str:
    """Return one value of a difference."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else short(value, 120)


def _ago(moment: datetime, now: datetime) -> str:
    return f"{duration(now - moment)} ago"


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
