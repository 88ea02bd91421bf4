"""`catalog help`: the documentation in the terminal."""

import os
import pty
import re
import subprocess
from pathlib import Path

from catalog.cli.pages import folder, pages
from catalog.cli.program import STARTED_AS
from tests.support.shell import Shell


def test_the_topics_are_listed_with_a_sentence_each(shell: Shell) -> None:
    """Every page of the documentation is a topic, and the data page is none."""
    lines = shell("help").lines
    known = pages(folder())
    assert [line.split()[0] for line in lines[1:-1]] == list(known)
    assert all(len(line.split()) > 2 for line in lines[1:-1])
    assert "models" not in known


def test_a_page_is_shown_whole_with_links_that_a_reader_can_use(shell: Shell) -> None:
    """Where there is no terminal, the page's own text comes, and each link names its topic."""
    ran = shell("help", "errors")
    assert ran.lines[0] == "# Errors"
    assert "(`catalog help held`)" in ran.out
    assert not re.search(r"\]\([a-z-]+\.md", ran.out)
    assert shell("help", "errors.md").out == ran.out


def test_a_command_shows_its_own_help(shell: Shell) -> None:
    """A command's topic is the same text as its --help."""
    assert shell("help", "alerts", "test").out == shell("alerts", "test", "--help").out
    assert shell("help", "provider").out == shell("provider", "--help").out
    assert "no topic 'status extra'" in shell("help", "status", "extra", code=2).err
    assert "no topic 'alerts none'" in shell("help", "alerts", "none", code=2).err


def test_a_setting_a_rule_and_an_error_are_topics(shell: Shell) -> None:
    """The section of a heading is shown alone, with the topic of its page."""
    setting = shell("help", "hold.share").lines
    assert setting[0] == "### hold.share"
    assert setting[-1] == "(from `catalog help configuration`)"
    assert sum(line.startswith("#") for line in setting) == 1
    assert shell("help", "model-removed").lines[0] == "### model-removed"
    assert "**Exit code:** 5" in shell("help", "catalogheld").out


def test_a_section_lists_its_settings(shell: Shell) -> None:
    """The name of a section shows the settings below it."""
    ran = shell("help", "hold")
    assert ran.lines[0] == "Settings of hold, explained by `catalog help SETTING`:"
    assert ran.lines[1:] == ["  hold.share", "  hold.floor", "  hold.polls", "  hold.apart"]


def test_an_unknown_topic_gets_a_suggestion(shell: Shell) -> None:
    """A mistyped topic is exit 2, with the nearest one and the command that lists all."""
    ran = shell("help", "confguration", code=2)
    assert ran.err.splitlines() == [
        "error: there is no topic 'confguration'; did you mean configuration?",
        "hint: `catalog help` lists the topics.",
    ]


def test_a_terminal_gets_the_page_rendered(shell: Shell) -> None:
    """On a terminal the headings and lists of a page are drawn, not its Markdown."""
    shown, _ = shell.on_terminal("help", "hold.share", given={"NO_COLOR": "1"})
    assert "hold.share" in shown
    assert "###" not in shown
    assert "(from catalog help configuration)" in shown


def test_a_pager_shows_the_page_where_keys_can_be_typed(shell: Shell, tmp_path: Path) -> None:
    """Where stdin and stdout are a terminal, the page goes through PAGER."""
    pager = tmp_path / "pager"
    pager.write_text(f"#!/bin/sh\ncat > {tmp_path}/got\n")
    pager.chmod(0o755)
    ours, theirs = pty.openpty()
    given = {"PAGER": str(pager), "TERM": "xterm", "FORCE_COLOR": "1"}
    environ = shell.environ | given
    line = shell.line("help", "hold.share")
    subprocess.run(line, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, check=True)
    os.close(theirs)
    os.close(ours)
    assert "\x1b[1m" in (tmp_path / "got").read_text()


def test_hints_name_the_command_that_was_typed(shell: Shell) -> None:
    """A hint can be typed in a checkout, where only `scripts/run` is a command."""
    given = {STARTED_AS: "scripts/run"}
    ran = shell("models", code=6, given=given)
    assert "hint: Run `scripts/run sync` first, or `scripts/run init` if" in ran.err
    assert "Did you mean `scripts/run changes`?" in shell("history", code=2, given=given).err
    assert shell("help", given=given).out.startswith("Topics, shown by `scripts/run help TOPIC`:")
