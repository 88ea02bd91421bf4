"""The GitHub Action in mode sync, run as in a workflow."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.action_steps import ACTION, step
from tests.support.builders import body, row
from tests.support.checkout import ROOT
from tests.support.http_server import Server, Step, answer, serve
from tests.support.markdown_pages import blocks
from tests.support.shell import COMMAND, TOKEN, Shell

GH = ROOT / "tests" / "support" / "gh_stand_in.py"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
HISTORY, UPDATE = "catalog-history", "catalog-update"
WITH_COMMIT = "--format=%(refname:short) %(objectname)"
CONFIG = '[document]\npath = "docs/models.md"\n\n[http]\nattempts = 1\n'
ONE, TWO = row(), row(id=2, name="beta")
HOSTILE = "[a](http://b.example) @team #1 `c`|d\n$(touch made) </td><script>"


def git(*words: str | Path) -> str:
    """Run git as a person."""
    who = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
    line = ["git", *who, *map(str, words)]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()


@dataclass
class Workflow:
    """A repository with a configuration, and the programs of a runner."""

    folder: Path
    url: str
    runs: int = field(default=0)

    @property
    def origin(self) -> Path:
        """The bare repository."""
        return self.folder / "origin.git"

    @property
    def state(self) -> dict[str, Any]:
        """The pull requests and calls of the simulated GitHub."""
        return dict(json.loads((self.folder / "gh.json").read_text(encoding="utf-8")))

    def change(self, **values: Any) -> None:
        """Change the state of the simulated GitHub."""
        text = json.dumps(self.state | values)
        (self.folder / "gh.json").write_text(text, encoding="utf-8")

    def lay(self) -> None:
        """Make the repository and the programs."""
        git("init", "-q", "--bare", "--initial-branch=main", self.origin)
        work = self.folder / "work"
        git("clone", "-q", self.origin, work)
        (work / "catalog.toml").write_text(CONFIG, encoding="utf-8")
        git("-C", work, "add", "catalog.toml")
        git("-C", work, "commit", "-qm", "begin")
        git("-C", work, "push", "-q", "origin", "HEAD:main")
        programs = self.folder / "programs"
        programs.mkdir()
        (programs / "catalog").symlink_to(COMMAND)
        script = f'#!/bin/sh\nexec "{sys.executable}" "{GH}" "$@"\n'
        (programs / "gh").write_text(script, encoding="utf-8")
        (programs / "gh").chmod(0o755)
        (self.folder / "gh.json").write_text('{"pulls": [], "calls": []}', encoding="utf-8")

    def run(self, **inputs: str) -> tuple[int, str]:
        """Run the step in a new clone, and return code and output."""
        self.runs += 1
        clone = self.folder / f"run-{self.runs}"
        git("clone", "-q", "--depth=1", f"file://{self.origin}", clone)
        environ = {
            "CATALOG_INFOMANIAK_URL": self.url,
            "GH_ORIGIN": str(self.origin),
            "GH_STATE": str(self.folder / "gh.json"),
            "GITHUB_REPOSITORY": "owner/models",
            "INFOMANIAK_API_TOKEN": TOKEN,
        }
        code, out, outputs = step(
            "Sync", clone, self.folder / "programs", environ, token="gh-token", **inputs
        )
        assert outputs["exit-code"] == str(code)
        assert TOKEN not in out
        assert git("-C", clone, "diff", "--cached", "--name-only") == ""
        return code, out

    def branches(self) -> dict[str, str]:
        """Return the newest commit of each branch."""
        rows = git(
            "--git-dir", self.origin, "for-each-ref", "--format=%(refname:short) %(objectname)"
        )
        return dict(line.split() for line in rows.splitlines())

    def file(self, branch: str, path: str) -> str:
        """Return a file of a branch."""
        return git("--git-dir", self.origin, "show", f"{branch}:{path}")

    def writes(self) -> list[str]:
        """Return the methods of the calls that changed something on GitHub."""
        methods = [
            call["words"][call["words"].index("--method") + 1] for call in self.state["calls"]
        ]
        return [method for method in methods if method != "GET"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    """Return a function that makes a workflow whose provider answers these steps."""
    with ExitStack() as stack:

        def make(*steps: Step) -> tuple[Workflow, Server]:
            server = stack.enter_context(serve(*steps))
            workflow = Workflow(tmp_path, server.url)
            workflow.lay()
            return workflow, server

        yield make


def models(*rows: Any) -> Step:
    """Answer with these models."""
    return answer(body=body(*rows))


@pytest.fixture
def replayed(tmp_path: Path) -> Iterator[Workflow]:
    """Return a workflow that polls `catalog replay`.

    It has the same list twice, one with another model, and one that lacks most models.
    """
    history = tmp_path / "recorded"
    history.mkdir()
    rows = [row(id=number, name=f"m{number}") for number in range(1, 31)]
    lists: Sequence[Any] = (rows, rows, [*rows, TWO | {"id": 31}], rows[:2])
    for day, listed in enumerate(lists, start=1):
        (history / f"2026-01-0{day}T000000Z.json").write_bytes(body(*listed))
    with Shell(tmp_path).start("replay", "--history", history) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split(" at ")[1].split(";")[0]
        workflow = Workflow(tmp_path, url)
        workflow.lay()
        yield workflow
        server.terminate()


def test_the_documented_workflow_is_right() -> None:
    """The workflow in the docs gives known inputs, the needed rights, and pinned actions."""
    (block,) = [text for text in blocks("docs/deployment.md", "yaml") if "mode: sync" in text]
    job = yaml.safe_load(block)["jobs"]["sync"]
    assert job["permissions"] == {"contents": "write", "pull-requests": "write"}
    *pinned, own = job["steps"]
    used = "\n".join(file.read_text("utf-8") for file in WORKFLOWS)
    assert all(each["uses"] in used for each in pinned)
    assert own["with"].keys() <= ACTION["inputs"].keys()
    assert own["env"].keys() == {"INFOMANIAK_API_TOKEN"}


@pytest.mark.long
def test_history_and_overview_are_kept_in_the_repository(replayed: Workflow) -> None:
    """The first run proposes, the second changes nothing, the third updates, a held one stores."""
    code, out = replayed.run()
    assert (code, replayed.writes()) == (0, ["POST"])
    assert "pull request opened: https://github.example/pull/1" in out
    first, pull = replayed.branches(), replayed.state["pulls"][0]
    assert first.keys() == {"main", HISTORY, UPDATE}
    assert (pull["base"]["ref"], pull["title"]) == ("main", "Model lists: no change reported")
    assert "| `m8` |" in replayed.file(UPDATE, "docs/models.md")
    assert replayed.file(HISTORY, "history.jsonl").startswith('{"schema_version":1,')
    assert "github-actions[bot]" in git("--git-dir", replayed.origin, "log", "-1", HISTORY)

    assert replayed.run()[0] == 0
    assert (replayed.branches(), replayed.writes()) == (first, ["POST"])

    code, out = replayed.run()
    assert (code, replayed.writes()) == (0, ["POST", "PATCH"])
    assert "pull request updated: https://github.example/pull/1" in out
    third, (pull,) = replayed.branches(), replayed.state["pulls"]
    assert pull["title"] == "Model lists: 1 info"
    assert "| infomaniak | info | beta added: llm" in pull["body"]
    assert "| `beta` |" in replayed.file(UPDATE, "docs/models.md")
    assert git("--git-dir", replayed.origin, "rev-list", "--count", f"main..{UPDATE}") == "1"
    assert git("--git-dir", replayed.origin, "rev-list", "--count", HISTORY) == "2"

    code, out = replayed.run()
    assert code == 5
    assert "the answer is held" in out
    held = replayed.branches()
    assert (held[UPDATE], replayed.writes()) == (third[UPDATE], ["POST", "PATCH"])
    assert held[HISTORY] != third[HISTORY]
    assert '"outcome":"held"' in replayed.file(HISTORY, "history.jsonl")


@pytest.mark.long
def test_a_failed_poll_is_stored(start: Any) -> None:
    """A poll that fails is committed to the history, and fails the step with its exit code."""
    workflow, _ = start(answer(503), models(ONE))
    code, out = workflow.run()
    assert (code, workflow.writes()) == (3, [])
    assert "503" in out
    assert workflow.branches().keys() == {"main", HISTORY}
    assert '"outcome":"failed"' in workflow.file(HISTORY, "history.jsonl")
    assert workflow.run()[0] == 0
    assert workflow.writes() == ["POST"]


@pytest.mark.long
def test_a_name_cannot_act_in_the_pull_request(start: Any) -> None:
    """A model's name makes no link, mention, cell or command in commits and pull requests."""
    workflow, _ = start(models(ONE), models(ONE, TWO | {"name": HOSTILE}))
    workflow.run()
    code, _ = workflow.run()
    assert code == 0
    (pull,) = workflow.state["pulls"]
    (line,) = [each for each in pull["body"].splitlines() if "team" in each]
    assert line.count(" | ") == 3
    for escaped in (
        r"\[a\]\(http\:\/\/b\.example\)",
        r"\@team",
        r"\#1",
        r"\`c\`\|d",
        r"\<script\>",
    ):
        assert escaped in line
    assert not list(workflow.folder.rglob("made"))
    messages = git("--git-dir", workflow.origin, "log", "--all", "--format=%B")
    assert "team" not in messages + pull["title"]
    assert all(HOSTILE not in word for call in workflow.state["calls"] for word in call["words"])


