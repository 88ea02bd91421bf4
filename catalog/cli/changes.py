"""`catalog changes` and `catalog diff`: show the change log, compare two states."""

import shlex
from collections.abc import Mapping
from pathlib import Path

import click

from catalog.api.compare import Side, comparable, compare, read_side
from catalog.api.when import WAYS, When, read_when
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.findings import print_findings, single
from catalog.cli.mistyped import Choices
from catalog.cli.models import find_model
from catalog.cli.output import ROW_FORMATS, format_option, model_name, note
from catalog.cli.when import when_option
from catalog.core.clock import now
from catalog.core.errors import PayloadInvalid
from catalog.core.text import count
from catalog.core.visible import visible
from catalog.providers.provider import Provider
from catalog.providers.recordings import moment
from catalog.report.sentences import drift_sentence

LEVELS = ("breaking", "warning", "info", "quiet")
facts_option = click.option(
    "--facts", is_flag=True, help="Show one line per model, even if many changed in the same way."
)


@click.command()
@when_option("--since", "Not before", "start")
@when_option("--until", "Not after")
@click.option("--model", metavar="MODEL", callback=model_name, help="Only this one, by name or id.")
@click.option("--level", type=Choices(LEVELS), help="This level and more severe ones.")
@facts_option
@format_option(*ROW_FORMATS)
@provider_option
@pass_app
def changes(
    app: App,
    since: When | None,
    until: When | None,
    model: str | None,
    level: str | None,
    facts: bool,
    style: str,
) -> int:
    """List what changed, oldest first.

    If one field changes on most models at once, one line shows all of them. Quiet changes, which
    are never reported, are left out without --level quiet.
    """
    from catalog.api.reads import Place, change_filters, count_quiet, levels_from, read_changes

    with app.database.reading() as connection:
        places: list[Place | str] = [each.one.name for each in app.each]
        if model is not None:
            places = [Place(*find_model(app, connection, model))]
        filters = change_filters(connection, places, since, until, levels_from(level))
        findings = read_changes(connection, filters)
        left_out = 0 if level else count_quiet(connection, filters)
    print_findings(style, single(findings) if facts else findings, named=len(places) > 1)
    if left_out:
        note(f"{count(left_out, 'quiet change')} left out; --level quiet shows them too")
    return 0


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there are differences.")
@facts_option
@format_option(*ROW_FORMATS)
@provider_option
@pass_app
def diff(app: App, a: str, b: str, exit_code: bool, facts: bool, style: str) -> int:
    """Compare two states A and B.

    Each is a file with the answer of a provider (- for stdin), the number of a stored snapshot, or
    a time, in any mix.
    """
    from catalog.api.reads import read_gone
    from catalog.config.build import wire_provider

    provider = wire_provider(app.one.one)
    # Each input is read once, because a pipe has no content afterwards.
    states = {text: _state(app, provider, text) for text in dict.fromkeys((a, b))}
    _note_left_out(states)
    before, after = comparable(states[a], states[b])
    gone = {}
    if after.number is not None:
        with app.database.reading() as connection:
            gone = read_gone(connection, provider.name, after.number)
    findings = compare(before, after, provider, app.loaded.settings.rules, gone)
    shown = single(findings) if facts else findings
    print_findings(style, shown, timed=_is_timed(b))
    return int(exit_code and bool(findings))


def _note_left_out(states: Mapping[str, Side]) -> None:
    """Name the bad and the repeated rows of files."""
    for text, side in states.items():
        for row in side.refused:
            note(visible(f"{text}: a row is left out: {row.problem}"))
        for drift in side.repeated:
            note(visible(f"{text}: {drift_sentence(drift)}"))


def _state(app: App, provider: Provider, text: str) -> Side:
    """Return one side of a comparison, from a file or the store."""
    from catalog.store import history

    if _is_file(text):
        try:
            return read_side(Path(text), provider)
        except PayloadInvalid as error:
            error.hint = f"`catalog validate {shlex.quote(text)}` lists every problem."
            raise
    try:
        when = read_when(text, now())
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither a file nor a time; write {WAYS}") from None
    with app.database.reading() as connection:
        number = history.number_at(connection, provider.name, when)
        return Side(history.snapshot(connection, number))


def _is_file(text: str) -> bool:
    """Return whether the text is a file, a pipe, or `-`."""
    path = Path(text)
    try:
        return text == "-" or (path.exists() and not path.is_dir())
    except OSError:  # a name that is too long
        return False


def _is_timed(text: str) -> bool:
    """Return whether a side has a time. Names of files may contain one."""
    return not _is_file(text) or moment(Path(text)) is not None
