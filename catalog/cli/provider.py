"""`catalog provider`: list the configured providers, propose settings for new ones."""

import json
import re
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import click

from catalog.cli.app import App, pass_app
from catalog.cli.lazy_types import Proposal, Settings
from catalog.cli.output import ROW_FORMATS, format_option, note, print_json, print_rows, say
from catalog.cli.tables import Column
from catalog.config.sources import SECRET_BYTES
from catalog.core.api_error import error_message
from catalog.core.clock import now
from catalog.core.errors import NotFound, PayloadInvalid, ProviderError, SettingsInvalid
from catalog.core.files import read_text
from catalog.core.http.request import Request
from catalog.core.strict_json import Json, read_strict
from catalog.core.text import count, one_line
from catalog.providers.recordings import read

_BARE = re.compile(r"[A-Za-z0-9_-]+")
HINTS = {
    "401": "Name a file that holds a valid token with --token-file.",
    "403": "Allow the token to list the models, or name another one with --token-file.",
    "404": "Check the URL: it should be the whole address of the list of models.",
}
INSTEAD = "Write a [[provider]] into the configuration: see `catalog help providers`."
COLUMNS = (
    Column("Name", fit="name"),
    Column("Kind", rank=1),
    Column("URL"),
    Column("Schedule", rank=2),
    Column("Document", rank=3, fit="cut"),
)


@click.group(invoke_without_command=True)
@format_option(*ROW_FORMATS)
@click.pass_context
def provider(context: click.Context, style: str) -> int | None:
    """List the providers that are polled."""
    if context.invoked_subcommand is not None:
        return None
    return _list(context.ensure_object(App), style)


@provider.command("list")
@format_option(*ROW_FORMATS)
@pass_app
def list_(app: App, style: str) -> int:
    """List the providers that are polled, as `catalog provider` does."""
    return _list(app, style)


def _list(app: App, style: str) -> int:
    from catalog.config.build import wire_schedule

    rows = [
        (
            each.one.name,
            each.one.kind,
            each.one.url,
            str(wire_schedule(each.schedule)),
            None if each.document.path is None else str(each.document.path),
        )
        for each in app.each
    ]
    if style == "json":
        names = ("name", "kind", "url", "schedule", "document")
        listed = [{k: v for k, v in zip(names, row, strict=True) if v is not None} for row in rows]
        print_json({"providers": listed})
    else:
        print_rows(style, COLUMNS, rows)
    return 0


@provider.command()
@click.argument("file", type=click.File("rb"))
@pass_app
def add(app: App, file: BinaryIO) -> int:
    """Store the [[provider]] tables of FILE in the database.

    FILE may be - for stdin. `catalog fleet worker` polls them soon, without a restart. A stored
    provider of the same name gets the new settings. Tokens are not stored: name their source with
    token_file, or with token_env and a variable of the workers.
    """
    from catalog.config.stored import read_tables
    from catalog.store import providers
    from catalog.store.tables import plain

    app.require_server("a stored provider", INSTEAD)
    source = file.name if isinstance(file.name, str) else "stdin"
    try:
        tables = read_tables(file.read().decode(), source)
    except UnicodeDecodeError:
        raise SettingsInvalid(f"{source} is not UTF-8") from None
    configured = {each.name for each in app.loaded.settings.provider}
    if double := sorted(configured & tables.keys()):
        raise SettingsInvalid(
            f"the configuration already has {', '.join(double)}",
            hint="Remove them there, or give them other names.",
        )
    with app.database.writing(ends_fast_path=False) as connection:
        providers.add(plain(connection), tables.items(), now())
    note(f"{count(len(tables), 'provider')} stored")
    return 0


@provider.command()
@click.argument("name")
@pass_app
def remove(app: App, name: str) -> int:
    """Remove the stored provider NAME. Its history stays."""
    from catalog.store import providers
    from catalog.store.tables import plain

    app.require_server("a stored provider", INSTEAD)
    with app.database.writing(ends_fast_path=False) as connection:
        is_removed = providers.remove(plain(connection), name)
    if not is_removed:
        hint = "`catalog provider list` lists them. Those of the configuration are removed there."
        raise NotFound(f"there is no stored provider {name}", hint=hint)
    note(f"{name} removed")
    return 0


@provider.command()
@click.argument("source", metavar="FILE|URL")
@click.option(
    "--token-file", type=click.Path(path_type=Path), help="A file with the token for a URL."
)
@pass_app
def infer(app: App, source: str, token_file: Path | None) -> int:
    """Propose the settings to read a list of models.

    It prints a [[provider]] for the configuration, made from one answer. Check it, because the
    meaning of each field is only guessed from its name and values.
    """
    is_url = source.startswith(("http://", "https://"))
    body = _asked(app, source, token_file) if is_url else _read(source)
    proposal = proposed(body, source)
    note(f"found {count(proposal.rows, 'row')}")
    for line in proposal.notes:
        note(f"note: {line}")
    for line in _toml(proposal.settings, source if is_url else None):
        say(line)
    return 0


def proposed(body: bytes, source: str) -> Proposal:
    """Return the proposal for an answer, or raise PayloadInvalid or NotFound."""
    from catalog.providers.described.infer.proposal import infer as propose  # loads the HTTP client

    try:
        answer = read_strict(body)
        proposal = propose(answer)
    except PayloadInvalid as error:
        error.hint = f"{source} should be one answer of the provider, as it was sent."
        raise
    if proposal is None:
        text = one_line(error_message(answer))
        raise NotFound(
            f"there is no list of models in it{text and f', but an error: {text}'}",
            hint="The answer should have a list of objects, or an object of objects.",
        )
    return proposal


def _read(source: str) -> bytes:
    return read(Path(source))


def _asked(app: App, url: str, token_file: Path | None) -> bytes:
    token = ""
    if token_file is not None:
        try:
            token = read_text(token_file, SECRET_BYTES, piped=True).strip()
        except OSError as error:
            raise SettingsInvalid(f"cannot read {token_file}: {error.strerror}") from None
    return fetch_list(app.loaded.settings, url, token)


def fetch_list(settings: Settings, url: str, token: str) -> bytes:
    """Return the answer of a URL, or raise ProviderError.

    The token is sent unless it is empty.
    """
    from catalog.config.build import wire_http

    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    secrets = (token,) if token else ()
    with wire_http(settings) as http:
        try:
            return http.send(Request(url=url, headers=headers, secrets=secrets)).body
        except ProviderError as error:
            if error.hint == ProviderError.hint:  # because no poll follows
                error.hint = "Check the URL, and try again."
            raise error.with_hint(HINTS) from None


def _toml(settings: dict[str, Any], url: str | None) -> list[str]:
    """Return the proposal as lines of TOML."""
    parts = urlsplit(url or "https://HOST/ROUTE")
    lines = ["[[provider]]", 'name = "NAME"', 'kind = "json"']
    lines += [f'url = "{parts.scheme}://{parts.netloc}"', 'token_file = "NAME-token.txt"', ""]
    lines += ["[provider.list]", f'route = "{parts.path or "/"}"']
    return lines + [f"{name} = {toml_value(value)}" for name, value in settings.items()]


def toml_value(value: Json) -> str:
    """Return a value as TOML, on one line."""
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(key)} = {toml_value(item)}" for key, item in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    # DEL is escaped, because JSON does not escape it and TOML does not allow it.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else toml_value(key)
