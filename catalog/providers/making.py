"""The provider behind a name: built in, or known by its description."""

from catalog.providers.described.description import Description
from catalog.providers.described.provider import Described
from catalog.providers.infomaniak.provider import Infomaniak
from catalog.providers.provider import Provider


def make(name: str, description: Description | None) -> Provider:
    """Make the one who knows a provider's words; without a description it is Infomaniak."""
    if description is None:
        return Infomaniak(name)
    return Described(name, description)
