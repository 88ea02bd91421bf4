"""The page about the Python interface is true."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import replace

import catalog
from catalog import Catalog
from catalog.providers.recordings import find, shipped
from catalog.replay.server import ReplayServer
from tests.support.checkout import ROOT
from tests.support.markdown_pages import tokens
from tests.support.shell import Shell

PAGE = "docs/python.md"
END = "\x1e"
SECONDS = 60


def cells() -> Iterator[tuple[str, str]]:
    """Return each block of Python and its output on the page."""
    fences = [token for token in tokens(PAGE) if token.type == "fence"]
    for cell, following in zip(fences, [*fences[1:], None], strict=True):
        if cell.info == "python":
            shown = following is not None and following.info == "text"
            yield cell.content, following.content if shown and following else ""


def run_cells(shell: Shell, codes: list[str]) -> list[str]:
    """Run blocks in one process, and return what each printed."""
    lines = ["names = {}"]
    for number, code in enumerate(codes, start=1):
        lines.append(f"exec(compile({code!r}, 'block {number}', 'exec'), names)")
        lines.append(f"print({END!r}, end='')")
    with shell.python("-c", "\n".join(lines)) as running:
        out, err = running.communicate(timeout=SECONDS)
    assert (running.returncode, err) == (0, "")
    return out.split(END)[:-1]


def test_the_walk_through_prints_what_the_page_shows(own_demo: Shell) -> None:
    """Run from the top in the folder of the demo, each block prints the output that follows it."""
    known = list(cells())
    with ReplayServer([find(shipped())[-1]]) as server:
        live = {"CATALOG_INFOMANIAK_URL": server.url, "INFOMANIAK_API_TOKEN": "tok-of-the-page"}
        printed = run_cells(replace(own_demo, given=live), [code for code, _ in known])
    for (code, shown), output in zip(known, printed, strict=True):
        assert output == shown, code


def test_the_reference_has_every_public_name_and_method() -> None:
    """Each public name and each method of `Catalog` is on the generated page."""
    page = (ROOT / "docs" / "python-reference.md").read_text(encoding="utf-8")
    assert set(catalog.__all__) <= set(re.findall(r"(?:`|### )(\w+)", page))
    methods = [name for name, _ in inspect.getmembers(Catalog, callable) if name[0] != "_"]
    assert set(methods) <= set(re.findall(r"^#### (\w+)", page, re.MULTILINE))
