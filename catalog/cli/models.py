"""`catalog models` and `catalog show`: show the catalog, current or past."""

from typing import Any

import click

from catalog.api.when import When
from catalog.changes.finding import Finding, Level
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.findings import PROVIDER
from catalog.cli.forecast import end_lines
from catalog.cli.lazy_types import Transaction
from catalog.cli.mistyped import suggestion
from catalog.cli.output import (
    ROW_FORMATS,
    Row,
    format_option,
    model_name,
    note,
    print_json,
    print_list,
    print_rows,
    say,
)
from catalog.cli.program import typed
from catalog.cli.tables import Column
from catalog.cli.when import when_option
from catalog.core.clock import now, stamp
from catalog.core.snapshot import Model
from catalog.core.strict_json import canonical, parse
from catalog.core.text import count
from catalog.core.visible import visible
from catalog.report.annotations import Label
from catalog.report.sentences import sentence

COLUMNS = (
    Column("ID", rank=3, fit="name"),
    Column("Name", fit="name"),
    Column("Type", rank=1, fit="name"),
    Column("Status"),
    Column("Beta", rank=4),
    Column("Limit (tokens)", rank=2, title="Tokens"),
    Column("Title", rank=5, fit="title"),
    Column("Description", rank=6, fit="cut"),
)
at_option = when_option("--at", "As it was at")


@click.command()
@at_option
@click.option("--type", "kind", metavar="T", help="Only models of this type, such as llm.")
@click.option("--status", metavar="S", help="Only models with this status, such as ready.")
@format_option(*ROW_FORMATS)
@provider_option
@pass_app
def models(app: App, at: When | None, kind: str | None, status: str | None, style: str) -> int:
    """List the models of the catalog."""

    def wanted(model: Model) -> bool:
        return kind in {None, model.type} and status in {None, model.status}

    from catalog.api.listing import listings_json, read_listing

    each = app.each  # read first, because a wrong --provider counts before a missing database
    with app.database.reading() as connection:
        listings = [
            read_listing(connection, settings, at) for settings in app.stored(connection, at)
        ]
    listed = [model for one in listings for model in one.snapshot.models]
    _note_unknown("type", kind, {each.type for each in listed})
    _note_unknown("status", status, {each.status for each in listed if each.status is not None})
    if style == "json":
        print_json(listings_json(listings, wanted, now()))
        return 0
    several = len(each) > 1
    rows = [
        (*([listing.snapshot.provider] * several), *_row(one.model, one.label))
        for listing in listings
        for one in listing.models
        if wanted(one.model)
    ]
    if not rows and style == "table":
        say("no models")
    else:
        print_rows(style, (*([PROVIDER] * several), *COLUMNS), rows)
    return 0


def _note_unknown(what: str, word: str | None, known: set[str]) -> None:
    """Report a type or status that no model has, and suggest one."""
    if word is None or word in known:
        return
    near = suggestion(word, known)
    note(visible(f"no model has the {what} {word!r}; there are: {', '.join(sorted(known))}.{near}"))


@click.command()
@click.argument("model", callback=model_name)
@at_option
@format_option("text", "json")
@provider_option
@pass_app
def show(app: App, model: str, at: When | None, style: str) -> int:
    """Show everything that is known about one MODEL.

    MODEL is a name or an id. The output has its facts, the time when it was first seen, and its
    history, including that of its earlier ids.
    """
    from catalog.api.reads import Place, read_details
    from catalog.config.build import wire_provider

    with app.database.reading() as connection:
        place = Place(*find_model(app, connection, model, at))
        one = next(each.one for each in app.each if each.one.name == place.provider)
        details = read_details(connection, wire_provider(one), place, is_current=at is None)
    if style == "json":
        from catalog.api.json_output import details_json

        print_json(details_json(details, now()))
        return 0
    say(visible(f"{details.model.name}  (id {details.model.key})"), bold=True)
    lines = [("first seen", stamp(details.first_seen))]
    if details.gone_since is None:
        lines.append(("unchanged", f"since {stamp(details.unchanged_since)}"))
    else:
        lines.append(("gone since", stamp(details.gone_since)))
    lines += [("formerly", f"id {former}") for former in details.former_keys]
    if details.end is not None:
        lines += end_lines(details.end, details.successors)
    print_list(lines)
    _print_facts(details.model)
    _print_history(details.findings)
    return 0


def find_model(
    app: App, connection: Transaction, model: str, at: When | None = None
) -> tuple[str, int, str]:
    """Return the provider, the snapshot number and the key of a model.

    Raise NotFound if no provider has it, UsageError if several have it.
    """
    from catalog.api.reads import find_places

    found = find_places(connection, [each.one.name for each in app.each], model, at)
    if len(found) > 1:
        owners = ", ".join(each.provider for each in found)
        raise click.UsageError(f"several providers have {model!r}: add --provider: {owners}.")
    return found[0].provider, found[0].snapshot, found[0].key


def _row(model: Model, words: Label) -> Row:
    return (
        model.key,
        model.name,
        model.type,
        model.status,
        None if model.beta is None else "yes" if model.beta else "no",
        model.context_limit,
        words.title,
        words.description,
    )


def _print_facts(model: Model) -> None:
    say("facts")
    facts: dict[str, Any] = parse(model.facts)
    texts = {name: v if isinstance(v, str) else canonical(v) for name, v in facts.items()}
    print_list([*texts.items()], indent=2)


def _print_history(findings: tuple[Finding, ...]) -> None:
    reported = [finding for finding in findings if finding.level is not Level.QUIET]
    quiet = len(findings) - len(reported)
    if findings:
        say("history")
    print_list([(stamp(each.at), f"{each.level:8}", sentence(each)) for each in reported], indent=2)
    if quiet:
        left_out = f"  {count(quiet, 'quiet change')} left out"
        say(typed(f"{left_out}; `catalog changes --level quiet` shows them"))
