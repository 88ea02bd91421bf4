"""Define options for times and spans.

A time is a date, `now`, `yesterday`, `7d`, or a snapshot number.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click

from catalog.api.when import Edge, When, read_when
from catalog.core.clock import now


def when_option(flag: str, purpose: str, edge: Edge = "end") -> Callable[[Any], Any]:
    """Return an option that parses WHEN to a time or snapshot number."""

    def read(context: click.Context, option: click.Parameter, text: str | None) -> When | None:
        try:
            return None if text is None else read_when(text, now(), edge)
        except ValueError as error:
            raise click.BadParameter(str(error), context, option) from None

    words = f"{purpose} WHEN: a date, a time, now, yesterday, 7d, or a snapshot number."
    return click.option(flag, metavar="WHEN", callback=read, help=words)


def read_span(
    context: click.Context, option: click.Parameter, text: str | None
) -> timedelta | None:
    """Parse a duration option as in settings, None if not given."""
    from catalog.config.types import read_long_duration

    try:
        return None if text is None else read_long_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error), context, option) from None
