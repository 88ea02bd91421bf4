"""`catalog import --git`: what cannot be read is explained."""

import os
import shutil
import subprocess
from dataclasses import replace

import pytest

from tests.support.git_import import FILE, commits, load, polls
from tests.support.git_repository import Made, git, repository
from tests.support.shell import Shell


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("data/model.json", "has the file data/model.json; did you mean data/models.json?"),
        ("MODELS.json", "has the file MODELS.json; did you mean data/models.json?"),
        ("models.json", "has the file models.json; did you mean data/models.json?"),
        ("data", "has the file data; did you mean data/models.json?"),
        ("zz", "up to HEAD has the file zz\n"),
        ("link.json", "has the file link.json"),
        ("../models.json", "--path ../models.json is not a file in the repository"),
        ("/models.json", "--path /models.json is not a file in the repository"),
        (".", "--path . is not a file in the repository"),
    ],
)
def test_a_wrong_path_is_reported_with_the_nearest(shell: Shell, path: str, seen: str) -> None:
    """A path that never was a file is an error with a similar path, and creates no database."""
    made = [*commits(2, "data/models.json"), Made(3, {"link.json": b"data"}, mode="120000")]
    repository(shell.folder / "git", made)
    assert seen in load(shell, path=path, code=2).err
    assert not (shell.folder / "catalog.db").exists()


def test_a_path_may_have_any_letters(shell: Shell) -> None:
    """A path that looks like an option or a pattern is taken as it is written."""
    for path in ("--output=x", "*.json", ":(top)a.json", "ä b.json"):
        folder = shell.folder / "git"
        repository(folder, [*commits(1, path), Made(1, {"other.json": b"{}"})])
        words = ("--database", "it.db", "import", "--git", "git", f"--path={path}")
        assert "1 recording: 1 first" in shell(*words).lines
        folder.rename(shell.folder / f"done-{len(path)}")
        (shell.folder / "it.db").unlink()


@pytest.mark.parametrize(
    ("ref", "seen"),
    [
        ("--upload-pack=x", "--ref --upload-pack=x: a ref does not begin with -"),
        ("mian", "git has no ref mian; did you mean main?"),
        ("nowhere", "git has no ref nowhere\n"),
    ],
)
def test_a_wrong_ref_is_reported(shell: Shell, ref: str, seen: str) -> None:
    """An unknown ref is an error with a similar one, and none is read as an option."""
    repository(shell.folder / "git", commits(1))
    assert seen in load(shell, f"--ref={ref}", code=2).err


def test_what_is_no_repository_is_reported(shell: Shell) -> None:
    """A missing folder, another folder and an empty repository have their own errors."""
    assert "git is not a directory" in load(shell, code=2).err
    (shell.folder / "git").mkdir()
    assert "git is not a git repository" in load(shell, code=2).err
    git(shell.folder / "git", "init", "--quiet")
    assert "git has no commit" in load(shell, code=2).err


def test_a_directory_and_git_exclude_each_other(shell: Shell) -> None:
    """The source is a directory, or a repository with a path."""
    for words in ([], ["x", "--git", "y", "--path", "z"], ["--git", "y"], ["x", "--ref", "y"]):
        assert (
            "either a DIRECTORY, or --git REPO and --path FILE"
            in shell("import", *words, code=2).err
        )


def test_without_git_the_error_says_so(shell: Shell) -> None:
    """If git is not installed, the error says so."""
    repository(shell.folder / "git", commits(1))
    words = ("import", "--git", "git", "--path", FILE)
    ran = shell(*words, code=2, given={"PATH": str(shell.folder)})
    assert ran.err.startswith("error: git is not installed\nhint: Install git.")


def test_a_repository_of_another_user_is_explained(shell: Shell) -> None:
    """Git refuses a repository of another user, and the hint has the command that allows it."""
    repository(shell.folder / "git", commits(1))
    # Only root can give a folder away, so this git takes every folder for one of another user.
    stand_in = shell.folder / "bin" / "git"
    stand_in.parent.mkdir()
    line = f'GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {shutil.which("git")} "$@"'
    stand_in.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    stand_in.chmod(0o755)
    shell = replace(shell, given={"PATH": f"{stand_in.parent}:{os.environ['PATH']}"})
    err = load(shell, code=2).err
    assert "git does not read git, because it belongs to another user" in err
    command = err.partition("If you trust it: ")[2]
    subprocess.run(["/bin/sh", "-c", command], env=shell.environ, check=True)
    assert "1 recording: 1 first" in load(shell).lines


def test_the_environment_and_the_repository_run_nothing(shell: Shell) -> None:
    """Variables of git, hooks, filters and monitors of the repository have no effect."""
    made = repository(shell.folder / "git", commits(2))
    touch = f"touch {shell.folder}/ran"
    for name in ("core.fsmonitor", "diff.external", "core.pager", "diff.x.textconv", "alias.log"):
        git(made, "config", name, f"!{touch}" if name == "alias.log" else touch)
    (made / ".git" / "info" / "attributes").write_text("* diff=x\n")
    given = {"GIT_DIR": "/nowhere", "GIT_EXTERNAL_DIFF": touch, "GIT_TRACE": f"{shell.folder}/ran"}
    shell("import", "--git", "git", "--path", FILE, given=given)
    assert len(polls(shell)) == 2
    assert not (shell.folder / "ran").exists()


def test_a_partial_clone_fetches_nothing(shell: Shell) -> None:
    """A clone without the content of files gives an error, because nothing is fetched."""
    made = repository(shell.folder / "whole", commits(2))
    git(made, "config", "uploadpack.allowFilter", "true")
    clone = ("clone", "--quiet", "--bare", "--filter=blob:none", f"file://{made}", "git")
    git(shell.folder, *clone)
    err = load(shell, code=2).err
    assert "git cannot read git: " in err
    assert "Make a full clone, without --filter" in err


def test_a_damaged_repository_is_reported(shell: Shell) -> None:
    """A missing object is an error after the commits before it."""
    made = repository(shell.folder / "git", commits(3))
    blob = git(made, "rev-parse", f"main~1:{FILE}").strip()
    (made / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    assert f"git cannot read git: object {blob} is missing" in load(shell, code=2).err
    assert len(polls(shell)) == 1
