"""Describe the result of a run in log lines."""

import logging

from catalog.core.errors import CatalogError
from catalog.core.text import count
from catalog.core.unexpected import MISTAKE, place
from catalog.daemon.scheduled import Run
from catalog.probes.run import Results
from catalog.report.summary import outcome, pending, skipped

Line = tuple[int, str]
"""A logging level and a text."""


def told(provider: str, came: Run | Exception) -> list[Line]:
    """Return the result of a run as lines, the outcome first."""
    if isinstance(came, Exception):
        return _failed(provider, came, "no pass", "the pass")
    if came.result is None:
        reason = skipped(came.claim.moment, came.claim.done_at)
        return [(logging.INFO, f"{provider}: {reason}")]
    result = came.result
    errors = [error for error in (result.poll.error, result.document_error) if error is not None]
    lines = [(logging.INFO, outcome(result.poll, result.snapshot))]
    lines += [(logging.ERROR, said(error)) for error in errors]
    if result.document is not None and result.document.written:
        lines.append((logging.INFO, f"document {result.document.path} written"))
    for waiting in result.pending:
        grave = logging.INFO if waiting.error is None else logging.WARNING
        text = pending(waiting.channel, waiting.messages, waiting.error, waiting.next_at)
        lines.append((grave, text))
    return lines


def told_calls(provider: str, came: Results | Exception | None) -> list[Line]:
    """Return the result of model calls as lines, empty without calls."""
    if came is None:
        return []
    if isinstance(came, Exception):
        return _failed(provider, came, "the models were not called", "calling the models")
    made = sum(1 for each in came.probes if each.result.calls)
    tries, found = count(made, "probe"), count(len(came.findings), "finding")
    day = f"today {count(came.spent.calls, 'call')} and {count(came.spent.tokens, 'token')}"
    lines = [(logging.INFO, f"{provider}: models called, {tries}, {found}, {day}")]
    if came.document_error is not None:
        lines.append((logging.ERROR, said(came.document_error)))
    return lines


def _failed(provider: str, error: Exception, missing: str, job: str) -> list[Line]:
    if isinstance(error, CatalogError):
        return [(logging.ERROR, f"{provider}: {missing}, {said(error)}")]
    return [(logging.ERROR, f"{provider}: {job} broke off {MISTAKE}, {place(error)}")]


def refused(error: Exception) -> list[str]:
    """Return the errors of refused settings as lines."""
    if isinstance(error, (CatalogError, OSError)):
        return str(error).splitlines()
    return [f"the configuration could not be read {MISTAKE}, {place(error)}"]


def said(error: CatalogError) -> str:
    """Return an error and its hint in one line."""
    text = " ".join(str(error).split())
    return f"{text}. {error.hint}" if error.hint else text
