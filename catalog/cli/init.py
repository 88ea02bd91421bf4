"""`catalog init`: make a configuration, try it, and show the next commands."""

import getpass
import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from catalog.cli.app import App, pass_app
from catalog.cli.init_ask import Ask, SecretFile
from catalog.cli.init_channel import KINDS, MailFlags, choose_channel
from catalog.cli.init_document import choose_document
from catalog.cli.init_file import Choices, configuration
from catalog.cli.init_provider import Flags, choose_provider
from catalog.cli.init_service import Service, program
from catalog.cli.output import note, note_error, say
from catalog.config.sources import CONFIG_VARIABLE, HERE
from catalog.core.errors import CatalogError, SettingsInvalid, StoreError
from catalog.core.files import replace
from catalog.report.write import plan_markers, write

PRIVATE = 0o600
FILE = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Target:
    """The new configuration: its absolute path, and the path to show."""

    path: Path
    named: Path
    is_usual: bool

    @property
    def command(self) -> str:
        """Return the command that runs the program with this configuration."""
        return "catalog" if self.is_usual else f"catalog --config {shlex.quote(str(self.named))}"


@click.command("init")
@click.option(
    "--provider", "source", metavar="NAME|URL", help="The provider, or its list's address."
)
@click.option("--name", help="The name of a provider that is given by its address.")
@click.option("--token-file", type=FILE, help="The file of the token; made if missing.")
@click.option("--token-stdin", "piped", is_flag=True, help="Read the token from stdin.")
@click.option("--document", metavar="FILE|none", help="The overview; docs/models.md by default.")
@click.option(
    "--append",
    "appends",
    is_flag=True,
    help="Add the regions that the program fills to a document of yours.",
)
@click.option(
    "--channel", type=click.Choice(KINDS), help="Where changes are reported; nowhere by default."
)
@click.option("--channel-file", type=FILE, help="The file of the channel's URL or password.")
@click.option("--mail-server", metavar="URL", help="smtp://HOST:PORT or smtps://HOST:PORT.")
@click.option("--mail-from", metavar="ADDRESS", help="The sender of mails.")
@click.option("--mail-to", metavar="ADDRESS", multiple=True, help="A recipient; may be repeated.")
@click.option("--mail-user", metavar="USER", help="The user of the mail server.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: use the defaults.")
@click.option("--force", is_flag=True, help="Overwrite a configuration that exists.")
@click.option("--offline", is_flag=True, help="Send no request: no dry run.")
@pass_app
def init(
    app: App,
    source: str | None,
    name: str | None,
    token_file: Path | None,
    piped: bool,
    document: str | None,
    appends: bool,
    channel: str | None,
    channel_file: Path | None,
    mail_server: str | None,
    mail_from: str | None,
    mail_to: tuple[str, ...],
    mail_user: str | None,
    yes: bool,
    force: bool,
    offline: bool,
) -> int:
    """Make a configuration, and try it.

    On a terminal, it asks for every value that is not given by an option. It writes catalog.toml
    (or the file of --config) and the files of secrets, polls once as a dry run, and prints the
    commands to poll every hour. It overwrites nothing without a question or --force.
    """
    ask = Ask(sys.stdin.isatty() and sys.stderr.isatty() and not yes)
    target = _target(app)
    _refuse_existing(target, ask, force=force)
    folder = target.path.parent
    provider = choose_provider(
        ask, Flags(source, name, token_file, piped, force, offline), target.named.parent
    )
    mail = MailFlags(mail_server, mail_from, mail_to, mail_user)
    choices = Choices(
        folder=folder,
        provider=provider,
        document=choose_document(ask, document, target.named.parent, appends=appends),
        channel=choose_channel(ask, channel, channel_file, mail, target.named.parent),
        database=app.database_url,
    )
    _write(target, choices)
    code = _tried(app, target, choices, offline=offline)
    _print_next(target, choices)
    return code


def _target(app: App) -> Target:
    given = app.config or (Path(found) if (found := os.environ.get(CONFIG_VARIABLE)) else None)
    named = given or HERE
    return Target(Path(os.path.normpath(named.absolute())), named, given is None)


def _refuse_existing(target: Target, ask: Ask, *, force: bool) -> None:
    if force or not target.path.exists():
        return
    question = f"{target.named} exists. Replace it, and lose its settings?"
    if not ask.confirm(question, default=False, otherwise=False):
        hint = f"To see it: `{target.command} config show`. To replace it: --force. "
        hint += "To write another one: `catalog --config FILE init`."
        raise SettingsInvalid(f"{target.named} exists, so nothing was written", hint=hint)


