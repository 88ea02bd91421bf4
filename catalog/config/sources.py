"""Collect settings from file, environment and command line, unvalidated."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from catalog.core import strict_toml
from catalog.core.errors import SettingsInvalid
from catalog.core.files import read_text

if TYPE_CHECKING:
    from pydantic import BaseModel

PREFIX = "CATALOG_"
LARGEST = 1024 * 1024
"""The maximum bytes of a configuration."""
CONFIG_VARIABLE = "CATALOG_CONFIG"
HERE = Path("catalog.toml")
TOKEN_VARIABLES = {
    "infomaniak.token": "INFOMANIAK_API_TOKEN",
    "infomaniak.token_file": "INFOMANIAK_API_TOKEN_FILE",
}
SQLITE = "sqlite:///"
DATABASE = "sqlite:///catalog.db"
TOKEN = re.compile(r"[!-~]+")
"""The characters of a token: visible ASCII."""
SECRET_BYTES = 64 * 1024
"""The maximum bytes of a file with a secret."""
OTHER_FORMS = {
    "schedule.every": "schedule.cron",
    "schedule.cron": "schedule.every",
    "probe.every": "probe.cron",
    "probe.cron": "probe.every",
}
HINT = "`catalog help configuration` shows how settings are written."
PROVIDER_VARIABLES = ("url", "token", "token_file")
SECRET_KEYS = ("url", "urls", "secret", "password")
"""The settings of a channel that are secrets. Each can be in a file or a variable."""
CHANNEL_SECRETS = tuple(f"{name}{form}" for name in SECRET_KEYS for form in ("", "_file"))


@dataclass(slots=True)
class RawSettings:
    """The settings tree, the source of each, and the base folder.

    `unknown_variables` have our prefix. `text` is the content of the file.
    """

    tree: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    folder: Path = field(default_factory=Path.cwd)
    unknown_variables: tuple[str, ...] = ()
    text: str = ""

    def take_file(self, file: Path) -> None:
        """Read a TOML file, or raise SettingsInvalid."""
        try:
            text = read_text(file, LARGEST, piped=True)
            tree = strict_toml.parse(text)
        except OSError as error:
            hint = "Name another file with --config or CATALOG_CONFIG."
            raise SettingsInvalid(f"cannot read {file}: {error.strerror}", hint=hint) from None
        except strict_toml.Refused as error:
            raise SettingsInvalid(f"{file} cannot be read: {error}", hint=HINT) from None
        except ValueError as error:
            raise _not_toml(file, text, str(error)) from None
        self.text = text
        self.tree, self.sources = tree, dict.fromkeys(_leaves(tree), f"file {file}")
        self.folder = file.absolute().parent

    def take_environment(self, environ: Mapping[str, str], model: "type[BaseModel]") -> None:
        """Read every variable of a setting. Empty ones are ignored."""
        variables = self.variables(model)
        ours = {CONFIG_VARIABLE, *variables.values()}
        names = (name for name, value in environ.items() if value and name.startswith(PREFIX))
        self.unknown_variables = tuple(sorted(set(names) - ours))
        for path, name in variables.items():
            if environ.get(name):
                self._drop_other_form(path)
                self.set(path, environ[name], f"environment {name}")

    def variables(self, model: "type[BaseModel]") -> dict[str, str]:
        """Return the variable of each setting that has one, by path."""
        names = {path: plain_variable(path) for path in plain_settings(model)}
        return names | TOKEN_VARIABLES | self._variables_of_tables()

    def set(self, path: str, value: Any, source: str) -> None:
        """Set one dotted setting."""
        place, key = self._place(path)
        if isinstance(place, dict):  # because other values are reported later
            place[key] = value
            self.sources[path] = source

    def get(self, path: str) -> Any:
        """Return the value of a dotted setting, or None."""
        place, key = self._place(path)
        return place.get(key) if isinstance(place, dict) else None

    def root(self, path: str) -> Path:
        """Return the base folder of a setting's relative path.

        Paths in the file and defaults are relative to the file, others to the working folder.
        """
        return self.folder if self.sources.get(path, "file").startswith("file") else Path.cwd()

    def tables(self, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the valid tables of a list, `channel` or `provider`."""
        tables = self.tree.get(name)
        for index, table in enumerate(tables if isinstance(tables, list) else ()):
            if isinstance(table, dict):
                yield index, table

    def _place(self, path: str) -> tuple[Any, str]:
        *parents, last = path.split(".")
        place: Any = self.tree
        for key in parents:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        return place, last

    def _variables_of_tables(self) -> dict[str, str]:
        return {
            f"{of}.{index}.{key}": table_variable(of, table.get("name"), key)
            for of, keys in (("provider", PROVIDER_VARIABLES), ("channel", CHANNEL_SECRETS))
            for index, table in self.tables(of)
            for key in keys
        }

    def _drop_other_form(self, path: str) -> None:
        plain = path.removesuffix("_file")
        other = plain if path.endswith("_file") else f"{plain}_file"
        other = OTHER_FORMS.get(path, other)
        if self.sources.get(other, "").startswith("file"):
            place, key = self._place(other)
            del place[key], self.sources[other]


