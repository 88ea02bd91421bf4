"""`catalog note` and `catalog notes`: manage notes on a model's future."""

from datetime import date

import click

from catalog.changes.forecast import Note
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.findings import PROVIDER
from catalog.cli.models import find_model
from catalog.cli.output import (
    ROW_FORMATS,
    format_option,
    model_name,
    note,
    print_json,
    print_rows,
    say,
)
from catalog.cli.tables import Column
from catalog.core.clock import now, stamp
from catalog.core.visible import visible

COLUMNS = (
    Column("Model", fit="name"),
    Column("Noted at", rank=3),
    Column("Retires"),
    Column("Successor", rank=1, fit="name"),
    Column("Source", rank=4, fit="cut"),
    Column("Counts", rank=2),
)
LONGEST = 500
"""Maximum characters, because a note is one line."""


def _day(_context: click.Context, _option: click.Parameter, text: str | None) -> date | None:
    try:
        # Hyphens are required, because people may misread the other forms of ISO 8601.
        return None if text is None else date.fromisoformat(text if "-" in text else "")
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a day; write it as 2026-12-01") from None


def _line(context: click.Context, option: click.Parameter, text: str | None) -> str | None:
    read = model_name(context, option, text)
    if read is not None and (not read.strip() or len(read) > LONGEST):
        raise click.BadParameter(f"1 to {LONGEST} characters are expected")
    return read and read.strip()


@click.command(name="note")
@click.argument("model", callback=model_name)
@click.option("--retires", metavar="DAY", callback=_day, help="The day of its end: 2026-12-01.")
@click.option("--successor", metavar="NAME", callback=_line, help="The model that replaces it.")
@click.option("--source", metavar="URL", callback=_line, help="The page that announces it.")
@click.option("--remove", is_flag=True, help="Remove the note.")
@provider_option
@pass_app
def note_(
    app: App,
    model: str,
    retires: date | None,
    successor: str | None,
    source: str | None,
    remove: bool,
) -> int:
    """Note the announced end of MODEL.

    Only the newest note counts. Earlier ones are kept.
    """
    from catalog.store import forecasts, history

    given = (retires, successor, source)
    if remove and any(given):
        raise click.UsageError("--remove does not go with --retires, --successor or --source.")
    if not remove and not (retires or successor):
        raise click.UsageError("--retires, --successor or --remove is expected.")
    with app.changing() as connection:
        provider, number, key = find_model(app, connection, model)
        listed = {each.name for each in history.snapshot(connection, number).models}
        name = history.versions(connection, provider, key)[-1].model.name
        before = forecasts.newest(connection, provider).get(key)
        wanted = Note(key, now(), *given)
        if remove and (before is None or before.is_withdrawn):
            say(visible(f"{name}: there is no note"))
            return 0
        forecasts.write(connection, provider, wanted)
    say(visible(f"{name}: {_sentence(wanted)}"))
    if before is not None and not before.is_withdrawn and not remove:
        note(visible(f"in place of: {_sentence(before)}"))
    if successor is not None and successor not in listed:
        note(visible(f"warning: {successor} is not in the catalog"))
    return 0


@click.command()
@format_option(*ROW_FORMATS)
@provider_option
@pass_app
def notes(app: App, style: str) -> int:
    """List all notes, oldest first, and which of them count."""
    rows = [row for settings in app.each for row in _listed(app, settings.one.name)]
    rows.sort(key=lambda row: row[2].noted_at)
    if style == "json":
        print_json({"notes": [_json(*row) for row in rows]})
    elif not rows and style == "table":
        say("no notes")
    else:
        several = len(app.each) > 1
        listing = [(*([row[0]] * several), *_row(*row[1:])) for row in rows]
        print_rows(style, (*([PROVIDER] * several), *COLUMNS), listing)
    return 0


def _listed(app: App, provider: str) -> list[tuple[str, str, Note, bool]]:
    """Return provider, model name, note, and whether it counts, per note."""
    from catalog.store import forecasts, history

    with app.database.reading() as connection:
        listed = forecasts.every(connection, provider)
        names = {
            key: history.versions(connection, provider, key)[-1].model.name
            for key in {each.key for each in listed}
        }
    last = {each.key: at for at, each in enumerate(listed)}
    return [
        (provider, names[each.key], each, last[each.key] == at) for at, each in enumerate(listed)
    ]


def _sentence(each: Note) -> str:
    if each.is_withdrawn:
        return "the note is removed"
    parts = [
        f"retires on {each.retires}" if each.retires else "",
        f"successor {each.successor}" if each.successor else "",
        f"source {each.source}" if each.source else "",
    ]
    return ", ".join(part for part in parts if part)


def _row(name: str, each: Note, counts: bool) -> tuple[str | None, ...]:
    retires = None if each.retires is None else str(each.retires)
    said = "taken back" if each.is_withdrawn else "yes" if counts else "no"
    return (name, stamp(each.noted_at), retires, each.successor, each.source, said)


def _json(provider: str, name: str, each: Note, counts: bool) -> dict[str, object]:
    known = {
        "provider": provider,
        "model": name,
        "key": each.key,
        "noted_at": stamp(each.noted_at),
        "retires": None if each.retires is None else each.retires.isoformat(),
        "successor": each.successor,
        "source": each.source,
        "counts": counts and not each.is_withdrawn,
    }
    return {name: value for name, value in known.items() if value is not None}
