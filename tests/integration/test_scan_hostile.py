"""Scanning hostile texts takes time in proportion to their size."""

from functools import partial
from itertools import islice
from time import process_time

import pytest

from catalog.check.scan.guard import Guard, Limits
from catalog.check.scan.scan import scan_text
from tests.support import hostile_texts
from tests.support.known_names import KNOWN

KB = 1000
EVERY = 19
"""A test run reads only each nth text. scripts/measure-scan reads all."""
STEP = 4
SLOWER = 3.0
"""Allowed factor of time over size, because a busy machine measures roughly."""
SHORT = 0.3  # seconds, below which the measurement is too rough
# Seen to take time with the square of their size, before the scanner was made linear.
FOUND = [
    ("a.sh", "MODEL=${a - "),
    ("a.js", 'x = " \\" '),
    ("a.toml", 'x = " \\" '),
    (".env", "model=   "),
    (".env", " model=a\nmax_tokens=1\n "),
    ("a.rb", " =begin\n "),
    ("a.md", "``` ` "),
    ("a.md", "runs of backticks"),
    ("a.md", " `a/b`  "),
    ("a.toml", " [a\n "),
    ("a.js", " =/[ "),
    ("a.json", "openings, then closings"),
    ("a.py", 'models = [ "a", ]'),
    ("a.py", " [[a]]\n "),
    ("a.ipynb", '"source": [ "model = \'a\'\\n", ]'),
    ("a.yaml", "one list, many keys"),
    ("a.yaml", " %TAG !a\0! b\n --- a\n"),
    ("a.sh", "# catalog: ignore   x"),
    ("a.js", f" {'=/[' * 33}\\a "),
    # Seen to take 2 s or more, because each line or block made many objects.
    ("a.ipynb", ' "source":["model = \'a\'"], '),
    ("a.md", ' ```\nmodel="a"\n```\n '),
    ("a.md", " ```\n```\n "),
    ("a.sh", " a/b\n "),
    ("a.sh", " model=a\n "),
    ("a.py", " model = x = y = 'a'\n "),
    ("a.py", ' "a/bc", '),
    # Seen to take time with the square of their size, before shared values were counted.
    ("a.py", "from  a. a import b"),
    ("a.yaml", "one mapping, many configurations"),
    ("a.yaml", "one mapping, many models"),
    ("a.yaml", "one string, many aliases"),
    ("a.py", "one list of mappings, many variables"),
    # Seen to take 2 s or more, because each name was split into words several times.
    ("a.py", " MODEL\0=a\0\n "),
    ("a.py", ' model or "a"\n '),
]

QUOTING = ("json", "ipynb", "go", "java", "kt", "php", "rb", "rs", "tf", "cs")
"""The other languages whose strings have quotes and escapes."""


def seconds(name: str, text: str) -> float:
    """Return the CPU time of scanning a text."""
    before = process_time()
    scan_text(name, text, KNOWN, ("infomaniak",))
    return process_time() - before


def sampled(name: str, size: int) -> list[tuple[str, hostile_texts.Text]]:
    """Return a sample of a language's texts. All languages together cover all titles."""
    first = list(hostile_texts.STARTS).index(name)
    return list(islice(hostile_texts.texts(name, size).items(), first, None, EVERY))


@pytest.mark.long
@pytest.mark.unmeasured
@pytest.mark.parametrize("name", hostile_texts.STARTS)
def test_time_grows_as_the_text_does(name: str) -> None:
    """A hostile text of four times the size takes about four times as long to read."""
    pairs = zip(sampled(name, 15 * KB), sampled(name, STEP * 15 * KB), strict=True)
    for (title, short), (_, long) in pairs:
        if seconds(name, long()) > SHORT:
            # Again, because other programs slow a measurement down, and none makes it faster.
            took = min(seconds(name, long()) for _ in range(2))
            assert took < seconds(name, short()) * STEP * SLOWER, title


@pytest.mark.long
@pytest.mark.unmeasured
@pytest.mark.parametrize("size", [150 * KB, 1000 * KB])
@pytest.mark.parametrize(("name", "title"), FOUND)
def test_a_text_of_a_megabyte(name: str, title: str, size: int) -> None:
    """A hostile text of 150 kB or 1 MB takes less than 2 s of CPU and 300 MB."""
    # Both sizes, because limits skip most of some texts of a megabyte.
    assert_fast(name, title, size)


@pytest.mark.long
@pytest.mark.unmeasured
@pytest.mark.parametrize("language", QUOTING)
def test_a_string_without_an_end(language: str) -> None:
    """Escaped quotes in a string that is never closed take linear time in each language."""
    assert_fast(f"a.{language}", 'x = " \\" ', 150 * KB)


def assert_fast(name: str, title: str, size: int) -> None:
    """Scan a text within 2 s of CPU and 300 MB."""
    text = hostile_texts.texts(name, size)[title]()
    limits = Limits(2.0, 300_000_000)
    guard: Guard[str, float | str] = Guard(partial(seconds, name), lambda _, why: why, limits)
    (took,) = guard.run([text], 1)
    assert isinstance(took, float), took