def _not_toml(file: Path, text: str, problem: str) -> SettingsInvalid:
    """Return the error for a broken file, with the line.

    The value is not shown, because it may be a secret.
    """
    match = re.search(r" \(at line (\d+), column (\d+)\)", problem)
    if match is None:
        return SettingsInvalid(f"{file} is not TOML: {problem}", hint=HINT)
    wrong, number = problem[: match.start()], int(match[1])
    key, sign, _ = text.split("\n")[number - 1].partition("=")
    hint, twice = HINT, re.fullmatch(r"Cannot declare \((.*?),?\) twice", wrong)
    if sign and wrong == "Invalid value":
        hint = f'Write text in quotes: {key.strip()} = "…". {HINT}'
    elif sign and wrong == r"Illegal character '\n'":
        wrong, hint = "the text has no closing quote", f'Write {key.strip()} = "…". {HINT}'
    elif twice:
        section = ".".join(re.findall(r"'([^']*)'", twice[1]))
        wrong = f"the section [{section}] is there twice"
        hint = f"Put all settings of [{section}] below one heading. {HINT}"
    elif wrong == "Cannot overwrite a value":
        wrong, hint = f"{key.strip()} is there twice", f"Remove one of the two lines. {HINT}"
    return SettingsInvalid(f"{file}:{number} is not TOML: {wrong} (column {match[2]})", hint=hint)


def find_file(
    named: Path | None, environ: Mapping[str, str] = os.environ, *, here: bool = True
) -> Path | None:
    """Return the configuration file: named, CATALOG_CONFIG, here, or XDG.

    Without `here`, the file of the working folder is ignored, because its author is unknown.
    """
    if named is not None:
        return named
    if environ.get(CONFIG_VARIABLE):
        return Path(environ[CONFIG_VARIABLE])
    home = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config")
    candidates = (*((HERE,) if here else ()), home / "catalog" / "catalog.toml")
    return next(filter(is_file, candidates), None)


def is_file(path: Path) -> bool:
    """Return whether a file exists and its folder is accessible."""
    try:
        return path.is_file()
    except OSError:
        return False


def plain_variable(path: str) -> str:
    """Return the variable of a setting: `CATALOG_HTTP_DEADLINE` for `http.deadline`."""
    return PREFIX + path.replace(".", "_").upper()


def table_variable(of: str, name: Any, key: str) -> str:
    """Return the variable in a table: `CATALOG_CHANNEL_OPS_CHAT_URL` for `ops-chat`."""
    return f"{PREFIX}{of}_{name}_{key}".replace("-", "_").upper()


def plain_settings(model: "type[BaseModel]", path: str = "") -> Iterator[str]:
    """Yield the dotted path of every setting that one variable can give."""
    for name, info in model.model_fields.items():
        kind = info.annotation
        # A table. pydantic is not imported, because it is too slow to load for the fast path.
        if isinstance(kind, type) and hasattr(kind, "model_fields"):
            yield from plain_settings(kind, f"{path}{name}.")
        elif name not in {"rules", "provider", "channel"}:
            yield f"{path}{name}"


def _leaves(tree: Any, path: str = "") -> Iterator[str]:
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, dict) or (isinstance(value, list) and here in {"provider", "channel"}):
            yield from _leaves(value, here)
        else:
            yield here


def rooted_database(url: str, raw: RawSettings) -> str:
    """Return the absolute path of an SQLite file, other URLs unchanged."""
    path = url
    if "://" in url:
        path = unquote(url.removeprefix(SQLITE))
        if "://" in path or "?" in path or path in {"", ":memory:"}:
            return url
    return str(raw.root("database") / path)


def same_database(one: str, other: str) -> bool:
    """Return whether two rooted URLs name one database.

    Links to the file are followed.
    """
    if "://" in one or "://" in other:
        return one == other
    return os.path.realpath(one) == os.path.realpath(other)
