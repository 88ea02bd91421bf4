"""Define the settings of the web server."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from catalog.config.network import separated
from catalog.config.types import File, Section, Token

LAST_PORT = 65_535
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def read_address(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`, or raise ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > LAST_PORT:
        raise ValueError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:8080")
    return host.strip("[]") or "127.0.0.1", int(port)


def _checked_address(text: str) -> str:
    read_address(text)
    return text


def _checked_root(text: str) -> str:
    root = text.rstrip("/")
    if root and (not root.startswith("/") or "//" in root or "?" in root or "#" in root):
        raise ValueError(f"{text!r} is not a path such as /catalog")
    return root


ListenAddress = Annotated[str, AfterValidator(_checked_address)]
RootPath = Annotated[str, AfterValidator(_checked_root)]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")]
ServerNames = Annotated[tuple[str, ...], BeforeValidator(separated)]


class WebSettings(Section):
    """The pages, feeds and API of `catalog web`."""

    listen: ListenAddress | None = None
    """The address of the server, such as `127.0.0.1:8080`. If it is given, `catalog serve` serves
    the pages too. A change needs a restart.
    """
    public: bool = False
    """Allows an address that other machines can reach. Everyone who reaches it can read all stored
    data, unless `web.token` or `web.proxy_header` is set.
    """
    hosts: ServerNames = ()
    """The names of this server in requests, in addition to the names of this machine. `*` accepts
    every name. Without the check, another site in a browser could read a server on the loopback.
    """
    token: Token | None = None
    """The token that each request must send as `Authorization: Bearer TOKEN`, except `/livez` and
    `/readyz`.
    """
    token_file: File | None = None
    """A file that holds the token."""
    proxy_header: HeaderName | None = None
    """A header that each request must have, such as `X-Forwarded-User`. The proxy in front sets it
    for users who are logged in, and must remove it from requests of clients.
    """
    root_path: RootPath = ""
    """The path below which a proxy shows the pages, such as `/catalog`."""

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port, by default 127.0.0.1:8080."""
        return read_address(self.listen or "127.0.0.1:8080")

    @property
    def is_exposed(self) -> bool:
        """Return whether the address is reached from other machines."""
        return self.address[0] not in LOOPBACK
