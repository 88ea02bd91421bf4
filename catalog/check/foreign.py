"""Decide whether an unknown name is one of another provider."""

from collections.abc import Iterable, Mapping
from functools import cache

from catalog.check.scan.speakers import of_key, vendors


class Foreign:
    """The names of other providers.

    `names` are from their catalogs, by name with the provider. A family or prefix that a name of
    the checked provider (`own`) has is not another one's.
    """

    def __init__(self, own: Iterable[str], names: Mapping[str, str]) -> None:
        """Prepare our names in lower case."""
        self.names = names
        self._mine = [name.lower() for name in own]
        self._organizations = {name.partition("/")[0] for name in self._mine if "/" in name}
        self._is_mine: dict[str, bool] = {}

    def listed_by(self, forms: Iterable[str]) -> str | None:
        """Return the provider whose catalog lists one of these forms of a name."""
        return next((self.names[form] for form in forms if form in self.names), None)

    def family_of(self, forms: Iterable[str]) -> str | None:
        """Return the provider that serves names like one of these forms, by what is known."""
        return next(filter(None, (self._of(form.lower()) for form in dict.fromkeys(forms))), None)

    def _of(self, name: str) -> str | None:
        whole, starts, ends = _families()
        if name in whole or name.startswith(starts) or name.endswith(ends):
            for vendor in vendors().values():
                for family in vendor.names:
                    if is_in(name, family) and not self._has(family):
                        return vendor.name
        return self._by_prefix(name)

    def _has(self, family: str) -> bool:
        """Return whether one of our names is in a family."""
        if family not in self._is_mine:
            self._is_mine[family] = any(is_in(name, family) for name in self._mine)
        return self._is_mine[family]

    def _by_prefix(self, name: str) -> str | None:
        """Return the provider of a routing prefix, or Ollama for a name with its kind of tag."""
        for sign in "/:":
            prefix, _, rest = name.partition(sign)
            if rest and prefix not in self._organizations and (found := of_key(prefix)):
                return found
        return "ollama" if is_tagged(name) else None


@cache
def _families() -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]:
    """Return whole names, beginnings and endings of all families, for a quick search."""
    every = [family for vendor in vendors().values() for family in vendor.names]
    return (
        frozenset(family for family in every if "*" not in family),
        tuple(family[:-1] for family in every if family.endswith("*")),
        tuple(family[1:] for family in every if family.startswith("*")),
    )


def is_in(name: str, family: str) -> bool:
    """Return whether a name in lower case is in a family: whole, `a*` or `*a`."""
    if family.endswith("*"):
        return name.startswith(family[:-1])
    return name.endswith(family[1:]) if family.startswith("*") else name == family


def is_tagged(name: str) -> bool:
    """Return whether a name has a size as its tag, as in Ollama: llama3.1:8b."""
    _, sign, tag = name.partition(":")
    size = tag.partition("-")[0]
    return bool(sign) and size[:1].isdigit() and size.endswith(("b", "m"))
