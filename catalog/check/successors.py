"""What to use in the place of a model: the noted one first, else what loses nothing."""

import re
from dataclasses import dataclass

from catalog.check.listing import Known, Listing

SHOWN = 3
_FAMILY = re.compile(r"[a-z]{3,}")


@dataclass(frozen=True, slots=True)
class Successor:
    """A model that can take another's place; `lost` says what it takes less of, None for nothing.

    `noted` is one that a person or the provider named.
    """

    name: str
    lost: str | None = None
    noted: bool = False


def successors(gone: Known, listing: Listing) -> tuple[Successor, ...]:
    """Return what can take a model's place, the best first; at most three.

    The noted one, or the new name of the same model, goes first. Else models of its type, those
    whose limit is at least as high before others, its own family before others.
    """
    for name in (gone.noted.successor, gone.renamed_to):
        if name is not None:
            return (Successor(name, _lost(gone, listing.names.get(name)), noted=True),)
    alike = [known for known in listing.listed if known.type == gone.type]
    alike.sort(key=lambda known: _rank(gone, known))
    return tuple(Successor(known.name, _lost(gone, known)) for known in alike[:SHOWN])


def _rank(gone: Known, known: Known) -> tuple[bool, bool, int, str]:
    limit = known.limit or 0
    kin = _FAMILY.search(gone.name.rpartition("/")[2].casefold())
    is_kin = kin is not None and kin[0] in known.name.casefold()
    return limit < (gone.limit or 0), not is_kin, -limit, known.name


def _lost(gone: Known, known: Known | None) -> str | None:
    if known is None or known.limit is None or gone.limit is None or known.limit >= gone.limit:
        return None
    return f"context {gone.limit:,} to {known.limit:,}"
