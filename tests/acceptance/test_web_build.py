"""`catalog web build`: the static site, from a user's folder."""

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Protocol
from urllib.parse import unquote

import pytest

from catalog.config.load import load
from catalog.store.database import Database
from catalog.web.build import build
from catalog.web.reader import Reader
from tests.bench.decade import make
from tests.support.builders import body, row
from tests.support.http_server import answer, serve
from tests.support.kill_at_line import in_fork, run_lines
from tests.support.rig import rig
from tests.support.shell import TOKEN, Shell
from tests.support.web_client import NOW, read_html

HOSTILE = (
    *("a", "A", "a/b", "a.html", "a.json", "a.html/b", "../../../escaped", "/etc/passwd", "a//b"),
    *("?q=1#top", "100%", "%2e%2e", "nul", ".git/config", "_layout", "a\x01b", "a b", "é\u202e"),
    *("x" * 10_000, "x" * 9_999 + "y", "deep/" * 2_000, "<script>alert(1)</script>", '"&<'),
)


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return the content and the time of each file."""
    every = (file for file in folder.rglob("*") if file.is_file())
    return {
        file.relative_to(folder).as_posix(): (file.read_bytes(), file.stat().st_mtime_ns)
        for file in every
    }


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of each file."""
    return {file: content for file, (content, _) in state(folder).items()}


def dangling(folder: Path) -> list[str]:
    """Return the links that lead to no file or place."""
    found, root = [], folder.resolve()
    pages = {page: read_html(page.read_text()) for page in root.rglob("*.html")}
    for page, html in pages.items():
        for link in html.links:
            path, _, place = link.partition("#")
            target = Path(os.path.normpath(page.parent / unquote(path))) if path else page
            is_there = target.is_file() and target.is_relative_to(root)
            if not is_there or (place and place not in pages[target].ids):
                found.append(f"{page.relative_to(root)}: {link}")
    return found


def reader_of(database: Path, *, later: timedelta = timedelta(0)) -> Reader:
    """Return a reader of a database with a later clock."""
    settings = load(None, {"database": str(database)}, environ={}).settings
    return Reader(settings.each, Database(str(database), writes=False), lambda: NOW + later)


class Poll(Protocol):
    """Polls a provider with these model names, and returns the folder."""

    def __call__(self, *names: str) -> Shell:
        """Poll once."""
        ...


@pytest.fixture
def poll(shell: Shell) -> Iterator[Poll]:
    """Return a function that polls a provider whose keys are names."""
    with ExitStack() as stack:

        def run(*names: str) -> Shell:
            rows = [{"id": name, "object": "model"} for name in names]
            listing = json.dumps({"object": "list", "data": rows}).encode()
            server = stack.enter_context(serve(answer(200, listing)))
            text = f'[[provider]]\nname = "own"\nkind = "openai"\nurl = "{server.url}"\n'
            text += 'token_file = "token"\nremovals = "at once"\n'
            (shell.folder / "catalog.toml").write_text(text)
            (shell.folder / "token").write_text(TOKEN)
            shell("sync", "--accept")
            return shell

        yield run


def test_the_demo_as_a_site(demo: Shell, tmp_path: Path) -> None:
    """The first build writes every page, and the second one none."""
    site = tmp_path / "site"
    first = demo("web", "build", site).out
    before = state(site)
    count = len(before) - 1
    assert first == f"wrote {count} of {count} files to {site}\n"
    assert {
        "index.html",
        "index.json",
        "models.md",
        "changes/2026-05.html",
        "changes/2026-05.json",
    } < {*before}
    assert demo("web", "build", site).out == f"wrote 0 of {count} files to {site}\n"
    assert state(site) == before
    assert not dangling(site)


def test_times_are_absolute(demo: Shell, tmp_path: Path) -> None:
    """A page that gets old shows when it was made, and no age or days left."""
    site = tmp_path / "site"
    demo("web", "build", site)
    for page in site.rglob("*.html"):
        text = read_html(page.read_text()).text
        assert " ago" not in text, page
        assert "days left" not in text, page
    assert "As of 2026-05-19 15:48." in read_html((site / "index.html").read_text()).text


