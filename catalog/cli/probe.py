"""`catalog probe`: call each model once at minimum cost, show the results."""

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from threading import Event
from typing import Any

import click

from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.findings import print_lines
from catalog.cli.lazy_types import Probing, Results, Selection, Settings
from catalog.cli.output import format_option, note, note_error, print_json, print_table, say
from catalog.cli.tables import Column
from catalog.core.clock import stamp
from catalog.core.errors import SettingsInvalid
from catalog.core.probe import Call, Probe
from catalog.core.text import count
from catalog.core.visible import visible
from catalog.providers.infomaniak.routes import TOP_PRICE
from catalog.report.json_output import finding_json, probe_json

COLUMNS = (
    Column("Model", fit="name"),
    Column("Route", rank=1),
    Column("Verdict"),
    Column("ms", rank=2),
    Column("Answer", fit="wrap"),
)
PLANNED = (
    Column("Model", fit="name"),
    Column("Route"),
    Column("Calls"),
    Column("Tokens"),
    Column("Not called because", fit="wrap"),
)
OFF = "probing is off: it calls the models, which costs money"
HOW_TO_ENABLE = "Set `probe.enabled = true`, or call them now by --once. --dry-run shows the calls."


@click.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option(
    "--dry-run", is_flag=True, help="Show the calls and their maximum cost; call nothing."
)
@click.option("--once", is_flag=True, help="Call them even if `probe.enabled` is off.")
@click.option("--wait", is_flag=True, help="Wait for the second tries, and make them.")
@click.option("--images", is_flag=True, help="Generate images too, which costs most.")
@format_option("text", "json")
@provider_option
@pass_app
def probe(
    app: App,
    models: tuple[str, ...],
    dry_run: bool,
    once: bool,
    wait: bool,
    images: bool,
    style: str,
) -> int:
    """Call each model at minimum cost, and store the results.

    MODEL is a name or an id. Without it, all models are called that are listed or left within a
    year. The calls never exceed the day's budget.
    """
    from catalog.config.build import wire_http, wire_sync
    from catalog.config.build_probes import wire_probe_times, wire_probing
    from catalog.probes.run import Selection

    app = app.with_files()
    settings, database = app.publishing_one, app.database
    wish = Selection(models, images)
    if not (dry_run or once or settings.probe.enabled):
        raise SettingsInvalid(OFF, hint=HOW_TO_ENABLE)
    with wire_http(settings) as http, closing(database):
        probing = wire_probing(settings, database, http, Event())
        if dry_run:
            return _print_plan(probing, wish, settings, style)
        times = wire_probe_times(settings, probing)
        moment = times.schedule.slot(probing.clock())
        results = _run(probing, wish, wait=wait)
        if not models:
            times.finish(moment)
        pending = wire_sync(settings, database, http).deliver()
    if style == "json":
        print_json(_json(probing, results, len(pending)))
    else:
        _print(results, settings, quiet=app.verbosity < 0)
    return results.document_error.exit_code if results.document_error else 0


def _run(probing: Probing, wish: Selection, *, wait: bool) -> Results:
    """Call the models. With `wait`, wait for the second attempts too."""
    first = _run_once(probing, wish)
    if not wait or first.again_at is None:
        return first
    note(f"waiting for the second tries until {stamp(first.again_at)}; Ctrl-C leaves them pending")
    probing.stop.wait(_seconds_until(probing, first.again_at))
    second = _run_once(probing, replace(wish, again=True))
    both = first.probes + second.probes
    return replace(second, probes=both, findings=first.findings + second.findings)


def _seconds_until(probing: Probing, moment: datetime) -> float:
    # One second more, because the time was rounded down to whole seconds.
    return max(0.0, (moment - probing.clock()).total_seconds()) + 1


def _run_once(probing: Probing, wish: Selection) -> Results:
    """Call the models, with a progress bar if stderr is a terminal."""
    if not sys.stderr.isatty():
        return probing.run(wish)
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("calling", total=None)

        def report(tried: Probe, total: int) -> None:
            bar.update(task, total=total, advance=1, description=visible(tried.name))

        return probing.run(wish, report)


def _print_plan(probing: Probing, wish: Selection, settings: Settings, style: str) -> int:
    """Print the planned calls without a request.

    Names that only answers contain are missing.
    """
    from catalog.store import probes

    plan = probing.plan(wish)
    with probing.database.reading() as connection:
        day = probes.spent(connection, probing.provider.name, probing.clock())
    calls, tokens = sum(call.calls for call in plan), sum(call.tokens for call in plan)
    if style == "json":
        cost = {"calls": calls, "tokens": tokens}
        print_json({"provider": probing.provider.name, "plan": [_call(c) for c in plan], **cost})
        return 0
    print_table(PLANNED, [(c.name, c.route, c.calls, c.tokens, c.skip) for c in plan])
    chf = tokens * TOP_PRICE / 1_000_000
    say(
        f"\nat most {count(calls, 'call')} and {count(tokens, 'token')}; at CHF {TOP_PRICE:.2f} a "
        f"million tokens, the highest published price, CHF {chf:.4f}"
    )
    terms = settings.probe
    say(
        f"today so far {day.calls:,} of {terms.calls_a_day:,} calls, "
        f"{day.tokens:,} of {terms.tokens_a_day:,} tokens"
    )
    return 0


def _call(call: Call) -> dict[str, Any]:
    known: dict[str, Any] = {"model": call.name, "key": call.key, "route": call.route}
    known |= {"calls": call.calls, "tokens": call.tokens, "skipped_because": call.skip}
    return {name: value for name, value in known.items() if value is not None}


def _print(results: Results, settings: Settings, *, quiet: bool) -> None:
    if not quiet:
        print_table(COLUMNS, [_row(each) for each in _sorted(results.probes)])
        say()
    print_lines(results.findings)
    spent, terms = results.spent, settings.probe
    if not quiet:
        if results.again_at is not None:
            say(f"(?) is not confirmed yet: a second try is due at {stamp(results.again_at)}")
        say(
            f"today so far {spent.calls:,} of {terms.calls_a_day:,} calls, "
            f"{spent.tokens:,} of {terms.tokens_a_day:,} tokens"
        )
    if results.document_error is not None:
        note_error(results.document_error)


def _sorted(tried: Sequence[Probe]) -> list[Probe]:
    return sorted(tried, key=lambda each: (each.name.lower(), each.route, each.at))


def _row(tried: Probe) -> tuple[str | int | None, ...]:
    believed = tried.believed or tried.verdict.value == "skipped"
    verdict = f"{tried.verdict}{'' if believed else ' (?)'}"
    said = tried.result.said or (tried.result.answered_as and f"as {tried.result.answered_as}")
    return tried.name, tried.route, verdict, tried.result.latency_ms, said


def _json(probing: Probing, results: Results, pending: int) -> dict[str, Any]:
    document: dict[str, Any] = {"provider": probing.provider.name}
    document["probes"] = [probe_json(each) for each in _sorted(results.probes)]
    document["changes"] = [finding_json(each) for each in results.findings]
    document["today"] = {"calls": results.spent.calls, "tokens": results.spent.tokens}
    if results.again_at is not None:
        document["again_at"] = stamp(results.again_at)
    return document | {"owed": pending}
