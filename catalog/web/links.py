"""Build the addresses in pages, for server and static site.

A path is that of the server without the root path, such as `/models/infomaniak/qwen3`. In the
static site it is a file, and addresses are relative, so that the site works from a file or below a
path. `files.py` names the file of a path.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import quote, urlencode

from catalog.changes.finding import Finding
from catalog.core.clock import stamp
from catalog.web.files import file_of

SAFE = "/~:@!$&'()*+,;="
"""Characters that RFC 3986 allows in a path, besides letters, digits, `-`, `.` and `_`."""

_DOTS = {"=2E": ".", "=2E=2E": ".."}
_WRITTEN = {dots: text for text, dots in _DOTS.items()}


class Links(Protocol):
    """How a page names other pages. `is_live` is false without a server."""

    @property
    def is_live(self) -> bool:
        """Return whether a server answers, so that addresses may have a query."""
        ...

    def to(self, path: str, twin: str = "", **query: object) -> str:
        """Return the address of a path or its twin, such as `.json`.

        The query is left out without a server.
        """
        ...

    def model(self, provider: str, name: str) -> str | None:
        """Return the address of a model, or None without a page."""
        ...

    def finding(self, one: Finding) -> str:
        """Return the address of a reported finding."""
        ...


def dotted(name: str) -> str:
    """Return the name in an address that `LiveLinks.to` made."""
    return "/".join(map(_read, name.split("/")))


def _write(part: str) -> str:
    """Return one part of a path, never `.` or `..`."""
    return f"=3D{part[1:]}" if part.startswith("=") else _WRITTEN.get(part, part)


def _read(part: str) -> str:
    return f"={part[3:]}" if part.startswith("=3D") else _DOTS.get(part, part)


def model_path(provider: str, name: str) -> str:
    """Return the path of a model's page. Names may hold slashes."""
    return f"/models/{provider}/{name}"


def month_path(moment: datetime) -> str:
    """Return the path of the changes of a month, such as `/changes/2026-05`."""
    return f"/changes/{stamp(moment)[:7]}"


@dataclass(frozen=True, slots=True)
class LiveLinks:
    """The addresses of a server, below a root path such as `/catalog`."""

    root: str = ""
    is_live: bool = True

    def to(self, path: str, twin: str = "", **query: object) -> str:
        """Return the address of a path below the root.

        A part `..` is written `=2E=2E`, because browsers go up a folder, also at `%2E%2E`.
        """
        parts = "/".join(map(_write, (path + twin).split("/")))
        address = self.root + quote(parts, safe=SAFE)
        known = present(query)
        return f"{address}?{urlencode(known)}" if known else address

    def model(self, provider: str, name: str) -> str | None:
        """Return the address of a model. The server finds it by key or name."""
        return self.to(model_path(provider, name))

    def finding(self, one: Finding) -> str:
        """Return the address of a finding's page."""
        return self.to(f"/changes/{one.number}")


@dataclass(frozen=True, slots=True)
class FileLinks:
    """The addresses in the static site, relative to the page at `path`.

    `keys` has the key of each model by provider and key or name.
    """

    path: str
    keys: Mapping[tuple[str, str], str] = field(default_factory=dict)
    is_live: bool = False

    def to(self, path: str, twin: str = "", **_query: object) -> str:
        """Return the address of a path, relative to this page."""
        return "../" * file_of(self.path).count("/") + file_of(path, twin)

    def model(self, provider: str, name: str) -> str | None:
        """Return the address of a model. A key has precedence over a name."""
        key = self.keys.get((provider, name))
        return None if key is None else self.to(model_path(provider, key))

    def finding(self, one: Finding) -> str:
        """Return the place of a finding on the page of its month.

        Pages of single findings would be most files of a site.
        """
        return f"{self.to(month_path(one.at))}#{one.number}"


def present(query: Mapping[str, object]) -> dict[str, str]:
    """Return the query without empty values, in the given order."""
    return {name: str(value) for name, value in query.items() if value not in (None, "")}
