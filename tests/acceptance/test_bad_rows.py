"""Bad, repeated and bare rows, as the commands show them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.http_server import Step, answer, serve
from tests.support.shell import Shell

ACME = """
[[provider]]
name = "acme"
kind = "openai"
url = "{url}"
removals = "at once"

[provider.list]
authorization = "none"
"""
BAD = 'found "tree-7", as in $.data[7], expected each key once'


def tree(at: int, **facts: Any) -> dict[str, Any]:
    """Make a row."""
    return {"id": f"tree-{at}", "object": "model", **facts}


WOOD = [tree(at) for at in range(150)]
TWICE = [*WOOD, tree(7, context_window=4)]


def write(shell: Shell, name: str, content: Any) -> str:
    """Write a JSON file and return its name."""
    Path(shell.folder, name).write_text(json.dumps(content), encoding="utf-8")
    return name


def sent(content: Any) -> Step:
    """Answer with JSON."""
    return answer(body=json.dumps(content).encode())


def configure(shell: Shell, url: str = "http://127.0.0.1:9", more: str = "") -> None:
    """Write the configuration."""
    text = ACME.format(url=url).replace("[provider.list]", f"{more}\n\n[provider.list]")
    Path(shell.folder, "catalog.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"data": WOOD[:2]}, None),
        ({"data": [WOOD[0], WOOD[0]]}, None),
        (WOOD[:2], None),
        ({"data": [WOOD[0], tree(0, x=1), tree(0, x=2)]}, "each key once"),
        ({"models": []}, "$.data: found nothing"),
        ({"data": [{}]}, "$.data[0].id: found nothing"),
    ],
    ids=["right", "repeated", "bare", "contradicting", "another shape", "no key"],
)
def test_validate_and_sync_judge_alike(shell: Shell, content: Any, said: str | None) -> None:
    """`validate` never says valid of what `sync` refuses, and both give the same problems."""
    file = write(shell, "answer.json", content)
    with serve(sent(content)) as server:
        configure(shell, server.url)
        ran = shell("validate", file, code=0 if said is None else 1)
        polled = shell("sync", code=0 if said is None else 4)
    shell("diff", file, file, code=0 if said is None else 4)
    if said is not None:
        assert said in ran.out
        shown = [line.strip() for line in polled.err.splitlines() if line.startswith("  $")]
        assert shown == ran.lines


def test_a_bad_row_of_a_long_list_from_the_first_poll_to_its_end(shell: Shell) -> None:
    """One bad row is reported once, the fast path goes on, and the database stays sound."""
    good, bad = sent({"data": WOOD}), sent({"data": TWICE})
    with serve(good, bad, bad, good) as server:
        configure(shell, server.url)
        shell("sync")
        output = shell("sync")
        assert output.lines[0].endswith("acme: unchanged, snapshot 1, 1 finding")
        assert output.lines[1] == f"  warning   1 row refused (tree-7): $.data[150]: {BAD}"
        assert shell("sync").lines[0].endswith("acme: unchanged, snapshot 1")
        over = shell("sync")
        assert over.lines[1] == "  warning   1 row no longer refused (tree-7)"
    logged = shell("changes", "--format", "json").json["changes"]
    assert [each["rule"] for each in logged] == ["row-refused", "row-recovered"]
    assert (logged[0]["models"], logged[0]["problems"]) == (["tree-7"], [f"$.data[150]: {BAD}"])
    facts = shell("explain", "1").lines
    assert f"    tree-7: $.data[150]: {BAD}" in facts
    shell("db", "verify")


def test_the_first_poll_may_have_a_bad_row(shell: Shell) -> None:
    """Without a database yet, a bad row is left out and reported."""
    with serve(sent({"data": [*WOOD, {}]})) as server:
        configure(shell, server.url)
        ran = shell("sync")
    assert ran.lines[0].endswith("acme: first, snapshot 1, 150 models, 1 finding")
    assert ran.lines[1].startswith("  warning   1 row refused ($.data[150]): $.data[150].id: found")


def test_validate_names_refused_rows(shell: Shell) -> None:
    """A valid answer with bad rows is valid, with the rows, in text and in JSON."""
    configure(shell)
    file = write(shell, "answer.json", {"data": TWICE})
    ran = shell("validate", file)
    assert ran.lines == [
        f"row refused: $.data[150]: {BAD}",
        "valid: 149 models, 1 row refused, 0 kinds of drift",
    ]
    output = shell("validate", file, "--format", "json").json
    assert (output["models"], output["problems"]) == (149, [])
    assert [each["path"] for each in output["refused"]] == ["$.data[150]"]
    configure(shell, more="bad_rows_share = 0")
    assert shell("validate", file, code=1).lines == [f"$.data[150]: {BAD}"]
    configure(shell, more="bad_rows_share = 0.5\nbad_rows_above = 2")
    small = write(shell, "small.json", {"data": [*WOOD[:3], {}]})
    assert shell("validate", small).lines[-1] == (
        "valid: 3 models, 1 row refused, 0 kinds of drift"
    )


def test_diff_names_repeated_rows(shell: Shell) -> None:
    """A row that is listed twice is one model, and is named beside the differences."""
    configure(shell)
    old = write(shell, "old.json", {"data": WOOD})
    new = write(shell, "new.json", {"data": [*WOOD[1:], WOOD[1]]})
    ran = shell("diff", old, new)
    assert [line.split()[2] for line in ran.lines[1:]] == ["model-removed"]
    assert ran.err.splitlines() == [f"{new}: row listed 2 times ({WOOD[1]['id']})"]


def test_diff_takes_a_bad_row_from_the_other_side(shell: Shell) -> None:
    """A model with a bad row on one side is no difference, and the row is named."""
    configure(shell)
    old, new = write(shell, "old.json", {"data": WOOD}), write(shell, "new.json", {"data": TWICE})
    said = f"{new}: a row is left out: $.data[150]: {BAD}"
    for words in ((old, new), (new, old)):
        ran = shell("diff", *words)
        assert (ran.lines, ran.err.splitlines()) == (["no changes"], [said])
    nameless = write(shell, "nameless.json", {"data": [*WOOD[:149], {"object": "model"}]})
    assert shell("diff", old, nameless).lines == ["no changes"]


def test_check_names_a_row_that_is_left_out(shell: Shell) -> None:
    """`check` takes a catalog with bad rows, names them, and knows the models before."""
    configure(shell)
    write(shell, "ai.py", "x")
    Path(shell.folder, "ai.py").write_text('acme = 1\nmodel = "tree-7"\n', encoding="utf-8")
    folder = Path(shell.folder, "polls")
    folder.mkdir()
    for day, rows in enumerate((WOOD, TWICE), start=1):
        (folder / f"2026-01-0{day}T000000Z.json").write_text(json.dumps({"data": rows}))
    ran = shell("check", "--trust-config", "ai.py", "--catalog", "polls")
    assert ran.err.splitlines() == [f"polls: a row is left out: $.data[150]: {BAD}"]
    assert ran.lines[0].startswith("nothing to report: 1 use")


def test_the_settings_are_shown(shell: Shell) -> None:
    """`config show` has the share and the length for each kind, with their source."""
    configure(shell, more="bad_rows_above = 40")
    shown = shell("config", "show", "--format", "json").json["settings"]
    assert shown["provider.0.bad_rows_share"] == {"value": "0.02", "source": "default"}
    assert shown["provider.0.bad_rows_above"]["value"] == "40"
    text = '[[provider]]\nname = "infomaniak"\nkind = "infomaniak"\n'
    Path(shell.folder, "catalog.toml").write_text(text, encoding="utf-8")
    shown = shell("config", "show", "--format", "json").json["settings"]
    assert shown["provider.0.bad_rows_share"] == {"value": "0.0", "source": "default"}
    configure(shell, more="bad_rows_share = 1.5")
    assert "provider.0.bad_rows_share" in shell("config", "check", code=2).err
