"""`catalog import --git`: each committed version is stored with its commit time."""

import gzip
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from catalog.cli.importing import TOGETHER
from tests.support.builders import body
from tests.support.checkout import ROOT
from tests.support.database import untime
from tests.support.git_import import FILE, commits, hours, load, polls, version
from tests.support.git_repository import Made, extend, git, repository
from tests.support.shell import Shell


def test_a_second_import_takes_only_new_commits(shell: Shell) -> None:
    """Each commit is a poll at the time of its committer, and a second run adds later commits."""
    made = repository(shell.folder / "git", commits(3))
    first = load(shell)
    assert "2026-01-01T02:00:00Z  infomaniak: changed, snapshot 3" in first.out
    assert first.lines[-2] == "3 recordings: 2 changed, 1 first"
    assert load(shell).lines[0] == "3 recordings: nothing new"
    extend(made, [Made(3, {"README": b"x"}), Made(4, {FILE: version(9)})], 3)
    assert "4 recordings: 1 changed" in load(shell).lines
    assert polls(shell)[-1] == ("2026-01-01T04:00:00Z", "changed")


def test_git_and_files_give_the_same_history(shell: Shell) -> None:
    """A history in git gives the same snapshots, versions and findings as its files."""
    made = repository(shell.folder / "git", commits(4))
    load(shell)
    folder = shell.folder / "files"
    folder.mkdir()
    for hour in range(4):
        content = git(made, "show", f"main~{3 - hour}:{FILE}").encode()
        (folder / f"2026-01-01T{hour:02}0000Z.json").write_bytes(content)
    shell("--database", "files.db", "import", "files")
    assert stored(shell.folder / "catalog.db") == stored(shell.folder / "files.db")


def stored(file: Path) -> list[str]:
    """Return the content of a database without durations and places of answers."""
    with closing(sqlite3.connect(file)) as database:
        untime(database)
        database.execute("UPDATE poll SET url = NULL")
        return list(database.iterdump())


def test_an_unchanged_file_is_an_unchanged_poll(shell: Shell) -> None:
    """A commit that changes only the mode of the file is an unchanged poll."""
    repository(shell.folder / "git", [*commits(1), Made(1, {FILE: version(0)}, mode="100755")])
    load(shell)
    assert [outcome for _, outcome in polls(shell)] == ["first", "unchanged"]


def test_renames_are_followed(shell: Shell) -> None:
    """Versions under an earlier name are imported, and their place names it."""
    moved = [
        Made(1.5, {"other": b"another file\n" * 9}),
        Made(
            2,
            {
                "old.json": None,
                "data/now.json": version(1),
                "other": None,
                "renamed": b"another file\n" * 9,
            },
        ),
        Made(3, {"data/now.json": version(3)}),
        Made(4, {"data/now.json": None, FILE: version(3)}),
    ]
    repository(shell.folder / "git", [*commits(2, "old.json"), *moved])
    load(shell)
    outcomes = [outcome for _, outcome in polls(shell)]
    assert outcomes == ["first", "changed", "unchanged", "changed", "unchanged"]
    with closing(sqlite3.connect(shell.folder / "catalog.db")) as database:
        first = database.execute("SELECT url FROM poll ORDER BY id").fetchone()[0]
    assert git(shell.folder / "git", "show", first).encode() == version(0)
    assert first.endswith(":old.json")


def test_a_deleted_file_that_returns_is_continued(shell: Shell) -> None:
    """A deletion is no answer, and the commits before and after it are imported."""
    gap = [Made(2, {FILE: None}), Made(3, {FILE: version(3)}), Made(4, {FILE: None})]
    repository(shell.folder / "git", [*commits(2), *gap])
    load(shell)
    assert hours(shell) == ["00:00:00", "01:00:00", "03:00:00"]


def test_times_that_do_not_increase_are_corrected(shell: Shell) -> None:
    """A commit with an equal or earlier time gets one second more than the previous one."""
    times = (5, 5, 2, 6)
    made = [Made(at, {FILE: version(number)}) for number, at in enumerate(times)]
    folder = repository(shell.folder / "git", made)
    load(shell)
    assert hours(shell) == ["05:00:00", "05:00:01", "05:00:02", "06:00:00"]
    extend(folder, [Made(1, {FILE: version(8)})], 4)
    assert "5 recordings: 1 changed" in load(shell).lines
    assert hours(shell)[-1] == "06:00:01"


def test_commits_of_the_future_wait(shell: Shell) -> None:
    """A commit with a time in the future is named and skipped, and the exit code is 0."""
    late = [Made(10_000_000, {FILE: version(7)}), Made(1e10, {FILE: version(8)})]
    repository(shell.folder / "git", [*commits(2), *late])
    ran = load(shell)
    assert "skipped, because their times are in the future: 2 commits (the first: commit" in ran.err
    assert len(polls(shell)) == 2


def test_a_merge_that_takes_one_side_follows_it(shell: Shell) -> None:
    """Polls of the scraper stay, also if they are on the second parent of a merge."""
    made = [
        *commits(1),
        Made(1, {FILE: version(1)}),
        Made(2, {FILE: version(2)}),
        Made(2.5, {"README": b"x"}, parents=(1,)),
        Made(3, {FILE: version(2)}, parents=(4, 3)),
        Made(4, {FILE: version(4)}),
    ]
    repository(shell.folder / "git", made)
    load(shell)
    assert hours(shell) == ["00:00:00", "01:00:00", "02:00:00", "04:00:00"]