@pytest.mark.long
def test_a_refused_proposal_is_not_repeated(start: Any) -> None:
    """A closed pull request stays closed until something changes, and then another one opens."""
    workflow, _ = start(models(ONE), models(ONE), models(ONE, TWO))
    workflow.run()
    (pull,) = workflow.state["pulls"]
    workflow.change(pulls=[pull | {"state": "closed"}])
    workflow.run()
    assert workflow.writes() == ["POST"]
    workflow.run()
    assert workflow.writes() == ["POST", "POST"]
    second = workflow.state["pulls"][1]
    assert second["title"] == "Model lists: 1 info"


@pytest.mark.long
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_failure_of_github_loses_no_text(start: Any, method: str) -> None:
    """If GitHub refuses a call, the history is stored, and the next run proposes all changes."""
    workflow, _ = start(models(ONE), models(ONE, TWO))
    workflow.run()
    work = workflow.folder / "work"
    git("-C", work, "fetch", "-q", "origin")
    git("-C", work, "merge", "-q", f"origin/{UPDATE}")
    git("-C", work, "push", "-q", "origin", "HEAD:main", f":{UPDATE}")
    workflow.change(pulls=[workflow.state["pulls"][0] | {"state": "closed"}], broken=method)
    before = workflow.branches()[HISTORY]
    code, out = workflow.run()
    assert code == 6
    assert "Resource not accessible by integration" in out
    assert workflow.branches()[HISTORY] != before
    workflow.change(broken=None)
    code, _ = workflow.run()
    assert code == 0
    assert "beta added" in workflow.state["pulls"][1]["body"]
    message = git("--git-dir", workflow.origin, "log", "-1", "--format=%B", HISTORY)
    assert "Catalog-Since" not in message


