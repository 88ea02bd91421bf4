"""`catalog import`: process recorded payloads at the times of their recording."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from catalog.changes.poll import Outcome, Pass, Poll
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.lazy_types import CommittedAnswer, Database, Publisher, Sync
from catalog.cli.output import note, say
from catalog.cli.results import document_line, print_pass, status
from catalog.core.clock import now, stamp
from catalog.core.errors import CatalogHeld, PayloadInvalid, SettingsInvalid, StoreError
from catalog.core.payload import Payload, Validators
from catalog.core.text import count
from catalog.core.visible import visible
from catalog.providers.listing import listed
from catalog.providers.provider import Provider
from catalog.providers.recordings import (
    Recorded,
    find,
    misnamed,
    refuse_future,
)

TOGETHER = 20
"""Maximum recordings per transaction. A killed run loses no more."""
TURN = 1.0
"""Maximum seconds of a transaction."""
PAUSE = 0.12
"""Seconds between two transactions. Waiting processes retry ten times a second."""


@click.command("import")
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.option(
    "--git",
    "repository",
    type=click.Path(path_type=Path),
    metavar="REPO",
    help="Import each committed version of a file of this git repository.",
)
@click.option("--path", "file", metavar="FILE", help="The file in the repository of --git.")
@click.option("--ref", help="Its branch or commit.  [default: HEAD]")
@click.option("--accept", is_flag=True, help="Apply answers that would be held back.")
@provider_option
@pass_app
def import_(
    app: App,
    directory: Path | None,
    repository: Path | None,
    file: str | None,
    ref: str | None,
    accept: bool,
) -> int:
    """Import recorded answers from DIRECTORY.

    With --git, import the committed versions of a file. Each is stored with its own time, and
    sends no alerts. The name of a file is its UTC time, such as 2025-08-13T185522Z.json (.gz too).
    It has the whole answer or only the list in it. Files and commits that were imported before are
    skipped.
    """
    with _source(directory, repository, file, ref) as recordings:
        return _import_all(app, recordings, accept=accept)


@contextmanager
def _source(
    directory: Path | None, repository: Path | None, file: str | None, ref: str | None
) -> Iterator[Sequence[Recorded]]:
    """Yield the recordings, oldest first, or raise UsageError."""
    if repository is not None and file is not None and directory is None:
        from catalog.providers.git_history import committed  # not for directories

        with committed(repository, file, ref or "HEAD") as answers:
            yield _until_now(answers)
    elif directory is not None and (repository, file, ref) == (None, None, None):
        found = find(directory)
        for path, why in misnamed(directory):
            note(visible(f"{path.name} is skipped: {why}"))
        refuse_future(found, now())
        yield found
    else:
        raise click.UsageError("name either a DIRECTORY, or --git REPO and --path FILE.")


def _until_now(answers: Sequence[CommittedAnswer]) -> Sequence[CommittedAnswer]:
    """Leave out commits of the future, because their times are wrong."""
    if answers[0].is_cut:
        note("this is a shallow clone without older commits; `git fetch --unshallow` adds them")
    at = now()
    past = [answer for answer in answers if answer.at <= at]
    if late := answers[len(past) :]:
        what = f"{count(len(late), 'commit')} (the first: {late[0].name}, {stamp(late[0].at)})"
        note(f"skipped, because their times are in the future: {what}")
    return past


def _import_all(app: App, recordings: Sequence[Recorded], *, accept: bool) -> int:
    """Import the new recordings and write the document. Return the exit code."""
    from catalog.config.build import wire_http, wire_provider, wire_sync
    from catalog.config.build_document import wire_publisher

    settings = app.publishing_one
    new = _new(app.database, wire_provider(settings.one), recordings, accept=accept)
    with wire_http(settings) as http:
        sync = wire_sync(settings, app.database, http)
        policy = sync.policy.for_the_past()
        sync = replace(sync, policy=policy, channels=(), publisher=None)
        passes = list(_run(sync, new, accept=accept))
    outcomes = Counter(str(each.poll.outcome) for each in passes)
    numbers = ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items()))
    say(f"{count(len(recordings), 'recording')}: {numbers or 'nothing new'}")
    publisher = wire_publisher(settings)
    if publisher is not None:
        _publish(app.database, publisher)
    app.note_spared()
    return _status(passes)


def run_at(sync: Sync, at: datetime, *, accept: bool = False) -> Pass:
    """Run one pass with this time as the current time."""
    from catalog.sync.sync import Options

    return replace(sync, clock=lambda: at).run(Options(accept=accept))


def _publish(database: Database, publisher: Publisher) -> None:
    """Write the document, even if no recording is new.

    A killed earlier run may not have written it.
    """
    from catalog.store import history

    with database.reading() as connection:
        number = history.baseline(connection, publisher.provider).number
        overview = None if number is None else publisher.overview(connection, number)
    if overview is not None:
        published = publisher.publish(overview)
        say(document_line(published) or f"document {published.path} is up to date")


def _new(
    database: Database,
    provider: Provider,
    recordings: Sequence[Recorded],
    *,
    accept: bool,
) -> list[Recorded]:
    """Return the new recordings, or raise SettingsInvalid for too early ones.

    The newest poll counts as new if it was held and `accept` is set, or if it was invalid and its
    recording is corrected.
    """
    from catalog.store.polls import outcomes

    known: dict[datetime, Outcome] = {}
    if database.exists:
        with database.reading() as connection:
            known = outcomes(connection, provider.name)
    newest = next(reversed(known), None)  # by order, because clocks may have been ahead
    if newest is not None:
        held = accept and known[newest] is Outcome.HELD
        if held or (known[newest] is Outcome.INVALID and _is_mended(newest, recordings, provider)):
            del known[newest]
    new = [
        recording
        for recording in recordings
        if recording.at not in known
        and not (recording.is_cut and newest is not None and recording.at < newest)
    ]
    if newest is not None and (early := [each for each in new if each.at < newest]):
        raise SettingsInvalid(
            f"the past cannot be changed: {count(len(early), 'recording')} (the first: "
            f"{early[0].name}) would go before the last poll in {database.place}, of "
            f"{stamp(newest)}",
            hint="Import into a database of its own: catalog --database OTHER.db import …",
        )
    return new


def _is_mended(at: datetime, recordings: Sequence[Recorded], provider: Provider) -> bool:
    again = [recording for recording in recordings if recording.at == at]
    try:
        for recording in again:
            listed(recording.payload(provider), provider)
    except PayloadInvalid:
        return False
    return bool(again)


def _run(sync: Sync, recordings: Sequence[Recorded], *, accept: bool) -> Iterator[Pass]:
    with _progress(recordings) as steps:
        for some in turns(steps):
            done: list[tuple[Recorded, Pass]] = []
            try:
                with sync.database.together():
                    # The list keeps the recordings before an error, because they are stored.
                    done.extend((each, _import(sync, each, accept=accept)) for each in some)
            except StoreError:
                done.clear()  # because it is unknown which of them are stored
                raise
            finally:
                for recording, one in done:
                    _print(recording, one)
            # Payloads are dropped, because keeping all of them would need too much memory.
            yield from (replace(one, poll=_outcome(one.poll)) for _, one in done)


def _print(recording: Recorded, one: Pass) -> None:
    if one.poll.snapshot is not None or one.poll.error is not None:
        print_pass(one, listing=recording.listing)


def _outcome(poll: Poll) -> Poll:
    return replace(poll, answer=None, snapshot=None, findings=())


def turns(
    recordings: Iterable[Recorded], clock: Callable[[], float] = time.monotonic
) -> Iterator[Iterator[Recorded]]:
    """Yield batches of recordings. Use each up before requesting the next.

    Another process can write between batches.
    """
    each = iter(recordings)
    for number, first in enumerate(each):
        if number:
            time.sleep(PAUSE)
        yield _turn(first, each, clock)


def _turn(
    first: Recorded, others: Iterator[Recorded], clock: Callable[[], float]
) -> Iterator[Recorded]:
    until = clock() + TURN
    yield first
    for _ in range(TOGETHER - 1):
        following = next(others, None) if clock() < until else None
        if following is None:
            return
        yield following


def _import(sync: Sync, recording: Recorded, *, accept: bool) -> Pass:
    fetch = partial(_fetch, recording, sync.provider)
    one = run_at(replace(sync, fetch=fetch), recording.at, accept=accept)
    if isinstance(one.poll.error, CatalogHeld):
        one.poll.error.hint = "If it is right, import again with `--accept`."
    return one


def _fetch(recording: Recorded, provider: Provider, _validators: Validators) -> Payload:
    return recording.payload(provider)


@contextmanager
def _progress(recordings: Sequence[Recorded]) -> Iterator[Iterable[Recorded]]:
    """Show a progress bar on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    # Output goes around the bar only on a terminal, because a file must not get it changed.
    around = sys.stdout.isatty()
    with Progress(
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=around,
    ) as progress:
        yield progress.track(recordings, description="importing")


def _status(passes: Sequence[Pass]) -> int:
    """Return the exit code of an import.

    It is 4 if any answer is invalid, else 5 if the last one is held, else 0.
    """
    invalid = [each for each in passes if each.poll.problems]
    if invalid:
        note(f"invalid: {count(len(invalid), 'recording')}, kept as evidence")
        return status(invalid[0])
    return status(passes[-1]) if passes else 0
