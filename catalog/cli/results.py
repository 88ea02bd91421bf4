"""Print the result of a pass, for people and for programs."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from catalog.changes.poll import Outcome, Pass, Poll, Published
from catalog.cli.output import error_text, note, say
from catalog.cli.program import typed
from catalog.core.clock import stamp
from catalog.core.errors import CatalogError, MarkersMissing, PayloadInvalid
from catalog.core.text import count, examples
from catalog.core.visible import visible
from catalog.report.summary import outcome, pending

SHOWN_PROBLEMS = 10
LISTING = "catalog sync --dry-run --format json"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A skipped slot of one provider, because another process handles it."""

    provider: str
    slot: datetime
    done_at: datetime | None


def status(result: Pass, *, exit_code: bool = False) -> int:
    """Return the exit code of a pass.

    The poll's error counts before the document's.
    """
    if result.error is not None:
        return result.error.exit_code
    if not exit_code or not result.poll.findings:
        return 0
    from catalog.changes.change import Retiring
    from catalog.changes.incident import Incident

    reported = (each.change for each in result.poll.findings if each.is_reported)
    listed = (change for change in reported if not isinstance(change, Incident))
    return int(any(not isinstance(each, Retiring) or each.is_stated for each in listed))


def pass_json(result: Pass, *, dry_run: bool = False) -> dict[str, Any]:
    """Return a pass for programs, without missing values.

    In a dry run, `snapshot` and `document` are the planned ones.
    """
    from catalog.report.json_output import finding_json

    poll = result.poll
    document: dict[str, Any] = {"provider": poll.provider, "outcome": str(poll.outcome)}
    if dry_run:
        document["dry_run"] = True
    if result.snapshot is not None:
        document["snapshot"] = result.snapshot
    document["changes"] = [
        finding_json(replace(finding, snapshot=result.snapshot)) for finding in poll.findings
    ]
    if result.document is not None:
        document["document"] = _document_json(result.document)
    if poll.held is not None:
        document["held"] = {
            "missing": [model.name for model in poll.held.missing],
            "changes": [finding_json(finding) for finding in poll.held.findings],
            "polls_left": poll.held.release.polls,
            "accepted_from": stamp(poll.held.release.at),
        }
    if poll.missing:
        document["missing"] = list(poll.missing)
    if poll.problems:
        document["problems"] = [asdict(problem) for problem in poll.problems]
    for name, error in (("error", poll.error), ("document_error", result.document_error)):
        if error is not None:
            document[name] = {"text": str(error), "hint": error.hint}
    return document | {"owed": sum(waiting.messages for waiting in result.pending)}


def _document_json(document: Published) -> dict[str, Any]:
    spared = {} if document.has_markers else {"has_markers": False}
    return {"path": str(document.path), "written": document.written, **spared}


def document_line(document: Published, *, dry_run: bool = False) -> str:
    """Return the line about the document, empty if up to date."""
    if not document.has_markers:
        text = f"document {document.path} exists without markers, so it is not changed"
        return f"{text}\nhint: {MarkersMissing.hint}"
    if not document.written:
        return ""
    return f"document {document.path} {'would be written' if dry_run else 'written'}"


def print_pass(
    result: Pass,
    *,
    quiet: bool = False,
    dry_run: bool = False,
    tell: Callable[[str], None] = note,
    listing: str = LISTING,
) -> None:
    """Print a pass for people: headline, findings, document, errors.

    `tell` prints errors. `listing` is the command that shows all problems if there are many.
    """
    poll = result.poll
    # With --quiet, quiet changes are not printed, because the user wants only reported changes.
    hushed = quiet and poll.outcome is Outcome.CHANGED and bool(poll.findings)
    hushed = hushed and not any(each.is_reported for each in poll.findings)
    if not (hushed or (quiet and poll.outcome is Outcome.UNCHANGED and not poll.findings)):
        say(_headline(result, dry_run=dry_run), bold=True)
    _print_findings(poll, quiet=quiet)
    if dry_run:
        _print_held(poll)
    if result.document is not None and not hushed:
        _print_document(result.document, quiet=quiet, dry_run=dry_run)
    for waiting in result.pending:
        if waiting.error or not quiet:
            tell(
                visible(pending(waiting.channel, waiting.messages, waiting.error, waiting.next_at))
            )
    for error in (poll.error, result.document_error):
        if error is not None:
            for line in _lines(error, listing):
                tell(line)


def _waiting(poll: Poll) -> str:
    """Return the line about missing models whose removal is not confirmed yet."""
    many = count(len(poll.missing), "model")
    is_one = len(poll.missing) == 1
    are, rest = (
        ("is", "It counts as removed if the next poll lacks it too.")
        if is_one
        else ("are", "They count as removed if the next poll lacks them too.")
    )
    return visible(
        f"{many} {are} missing from the answer: {examples(poll.missing_names, 10)}. {rest}"
    )


def _print_findings(poll: Poll, *, quiet: bool) -> None:
    if poll.findings:
        from catalog.cli.findings import print_lines  # not loaded without findings

        # Omitted beside an error, because these findings repeat it.
        alone = {"stale", "retiring", "cancelled"}
        print_lines(each for each in poll.findings if not poll.error or each.change.kind in alone)
    if poll.missing and not quiet:
        say(_waiting(poll))


def _print_document(document: Published, *, quiet: bool, dry_run: bool) -> None:
    line = document_line(document, dry_run=dry_run)
    if line and (document.has_markers or not quiet):
        say(line)


def _print_held(poll: Poll) -> None:
    if poll.held is not None and poll.held.findings:
        from catalog.cli.findings import print_lines  # not loaded without findings

        say("the change that is held:")
        print_lines(poll.held.findings)


def _headline(result: Pass, *, dry_run: bool) -> str:
    said = outcome(result.poll, result.snapshot)
    return f"{stamp(result.poll.started_at)}  {said}{' (dry run)' if dry_run else ''}"


def _lines(error: CatalogError, listing: str) -> Iterator[str]:
    """Yield the error, its hint, and the first problems of an answer."""
    if not isinstance(error, PayloadInvalid):
        yield error_text(error)
        return
    many, problems = "at least " * error.is_cut, error.problems
    yield f"error: the answer breaks the contract in {many}{count(len(problems), 'place')}"
    for problem in problems[:SHOWN_PROBLEMS]:
        yield visible(f"  {problem}")
    if rest := len(problems[SHOWN_PROBLEMS:]):
        yield visible(typed(f"  and {many}{rest:,} more: `{listing}` lists them"))
    yield typed(f"hint: {error.hint}")
