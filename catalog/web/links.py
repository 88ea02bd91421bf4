"""Build the addresses in pages, for server and static site.

A path is that of the server without the root path, such as `/models/infomaniak/qwen3`. In the
static site it is a file, and addresses are relative, so that the site works from a file or below a
path.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlencode

SAFE = "/~:@!$&'()*+,;="
"""Characters that RFC 3986 allows in a path, besides letters, digits, `-`, `.` and `_`."""


class Links(Protocol):
    """How a page names other pages. `is_live` is false without a server."""

    @property
    def is_live(self) -> bool:
        """Return whether a server answers, so that addresses may have a query."""
        ...

    def to(self, path: str, **query: object) -> str:
        """Return the address of a path.

        The query is left out without a server.
        """
        ...


def model_path(provider: str, name: str) -> str:
    """Return the path of a model's page. Names may hold slashes."""
    return f"/models/{provider}/{name}"


@dataclass(frozen=True, slots=True)
class LiveLinks:
    """The addresses of a server, below a root path such as `/catalog`."""

    root: str = ""
    is_live: bool = True

    def to(self, path: str, **query: object) -> str:
        """Return the address of a path below the root."""
        address = self.root + quote(path, safe=SAFE)
        known = present(query)
        return f"{address}?{urlencode(known)}" if known else address


@dataclass(frozen=True, slots=True)
class FileLinks:
    """The addresses in the static site, relative to the page at `path`."""

    path: str
    is_live: bool = False

    def to(self, path: str, **_query: object) -> str:
        """Return the address of a path, relative to this page."""
        up = "../" * (file_of(self.path).count("/"))
        return (up + quote(file_of(path), safe=SAFE)) or "./"


def file_of(path: str) -> str:
    """Return the file of a path, such as `models/infomaniak/4.html`.

    Parts that a file system or server would read in another way are percent-encoded.
    """
    if path in {"", "/"}:
        return "index.html"
    parts = [_part(each) for each in path.strip("/").split("/")]
    name = "/".join(parts)
    return name if _has_ending(parts[-1]) else f"{name}.html"


ENDINGS = (".json", ".md", ".css", ".svg", ".atom", ".ics", ".txt", ".html")


def _has_ending(part: str) -> bool:
    return part.endswith(ENDINGS)


def _part(text: str) -> str:
    """Return one part of a path as the name of a file."""
    encoded = quote(text, safe="~!$'()+,;=@ ")
    if encoded in {"", ".", ".."} or encoded.startswith("."):
        encoded = encoded.replace(".", "%2E") or "%00"
    return encoded


def present(query: Mapping[str, object]) -> dict[str, str]:
    """Return the query without empty values, in the given order."""
    return {name: str(value) for name, value in query.items() if value not in (None, "")}
