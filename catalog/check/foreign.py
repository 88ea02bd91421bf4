"""Decide whether an unknown name is one of another provider."""

from collections.abc import Iterable, Mapping
from functools import cached_property

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

    def listed_by(self, forms: Iterable[str]) -> str | None:
        """Return the provider whose catalog lists one of these forms of a name."""
        return next((self.names[form] for form in forms if form in self.names), None)

    def family_of(self, forms: Iterable[str]) -> str | None:
        """Return the provider that serves names like one of these forms, by what is known."""
        return next(filter(None, (self._of(form.lower()) for form in dict.fromkeys(forms))), None)

    def _of(self, name: str) -> str | None:
        for family, vendor in self._starts:
            if name.startswith(family):
                return vendor
        for family, vendor in self._ends:
            if name.endswith(family):
                return vendor
        return self._whole.get(name) or self._by_prefix(name)

    @cached_property
    def _families(self) -> tuple[tuple[str, str], ...]:
        """Return each family that none of our names is in, with its provider."""
        return tuple(
            (family, vendor.name)
            for vendor in vendors().values()
            for family in vendor.names
            if not any(is_in(name, family) for name in self._mine)
        )

    @cached_property
    def _starts(self) -> tuple[tuple[str, str], ...]:
        return tuple((each[:-1], vendor) for each, vendor in self._families if each[-1] == "*")

    @cached_property
    def _ends(self) -> tuple[tuple[str, str], ...]:
        return tuple((each[1:], vendor) for each, vendor in self._families if each[0] == "*")

    @cached_property
    def _whole(self) -> dict[str, str]:
        return {each: vendor for each, vendor in reversed(self._families) if "*" not in each}

    def _by_prefix(self, name: str) -> str | None:
        """Return the provider of a routing prefix, or Ollama for a name with its kind of tag."""
        for sign in "/:":
            prefix, _, rest = name.partition(sign)
            if rest and prefix not in self._organizations and (found := of_key(prefix)):
                return found
        return "ollama" if is_tagged(name) else None


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