def _write(target: Target, choices: Choices) -> None:
    """Write secrets, document and configuration, and list the files."""
    from catalog.config.exposed import holds_password

    text = configuration(choices)
    is_private = "query" in choices.provider.list or holds_password(choices.database or "")
    try:
        body = text.encode()
    except UnicodeEncodeError:
        raise SettingsInvalid("a path is not UTF-8, which TOML cannot hold") from None
    say("Written:", bold=True)
    for secret in _secrets(choices):
        if secret.text is None:
            say(f"  {secret.path}  existed already: the {secret.what}")
            continue
        _put(secret.path, f"{secret.text}\n".encode(), PRIVATE)
        say(f"  {secret.path}  the {secret.what}; only you can read it (mode 600)")
    _append(choices)
    _put(target.path, body, PRIVATE if is_private else None)
    say(f"  {target.named}  the configuration" + ("; only you can read it" if is_private else ""))


def _put(path: Path, body: bytes, mode: int | None) -> None:
    real = Path(os.path.realpath(path))
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        replace(real, body, mode=mode)
    except OSError as error:
        hint = "Let this user write to the folder, or name another file."
        raise StoreError(f"{path} could not be written: {error.strerror}", hint=hint) from None


def _secrets(choices: Choices) -> Iterator[SecretFile]:
    channel = choices.channel
    yield from filter(None, (choices.provider.token, channel and channel.secret))


def _append(choices: Choices) -> None:
    """Add empty regions to a document of the user.

    The first pass fills them.
    """
    path = choices.document.path
    if path is None or not choices.document.appends:
        return
    from catalog.config.build_document import template

    write(plan_markers(path, template(choices.provider.kind, choices.provider.name)))
    say(f"  {path}  the regions were added at its end; the first poll fills them")


def _tried(app: App, target: Target, choices: Choices, *, offline: bool) -> int:
    """Poll once as a dry run, and return its exit code."""
    from catalog.config.exposed import exposed

    made = App(target.path, None, app.verbosity, app.log_format).with_files()
    try:
        for open_file in exposed(made.loaded):
            note(f"warning: {open_file.warning}\nhint: run `{open_file.command}`")
        if offline:
            return 0
        if choices.provider.lacks_token:
            _note_lacking(choices, target)
            return 0
        say()
        say("Trying it, as a dry run: nothing is stored or sent.", bold=True)
        code = _dry_run(made)
    except CatalogError as error:
        note_error(error)
        code = error.exit_code
    if code:
        note(f"The files stay. Correct this, then try again: {target.command} sync --dry-run")
    return code


def _dry_run(made: App) -> int:
    from catalog.cli.full_sync import opened
    from catalog.cli.results import print_pass, status
    from catalog.sync.sync import Options

    with opened(made, dry_run=True) as (works, codes):
        results = [work.sync.run(Options(dry_run=True)) for work in works]
    for result in results:
        print_pass(result, dry_run=True)
    return max([*codes, *map(status, results)])


def _note_lacking(choices: Choices, target: Target) -> None:
    provider = choices.provider
    file = choices.folder / f"{provider.name}-token.txt"
    note(
        f"\nNot tried, because there is no token of {provider.name} yet. Set {provider.variable}, "
        f"or make a token file:\n"
        f"  install -m 600 /dev/stdin {shlex.quote(str(file))}   # paste the token, then Ctrl-D\n"
        f"and remove the # before token_file in {target.named}."
    )


def _print_next(target: Target, choices: Choices) -> None:
    provider, channel, command = choices.provider, choices.channel, target.command
    say()
    say("Next:", bold=True)
    say(f"  {command} sync   # the first poll: it makes the database and the document")
    if channel is not None and channel.kind != "log":
        say(f"  {command} alerts test {channel.kind}   # sends a test message")
    say(f"  {command} doctor   # checks all that a poll needs")
    if names := ", ".join(_kept_out_of_git(choices)):
        say(f"  Keep out of git: {names}")
    variables = [provider.in_environment] if provider.token is None else []
    variables = [name for name in variables if name]
    if variables:
        say(f"  cron and systemd do not have {variables[0]}: name a token file in {target.named}.")
    say()
    say("Every hour, in one of these ways:", bold=True)
    outside = [each.path.absolute() for each in _secrets(choices)]
    files = [each for each in outside if not each.is_relative_to(choices.folder)]
    service = Service(program(), target.path, getpass.getuser(), variables, files)
    for section in service.sections():
        say(section)


def _kept_out_of_git(choices: Choices) -> Iterator[str]:
    """Yield the files that git must not have, if a repository exists."""
    above = (choices.folder, *choices.folder.parents)
    if not any((folder / ".git").exists() for folder in above):
        return
    yield from (choices.path(each.path) for each in _secrets(choices))
    if choices.database is None:
        yield "catalog.db"
