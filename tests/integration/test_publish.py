"""How `catalog publish` runs git and gh, and explains their errors."""

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.cli.publish_git import Git
from catalog.cli.publish_github import GitHub
from catalog.core.errors import StoreError

Program = Callable[[str], GitHub]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Return a repository with an empty remote."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "a")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@b.example")
    outside = Git(tmp_path)
    outside.run("init", "-q", "--bare", "remote.git")
    outside.run("init", "-q", "work")
    found = Git(tmp_path / "work")
    found.run("remote", "add", "origin", str(tmp_path / "remote.git"))
    return found


@pytest.fixture
def gh(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Return a function that replaces gh by a shell script."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)

    def put(script: str) -> GitHub:
        (folder / "gh").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / "gh").chmod(0o755)
        return GitHub(git, "owner/models")

    return put


def test_a_commit_of_another_run_is_kept(git: Git) -> None:
    """If a branch moved since it was read, nothing is pushed over the newer commit."""
    tree = git.run("mktree", stdin="")
    first, second = (git.commit(tree, f"{n}\n", None) for n in (1, 2))
    git.push(first, "kept", None)
    with pytest.raises(StoreError, match="`git push` failed"):
        git.push(second, "kept", None)
    assert git.fetch("kept") == first
    git.push(second, "kept", first)
    assert git.fetch("kept") == second
    assert git.fetch("none") is None


def test_a_missing_program_is_named(gh: Program, git: Git) -> None:
    """Without gh, the error names it."""
    with pytest.raises(StoreError, match="gh cannot be run: No such file or directory"):
        GitHub(git, "owner/models").newest("kept")
    assert gh("echo '[]'").newest("kept") is None


def test_the_repository_is_found_by_the_remote(gh: Program, git: Git) -> None:
    """Outside of a workflow, gh says which repository it is."""
    gh('echo \'{"nameWithOwner": "a/b"}\'')
    assert GitHub.of(git).repository == "a/b"


@pytest.mark.parametrize("answer", ["no JSON", "[{}]", "[5]"])
def test_an_odd_answer_is_an_error(gh: Program, answer: str) -> None:
    """An answer that is no pull request is an error, not a missing pull request."""
    with pytest.raises(StoreError, match="`gh` answered with something that is no"):
        gh(f"echo '{answer}'").newest("kept")


def test_a_password_in_an_error_is_not_shown(gh: Program) -> None:
    """The end of stderr is shown without the user part of addresses, or else the exit code."""
    with pytest.raises(StoreError) as failed:
        gh("echo 'fatal: https://x:s3cret@host/ is gone' >&2; exit 1").newest("kept")
    assert str(failed.value) == "`gh api` failed: fatal: https://host/ is gone"
    with pytest.raises(StoreError, match="exit code 4"):
        gh("exit 4").newest("kept")
