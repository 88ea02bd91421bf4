"""The program's tables on terminals of 80, 120 and 200 columns."""

import re
from pathlib import Path

import pytest

from tests.support.builders import body, row
from tests.support.http_server import answer
from tests.support.shell import UNMEASURED, Live, Shell

WIDTHS = (80, 120, 200)
TABLES = {
    "models": ("models", ("name", "status")),
    "forecast": ("forecasts", ("model",)),
    "snapshots": ("snapshots", ("taken_at",)),
    "polls": ("polls", ("started_at", "outcome", "error")),
    "changes": ("changes", ("at", "level", "model")),
}
"""Each command, where its rows are in JSON, and the members that a table never breaks."""


def shown(shell: Shell, command: str, width: int, **given: str) -> list[str]:
    """Return the lines of a command on a terminal of this width."""
    text, _ = shell.on_terminal(*command.split(), width=width, given={"NO_COLOR": "1", **given})
    return text.replace("\r", "").splitlines()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("command", TABLES)
def test_no_name_status_or_date_is_broken(demo: Shell, command: str, width: int) -> None:
    """Each name, status and date of the JSON is whole in the table, which fits the terminal."""
    rows, members = TABLES[command]
    lines = shown(demo, command, width, **UNMEASURED)
    table = [line for line in lines if not line.startswith("Not shown: ")]
    assert max(map(len, table)) <= width
    words = {word for line in table for word in re.split(r"[\s,;()]+", line)}
    text = " ".join(" ".join(table).split())
    for known in demo(command, "--format", "json").json[rows]:
        for member in members:
            value = known.get(member)
            assert value is None or " " in value or value in words, (member, value)
            assert value is None or value in text, (member, value)


@pytest.mark.parametrize(
    ("width", "headings"),
    [
        (80, ["ID", "Name", "Type", "Status", "Tokens"]),
        (120, ["ID", "Name", "Type", "Status", "Beta", "Tokens", "Title", "Description"]),
        (200, ["ID", "Name", "Type", "Status", "Beta", "Tokens", "Title", "Description"]),
    ],
)
def test_a_wider_terminal_shows_more(demo: Shell, width: int, headings: list[str]) -> None:
    """The columns that are not shown are the least important, and a line names them."""
    head, *lines = shown(demo, "models", width)
    assert head.split() == headings
    left_out = [name for name in ("Beta", "Title", "Description") if name not in headings]
    output = f"Not shown: {', '.join(left_out)}. A wider terminal or --format json shows all."
    before, _, note = " ".join(lines).partition("Not shown")
    assert before
    assert f"Not shown{note}" == output if left_out else not note
    assert max(map(len, lines)) <= width


def test_rows_of_a_narrow_terminal_are_blocks(demo: Shell) -> None:
    """On 40 columns each model is a block of lines with its whole name."""
    lines = shown(demo, "models", 40)
    assert lines[:3] == ["ID           2", "Name         whisper", "Type         stt"]
    assert "Name         mistralai/Ministral-3-14B-Instruct-2512" in lines
    assert shown(demo, "models", 300, COLUMNS="40") == lines


def test_a_long_name_and_a_long_text(live: Live) -> None:
    """A name of 75 characters is whole at any width, and a long description is cut."""
    name = "vendor/" + "n" * 68
    shell, _ = live(answer(body=body(row(name=name, description="words " * 50), row(id=2))))
    shell("sync")
    lines = shown(shell, "models", 120)
    assert any(name in line for line in lines)
    assert max(map(len, lines)) <= 120
    assert f"Name         {name}" in shown(shell, "models", 80)
    assert any(line.endswith("…") for line in shown(shell, "models", 300))
    ascii_only = shown(shell, "models", 300, PYTHONIOENCODING="ascii")
    assert any(line.endswith("...") for line in ascii_only)
    assert max(map(len, ascii_only)) <= 300


def test_an_ascii_terminal_has_its_own_signs(demo: Shell) -> None:
    """Without `→` a terminal gets `->`, and nothing goes over its edge."""
    changes = shown(demo, "changes", 80, PYTHONIOENCODING="ascii")
    assert "Qwen3-235B-A22B-Instruct-2507 ->" in "\n".join(changes)
    assert max(map(len, changes[:-1])) <= 80
    assert all(line.isascii() for line in changes)


def test_an_end_in_the_past_has_its_date(demo: Shell) -> None:
    """A past end is `over since` a day, and the best successor has the number of others."""
    lines = shown(demo, "forecast", 120)
    (qwen3,) = (line for line in lines if line.startswith("qwen3 "))
    assert re.split(r"  +", qwen3)[1:] == [
        *("2026-05-19", "over since 2026-06-18", "moonshotai/Kimi-K2.6 (+2)"),
    ]
    said = "ends        over since 2026-06-18 (Infomaniak's lifecycle policy)"
    assert said in shown(demo, "show qwen3", 120)


def test_sentences_go_on_under_their_beginning(demo: Shell) -> None:
    """Sentences of `sync`, `show`, `explain`, `check` and `db verify` are wrapped between words."""
    Path(demo.folder, "code.py").write_text('model = "openai/gpt-oss-120b"\n')
    for command in ("show qwen3", "explain 1", "db verify", "check --fail-on never code.py"):
        lines = shown(demo, command, 80)
        assert max(len(line) for line in lines if len(line.split()) > 2) <= 80 + 30, command
        assert not any(re.search(r"\S{100}", line) for line in lines), command
    explained = "\n".join(shown(demo, "explain 1", 80))
    assert "(Infomaniak's\n            lifecycle policy)" in explained
