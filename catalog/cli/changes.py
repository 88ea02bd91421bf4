"""`catalog changes` and `catalog diff`: show the change log, compare two states."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import click

from catalog.changes.aliases import bearers
from catalog.changes.announced import announcements
from catalog.changes.change import PROBED_KINDS
from catalog.changes.diff import diff as compare
from catalog.changes.finding import REPORTED, Delisted, Finding, Level
from catalog.changes.forecast import Evidence
from catalog.changes.judge import Case, judge
from catalog.changes.listed_ends import compare_ends, with_successors
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.findings import print_findings, single
from catalog.cli.models import find_model
from catalog.cli.output import ROW_FORMATS, format_option, model_name, note
from catalog.cli.when import WAYS, When, read_when, when_option
from catalog.core.clock import now
from catalog.core.errors import PayloadInvalid
from catalog.core.payload import Drift, Refused
from catalog.core.snapshot import Snapshot
from catalog.core.text import count
from catalog.core.visible import visible
from catalog.providers.provider import Provider
from catalog.providers.recordings import moment
from catalog.report.sentences import drift_sentence

REPEATED = {"row repeated", "key repeated"}
LEVELS = ("breaking", "warning", "info", "quiet")
LOGGED = ("added", "removed", "restored", "renamed", "updated", "cancelled", "drift")
facts_option = click.option("--facts", is_flag=True, help="Take waves apart: each model by itself.")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison, with the bad and the repeated rows of a file."""

    snapshot: Snapshot
    refused: tuple[Refused, ...] = ()
    repeated: tuple[Drift, ...] = ()


@click.command()
@when_option("--since", "Not before", "start")
@when_option("--until", "Not after")
@click.option("--model", metavar="MODEL", callback=model_name, help="Only this one, by name or id.")
@click.option("--level", type=click.Choice(LEVELS), help="This level and all that are graver.")
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

    One field moving on most models at once is one line. What is quiet is left out, unless
    --level quiet asks for it.
    """
    from catalog.store import changelog, history

    with app.database.reading() as connection:
        names, keys = [each.one.name for each in app.each], tuple[str, ...]()
        if model is not None:
            name, newest, key = find_model(app, connection, model)
            names, keys = [name], history.lineage(connection, name, key, newest)
        begin, end = (
            history.taken_at(connection, when) if isinstance(when, int) else when
            for when in (since, until)
        )
        wanted = changelog.FindingFilter(
            "",
            since=begin,
            until=end,
            keys=keys,
            levels=tuple(Level)[: LEVELS.index(level) + 1] if level else REPORTED,
            kinds=(*LOGGED, *PROBED_KINDS),
            stated=True,
        )
        each = [replace(wanted, provider=name) for name in names]
        found = [changelog.findings(connection, one) for one in each]
        hushed = [replace(one, levels=(Level.QUIET,)) for one in each if not level]
        left_out = sum(changelog.count(connection, one) for one in hushed)
    findings = sorted(chain.from_iterable(found), key=lambda finding: finding.at)
    print_findings(style, single(findings) if facts else findings, named=len(names) > 1)
    if left_out:
        note(f"{count(left_out, 'quiet change')} left out; --level quiet shows them too")
    return 0


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there are differences.")
@facts_option
@format_option(*ROW_FORMATS)
@provider_option
@pass_app
def diff(app: App, a: str, b: str, exit_code: bool, facts: bool, style: str) -> int:
    """Compare two states A and B.

    Each is a payload file (- for stdin), a snapshot number, or a time, in any mix.
    """
    from catalog.config.build import wire_provider

    provider = wire_provider(app.one.one)
    # Each input is read once, because a pipe has no content afterwards.
    states = {text: _state(app, provider, text) for text in dict.fromkeys((a, b))}
    before, after = _comparable(states, a, b)
    old, new = (announcements(each.models, provider.announced) for each in (before, after))
    evidence = Evidence(stated=old)
    ends = compare_ends(before, after, old, new)
    changes = with_successors(compare(before, after), evidence)
    case = Case(
        provider=provider.name,
        at=after.taken_at,
        attributes=provider.attributes,
        lifecycle=provider.lifecycle,
        common=len(before.by_key.keys() & after.by_key.keys()),
        levels=app.loaded.settings.rules,
        evidence=evidence,
        statuses=provider.statuses,
        ending=frozenset(each.key for each in ends),
        bearers=bearers(changes, after, provider.attributes),
    )
    gone = _gone(app, after)
    findings = [
        replace(_promised(finding, gone), snapshot=after.number)
        for finding in judge((*changes, *ends), case)
    ]
    shown = single(findings) if facts else findings
    print_findings(style, shown, timed=_is_timed(b))
    return int(exit_code and bool(findings))


def _gone(app: App, after: Snapshot) -> dict[str, Delisted]:
    """Return the models removed by a stored state, empty for a file.

    Each one has the end date that was reported when it was removed.
    """
    from catalog.store import history

    if after.number is None:
        return {}
    with app.database.reading() as connection:
        known = history.delisted(connection, after.provider, after.number)
    return {each.model.key: each for each in known}


def _promised(finding: Finding, gone: Mapping[str, Delisted]) -> Finding:
    """Replace the end date of a removal by the stored one.

    Without a stored one it has only a day that the provider's list says, because the comparison
    cannot know another.
    """
    if finding.change.kind == "retiring" or (finding.basis == "announced" and finding.is_wave):
        return finding
    left = gone.get(finding.models[0].key) if len(finding.models) == 1 else None
    if left is None or finding.change.kind != "removed":
        if finding.basis == "announced":
            return finding
        return replace(finding, callable_until=None, basis=None, ground=None)
    return replace(
        finding, callable_until=left.callable_until, basis=left.basis, ground=left.ground
    )


def _comparable(states: Mapping[str, Side], a: str, b: str) -> tuple[Snapshot, Snapshot]:
    """Return both sides, and name their bad and repeated rows.

    A model whose row is bad on one side is taken from the other, so that it is no difference.
    """
    for text, side in states.items():
        for row in side.refused:
            note(visible(f"{text}: a row is left out: {row.problem}"))
        for drift in side.repeated:
            note(visible(f"{text}: {drift_sentence(drift)}"))
    one, other = states[a], states[b]
    if not (one.refused or other.refused):
        return one.snapshot, other.snapshot
    from catalog.providers.listing import kept

    before, _ = kept(one.snapshot, one.refused, other.snapshot, {})
    after, _ = kept(other.snapshot, other.refused, one.snapshot, {})
    return before, replace(after, number=other.snapshot.number)


def _state(app: App, provider: Provider, text: str) -> Side:
    """Return one side of a comparison, from a file or the store."""
    from catalog.store import history

    if _is_file(text):
        from catalog.cli.payloads import read_payload  # loads the contract
        from catalog.providers.listing import listed

        try:
            found = listed(read_payload(Path(text), provider), provider)
            repeated = tuple(each for each in found.drift if each.what in REPEATED)
            return Side(found.snapshot, found.refused, repeated)
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
    """Return whether one side has a time. File names may contain one."""
    return not _is_file(text) or moment(Path(text)) is not None
