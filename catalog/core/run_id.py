"""The name of the pass that is under way, for every log line that it writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

_RUN: ContextVar[str | None] = ContextVar("run", default=None)


def current() -> str | None:
    """Return the id of the pass under way in this thread, a UUID; None outside of a pass."""
    return _RUN.get()


@contextmanager
def running(run: str | None = None) -> Iterator[str]:
    """Name what is done inside: by this id, or the one that is there, or a new one."""
    name = run or _RUN.get() or str(uuid4())
    token = _RUN.set(name)
    try:
        yield name
    finally:
        _RUN.reset(token)
