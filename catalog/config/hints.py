"""Name the settings of the provider that an error is about."""

from dataclasses import replace
from typing import Literal, NamedTuple

from catalog.config.settings import Settings
from catalog.config.sources import TOKEN_VARIABLES, plain_variable, table_variable
from catalog.providers.source import ListRequest

_SCOPE = 'Give the token the scope "AI Tools" in the Infomaniak manager.'
_RATE = "Poll less often: Infomaniak allows 60 requests per minute for each token."


class Names(NamedTuple):
    """The environment variable and the path of one setting."""

    variable: str
    setting: str


def with_hints(settings: Settings, list_request: ListRequest) -> ListRequest:
    """Return the request with hints that name the first provider's own settings."""
    url, token = names(settings, "url"), names(settings, "token")
    is_own = settings.one.kind == "infomaniak"
    route = "" if is_own else f" and the route (`{settings.one.place}.list.route`)"
    hints = {
        "401": f"Give a valid token, by {token.variable} or `{token.setting}_file`; "
        "`catalog config show` shows where it comes from.",
        "403": _SCOPE if is_own else f"Allow the token ({token.variable}) to list the models.",
        "404": f"Check the base URL ({url.variable}, or `{url.setting}`){route}.",
    }
    if is_own:
        return replace(list_request, hints=hints | {"429": _RATE})
    how_to = (
        f"Set the token by {token.variable}, or `{token.setting}_file` to a file that holds it."
    )
    return replace(list_request, how_to=how_to, hints=hints)


def names(settings: Settings, key: Literal["url", "token"]) -> Names:
    """Return the names of a setting of the first provider.

    A provider of the kind infomaniak uses the general setting if it has none.
    """
    first = settings.provider[0] if settings.provider else None
    if first is None or (first.kind == "infomaniak" and getattr(first, key) is None):
        general = f"infomaniak.{key}"
        return Names(TOKEN_VARIABLES.get(general, plain_variable(general)), general)
    return Names(table_variable("provider", first.name, key), f"{first.place}.{key}")
