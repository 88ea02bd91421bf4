import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest
from sqlmodel import SQLModel

import catalog.store.tables  # noqa: F401  # fills the metadata
from catalog.changes.rules import rules
from catalog.check.notice import CHECK_RULES
from catalog.cli.main import cli
from catalog.config.channels import AnyChannel
from catalog.config.load import load
from catalog.config.network import HttpSettings
from catalog.config.providers import DocumentSettings, ListSettings, ProviderSettings
from catalog.config.settings import (
    HoldSettings,
    Settings,
)
from catalog.config.sources import plain_settings
from catalog.core.errors import CatalogError, ProviderError
from catalog.providers import recordings
from catalog.replay.faults import FAULTS
from catalog.replay.server import ReplayServer
from tests.support.checkout import ROOT, lay_checkout
from tests.support.markdown_pages import (
    PAGES,
    anchors,
    blocks,
    examples,
    links,
    missing,
    sections,
    type_in,
)
from tests.support.shell import UNMEASURED, Shell

COMMANDS, CONFIGURATION = "docs/commands.md", "docs/configuration.md"
PROVIDERS = "docs/providers.md"
SECONDS = 120


def errors(kind: type[CatalogError] = CatalogError) -> Iterator[type[CatalogError]]:
    """Return every error of the tree."""
    yield kind
    for derived in kind.__subclasses__():
        yield from errors(derived)


def commands(group: click.Group, name: str = "catalog") -> Iterator[tuple[str, click.Command]]:
    """Return every command by its full name."""
    context = click.Context(group)
    for word in group.list_commands(context):
        _, command, _ = group.resolve_command(context, [word])
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}")
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{name} {word}", command


def options(command: click.Command) -> set[str]:
    """Return the options of a command, long and short."""
    return {name for each in command.params for name in each.opts if name.startswith("-")}


def assert_true(page: str, folder: Path, **given: str) -> None:
    """Run a page's examples and compare exit codes and output with the page."""
    ran = type_in(page, folder, **given)
    assert len(ran) == len(list(examples(page))), "the shell ended early"
    for each in ran:
        told = "\n".join([f"{page}: $ {each.example.command}", *each.lines])
        assert each.code == 0 or each.example.may_fail, told
        absent = missing(each.example.shown, each.lines)
        assert absent is None, f"not shown: {absent}\n{told}"


@pytest.mark.long
def test_the_tour_can_be_typed_in_as_it_stands(tmp_path: Path) -> None:
    """Every command of the README's tour works in a checkout without a token."""
    lay_checkout(tmp_path)
    assert_true("README.md", tmp_path, **UNMEASURED)


@pytest.mark.long
def test_the_examples_of_the_commands_are_true(tmp_path: Path) -> None:
    """Every example of docs/commands.md works if they run in order."""
    newest = recordings.find(recordings.shipped())[-1]
    with ReplayServer([newest]) as server:
        live = {"CATALOG_INFOMANIAK_URL": server.url, "INFOMANIAK_API_TOKEN": "tok-of-the-examples"}
        assert_true(COMMANDS, tmp_path, **live)


def test_the_examples_of_the_check_are_true(tmp_path: Path) -> None:
    """Every example of docs/check.md works if they run in order."""
    assert_true("docs/check.md", tmp_path)


@pytest.mark.long
def test_a_provider_that_nobody_knows_is_added_as_the_page_says(tmp_path: Path) -> None:
    """Typed from the top to the bottom, docs/providers.md adds a made-up provider and polls it."""
    assert_true(PROVIDERS, tmp_path)


def test_every_rule_of_the_check_has_its_heading() -> None:
    """docs/check.md has a section for each rule, in order, with its level and reason."""
    told = sections("docs/check.md", 3)
    assert list(told) == list(CHECK_RULES)
    for name, rule in CHECK_RULES.items():
        lines = told[name].split("\n")
        assert f"- **Level:** `{rule.level}`" in lines, name
        assert f"- **Why:** {rule.why}" in lines, name


def test_an_untrue_example_is_noticed() -> None:
    """A missing or misplaced output line fails an example."""
    lines = ("one", "two 2", "three")
    assert missing(("one", "…", "two …"), lines) is None
    assert missing(("two 2", "one"), lines) == "one"
    assert missing(("two",), lines) == "two"