def test_a_merge_of_two_versions_follows_the_first_parent(shell: Shell) -> None:
    """Versions of a side branch are not mixed with those of the branch."""
    made = [
        *commits(1),
        Made(1, {FILE: version(1)}),
        Made(2, {FILE: version(2)}, parents=(1,)),
        Made(3, {FILE: version(3)}, parents=(2, 3)),
    ]
    repository(shell.folder / "git", made)
    load(shell)
    assert hours(shell) == ["00:00:00", "01:00:00", "03:00:00"]


def test_a_shallow_clone_continues_and_says_so(shell: Shell) -> None:
    """A shallow clone adds its new commits to a whole history, with a warning."""
    made = repository(shell.folder / "whole", commits(3))
    shell("import", "--git", "whole", "--path", FILE)
    extend(
        made, [Made(2.5, {"README": b"x"}), Made(2.6, {"b": b""}), Made(5, {FILE: version(5)})], 3
    )
    # The clone begins with a commit that did not change the file.
    git(shell.folder, "clone", "--quiet", "--depth=3", f"file://{made}", "git")
    ran = load(shell)
    assert "this is a shallow clone without older commits" in ran.err
    assert hours(shell)[-2:] == ["02:30:00", "05:00:00"]
    extend(made, [Made(6, {"b": b"b"}), Made(7, {FILE: version(7)})], 6)
    git(shell.folder / "git", "fetch", "--quiet", "--depth=1")
    assert load(shell, "--ref", "origin/main").lines[0].startswith("2026-01-01T07:00:00Z")
    git(shell.folder, "clone", "--quiet", "--depth=3", f"file://{made}", "other")
    again = shell("import", "--git", "other", "--path", FILE)
    assert again.lines[0] == "2 recordings: nothing new"


def test_a_bare_repository_and_a_branch_are_read(shell: Shell) -> None:
    """A bare repository is read, and --ref names a branch or a commit."""
    made = repository(shell.folder / "git", commits(3), bare=True)
    git(made, "branch", "early", "main~1")
    load(shell, "--ref", "early")
    assert len(polls(shell)) == 2
    load(shell, "--ref", git(made, "rev-parse", "main").strip())
    assert len(polls(shell)) == 3


def test_a_compressed_file_is_read(shell: Shell) -> None:
    """A file that ends with .gz is decompressed."""
    path = "models.json.gz"
    repository(shell.folder / "git", [Made(0, {path: gzip.compress(version(0))})])
    load(shell, path=path)
    assert polls(shell)[0][1] == "first"


@pytest.mark.parametrize("path", [FILE, "models.json.gz"])
def test_a_broken_answer_is_kept_and_the_import_goes_on(shell: Shell, path: str) -> None:
    """A broken answer is an invalid poll, and the named command lists its problems."""
    pack = gzip.compress if path.endswith(".gz") else bytes
    many = body(*[0] * 12)
    answers = [version(0), many, version(2)]
    made = [Made(hour, {path: pack(answer)}) for hour, answer in enumerate(answers)]
    repository(shell.folder / "git", made)
    ran = load(shell, code=4, path=path)
    assert [outcome for _, outcome in polls(shell)] == ["first", "invalid", "changed"]
    assert "3 recordings: 1 changed, 1 first, 1 invalid" in ran.lines
    (line,) = [line for line in ran.err.splitlines() if "more: `" in line]
    command = line.split("`")[1].replace("catalog ", f"{shell.line()[0]} ")
    listed = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=shell.folder,
        env=shell.environ,
        capture_output=True,
        check=False,
    )
    assert len(listed.stdout.splitlines()) == 12, listed


def test_broken_compression_is_reported_with_the_commit(shell: Shell) -> None:
    """Broken gzip data ends the import after the commits before it."""
    path = "models.json.gz"
    made = [Made(0, {path: gzip.compress(version(0))}), Made(1, {path: b"\x1f\x8b"})]
    repository(shell.folder / "git", made)
    ran = load(shell, code=4, path=path)
    assert (
        f"broken gzip data in {git(shell.folder / 'git', 'rev-parse', 'main').strip()}" in ran.err
    )
    assert len(polls(shell)) == 1


def test_a_pointer_of_lfs_is_explained(shell: Shell) -> None:
    """A pointer of Git LFS ends the import with the reason, and nothing of it is stored."""
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
    repository(shell.folder / "git", [*commits(1), Made(1, {FILE: pointer})])
    ran = load(shell, code=2)
    assert "models.json is a pointer of Git LFS, so git has no content" in ran.err
    assert [outcome for _, outcome in polls(shell)] == ["first"]


@pytest.mark.long
def test_a_killed_import_continues(shell: Shell) -> None:
    """A killed import keeps whole batches, ends git, and the next run adds the rest."""
    repository(shell.folder / "git", commits(TOGETHER + 5))
    words = ["--git", "git", "--path", FILE]
    shell("--database", "whole.db", "import", *words)
    whole = stored(shell.folder / "whole.db")
    for kill_at in (250, 650):
        file = shell.folder / f"{kill_at}.db"
        module = [sys.executable, "-m", "tests.support.kill_at_statement"]
        environ = shell.environ | {"PYTHONPATH": str(ROOT)}
        line = [*module, str(file), str(kill_at), *words]
        killed = subprocess.run(line, cwd=shell.folder, env=environ, check=False)
        assert killed.returncode == -signal.SIGKILL
        shell("--database", file, "import", *words)
        assert stored(file) == whole
