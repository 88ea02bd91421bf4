"""`catalog help`: show the documentation that comes with the program."""

import io
import sys
from collections.abc import Iterator, Mapping

import click

from catalog.cli.output import colors, say
from catalog.cli.pages import Page, folder, pages, plain
from catalog.cli.program import typed
from catalog.core.errors import NotFound
from catalog.core.text import closest, did_you_mean
from catalog.core.visible import visible

WIDTH = 100
"""The maximum width of a page on a terminal."""


@click.command("help")
@click.argument("topic", nargs=-1)
@click.pass_context
def show_help(context: click.Context, topic: tuple[str, ...]) -> int:
    """Show a page of the documentation, or list the topics.

    TOPIC is a page, a command, or the heading of a section: a setting such as hold.share, a rule
    such as model-removed, an error such as CatalogHeld. A terminal shows it page by page.
    """
    wanted, known = " ".join(topic), pages(folder())
    if not wanted:
        _list(known)
        return 0
    page = known.get(wanted.lower().removesuffix(".md"))
    if page is not None:
        _show(plain(page.text))
        return 0
    command = _command(context, topic)
    if command is not None:
        say(command)
        return 0
    found = list(_sections(known, wanted))
    if not found:
        below = _settings(known, wanted)
        if below:
            say(typed(f"Settings of {wanted}, explained by `catalog help SETTING`:"))
            say(visible_lines("\n".join(f"  {each}" for each in below)))
            return 0
        names = [*known, *(title for each in known.values() for title, _ in each.sections())]
        meant = did_you_mean(closest(wanted, names))
        raise NotFound(
            f"there is no topic {wanted!r}{meant}", hint="`catalog help` lists the topics."
        )
    _show(plain("\n\n".join(found)))
    return 0


def _list(known: Mapping[str, Page]) -> None:
    say(typed("Topics, shown by `catalog help TOPIC`:"))
    width = max(map(len, known), default=0)
    for topic, page in known.items():
        say(visible(f"  {topic:{width}}  {page.about}"))
    say(typed("TOPIC is also a command, a setting, a rule or an error: `catalog help hold.share`."))


def _sections(known: Mapping[str, Page], wanted: str) -> Iterator[str]:
    """Yield the sections with this heading, and the topic of each page."""
    for page in known.values():
        for title, text in page.sections():
            if title.lower() == wanted.lower():
                yield f"{text}\n\n(from `catalog help {page.topic}`)"


def _settings(known: Mapping[str, Page], section: str) -> list[str]:
    """Return the headings of the settings of a section, such as `hold`."""
    start = f"{section.lower()}."
    titles = (title for page in known.values() for title, _ in page.sections())
    return [title for title in titles if title.lower().startswith(start) and " " not in title]


def _command(context: click.Context, words: tuple[str, ...]) -> str | None:
    """Return the help of a command, None if it does not exist."""
    parent = context.find_root()
    command: click.Command | None = parent.command
    for word in words:
        command = _subcommand(parent, command, word)
        if command is None:
            return None
        parent = click.Context(command, parent, word)
    return parent.get_help()


def _subcommand(
    context: click.Context, group: click.Command | None, name: str
) -> click.Command | None:
    if not isinstance(group, click.Group) or name not in group.list_commands(context):
        return None
    return group.resolve_command(context, [name])[1]


def _show(text: str) -> None:
    """Print Markdown. On a terminal, render it and stop after each page."""
    if not sys.stdout.isatty():
        say(visible_lines(text))
        return
    from rich.console import Console
    from rich.markdown import Markdown

    colored, page = colors(sys.stdout), io.StringIO()
    console = Console(file=page, force_terminal=True, no_color=not colored)
    console.width = min(console.width, WIDTH)
    console.print(Markdown(text, hyperlinks=False))
    click.echo_via_pager(page.getvalue(), color=colored)


def visible_lines(text: str) -> str:
    """Return text with control characters escaped, line by line."""
    return "\n".join(map(visible, text.splitlines()))
