"""Parse the documentation: headings, links, blocks, and console examples."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.support.checkout import ROOT
from tests.support.forks import put_command
from tests.support.shell import COMMAND, Shell

PAGES = sorted(
    page.relative_to(ROOT).as_posix() for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
)
HOME = "/home/you"
"""Placeholder in the pages for the folder in which their examples run."""
PORT = "8765"
"""Placeholder in the pages for a free port of their examples."""
SECONDS = 240
_END = "\x1e"
_CONTINUED = re.compile(r">( |$)")


@dataclass(frozen=True, slots=True)
class Example:
    """A command of a page, its expected lines, and whether it fails."""

    command: str
    shown: tuple[str, ...]
    may_fail: bool


@dataclass(frozen=True, slots=True)
class Typed:
    """An example that was run: its exit code and its lines."""

    example: Example
    code: int
    lines: tuple[str, ...]


@cache
def tokens(page: str) -> tuple[Token, ...]:
    """Read a page, named by its path in the repository."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return tuple(MarkdownIt("commonmark").enable("table").parse(text))


def sections(page: str, level: int) -> dict[str, str]:
    """Return the text of each section of a level, by its heading."""
    lines = (ROOT / page).read_text(encoding="utf-8").split("\n")
    starts = [
        (token.map[0], token.tag, tokens(page)[index + 1].content)
        for index, token in enumerate(tokens(page))
        if token.type == "heading_open" and token.map
    ]
    ends = [*(start for start, _, _ in starts[1:]), len(lines)]
    return {
        words: "\n".join(lines[start:end])
        for (start, tag, words), end in zip(starts, ends, strict=True)
        if tag == f"h{level}"
    }


def anchors(page: str) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub does."""
    headings = [words for level in range(1, 7) for words in sections(page, level)]
    return {re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-") for words in headings}


def links(page: str) -> Iterator[tuple[Path, str]]:
    """Yield file and heading of each link or picture.

    Only links to local files count.
    """
    for token in tokens(page):
        for child in token.children or ():
            address = str(child.attrGet("href") or child.attrGet("src") or "")
            if address and "://" not in address:
                path, _, anchor = address.partition("#")
                here = ROOT / page
                yield (here.parent / path).resolve() if path else here, anchor


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return [token.content for token in tokens(page) if token.info == language]


def examples(page: str) -> Iterator[Example]:
    """Read the console blocks: commands after `$ `, then their expected lines.

    A command continues in lines after `> `.
    """
    for block in blocks(page, "console"):
        before, *parts = re.split(r"^\$ ", block, flags=re.MULTILINE)
        assert not before, f"{page}: a console block begins with a command"
        for part, following in zip(parts, [*parts[1:], ""], strict=True):
            command, *rest = part.rstrip("\n").split("\n")
            more = list(takewhile(_CONTINUED.match, rest))
            shown = tuple(rest[len(more) :])
            whole = "\n".join([command, *(_CONTINUED.sub("", line) for line in more)])
            yield Example(whole, shown, following.startswith("echo $?"))


def type_in(page: str, folder: Path, **given: str) -> list[Typed]:
    """Type a page's examples into one shell, from top to bottom.

    Their servers listen on a port that is free here.
    """
    typed = list(examples(page))
    script = "".join(
        f"{each.command}\ncode=$?; printf '{_END}%s{_END}' $code; (exit $code)\n" for each in typed
    ).replace(PORT, str(free_port()))
    with TemporaryDirectory() as programs:
        inherited = put_command(Path(programs))
        path = os.pathsep.join([programs, str(COMMAND.parent), os.defpath])
        ended = subprocess.run(
            ["/usr/bin/env", "bash", "-c", script],
            cwd=folder,
            env=Shell(folder, {"PATH": path}).environ | given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            timeout=SECONDS,
            pass_fds=[inherited],
        )
    outputs = ended.stdout.replace(str(folder), HOME).split(_END)
    return [
        Typed(each, int(code), tuple(output.split("\n")))
        for each, output, code in zip(typed, outputs[::2], outputs[1::2], strict=False)
    ]


def free_port() -> int:
    """Find a free port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def missing(shown: tuple[str, ...], lines: tuple[str, ...]) -> str | None:
    """Return the first missing line, in this order. `…` matches anything."""
    rest = iter(lines)
    for line in shown:
        pattern = ".*".join(map(re.escape, line.split("…")))
        if line != "…" and not any(re.fullmatch(pattern, each) for each in rest):
            return line
    return None
