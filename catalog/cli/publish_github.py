"""Open and update the pull request of `catalog publish` by `gh`."""

import json
import os
from dataclasses import dataclass
from typing import Any

from catalog.cli.publish_git import Git, run_tool
from catalog.core.errors import StoreError


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request: its number, address, state, and newest commit."""

    number: int
    url: str
    is_open: bool
    commit: str


@dataclass(frozen=True, slots=True)
class GitHub:
    """The repository on GitHub, such as `owner/name`."""

    git: Git
    repository: str

    @classmethod
    def of(cls, git: Git) -> "GitHub":
        """Return the repository of a workflow, or of the remote."""
        named = os.environ.get("GITHUB_REPOSITORY")
        if named:
            return cls(git, named)
        found = run_tool("gh", "repo", "view", "--json", "nameWithOwner", folder=git.top)
        return cls(git, _read(found)["nameWithOwner"])

    def newest(self, branch: str) -> PullRequest | None:
        """Return the newest pull request of a branch, open or closed. None without one."""
        owner = self.repository.partition("/")[0]
        words = ["--method", "GET", "-f", "state=all", "-f", f"head={owner}:{branch}"]
        words += ["-f", "sort=created", "-f", "direction=desc", "-f", "per_page=1"]
        found = self._call("pulls", *words)
        return _pull_request(found[0]) if found else None

    def open(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request."""
        fields = {"head": branch, "base": base, "title": title, "body": body}
        words = ("--method", "POST", "--input", "-")
        return _pull_request(self._call("pulls", *words, fields=fields))

    def update(self, number: int, title: str, body: str) -> PullRequest:
        """Give a pull request another title and text."""
        words = ("--method", "PATCH", "--input", "-")
        fields = {"title": title, "body": body}
        return _pull_request(self._call(f"pulls/{number}", *words, fields=fields))

    def _call(self, route: str, *words: str, fields: dict[str, str] | None = None) -> Any:
        """Call GitHub's API. The fields go through stdin as JSON, so no text becomes an option."""
        stdin = None if fields is None else json.dumps(fields)
        path = f"repos/{self.repository}/{route}"
        return _read(run_tool("gh", "api", path, *words, folder=self.git.top, stdin=stdin))


def _read(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except ValueError:
        raise StoreError("`gh` answered with something that is no JSON") from None


def _pull_request(row: Any) -> PullRequest:
    try:
        commit = str(row["head"]["sha"])
        return PullRequest(int(row["number"]), row["html_url"], row["state"] == "open", commit)
    except (LookupError, TypeError, ValueError):
        raise StoreError("`gh` answered with something that is no pull request") from None
