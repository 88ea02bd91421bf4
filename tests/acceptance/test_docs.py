import re
import subprocess
from pathlib import Path

import click
import pytest
import yaml
from sqlmodel import SQLModel

import catalog.store.tables  # noqa: F401  # fills the metadata
from catalog.cli.main import cli
from catalog.config.load import load
from catalog.config.settings import Settings
from catalog.config.sources import plain_settings
from catalog.core.errors import CatalogError
from tests.support.checkout import ROOT
from tests.support.markdown_pages import PAGES, anchors, links, sections
from tests.support.reference.errors import kinds
from tests.support.reference.links import commands, places
from tests.support.reference.pages import fresh
from tests.support.reference.regions import fill, names, written_words
from tests.support.shell import Shell

COUNTED = [page for page in PAGES if page == "README.md" or page.startswith("docs/")]
CONFIGURATION = "docs/configuration.md"
MOST_WORDS = 20_000
README_WORDS = 900
NAMED = re.compile(r"\bdocs/[\w/-]+\.md\b")
LOADED = re.compile(
    r"<(?:script|img|iframe)[^>]*\ssrc=\"(?:https?:)?//|<link[^>]*\shref=\"(?:https?:)?//"
)
"""Matches a file that a page loads from another host."""
SECONDS = 120


def codes() -> set[int]:
    """Return the exit code of each error."""
    return {kind.exit_code for kind in kinds(CatalogError)}


def test_generated_regions_are_up_to_date() -> None:
    """Each generated region of a page says what the code says. scripts/update-docs writes it."""
    old = [page.name for page, text in fresh() if page.read_text(encoding="utf-8") != text]
    assert old == [], "run scripts/update-docs"


def test_everything_that_has_a_name_has_a_heading() -> None:
    """Each command, setting, rule and error has a heading on its page."""
    for name, (page, heading) in places().items():
        known = {*sections(f"docs/{page}", 2), *sections(f"docs/{page}", 3)}
        assert heading in known, f"docs/{page} lacks a region for {name}"


def test_a_region_is_written_again_and_the_rest_stays() -> None:
    """A region gets its new text. Text around it stays as it is."""
    page = "a\n\n<!-- generated: x -->\nold\n<!-- generated:end -->\n\nb\n"
    filled = fill(page, {"x": "new\n"})
    assert filled == "a\n\n<!-- generated: x -->\n\nnew\n\n<!-- generated:end -->\n\nb\n"
    assert names(filled) == ["x"]
    assert fill(filled, {"x": "new"}) == filled
    with pytest.raises(KeyError):
        fill(page, {})


def test_the_documentation_is_short() -> None:
    """The words that people wrote, outside of generated and fenced text, stay within the limit."""
    assert sum(written_words(ROOT / page) for page in COUNTED) <= MOST_WORDS
    assert written_words(ROOT / "README.md") <= README_WORDS


def test_the_default_and_the_variable_of_each_setting_are_true(tmp_path: Path) -> None:
    """The documented default in the documented variable changes only the source of a value."""
    output = sections(CONFIGURATION, 3)
    home = {"HOME": str(tmp_path)}
    without = {"schedule.cron": "@daily", "probe.cron": "@daily"}
    without |= {"infomaniak.product_id": "7", "ping.url": "https://hc-ping.com/x"}
    without |= {"signal.removals": "again", "http.proxy": "http://proxy.example:3128"}
    without |= {"web.listen": "127.0.0.1:8080", "web.root_path": "/catalog"}
    for name in plain_settings(Settings):
        variable = re.search(r"^- \*\*Variable:\*\* `(\w+)`", output[name], flags=re.MULTILINE)
        default = re.search(r"^- \*\*Default:\*\* (none|`(.+)`)$", output[name], flags=re.MULTILINE)
        assert variable, name
        assert default, name
        value = default[2] or without.get(name, "any")
        given = load(None, environ=home | {variable[1]: value}, files=False)
        assert given.sources[name] == f"environment {variable[1]}"
        assert (given.settings == load(None, environ=home).settings) == bool(default[2]), name