def test_every_command_has_its_heading_with_each_of_its_options() -> None:
    """docs/commands.md has a section for each command, with its options and no others."""
    told = {
        name: text for name, text in sections(COMMANDS, 2).items() if name.startswith("catalog ")
    }
    known = dict(commands(cli))
    assert told.keys() == known.keys()
    for name, command in known.items():
        rows = re.findall(r"^\| (`-.*?) \|", told[name], flags=re.MULTILINE)
        assert set(re.findall(r"`(-[\w-]+)", " ".join(rows))) == options(command), name


def test_every_fault_is_told_with_what_comes_of_it() -> None:
    """docs/commands.md lists each kind of fault in order, as the program describes it."""
    told = sections(COMMANDS, 3)["Faults"]
    rows = re.findall(r"^\| `(.+?)` \| (.+) \| `(\w+)` \|$", told, flags=re.MULTILINE)
    assert rows == [(each.kind, each.does, str(each.outcome)) for each in FAULTS.values()]


def test_every_option_before_the_command_is_told() -> None:
    """docs/commands.md has the options that every command shares, and no others."""
    told = sections(COMMANDS, 2)["Options before the command"]
    rows = re.findall(r"^\| (`-.*?) \|", told, flags=re.MULTILINE)
    known = options(cli) | {"-h", "--help"}
    assert set(re.findall(r"`(-[\w-]+)", " ".join(rows))) == known


def test_every_setting_has_its_heading() -> None:
    """docs/configuration.md has a section for each setting, and no other."""
    of_channels = {name for kind in get_args(AnyChannel) for name in kind.model_fields}
    known = {*plain_settings(Settings), "rules.ID", *(f"channel.N.{name}" for name in of_channels)}
    known |= {f"provider.N.{name}" for name in ProviderSettings.model_fields} - {"provider.N.list"}
    known |= {f"provider.N.list.{name}" for name in ListSettings.model_fields}
    assert sections(CONFIGURATION, 3).keys() == known


def test_the_default_and_the_variable_of_each_setting_are_true(tmp_path: Path) -> None:
    """The documented default in the documented variable changes only the source of a value."""
    told = sections(CONFIGURATION, 3)
    home = {"HOME": str(tmp_path)}
    without = {"schedule.cron": "@daily", "probe.cron": "@daily"}
    without |= {"infomaniak.product_id": "7", "ping.url": "https://hc-ping.com/x"}
    without |= {"signal.removals": "again", "http.proxy": "http://proxy.example:3128"}
    for name in plain_settings(Settings):
        variable = re.search(r"^- \*\*Variable:\*\* `(\w+)`", told[name], flags=re.MULTILINE)
        default = re.search(r"^- \*\*Default:\*\* (none|`(.+)`)$", told[name], flags=re.MULTILINE)
        assert variable, name
        assert default, name
        value = default[2] or without.get(name, "any")
        given = load(None, environ=home | {variable[1]: value}, files=False)
        assert given.sources[name] == f"environment {variable[1]}"
        assert (given.settings == load(None, environ=home).settings) == bool(default[2]), name


def test_the_example_providers_load(tmp_path: Path) -> None:
    """Every [[provider]] that the documentation shows is a right configuration."""
    shown = [
        block
        for page in (CONFIGURATION, PROVIDERS)
        for block in blocks(page, "toml")
        if "[[provider]]" in block
    ]
    assert len(shown) == 2
    for block in shown:
        file = tmp_path / "catalog.toml"
        file.write_text(block, encoding="utf-8")
        for each in load(file, environ={}, files=False).settings.each:
            assert each.one.url


def test_the_example_configuration_holds_every_setting_and_loads(tmp_path: Path) -> None:
    """The example is a right configuration, with the true defaults and a line for each setting."""
    example = blocks(CONFIGURATION, "toml")[0]
    file = tmp_path / "catalog.toml"
    file.write_text(example, encoding="utf-8")
    settings = load(file, environ={}).settings
    assert (settings.http, settings.hold) == (HttpSettings(), HoldSettings())
    assert settings.document.recent == DocumentSettings().recent
    assert settings.document.path == tmp_path / str(DocumentSettings().path)
    assert {channel.kind for channel in settings.channel} == {
        get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(AnyChannel)
    }
    for name in sections(CONFIGURATION, 3).keys() - {"rules.ID"}:
        if name.startswith("provider."):
            continue  # docs/providers.md has examples of them
        key = name.rpartition(".")[2]
        assert re.search(rf"^(# )?{key} = ", example, flags=re.MULTILINE), name


