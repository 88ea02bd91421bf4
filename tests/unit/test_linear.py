"""Patterns on external text take linear time with any content."""

import time
from collections.abc import Callable

import pytest

from catalog.changes.likeness import _is_cut
from catalog.changes.values import number
from catalog.core import strict_json
from catalog.replay import models
from catalog.report import regions
from catalog.report.markdown import text

READERS: dict[str, tuple[Callable[[str], object], Callable[[int], str]]] = {
    "an emoji that does not end": (text, lambda size: ":" + "1a" * size),
    "digits and a letter": (number, lambda size: "1" * size + "x"),
    "dots within a name": (lambda name: _is_cut(name + "xx", name), lambda size: "." * size + "x"),
    "a marker and blanks": (
        lambda line: list(regions._misspelled([line])),
        lambda size: "<!-- catalog" + " " * size + "x",
    ),
    "a key that repeats": (
        lambda text: strict_json.read(text.encode()),
        lambda size: "{" + '"a": 1,' * size + '"a": 1}',
    ),
    "keys that repeat within each other": (
        lambda text: strict_json.read(text.encode()),
        lambda size: "[" + ",".join(['{"a": 0, "a": ' * 60 + "0" + "}" * 60] * (size // 999)) + "]",
    ),
    "a table with many bars": (
        lambda line: regions._as_written(["|", "|", line]),
        lambda size: "|" + " - |" * size + "x",
    ),
    "a form without an end": (
        lambda form: models._model(form.encode()),
        lambda size: 'name="model"\r\n\r\n' * size,
    ),
}


def cpu(call: Callable[[str], object], given: str) -> float:
    """Return the lesser CPU time of two calls, in seconds."""
    times = []
    for _ in range(2):
        begun = time.process_time()
        call(given)
        times.append(time.process_time() - begun)
    return min(times)


@pytest.mark.parametrize(("call", "made"), READERS.values(), ids=list(READERS))
def test_time_grows_with_the_text_alone(
    call: Callable[[str], object], made: Callable[[int], str]
) -> None:
    """Eight times the text takes about eight times as long."""
    small, large = (cpu(call, made(size)) for size in (4_000, 32_000))
    assert large < 20 * small + 0.05
