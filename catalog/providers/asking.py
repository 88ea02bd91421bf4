"""How a provider is asked for its list of models: the route, who asks, and how it goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How a list that comes in parts is followed to its end; places are those of core/paths.py.

    `next`: the answer holds at `at` the address of the next part, or nothing at the end.
    `cursor`: the answer holds at `at` what `parameter` of the query is to be next; nothing there is
    the end.
    `page`: `parameter` counts up from `first`, until a part has no rows.
    Where `more` is given, it names the boolean of the answer that says whether there is another
    part.
    """

    by: Literal["next", "cursor", "page"]
    at: str = ""
    parameter: str = ""
    more: str = ""
    first: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """The request for a list of models; `route` comes after the base URL.

    `authorization` is `bearer`, `none`, or the name of the header that carries the token.
    `how_to` tells where a missing token is to be put.
    """

    route: str
    authorization: str = "bearer"
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    paging: Paging | None = None
    how_to: str = "Set the token of this provider, or token_file to a file that holds it."

    @property
    def needs_token(self) -> bool:
        """Whether nobody is answered without a token."""
        return self.authorization != "none"

    def identification(self, token: str) -> dict[str, str]:
        """Return the headers that say who asks."""
        if self.authorization == "none" and not token:
            return {}
        if self.authorization in {"bearer", "none"}:
            return {"Authorization": f"Bearer {token}"}
        return {self.authorization: token}