@pytest.mark.parametrize("block", blocks("README.md", "toml"))
def test_each_configuration_in_the_readme_loads(block: str, tmp_path: Path) -> None:
    """Each configuration in the README loads if the files it names exist."""
    for name in re.findall(r'\w+_file = "(.+)"', block):
        (tmp_path / name).write_text("https://chat.example.org/x", encoding="utf-8")
    file = tmp_path / "catalog.toml"
    file.write_text(block, encoding="utf-8")
    given = load(file, environ={})
    assert given.sources
    assert len(given.settings.channel) == len(tomllib.loads(block).get("channel", ()))


def test_every_rule_has_its_heading_with_its_level_and_reason() -> None:
    """docs/rules.md has a section for each rule, in order, with the table's level and reason."""
    told = sections("docs/rules.md", 3)
    assert list(told) == list(rules())
    for name, rule in rules().items():
        lines = told[name].split("\n")
        assert f"- **Level:** `{rule.level}`" in lines, name
        assert f"- **Why:** {rule.why}" in lines, name
        assert "- **Fires when** " in told[name], name
        assert "- **Do:** " in told[name], name


def test_every_error_has_its_heading_with_its_exit_code_and_hint() -> None:
    """docs/errors.md has a section for each error, with its exit code and its very hint."""
    told = sections("docs/errors.md", 3)
    known = {kind.__name__: kind for kind in errors()}
    assert list(told) == list(known)
    for name, kind in known.items():
        assert f"- **Exit code:** {kind.exit_code}" in told[name], name
        assert f"- **Hint:** {kind.hint}" in told[name] or not kind.hint, name
        assert "- **What happened:** " in told[name], name
        assert "- **What to do:** " in told[name], name
        again = issubclass(kind, ProviderError) and kind.retryable
        assert ("*tried again*" in told[name]) == again, name


@pytest.mark.parametrize("page", ["README.md", "docs/errors.md"])
def test_every_exit_code_is_explained(page: str) -> None:
    """Both tables of exit codes have every code that a command chooses, and no other."""
    told = sections(page, 2)["Exit codes"]
    codes = {int(code) for code in re.findall(r"^\| (\d\d?) \|", told, flags=re.MULTILINE)}
    assert codes == {0} | {kind.exit_code for kind in errors()}


def test_every_table_and_column_is_explained() -> None:
    """docs/database.md has a section for each table, with a line for each column in order."""
    told = sections("docs/database.md", 3)
    for table in SQLModel.metadata.sorted_tables:
        rows = re.findall(r"^\| `(\w+)` \|", told[table.name], flags=re.MULTILINE)
        assert rows == [column.name for column in table.columns], table.name


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Every relative link names an existing file, and an existing heading if it has one."""
    for file, anchor in links(page):
        assert file.exists(), f"{page}: {file}"
        where = file.relative_to(ROOT).as_posix()
        assert not anchor or anchor in anchors(where), f"{page}: {where}#{anchor}"


def test_every_page_is_found_from_the_readme() -> None:
    """Every page is reachable by links from the README."""
    seen, todo = set[str](), ["README.md"]
    while todo:
        seen.add(todo[0])
        found = {file.relative_to(ROOT).as_posix() for file, _ in links(todo.pop(0))}
        todo += sorted((found & set(PAGES)) - seen)
    assert sorted(seen) == PAGES


@pytest.mark.long
def test_the_manual_page_has_every_command_and_option() -> None:
    """docs/catalog.1, which the wheel installs, is what `scripts/man` writes."""
    with Shell(ROOT).python(ROOT / "scripts" / "man", "--check") as running:
        _, err = running.communicate(timeout=SECONDS)
    assert (running.returncode, err) == (0, "")
    page = (ROOT / "docs" / "catalog.1").read_text(encoding="ascii").replace("\\-", "-")
    for name, command in commands(cli):
        assert f'.SS "{name} ' in page
        assert all(name in page for name in options(command))


def test_the_picture_shows_what_the_demo_prints() -> None:
    """docs/demo.svg is up to date and contains no path of this machine."""
    with Shell(ROOT).python(ROOT / "scripts" / "picture", "--check") as running:
        _, err = running.communicate(timeout=SECONDS)
    assert (running.returncode, err) == (0, "")
    picture = (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8")
    assert ">demo/models.md" in picture.replace("&#160;", ">")
    assert "/demo/models.md" not in picture
