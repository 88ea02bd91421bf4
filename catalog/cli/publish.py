"""`catalog publish`: keep history and overview in a Git repository."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from catalog.changes.finding import Finding
from catalog.cli.app import App, pass_app
from catalog.cli.output import say
from catalog.cli.publish_git import SINCE, Git
from catalog.cli.publish_github import GitHub, PullRequest
from catalog.cli.sync import sync
from catalog.core.clock import now, read_moment, stamp
from catalog.core.errors import CatalogError, SettingsInvalid
from catalog.report.pull_request import body, title
from catalog.store.transfer_digest import digest

FILE = "history.jsonl"


@dataclass(frozen=True, slots=True)
class Proposal:
    """The overview as a commit on the branch of a pull request.

    `before` is the commit that the branch had. `pull_request` is the open one. `since` is the time
    from which on changes are listed.
    """

    commit: str
    before: str | None
    pull_request: PullRequest | None
    since: datetime


@dataclass(frozen=True, slots=True)
class History:
    """The branch of the history, and its newest commit.

    `unproposed` is the time from which on changes could not be proposed, None without a failure.
    """

    branch: str
    commit: str | None
    unproposed: datetime | None

    @classmethod
    def of(cls, git: Git, branch: str) -> "History":
        """Read the branch. Without one, there is no history yet."""
        commit = git.fetch(branch)
        return cls(branch, commit, None if commit is None else read_moment(git.since(commit)))


@click.command()
@click.option(
    "--history-branch",
    metavar="NAME",
    default="catalog-history",
    show_default=True,
    help="The branch that keeps the history.",
)
@click.option(
    "--branch",
    metavar="NAME",
    default="catalog-update",
    show_default=True,
    help="The branch of the pull request.",
)
@click.option("--base", metavar="NAME", help="Where it is to be merged; else the current branch.")
@pass_app
@click.pass_context
def publish(
    context: click.Context, app: App, history_branch: str, branch: str, base: str | None
) -> int:
    """Poll, and keep history and overview in this Git repository.

    The history is read from a branch and stored there again. If the overview changes, one pull
    request is opened or updated. Exits as `catalog sync` does.
    """
    git = Git.here()
    base = base or git.branch()
    _refuse_database(app)
    history, began = History.of(git, history_branch), now()
    before = None if history.commit is None else _restore(app, git, history.commit)
    code: int = context.invoke(sync)
    try:
        github = GitHub.of(git)
        proposal = _propose(app, git, github, branch, history.unproposed or began)
    except CatalogError:
        # Stored nevertheless, because the alerts of these changes are sent already.
        _store(app, git, history, before, began, unproposed=history.unproposed or began)
        raise
    _store(app, git, history, before, began)
    if proposal is not None:
        _open(app, github, proposal, branch, base)
    return code


def _refuse_database(app: App) -> None:
    """Raise SettingsInvalid if a database exists, because the branch counts."""
    if app.database.exists:
        hint = "Remove it, or name another one by CATALOG_DATABASE."
        text = f"{app.database.place} exists, but the history comes from a branch"
        raise SettingsInvalid(text, hint=hint)


def _restore(app: App, git: Git, commit: str) -> str:
    """Import the history of a commit, and return its digest."""
    from catalog.store.transfer import load, read_lines

    exported = git.bytes("cat-file", "blob", f"{commit}:{FILE}")
    with closing(app.database) as database, database.filling() as connection:
        load(connection, read_lines(BytesIO(exported)))
    return digest(exported.splitlines())


def _store(
    app: App,
    git: Git,
    history: History,
    before: str | None,
    began: datetime,
    unproposed: datetime | None = None,
) -> None:
    """Commit the history if it has something new. `before` is the digest that it had."""
    from catalog.store.transfer import export

    with TemporaryDirectory() as folder:
        file = Path(folder, FILE)
        with app.database.reading() as connection, file.open("w", encoding="ascii") as stream:
            stream.writelines(f"{line}\n" for line in export(connection))
        with file.open("rb") as stored:
            # Without a failure, a commit removes the trailer of an earlier one.
            if digest(stored) == before and unproposed == history.unproposed:
                return
        tree = git.run("mktree", stdin=f"100644 blob {git.add(file)}\t{FILE}\n")
    trailer = "" if unproposed is None else f"\n{SINCE}: {stamp(unproposed)}\n"
    message = f"{title(_findings(app, began))}\n{trailer}"
    git.push(git.commit(tree, message, history.commit), history.branch, history.commit)
    say(f"history stored on {history.branch}")


def _propose(app: App, git: Git, github: GitHub, branch: str, began: datetime) -> Proposal | None:
    """Push the overview to its branch if it is new.

    Return None if there is nothing to propose: it is as in HEAD, or as proposed already.
    """
    files = {path: git.add(git.top / path) for path in _documents(app, git)}
    if all(git.blob("HEAD", path) == blob for path, blob in files.items()):
        return None
    before, newest = git.fetch(branch), github.newest(branch)
    is_seen = newest is not None and newest.commit == before
    is_same = before is not None and all(
        git.blob(before, path) == blob for path, blob in files.items()
    )
    if is_same and is_seen:
        return None  # because it is in the open pull request, or a person closed that one
    is_pending = before is not None and (not is_seen or (newest is not None and newest.is_open))
    written = read_moment(git.since(before)) if is_pending and before is not None else None
    since = written or began
    opened = newest if newest is not None and newest.is_open else None
    if is_same and before is not None:
        return Proposal(before, before, opened, since)
    message = f"{title(_findings(app, since))}\n\n{SINCE}: {stamp(since)}\n"
    head = git.run("rev-parse", "HEAD")
    commit = git.commit(git.tree(files), message, head)
    git.push(commit, branch, before)
    say(f"overview proposed on {branch}")
    return Proposal(commit, before, opened, since)


def _open(app: App, github: GitHub, proposal: Proposal, branch: str, base: str) -> None:
    """Open the pull request, or update the open one."""
    findings = _findings(app, proposal.since)
    words = title(findings), body(findings, proposal.since)
    if proposal.pull_request is None:
        say(f"pull request opened: {github.open(branch, base, *words).url}")
    else:
        updated = github.update(proposal.pull_request.number, *words)
        say(f"pull request updated: {updated.url}")


def _documents(app: App, git: Git) -> list[str]:
    """Return the paths of the written overviews in the repository.

    Raise SettingsInvalid for one outside of it.
    """
    paths = (each.document.path for each in app.publishing)
    found = [path.resolve() for path in paths if path is not None and path.exists()]
    for path in found:
        if not path.is_relative_to(git.top.resolve()):
            text = f"document.path: {path} is outside of the repository {git.top}"
            raise SettingsInvalid(text, hint="Write a path in the repository.")
    return [path.relative_to(git.top.resolve()).as_posix() for path in found]


def _findings(app: App, since: datetime) -> tuple[Finding, ...]:
    """Return the reported changes of all providers since a time."""
    from catalog.api.reads import change_filters, read_changes

    names = [each.one.name for each in app.each]
    with app.database.reading() as connection:
        return read_changes(connection, change_filters(connection, names, since, None))
