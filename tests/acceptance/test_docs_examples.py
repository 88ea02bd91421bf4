import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from catalog.cli.main import cli
from catalog.config.load import load
from catalog.providers import recordings
from catalog.replay import behavior
from catalog.replay.server import ReplayServer
from catalog.report import annotations
from tests.support.checkout import ROOT, lay_checkout
from tests.support.markdown_pages import PAGES, blocks, examples, missing, type_in
from tests.support.reference.links import commands
from tests.support.shell import UNMEASURED, Shell

TYPED = [page for page in PAGES if blocks(page, "console")]
LANGUAGES = {"console", "json", "python", "sh", "text", "toml", "yaml"}
"""The languages of examples. Each has a test; text is output."""
LIVE = "docs/commands.md"
"""The page whose examples ask the provider."""
LINE = re.compile(r"^(?:catalog|scripts/run)\b(.*)$", re.MULTILINE)
OUTSIDE = re.compile(r"#.*|[|>&;].*")


def every(language: str) -> list[Any]:
    """Return a parameter for each block of a language, by page."""
    pages = [page for page in PAGES if page != "CHANGELOG.md"]
    return [pytest.param(block, id=page) for page in pages for block in blocks(page, language)]


@pytest.mark.long
@pytest.mark.parametrize("page", TYPED)
def test_the_examples_of_a_page_are_true(page: str, tmp_path: Path) -> None:
    """A page's examples work if they are typed from top to bottom, and print what it shows."""
    newest = recordings.find(recordings.shipped())[-1]
    with ReplayServer([newest]) as server:
        given = {"CATALOG_INFOMANIAK_URL": server.url, "INFOMANIAK_API_TOKEN": "tok-of-examples"}
        if page == "README.md":
            lay_checkout(tmp_path)
        ran = type_in(page, tmp_path, **(given if page == LIVE else UNMEASURED))
    assert len(ran) == len(list(examples(page))), "the shell ended early"
    for each in ran:
        seen = "\n".join([f"{page}: $ {each.example.command}", *each.lines])
        assert each.code == 0 or each.example.may_fail, seen
        absent = missing(each.example.shown, each.lines)
        assert absent is None, f"not shown: {absent}\n{seen}"


def test_an_untrue_example_is_noticed() -> None:
    """A missing or misplaced output line fails an example."""
    lines = ("one", "two 2", "three")
    assert missing(("one", "…", "two …"), lines) is None
    assert missing(("two 2", "one"), lines) == "one"
    assert missing(("two",), lines) == "two"


@pytest.mark.parametrize("page", PAGES)
def test_every_example_is_of_a_language_with_a_test(page: str) -> None:
    """No page has a fenced block that no test looks at."""
    text = (ROOT / page).read_text(encoding="utf-8")
    fences = re.findall(r"^ *```(.*)$", text, flags=re.MULTILINE)
    assert set(fences[::2]) <= LANGUAGES
    assert set(fences[1::2]) <= {""}


@pytest.mark.parametrize("block", every("toml"))
def test_each_configuration_loads(block: str, tmp_path: Path) -> None:
    """Each TOML example is a right configuration, annotations file or behavior file."""
    file = tmp_path / "catalog.toml"
    file.write_text(block, encoding="utf-8")
    tables = tomllib.loads(block)
    if "model" in tables:
        assert behavior.load(file).entries
    elif "20" in tables:
        assert annotations.load(annotations.read(file))
    else:
        if list(tables) == ["provider"] and isinstance(tables["provider"], dict):
            provider = '[[provider]]\nname = "x"\nkind = "json"\nurl = "https://e.org"\n'
            route = "route = '/'\n"
            file.write_text(f"{provider}{block}{route}", encoding="utf-8")
        for name in re.findall(r'\w+_file = "(.+)"', block):
            (tmp_path / name).write_text("https://chat.example.org/x", encoding="utf-8")
        given = load(file, environ={})
        assert given.sources
        assert len(given.settings.channel) == len(tables.get("channel", ()))


@pytest.mark.parametrize("block", every("sh"))
def test_each_shell_line_names_a_command_with_its_options(block: str) -> None:
    """Each line of a shell block that is not run names existing commands and options."""
    known = {name.removeprefix("catalog "): command for name, command in commands(cli)}
    own = {name for option in cli.params for name in option.opts} | {"--help", "-h"}
    for line in LINE.findall(block.replace("\\\n", " ")):
        words = OUTSIDE.sub("", line).split()
        while words and words[0].startswith("-"):
            assert words[0] in own, line
            words = words[2 if words[0] in {"--config", "--database"} else 1 :]
        name = next((name for name in (" ".join(words[:2]), *words[:1]) if name in known), None)
        assert name or not words, line
        options = {word for word in words if word.startswith("-") and word != "-"}
        assert not name or options <= _options(known[name]), line


def _options(command: click.Command) -> set[str]:
    return {name for each in command.params for name in each.opts} | {"--help"}


@pytest.mark.parametrize("block", every("yaml"))
def test_each_yaml_block_is_right(block: str) -> None:
    """Each YAML example can be read."""
    assert yaml.safe_load(block)


@pytest.mark.parametrize("block", every("python"))
def test_each_python_block_compiles(block: str) -> None:
    """Each Python example is valid."""
    compile(block.replace("…", "..."), "example", "exec")


READING = (
    ["models"],
    ["show", "qwen3"],
    ["changes", "--level", "quiet"],
    ["diff", "1", "5"],
    ["explain", "5"],
    ["forecast"],
    ["snapshots"],
    ["polls"],
    ["notes"],
    ["matrix"],
    ["status"],
    ["alerts"],
    ["tune"],
    ["config", "show"],
    ["db", "verify"],
)
"""The commands whose JSON can be made from the demo alone."""


@pytest.mark.long
def test_the_json_page_has_each_member_of_the_output(tmp_path: Path) -> None:
    """Every member in the JSON of a command over the demo's history is on docs/json.md."""
    page = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    known = set(re.findall(r"`(\w+)`", page)) | {"schema_version"}
    Shell(tmp_path)("demo")
    shell = Shell(tmp_path, {"CATALOG_CONFIG": "demo/catalog.toml"})
    for command in READING:
        code = 1 if command == ["status"] else 0
        found = set(_members(shell(*command, "--format", "json", code=code).json))
        assert found <= known, (command, found - known)


def _members(value: Any) -> Iterator[str]:
    """Yield member names, without provider fields, settings and levels."""
    match value:
        case dict():
            for name, inner in value.items():
                yield name
                if name not in {"settings", "before", "after", "facts", "told"}:
                    yield from _members(inner)
        case list():
            for inner in value:
                yield from _members(inner)