@pytest.mark.long
def test_the_site_is_built_on_request(start: Any) -> None:
    """With the input `site`, the pages are built from the same history, else not."""
    workflow, _ = start(models(ONE))
    workflow.run()
    assert not (workflow.folder / "run-1" / "public pages").exists()
    workflow.run(site="public pages")
    pages = workflow.folder / "run-2" / "public pages"
    assert "alpha" in (pages / "models.html").read_text(encoding="utf-8")


@pytest.mark.long
def test_what_cannot_be_published_is_refused(start: Any, shell: Shell) -> None:
    """Without a repository, with a database, or with a document elsewhere, it says the reason."""
    ran = shell("publish", code=6)
    assert "`git rev-parse` failed" in ran.err
    workflow, _ = start(models(ONE))
    clone = Shell(workflow.folder / "work", {"INFOMANIAK_API_TOKEN": TOKEN})
    git("-C", clone.folder, "checkout", "-q", "--detach")
    assert "symbolic-ref" in clone("publish", code=6).err
    (clone.folder / "catalog.db").write_bytes(b"something")
    ran = clone("publish", "--base", "main", code=2)
    assert "the history comes from a branch" in ran.err
    (clone.folder / "catalog.db").unlink()
    given = {
        "CATALOG_DOCUMENT_PATH": str(workflow.folder / "elsewhere.md"),
        "CATALOG_INFOMANIAK_URL": workflow.url,
        "GITHUB_REPOSITORY": "owner/models",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b.example",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b.example",
    }
    ran = clone("publish", "--base", "main", code=2, given=given)
    assert "is outside of the repository" in ran.err
