"""Invisible characters and long names in every output."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.support.builders import body, row
from tests.support.http_server import answer, serve
from tests.support.shell import Live, Shell

INVISIBLE = "gpt\u200b-4\u00a0\U000e0041"
SPELLED = r"gpt\u200b-4\xa0\U000e0041"
LONG = "n" * 300
CUT = "n" * 199 + "…"
CHAT = """
[[channel]]
kind = "webhook"
name = "chat"
format = "slack"
url = "{url}"
"""


@pytest.mark.long
def test_no_output_hides_a_character_or_shows_a_very_long_name(live: Live) -> None:
    """Every output but JSON spells out invisible characters, and all but CSV cut long names."""
    two = [row(), row(id=2, name=INVISIBLE), row(id=3, name=LONG)]
    with serve(answer()) as chat:
        shell, _ = live(answer(body=body(row())), answer(body=body(*two)))
        config = Path(shell.folder, "catalog.toml")
        config.write_text(CHAT.format(url=chat.url) + '[[channel]]\nkind = "log"\nname = "log"\n')
        shell("sync")
        shown = shell("sync")
    text = json.loads(chat.requests[0].body)["text"]
    document = Path(shell.folder, "docs", "models.md").read_text(encoding="utf-8")
    people = [shown.out, shown.err, text, document]
    people += [shell(*words).out for words in (["models"], ["changes"], ["diff", "1", "2"])]
    people += [shell(word, "--format", "markdown").out for word in ("models", "changes")]
    for output in people:
        assert INVISIBLE not in output
        assert SPELLED in output.replace("\\\\", "\\"), output
        assert LONG not in output, output
    for output in (document, *(shell("models", "--format", f).out for f in ("table", "markdown"))):
        assert CUT in output
    assert SPELLED in shell("show", INVISIBLE).out
    assert_whole(shell)


def assert_whole(shell: Shell) -> None:
    """Assert that JSON has names unchanged, and CSV spelled out and whole."""
    models = shell("models", "--format", "json").json["models"]
    assert {model["name"] for model in models} >= {INVISIBLE, LONG}
    rows = csv.reader(io.StringIO(shell("models", "--format", "csv").out))
    assert {line[1] for line in rows} >= {SPELLED, LONG}
    changes = shell("changes", "--format", "csv").out
    assert INVISIBLE not in changes
    rows = csv.reader(io.StringIO(changes))
    values = [cell for line in rows for cell in line if cell.startswith("{")]
    assert INVISIBLE in {json.loads(value)["name"] for value in values}


def test_a_check_spells_out_the_names_of_files(shell: Shell) -> None:
    """Text and JUnit escape invisible characters, and JSON keeps them."""
    name = "a\u2060\ufe0f.py"
    Path(shell.folder, name).write_text('model = "llama3"\n', encoding="utf-8")
    for style in ("text", "junit"):
        out = shell("check", ".", "--format", style, code=1).out
        assert name not in out
        assert r"a\u2060\ufe0f.py" in out
    (run,) = shell("check", ".", "--format", "sarif", code=1).json["runs"]
    assert name not in json.dumps([each["message"] for each in run["results"]], ensure_ascii=False)
    known = shell("check", ".", "--format", "json", code=1).json
    assert [notice["path"] for notice in known["notices"]] == [name]
    assert f"file={name}," in shell("check", ".", "--format", "github", code=1).out
