"""Describe the result of a run in log lines."""

import logging
from collections.abc import Iterable

from catalog.core.errors import CatalogError
from catalog.core.text import count
from catalog.core.unexpected import MISTAKE, place
from catalog.daemon.scheduled import Run
from catalog.probes.run import Results
from catalog.report.summary import outcome, pending, skipped

Line = tuple[int, str]
"""A logging level and a text."""


def log_lines(logger: logging.Logger, lines: Iterable[Line]) -> None:
    """Log each line at its level."""
    for level, line in lines:
        logger.log(level, "%s", line)


def run_lines(provider: str, run: Run | Exception) -> list[Line]:
    """Return the result of a run as lines, the outcome first."""
    if isinstance(run, Exception):
        return _failed(provider, run, "no pass", "the pass")
    if run.result is None:
        reason = skipped(run.claim.moment, run.claim.done_at)
        return [(logging.INFO, f"{provider}: {reason}")]
    result = run.result
    errors = [error for error in (result.poll.error, result.document_error) if error is not None]
    lines = [(logging.INFO, outcome(result.poll, result.snapshot))]
    lines += [(logging.ERROR, error_line(error)) for error in errors]
    if result.document is not None and result.document.written:
        lines.append((logging.INFO, f"document {result.document.path} written"))
    for waiting in result.pending:
        level = logging.INFO if waiting.error is None else logging.WARNING
        text = pending(waiting.channel, waiting.messages, waiting.error, waiting.next_at)
        lines.append((level, text))
    return lines


def call_lines(provider: str, result: Results | Exception | None) -> list[Line]:
    """Return the result of model calls as lines, empty without calls."""
    if result is None:
        return []
    if isinstance(result, Exception):
        return _failed(provider, result, "the models were not called", "the calls of models")
    made = sum(1 for each in result.probes if each.result.calls)
    tries, found = count(made, "probe"), count(len(result.findings), "finding")
    day = f"today {count(result.spent.calls, 'call')} and {count(result.spent.tokens, 'token')}"
    lines = [(logging.INFO, f"{provider}: models called, {tries}, {found}, {day}")]
    if result.document_error is not None:
        lines.append((logging.ERROR, error_line(result.document_error)))
    return lines


def _failed(provider: str, error: Exception, missing: str, job: str) -> list[Line]:
    if isinstance(error, CatalogError):
        return [(logging.ERROR, f"{provider}: {missing}, {error_line(error)}")]
    return [(logging.ERROR, f"{provider}: {job} failed {MISTAKE}, {place(error)}")]


def refused(error: Exception) -> list[str]:
    """Return the errors of refused settings as lines."""
    if isinstance(error, (CatalogError, OSError)):
        return str(error).splitlines()
    return [f"the configuration could not be read {MISTAKE}, {place(error)}"]


def error_line(error: CatalogError) -> str:
    """Return an error and its hint in one line."""
    text = " ".join(str(error).split())
    return f"{text}. {error.hint}" if error.hint else text
