"""Choose the document of `catalog init`. One without markers belongs to the user."""

from dataclasses import dataclass
from itertools import count
from pathlib import Path

import click

from catalog.cli.init_ask import Ask
from catalog.cli.output import note
from catalog.core.errors import DocumentError
from catalog.report.write import is_spared

NONE = "none"
APPEND = "append"
USUAL = Path("docs/models.md")


@dataclass(frozen=True, slots=True)
class ChosenDocument:
    """The document, None without one. With `appends`, the regions are added at its end."""

    path: Path | None
    appends: bool = False


def choose_document(ask: Ask, given: str | None, folder: Path, *, appends: bool) -> ChosenDocument:
    """Return the document. Ask about a document without markers on a terminal."""
    usual = str(folder / USUAL)
    answer = given or ask.text("Markdown overview to keep up to date, or none", usual, _readable)
    if _readable(answer) == NONE:
        return ChosenDocument(None)
    path = Path(answer)
    if not is_spared(path):
        return ChosenDocument(path)
    if appends:
        return ChosenDocument(path, appends=True)
    if ask.is_on:
        return _asked(ask, path)
    if given is not None:
        raise click.UsageError(
            f"{path} exists without markers, so it is yours. To add the regions at its end: "
            f"--append. To write elsewhere: --document {_free(path)}."
        )
    other = _free(path)
    note(f"{path} exists without markers, so it is not changed. The document is {other}.")
    return ChosenDocument(other)


def _asked(ask: Ask, path: Path) -> ChosenDocument:
    note(f"{path} exists without markers, so it is yours.")
    while True:
        question = "Type append (the regions are added at its end), none, or another file"
        answer = ask.text(question, str(_free(path)), _readable)
        if answer in {APPEND, NONE}:
            return ChosenDocument(path if answer == APPEND else None, answer == APPEND)
        if not is_spared(Path(answer)):
            return ChosenDocument(Path(answer))
        path = Path(answer)
        note(f"{path} exists without markers, too.")


def _readable(answer: str) -> str:
    """Return an answer, or raise UsageError if it is an unreadable document."""
    try:
        is_spared(Path(answer))
    except DocumentError as error:
        raise click.UsageError(f"{error}.") from None
    return answer


def _free(path: Path) -> Path:
    """Return another file beside a document: new, or with markers."""
    names = (path.with_stem(f"{path.stem}-catalog{'' if n == 1 else n}") for n in count(1))
    return next(each for each in names if not is_spared(each))
