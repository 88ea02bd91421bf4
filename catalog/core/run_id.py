"""Name the current pass, so that its log lines can be found."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

_RUN: ContextVar[str | None] = ContextVar("run", default=None)


def current() -> str | None:
    """Return the UUID of this thread's pass, None outside of one."""
    return _RUN.get()


@contextmanager
def running(run: str | None = None) -> Iterator[str]:
    """Set the pass id: the given, the current, or a new one."""
    name = run or _RUN.get() or str(uuid4())
    token = _RUN.set(name)
    try:
        yield name
    finally:
        _RUN.reset(token)
