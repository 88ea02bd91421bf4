"""Git is run on a repository, and its failures are explained."""

from pathlib import Path

import pytest

from catalog.core.errors import NotFound
from catalog.providers.git import Git, failure
from tests.support.git_repository import Made, git, repository


def test_a_large_object_is_cut_and_the_next_one_is_whole(tmp_path: Path) -> None:
    """Reading stops at the limit, and the rest of the object does not reach the next one."""
    large, small = b"x" * 300_000, b'{"a": 1}\n'
    made = repository(tmp_path / "git", [Made(0, {"large": large, "small": small})])
    names = [git(made, "rev-parse", f"main:{name}").strip() for name in ("large", "small")]
    with Git.at(made).objects() as read:
        assert read(names[0], 1000) == large[:1000]
        assert read(names[1], 1000) == small
        assert read(names[0], 400_000) == large


def test_an_ended_process_is_reported(tmp_path: Path) -> None:
    """If the process of git ends early, the next reading is an error and does not wait."""
    output = f"git cannot read {tmp_path}: it ended without a reason"
    with Git(tmp_path, "/bin/false").objects() as read, pytest.raises(NotFound, match=output):
        read("0" * 40, 10)


@pytest.mark.parametrize(
    ("reason", "output"),
    [
        ("fatal: detected dubious ownership in repository at '/x'", "it belongs to another user"),
        ("fatal: unsafe repository", "it belongs to another user"),
        ("fatal: not a git repository", "x is not a git repository"),
        ("\nfatal: bad object\x1b[2J\nmore", r"git cannot read x: bad object\x1b[2J"),
        ("", "git cannot read x: it ended without a reason"),
    ],
)
def test_each_failure_of_git_has_its_words(reason: str, output: str) -> None:
    """The first line of git is shown without control characters, known ones in our words."""
    error = failure(Path("x"), reason)
    assert output in str(error)
    assert error.hint
