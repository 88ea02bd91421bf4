"""Render the templates. Every value is escaped, because names come from providers."""

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
from catalog.report.sentences import best, sentence, successor
from catalog.web.links import Links, model_path

LONGEST = 300
"""Maximum characters of a name or text in a list."""


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
        "ago": _ago,
        "best": best,
        "days_left": days_left,
        "number": _number,
        "sentence": lambda finding: short(sentence(finding)),
        "short": short,
        "stamp": stamp,
        "marked": marked,
        "models_of": models_of,
        "successor": successor,
        "value": _value,
        "until": lambda forecast: until(forecast.until, forecast.basis, forecast.ground),
    }
    environment.globals |= {
        "filters_with": filters_with,
        "model_path": model_path,
    }
    return environment


def short(text: object, limit: int = LONGEST) -> str:
    """Return a text on one line, cut to a limit."""
    shown = " ".join(visible(str(text)).split())
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def models_of(finding: Finding, most: int = 3) -> list[tuple[str, str]]:
    """Return the key and the name of some models of a finding."""
    models = {model.key: model.name for model in finding.models}
    for each in finding.changes:
        key = getattr(each, "key", None)
        if isinstance(key, str):
            models.setdefault(key, str(getattr(each, "name", key)))
    return list(models.items())[:most]


def filters_with(filters: Mapping[str, str], **values: object) -> dict[str, object]:
    """Return the filters of a list with some replaced. The first page has no cursor."""
    return {**filters, **values}


def marked(text: str, limit: int = 1000) -> Markup:
    """Return our own text as HTML, with `code` between backticks as code. The rest is escaped."""
    parts = short(text, limit).split("`")
    shown = [
        Markup("<code>{}</code>").format(part) if index % 2 else escape(part)
        for index, part in enumerate(parts)
    ]
    return Markup("").join(shown)


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
