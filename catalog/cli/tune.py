"""`catalog tune`: test settings on the stored history."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from statistics import median_low
from typing import Any

import click

from catalog.changes.finding import REPORTED
from catalog.changes.poll import Poll, Removals
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.importing import run_at
from catalog.cli.lazy_types import Answered, Database, Policy, Settings, Trial
from catalog.cli.mistyped import Choices
from catalog.cli.output import Row, format_option, print_json, print_table, say
from catalog.cli.tables import Column
from catalog.cli.when import read_span
from catalog.core.clock import stamp
from catalog.core.payload import Payload, Validators
from catalog.core.text import count, duration
from catalog.core.visible import visible

NEVER = timedelta(microseconds=1)
"""Shorter than any time between two moves, so that no value is damped."""
SHOWN = 10
"""The maximum number of flapping values that are shown."""

LEVELS = tuple(map(Column, ("Level", "Reported", "A day", "By the settings", "A day")))
DAMPED = (Column("Model", fit="name"), Column("Field"), Column("Moves"))


@dataclass(frozen=True, slots=True)
class Tuned:
    """The results of one provider's history, without and with the policy.

    `plain` reports everything at once, `tried` follows the policy. `pruned` of the `answers` have
    no stored body.
    """

    provider: str
    policy: Policy
    answers: int
    pruned: int
    plain: Trial
    tried: Trial


@click.command()
@click.option(
    "--removals",
    type=Choices(["at once", "next"]),
    help="When a removal is accepted, in place of the setting.",
)
@click.option(
    "--settles-after",
    metavar="DURATION",
    callback=read_span,
    help="How long a value that keeps switching must stay the same, in place of the setting.",
)
@format_option("text", "json")
@provider_option
@pass_app
def tune(app: App, removals: Removals | None, settles_after: timedelta | None, style: str) -> int:
    """Count the alerts that your settings would send.

    It judges the stored history again. One count reports everything at once, the other follows the
    settings or the options. For other rules, name another configuration with --config. Nothing is
    stored, sent or written.
    """
    from catalog.config.build import wire_policy

    tuned = []
    for settings in app.each:
        policy = wire_policy(settings).for_the_past()
        policy = replace(
            policy,
            removals=removals or policy.removals,
            settles_after=settles_after or policy.settles_after,
        )
        each = _tuned(settings, app.database, policy)
        if each is not None:
            tuned.append(each)
        elif style == "text":
            say(f"{visible(settings.one.name)}: no stored answer")
    if style == "json":
        print_json({"providers": [_json(each) for each in tuned]})
    else:
        for each in tuned:
            _print(each)
    return 0


def _tuned(settings: Settings, stored: Database, policy: Policy) -> Tuned | None:
    """Run the stored answers through both policies in temporary databases."""
    from catalog.store.database import MEMORY, Database
    from catalog.store.polls import answered, bodies
    from catalog.sync.tune import summarize, without_repeats

    name = settings.one.name
    with stored.reading() as connection:
        answers = tuple(answered(connection, name))
        there = bodies(connection)
    polls = tuple(each for each in without_repeats(answers) if each.sha256 in there)
    trials = []
    for each in (replace(policy, removals="at once", settles_after=NEVER), policy):
        with closing(Database(MEMORY)) as database:
            trials.append(summarize(_polls(settings, stored, database, each, polls)))
    plain, tried = trials
    if plain is None or tried is None:
        return None
    pruned = sum(each.sha256 not in there for each in answers)
    return Tuned(name, policy, len(answers), pruned, plain, tried)


def _polls(
    settings: Settings,
    stored: Database,
    database: Database,
    policy: Policy,
    answers: Sequence[Answered],
) -> Iterator[Poll]:
    from catalog.config.build import wire_http, wire_sync
    from catalog.store.bodies import read

    with wire_http(settings) as http, stored.reading() as connection:
        sync = wire_sync(settings, database, http)
        sync = replace(sync, policy=policy, channels=(), publisher=None)
        for each in answers:
            answer = Payload(settings.one.name, "", each.at, read(connection, each.sha256))
            yield run_at(replace(sync, fetch=partial(_again, answer)), each.at).poll


def _again(answer: Payload, _validators: Validators) -> Payload:
    return answer


def _print(tuned: Tuned) -> None:
    tried, plain, policy = tuned.tried, tuned.plain, tuned.policy
    answers = count(tuned.answers, "answer")
    pruned = f", {tuned.pruned:,} of them pruned" if tuned.pruned else ""
    span = f"{stamp(tried.first)} to {stamp(tried.last)}, {tried.days:.1f} days"
    say(f"{visible(tuned.provider)}: {answers}{pruned}, {span}")
    rows: list[Row] = [
        (level, *_cells(plain, level), *_cells(tried, level)) for level in map(str, REPORTED)
    ]
    print_table(LEVELS, rows)
    say()
    settled = f"reported again when the same for {duration(policy.settles_after)}"
    moves = count(sum(tried.damped.values()), "move")
    values = count(len(tried.damped), "value")
    another = f"{tried.settled:,} reported with another value"
    say(f"values that keep switching, {settled}: {moves} of {values}, {another}")
    most = sorted(tried.damped.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or ""))
    if most:
        shown: list[Row] = [(name, field or "listed", times) for (name, field), times in most]
        print_table(DAMPED, shown[:SHOWN])
    values = count(tried.implausible, "value")
    say(f"implausible: {values}, {tried.dropped:,} not confirmed by the next answer")
    say(
        f"removals, accepted {'at once' if policy.removals == 'at once' else 'at the next poll'}: "
        f"{_confirmed(tried)}"
    )


def _confirmed(trial: Trial) -> str:
    late = count(len(trial.late), "removal")
    if trial.late:
        late += (
            f" reported {duration(median_low(trial.late))} later"
            f" (at most {duration(max(trial.late))})"
        )
    else:
        late += " reported later"
    return f"{late}, {trial.returned:,} restored before"


def _cells(trial: Trial, level: str) -> tuple[int, str]:
    return trial.reported.get(level, 0), f"{trial.reported.get(level, 0) / trial.days:.1f}"


def _json(tuned: Tuned) -> dict[str, Any]:
    policy = tuned.policy
    return {
        "provider": tuned.provider,
        "answers": tuned.answers,
        "pruned": tuned.pruned,
        "from": stamp(tuned.tried.first),
        "to": stamp(tuned.tried.last),
        "removals": policy.removals,
        "settles_after_seconds": policy.settles_after.total_seconds(),
        "all_told": _trial_json(tuned.plain),
        "by_the_settings": _trial_json(tuned.tried),
    }


def _trial_json(trial: Trial) -> dict[str, Any]:
    return {
        "told": {level: trial.reported.get(level, 0) for level in map(str, REPORTED)},
        "damped": [
            {"model": name, "field": field, "moves": moves}
            for (name, field), moves in sorted(
                trial.damped.items(), key=lambda item: (item[0][0], item[0][1] or "")
            )
        ],
        "settled": trial.settled,
        "implausible": trial.implausible,
        "not_confirmed": trial.dropped,
        "confirmed_after_seconds": [each.total_seconds() for each in trial.late],
        "back_before": trial.returned,
    }
