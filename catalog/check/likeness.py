"""Which name was meant, and which names are of other providers."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from catalog.check.listing import Known, Listing
from catalog.core.spelling import closest

_DIGITS = re.compile(r"[0-9]+")


def is_elsewhere(name: str, listing: Listing) -> bool:
    """Whether the name is plainly one of another provider's."""
    return any(fnmatchcase(name.casefold(), pattern) for pattern in listing.elsewhere)


def meant(name: str, listing: Listing) -> Known | None:
    """Return what was meant by a name that nobody knows, a listed model before one that is gone.

    The last part of a full name counts, and so does what the provider calls a model elsewhere.
    """
    for candidates in (listing.listed, listing.names.values()):
        spelled = _spelled(candidates)
        near = closest(name.casefold(), spelled)
        if near is not None:
            return spelled[near]
    return None


def is_slip(name: str, known: Known) -> bool:
    """Whether a name is so near a known one that only the fingers slipped: the numbers agree.

    `llama3.1` is no misspelled `llama3`, but another model.
    """
    return any(
        _DIGITS.findall(name) == _DIGITS.findall(form)
        for form in _spelled([known])
        if closest(name.casefold(), [form])
    )


def _spelled(candidates: Iterable[Known]) -> dict[str, Known]:
    spelled: dict[str, Known] = {}
    for known in candidates:
        for form in (
            known.name,
            known.name.rpartition("/")[2],
            known.model.description or known.name,
        ):
            spelled.setdefault(form.casefold(), known)
    return spelled
