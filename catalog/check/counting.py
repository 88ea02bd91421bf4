"""Decide which found names count as uses of the provider's models."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from catalog.check.foreign import Foreign
from catalog.check.known import Known
from catalog.check.scan.names import is_word
from catalog.check.scan.uses import Scanned, Use
from catalog.check.scan.vendors import OWN
from catalog.check.suggest import Suggestions, is_misspelling, is_public

# Values that are written in place of a name.
PLACEHOLDERS = frozenset({
    "active", "all", "any", "auto", "automatic", "base", "best", "custom", "default", "disabled",
    "dummy", "fake", "false", "latest", "local", "mock", "model", "model-id", "model-name",
    "model_id", "model_name", "n/a", "name", "no", "none", "null", "off", "other", "passive",
    "placeholder", "string", "tbd", "test", "todo", "true", "undefined", "unknown", "xxx", "yes",
})  # fmt: skip
PLACEHOLDER_STARTS = (
    "dummy-", "example-", "fake-", "mock-", "my-", "my_", "test-", "test_", "your-", "your_",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A string that looks like a name but does not count."""

    path: str
    line: int
    column: int
    name: str
    reason: str


class Counting:
    """The known names of the checked provider and of other providers."""

    def __init__(self, suggestions: Suggestions) -> None:
        """Prepare the names of other providers."""
        listing = suggestions.listing
        self.suggestions = suggestions
        self.provider = listing.provider
        self.foreign = Foreign(listing.names, listing.others)


def divide(
    scanned: Sequence[Scanned], suggestions: Suggestions
) -> tuple[tuple[Scanned, ...], tuple[Uncounted, ...]]:
    """Return the files with their counted uses, and the uncounted strings."""
    about, counting = any(each.about for each in scanned), Counting(suggestions)
    counted: list[Scanned] = []
    uncounted: list[Uncounted] = []
    for file in scanned:
        reasons = {use: reason(use, file, counting, about=about) for use in file.uses}
        uses = tuple(use for use in file.uses if not reasons[use])
        counted.append(file if len(uses) == len(file.uses) else replace(file, uses=uses))
        uncounted += _uncounted(reasons)
    return tuple(counted), tuple(uncounted)


def _uncounted(reasons: dict[Use, str]) -> Iterator[Uncounted]:
    for use, why in reasons.items():
        if why:
            yield Uncounted(use.path, use.line, use.column, use.name, why)


def reason(use: Use, file: Scanned, counting: Counting, *, about: bool) -> str:
    """Return why a string does not count, empty if it does.

    Mentions in prose always count. `about` is whether any file mentions the provider.
    """
    if use.kind == "mention":
        return ""
    if use.beside.provider not in {"", OWN}:
        return f"{use.beside.provider} is named beside it"
    if use.means:
        return _known(use, file, counting)
    return _unknown(use, file, counting, about=about)


def _known(use: Use, file: Scanned, counting: Counting) -> str:
    """Return why a known name does not count."""
    if use.beside.provider == OWN:
        return ""
    if is_word(use.means):
        if use.beside.goods and not use.beside.call:
            return f"a common word with {use.beside.goods} beside it"
        if not (use.beside.call or file.about or file.is_ai or _has_names(file)):
            what = f"AI models or {counting.provider}"
            return f"a common word, and nothing else in the file mentions {what}"
    if file.other and not file.about:
        return f"the file mentions {file.other} and not {counting.provider}"
    return ""


def _has_names(file: Scanned) -> bool:
    """Return whether a file has a known name besides common words."""
    return any(use.means and not is_word(use.means) for use in file.uses)


def _unknown(use: Use, file: Scanned, counting: Counting, *, about: bool) -> str:
    """Return why an unknown name does not count.

    It counts if it is probably meant for this provider: a misspelled name anywhere, a similar one
    in a project about the provider, any other in a file or call about it.
    """
    forms, bare, foreign = (use.name, use.bare), use.bare, counting.foreign
    if listed := foreign.listed_by(forms):
        return f"{listed}'s catalog has this name"
    if tagged := foreign.tagged_for(forms):
        return f"{tagged} has names like this"
    here = use.beside.provider == OWN or file.about
    near = counting.suggestions.meant(bare)
    if near is not None and _is_misspelled(use, near, here=here):
        return ""
    if family := foreign.family_of(forms):
        return f"{family} has names like this"
    if bare.lower() in PLACEHOLDERS or bare.lower().startswith(PLACEHOLDER_STARTS):
        return "it is a placeholder"
    if use.beside.goods and not use.beside.call:
        return f"{use.beside.goods} is beside it"
    if use.beside.provider != OWN and (organization := foreign.organization_of(bare)):
        return f"{counting.provider} never listed a model of {organization}"
    if here or (about and near):
        return ""
    return f"an unknown name, and the file does not mention {counting.provider}"


def _is_misspelled(use: Use, near: Known, *, here: bool) -> bool:
    """Return whether an unknown name is a misspelled known one.

    A public name of the model, which other providers list too, counts as misspelled only if `here`
    is set: in a file or call about the provider.
    """
    if not is_misspelling(use.bare, near) or (is_word(use.bare) and use.beside.goods):
        return False
    return here or not is_public(use.bare, near)