@pytest.mark.parametrize(
    ("page", "heading"),
    [("docs/errors.md", "Exit codes"), ("docs/troubleshooting.md", "I got exit …")],
)
def test_every_exit_code_is_explained(page: str, heading: str) -> None:
    """Both tables of exit codes have every code that a command chooses."""
    rows = re.findall(r"^\| (\d\d?) \|", sections(page, 2)[heading], flags=re.MULTILINE)
    assert {int(code) for code in rows} | {0} == codes() | {0}


def test_every_table_and_column_is_explained() -> None:
    """docs/database.md has a section for each table, with a line for each column in order."""
    output = sections("docs/database.md", 3)
    for table in SQLModel.metadata.sorted_tables:
        rows = re.findall(r"^\| `(\w+)` \|", output[table.name], flags=re.MULTILINE)
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


def test_pages_that_the_program_names_exist() -> None:
    """Each page that a message or a script names is there. `docs/models.md` is the user's own."""
    sources = (*ROOT.glob("catalog/**/*.py"), *ROOT.glob("scripts/*"))
    files = [file for file in sources if file.is_file()]
    named = {name for file in files for name in NAMED.findall(file.read_text(encoding="utf-8"))}
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_every_page_has_its_place_on_the_site() -> None:
    """The navigation of the site has every page once, and each section for one purpose."""
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    pages = [page for entry in nav for page in _leaves(entry)]
    assert len(pages) == len(set(pages))
    of_docs = {page.removeprefix("docs/") for page in PAGES if page.startswith("docs/")}
    assert of_docs <= set(pages)
    assert all((ROOT / page).exists() for page in set(pages) - of_docs)
    sections_of_nav = {key for entry in nav for key in entry}
    assert {"Tutorial", "How-to", "Reference", "Explanation"} <= sections_of_nav


def _leaves(entry: object) -> list[str]:
    match entry:
        case str(page):
            return [page]
        case dict():
            return [page for value in entry.values() for page in _leaves(value)]
        case list():
            return [page for value in entry for page in _leaves(value)]
    raise AssertionError("unreachable")


@pytest.mark.long
@pytest.mark.unmeasured
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """With mkdocs, the site builds strictly, and its pages load nothing from other hosts."""
    mkdocs = ROOT / ".venv-docs" / "bin" / "mkdocs"
    if not mkdocs.exists():
        pytest.skip("scripts/docs was not run here")
    line = [str(mkdocs), "build", "--strict", "--site-dir", str(tmp_path)]
    ran = subprocess.run(
        line, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ran.returncode == 0, ran.stderr
    for page in tmp_path.glob("**/*.html"):
        assert not LOADED.search(page.read_text(encoding="utf-8")), page


@pytest.mark.long
def test_the_manual_page_has_every_command_and_option() -> None:
    """docs/catalog.1, which the wheel installs, is what `scripts/man` writes."""
    with Shell(ROOT).python(ROOT / "scripts" / "man", "--check") as running:
        _, err = running.communicate(timeout=SECONDS)
    assert (running.returncode, err) == (0, "")
    page = (ROOT / "docs" / "catalog.1").read_text(encoding="ascii").replace("\\-", "-")
    for name, command in commands(cli):
        assert f'.SS "{name} ' in page
        options = [each for each in command.params if isinstance(each, click.Option)]
        assert all(name in page for option in options for name in option.opts)


@pytest.mark.long
def test_the_picture_shows_what_the_demo_prints() -> None:
    """docs/demo.svg is up to date and contains no path of this machine."""
    with Shell(ROOT).python(ROOT / "scripts" / "picture", "--check") as running:
        _, err = running.communicate(timeout=SECONDS)
    assert (running.returncode, err) == (0, "")
    picture = (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8")
    assert ">demo/models.md" in picture.replace("&#160;", ">")
    assert "/demo/models.md" not in picture
