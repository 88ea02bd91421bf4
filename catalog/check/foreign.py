"""Decide whether an unknown name belongs to another provider."""

from collections.abc import Iterable, Mapping

from catalog.check.scan.vendors import of_key, vendors


class Foreign:
    """The names of other providers.

    `names` maps each name in their catalogs to its provider. A family is a set of names with the
    same beginning or end, such as `gpt-4*`. Families and prefixes of the checked provider's names
    (`own`) do not count as foreign.
    """

    def __init__(self, own: Iterable[str], names: Mapping[str, str]) -> None:
        """Prepare the families and organizations of the checked provider."""
        self.names = names
        full = [name for name in own if "/" in name]
        self._spelled = {name.partition("/")[0] for name in full}
        self._organizations = {each.lower() for each in self._spelled}
        self._families = Families(own)
        self._models = Families(name.rpartition("/")[2] for name in full)

    def listed_by(self, forms: Iterable[str]) -> str | None:
        """Return the provider whose catalog lists a form of the name."""
        return next((self.names[form] for form in forms if form in self.names), None)

    def family_of(self, forms: Iterable[str]) -> str | None:
        """Return the provider that is known to serve names like these."""
        return next(filter(None, (self._of(form.lower()) for form in dict.fromkeys(forms))), None)

    def tagged_for(self, forms: Iterable[str]) -> str | None:
        """Return the provider that adds such a tag: openai/gpt-oss-120b:free."""
        tagged = (form.lower() for form in forms if ":" in form)
        return next(filter(None, map(self._families.of_tag, tagged)), None)

    def organization_of(self, name: str) -> str | None:
        """Return the organization of a name, None if the provider lists it.

        The spelling counts, because other providers write the same organization in lower case:
        qwen/x for Qwen/x.
        """
        organization, sign, _ = name.partition("/")
        return organization if sign and organization not in self._spelled else None

    def _of(self, name: str) -> str | None:
        if found := self._families.of(name) or self._by_prefix(name):
            return found
        organization, _, model = name.partition("/")
        return self._models.of(model) if organization in self._organizations else None

    def _by_prefix(self, name: str) -> str | None:
        """Return the provider of a routing prefix, or Ollama for its tags."""
        for sign in "/:":
            prefix, _, rest = name.partition(sign)
            if rest and prefix not in self._organizations and (found := of_key(prefix)):
                return found
        return "ollama" if is_tagged(name) else None


class Families:
    """The families of names that only other providers have, in lower case."""

    def __init__(self, own: Iterable[str]) -> None:
        """Sort the families: a beginning, an end, or a whole name."""
        mine = [name.lower() for name in own]
        found = [
            (family, vendor.name)
            for vendor in vendors().values()
            for family in vendor.names
            if not any(is_in(name, family) for name in mine)
        ]
        self._starts = tuple((each[:-1], vendor) for each, vendor in found if each[-1] == "*")
        self._ends = tuple((each[1:], vendor) for each, vendor in found if each[0] == "*")
        self._whole = {each: vendor for each, vendor in reversed(found) if "*" not in each}

    def of(self, name: str) -> str | None:
        """Return the provider of the family that a name belongs to."""
        for family, vendor in self._starts:
            if name.startswith(family):
                return vendor
        for family, vendor in self._ends:
            if name.endswith(family):
                return vendor
        return self._whole.get(name)

    def of_tag(self, name: str) -> str | None:
        """Return the provider that adds the tag of a name: x:free."""
        fits = (vendor for end, vendor in self._ends if end[0] == ":" and name.endswith(end))
        return next(fits, None)


def is_in(name: str, family: str) -> bool:
    """Return whether a lower-case name belongs to a family.

    A family is a whole name, `a*` or `*a`.
    """
    if family.endswith("*"):
        return name.startswith(family[:-1])
    return name.endswith(family[1:]) if family.startswith("*") else name == family


def is_tagged(name: str) -> bool:
    """Return whether a name has a size as tag, like Ollama's llama3.1:8b."""
    _, sign, tag = name.partition(":")
    size = tag.partition("-")[0]
    return bool(sign) and size[:1].isdigit() and size.endswith(("b", "m"))
