"""Log unexpected exceptions with their place.

Their text is never shown, because it may contain a secret.
"""

from collections.abc import Iterator
from logging import Logger
from traceback import extract_tb

from catalog.core.errors import InternalError

REPORT = InternalError.hint
MISTAKE = "by a mistake of this program"


def place(error: BaseException) -> str:
    """Name an exception and the line that raised it."""
    frames = extract_tb(error.__traceback__)
    at = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{at}"


def log_unexpected(logger: Logger, what: str, error: BaseException) -> str:
    """Log an exception in one line and return that line.

    The traceback is logged at debug level.
    """
    line = f"{what} {MISTAKE}: {place(error)}"
    logger.error("%s", line)
    log_trace(logger, error)
    return line


def log_trace(logger: Logger, error: BaseException) -> None:
    """Log the traceback of an exception at debug level."""
    for each in trace(error):
        logger.debug("%s", each)


def trace(error: BaseException) -> Iterator[str]:
    """Yield the lines of a traceback, without the texts of the exceptions."""
    yield f"traceback of {type(error).__name__}, the last call is the last line"
    for frame in extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}"
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield f"{type(error).__name__} was caused by {type(before).__name__}"
        yield from trace(before)