def test_the_same_store_gives_the_same_bytes(demo: Shell, tmp_path: Path) -> None:
    """The time of the build and the folder change nothing."""
    database = demo.folder / "demo" / "catalog.db"
    for name, later in (("one", 0), ("other", 40)):
        build(reader_of(database, later=timedelta(days=later)), tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


@pytest.mark.long
def test_a_site_that_grows_is_equal_to_a_new_one(tmp_path: Path) -> None:
    """Within a month the pages of earlier ones stay, and a new month is linked from all."""
    for name, polls in (("one", 760), ("same", 780), ("next", 1500)):
        make(tmp_path / name, polls, models=3)
        before = state(tmp_path / "site") if (tmp_path / "site").exists() else {}
        build(reader_of(tmp_path / name), tmp_path / "site")
        build(reader_of(tmp_path / name), tmp_path / f"new-{name}")
        assert contents(tmp_path / "site") == contents(tmp_path / f"new-{name}")
        after, january = state(tmp_path / "site"), "changes/2016-01.html"
        assert (after[january] == before.get(january)) == (name == "same")


def test_every_model_has_a_file_of_its_own(poll: Poll) -> None:
    """Names of any kind give pages inside the folder, and every link finds them."""
    shell = poll("plain")
    poll("plain", *HOSTILE)
    shell("web", "build", "www/site")
    site = shell.folder / "www" / "site"
    pages = [*(site / "models" / "own").rglob("*.json"), *(site / "models").glob("*.json")]
    names = [json.loads(page.read_text())["key"] for page in pages]
    assert sorted(names) == sorted(("plain", *HOSTILE))
    assert [file.name for file in (shell.folder / "www").iterdir()] == ["site"]
    assert not dangling(site)


def test_a_removed_model_keeps_its_page(poll: Poll) -> None:
    """A page of a removed model says since when, and the second build is equal to a new one."""
    poll("alpha", "beta")
    shell = poll("alpha")
    shell("web", "build", "site")
    before = state(shell.folder / "site")
    poll("alpha", "gamma")
    shell("web", "build", "site")
    after = state(shell.folder / "site")
    assert "not listed since" in (shell.folder / "site/models/own/beta.html").read_text()
    assert after["style.css"] == before["style.css"]
    shell("web", "build", "new")
    assert contents(shell.folder / "site") == contents(shell.folder / "new")
    assert before.keys() < after.keys()


def test_files_that_no_longer_belong_are_removed(poll: Poll) -> None:
    """Only files of an earlier build are removed, never one that a person put there."""
    shell = poll("alpha", "beta/gamma")
    shell("web", "build", "site")
    (shell.folder / "site" / "CNAME").write_text("models.example")
    (shell.folder / "site" / "models" / "own" / "mine.html").write_text("mine")
    (shell.folder / "site" / "models" / "own" / "beta" / "gamma.json").unlink()
    (shell.folder / "catalog.db").unlink()
    poll("alpha")
    assert "(4 removed)" in shell("web", "build", "site").out
    site = state(shell.folder / "site")
    assert {"CNAME", "models/own/mine.html"} < site.keys()
    assert not (shell.folder / "site" / "models" / "own" / "beta").exists()
    assert not dangling(shell.folder / "site")


def test_a_site_without_models_has_no_folder_of_them(poll: Poll) -> None:
    """If a new database has only a failed poll, all pages of models and changes are removed."""
    shell = poll("alpha")
    poll("beta")
    shell("web", "build", "site")
    (shell.folder / "catalog.db").unlink()
    (shell.folder / "token").write_text(TOKEN)
    with serve(answer(404)) as server:
        text = (shell.folder / "catalog.toml").read_text()
        (shell.folder / "catalog.toml").write_text(re.sub(r"http://[^\"]+", server.url, text))
        shell("sync", code=3)
    shell("web", "build", "site")
    site = shell.folder / "site"
    assert not (site / "models").exists()
    assert not dangling(site)


def test_a_branch_may_be_the_folder(demo: Shell, tmp_path: Path) -> None:
    """The folder of a checked-out branch counts as empty, and its .git stays as it is."""
    (tmp_path / "site" / ".git").mkdir(parents=True)
    (tmp_path / "site" / ".git" / "HEAD").write_text("ref: refs/heads/pages")
    for _ in range(2):
        demo("web", "build", tmp_path / "site")
    assert (tmp_path / "site" / ".git" / "HEAD").read_text() == "ref: refs/heads/pages"


def test_a_damaged_site_is_repaired(demo: Shell, tmp_path: Path) -> None:
    """A file that is missing or has another size is written again, and half a file is removed."""
    site = tmp_path / "site"
    demo("web", "build", site)
    before = contents(site)
    (site / "index.html").write_text("edited")
    (site / "changes" / "2026-03.json").unlink()
    (site / "changes" / ".catalog-0a1b2c3d.tmp").write_text("half")
    assert "wrote 2 of" in demo("web", "build", site).out
    assert contents(site) == before


def test_a_folder_of_a_stranger_is_refused(demo: Shell, tmp_path: Path) -> None:
    """Nothing is written beside files that no earlier build lists."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"cat")
    err = demo("web", "build", tmp_path / "photos", code=2).err
    assert "has files that are not from `catalog web build`: cat.png" in err
    assert "hint: Name an empty folder, or one of an earlier build." in err
    assert [file.name for file in (tmp_path / "photos").iterdir()] == ["cat.png"]


def test_a_file_of_a_stranger_is_not_overwritten(poll: Poll) -> None:
    """A new page whose place is taken stops the build before it writes."""
    shell = poll("alpha")
    shell("web", "build", "site")
    taken = shell.folder / "site" / "models" / "own" / "beta.html"
    taken.write_text("mine")
    poll("alpha", "beta")
    before = state(shell.folder / "site")
    err = shell("web", "build", "site", code=2).err
    assert "site/models/own/beta.html is not from `catalog web build`" in err
    assert state(shell.folder / "site") == before


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"files": {"../outside": [1, ""]}, "program": "", "content": ""}']
)
def test_a_list_of_files_that_is_not_ours(demo: Shell, tmp_path: Path, text: str) -> None:
    """A manifest that names a file outside the folder removes nothing."""
    (tmp_path / "outside").write_text("mine")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "catalog-site.json").write_text(text)
    err = demo("web", "build", tmp_path / "site", code=2).err
    assert "catalog-site.json is no list of files of `catalog web build`" in err
    assert (tmp_path / "outside").read_text() == "mine"


def test_a_link_in_the_site_is_not_followed(demo: Shell, tmp_path: Path) -> None:
    """A folder that became a link to elsewhere gets no file."""
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    demo("web", "build", site)
    (site / "changes").rename(elsewhere)
    (site / "changes").symlink_to(elsewhere)
    (elsewhere / "2026-05.html").write_text("mine")
    assert "is a link" in demo("web", "build", site, code=2).err
    assert (elsewhere / "2026-05.html").read_text() == "mine"


def test_a_folder_that_cannot_be_written(demo: Shell, tmp_path: Path) -> None:
    """The error names the place, the reason and the next step."""
    (tmp_path / "file").write_text("")
    err = demo("web", "build", tmp_path / "file" / "site", code=6).err
    assert f"{tmp_path}/file/site: the site cannot be written: Not a directory" in err
    assert "hint: Check its permissions" in err


def test_a_store_without_polls(shell: Shell, tmp_path: Path) -> None:
    """Before the first poll there is nothing to show."""
    with rig(tmp_path, answer(200, body(row()))) as one:
        err = shell("--database", one.file, "web", "build", "site", code=2).err
    assert "no poll is stored yet" in err


@pytest.mark.long
def test_a_killed_build_leaves_a_working_site(poll: Poll) -> None:
    """Wherever a build dies, the pages that can be reached work, and the next build completes."""
    shell = poll("alpha", "beta", "gamma")
    site, file = shell.folder / "site", shell.folder / "catalog.db"
    settings = load(shell.folder / "catalog.toml", {"database": str(file)}, environ={}).settings
    reader = Reader(settings.each, Database(str(file), writes=False), lambda: NOW)
    build(reader, site)
    poll("alpha", "delta")
    in_fork(partial(build, reader, shell.folder / "whole"))
    whole = contents(shell.folder / "whole")
    for line in (3, 25, 60, 100):
        kill = partial(run_lines, partial(build, reader, site), line, _writes)
        assert in_fork(kill) == -signal.SIGKILL
        reachable = {"index.html", "models.html", "changes.html"}
        assert not [link for link in dangling(site) if link.partition(":")[0] in reachable]
    assert in_fork(partial(build, reader, site)) == 0
    assert contents(site) == whole


def _writes(code: CodeType) -> bool:
    """Return whether the code writes a file of the site."""
    return code.co_name in {"write", "replace"} and "/catalog/" in code.co_filename
